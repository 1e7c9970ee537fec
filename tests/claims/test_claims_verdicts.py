"""Verdicts are computed: other numbers, other sentences. Made values, needs nothing."""

from __future__ import annotations

import os
import struct
import subprocess
import tarfile
from dataclasses import replace
from io import BytesIO
from json import loads
from pathlib import Path

import psutil
import pytest

from dockerlab.claims import (
    conditions,
    elf,
    elsewhere,
    foreign,
    isolation,
    performance,
    portability,
    pss,
    resources,
    size,
    words,
)
from dockerlab.errors import DockerlabError, MeasureError
from dockerlab.measure import Timing

TOLD = {
    "engine": {"kind": "embedded", "version": "26.1.5", "seccomp": "builtin", "kernel": "6.1"},
    "vm": {"accelerator": "tcg"},
    "date": "2026-01-01T00:00:00+09:00",
}
KVM = {**TOLD, "vm": {"accelerator": "kvm"}}


# --- size ----------------------------------------------------------------------------------------
TINY = size.ImageSize("tiny", "built:debian-trixie", told=6_000_000, archive=6_100_000, layers=1)
MICRO = size.VmSize("micro", "Alpine", kernel=12_000_000, initrd=2_000_000, disk=0, virtual=0)
FULL = size.VmSize("full", "Alpine", kernel=12_000_000, initrd=10_000_000, disk=64_000_000, virtual=2**30)


def test_sizes_are_judged_against_the_book():
    told = size.verdict([TINY], [MICRO, FULL], [])
    assert "2.3배" in told
    assert "86 %가 커널" in told
    assert "'수십~수백 MB'에 듭니다" in told
    assert "'수 GB'에 이르지 않습니다" in told
    fat = size.verdict(
        [TINY, replace(TINY, name="fat", told=3 * 10**9)], [MICRO, replace(FULL, disk=4 * 10**9)], []
    )
    assert "fat 이미지(3.00 GB)는 책에 적힌 '수십~수백 MB'를 넘습니다" in fat
    assert "'수 GB'에 이릅니다" in fat


def test_an_image_built_here_says_so():
    row = size.claim([TINY], [MICRO], [], TOLD)
    assert any("만든 이미지" in note for note in row.notes)
    official = replace(TINY, origin="registry:docker.io/library/busybox@sha256:0")
    assert not any("만든 이미지" in note for note in size.claim([official], [MICRO], [], TOLD).notes)
    assert (row.container, row.vm, row.unit) == (TINY.told, MICRO.total, "bytes")


# --- isolation -----------------------------------------------------------------------------------
FIRST = {"mnt": "mnt:[1]", "pid": "pid:[2]", "user": "user:[3]"}
HOST = isolation.View("host", "boot-a", "6.18", 24 * 10**9, 200, FIRST)
INSIDE = isolation.View("container", "boot-a", "6.18", 24 * 10**9, 2, {**FIRST, "mnt": "m", "pid": "p"})
GUEST = isolation.View("vm", "boot-b", "6.12", 230 * 10**6, 69, FIRST)


def test_a_guest_with_the_hosts_inode_numbers_is_not_less_isolated():
    assert INSIDE.separate_from(HOST) == ("mnt", "pid")
    assert GUEST.same_numbers(HOST) == ("mnt", "pid", "user")
    assert GUEST.separate_from(HOST) == ("mnt", "pid", "user")
    assert not GUEST.shares_kernel(HOST)


def test_isolation_tells_what_was_seen():
    row = isolation.claim([isolation.Sight(HOST, INSIDE, GUEST, 1, 1)], TOLD)
    assert row.container == "호스트와 같은 커널, 네임스페이스 3종 가운데 2종(mnt, pid) 분리"
    assert "자기 커널(6.12)" in row.vm
    assert any("어느 커널에서나 같기" in note for note in row.notes)
    sharing = replace(GUEST, boot_id="boot-a")
    assert "함께 쓰는 VM이 있음" in isolation.claim([isolation.Sight(HOST, INSIDE, sharing, 1, 1)], TOLD).vm


def test_an_engine_in_a_hidden_vm_gets_three_labels():
    mac = isolation.View("host", "", "Darwin 24.0", 0, 0)
    elsewhere_seen = replace(INSIDE, boot_id="boot-c", kernel="6.10-linuxkit")
    row = isolation.claim([isolation.Sight(mac, elsewhere_seen, GUEST, 0, 1)], TOLD)
    assert row.container == "엔진이 도는 곳의 커널을 함께 씀"
    assert "호스트에서" not in row.verdict
    assert any("Darwin 24.0" in note and "6.10-linuxkit" in note for note in row.notes)


def test_a_look_is_read():
    text = (
        "processes 3\nboot_id abc\nkernel 6.1\nmemory 1024\n"
        "namespace pid pid:[7]\nnamespace pid_for_children pid:[7]\n"
    )
    assert isolation.read("vm", text) == isolation.View("vm", "abc", "6.1", 1024, 3, {"pid": "pid:[7]"})


# --- performance ---------------------------------------------------------------------------------
def performing(container: float, machine: float, n: int = 6, native: bool = True) -> dict[str, Timing]:
    steps = [1 + 0.001 * step for step in range(n)]
    places = {"native": 1.0, "container": container, "vm": machine}
    if not native:
        del places["native"]
    return {
        f"{work.kind} {place}": Timing(f"{work.kind} {place}", tuple(factor * step for step in steps))
        for work in performance.WORKS
        for place, factor in places.items()
    }


def test_each_kind_of_work_gets_its_own_ratio():
    timings = performing(1.0, 5.0)
    timings["processes vm"] = Timing("processes vm", tuple(9.0 + 0.01 * step for step in range(6)))
    row = performance.claim(timings, TOLD, {})
    assert row.vm == "산술 5.0배, 시스템 콜 5.0배, 페이지 폴트 5.0배, 프로세스 만들기 9.0배"
    assert "5.0배에서 9.0배까지 다릅니다" in row.verdict
    assert "네이티브의" not in row.container
    assert row.container.count("차이를 말할 수 없음") == 4
    assert row.n == 6


def test_too_few_rounds_claim_nothing():
    row = performance.claim(performing(2.0, 5.0, n=5), TOLD, {})
    assert "배" not in row.vm
    assert "배였습니다" not in row.verdict


def test_without_a_native_run_the_container_is_the_baseline():
    row = performance.claim(performing(1.0, 5.0, native=False), TOLD, {})
    assert row.details["baseline"] == "container"
    assert row.container.startswith("기준")
    assert "5.0배" in row.vm


def test_containers_inside_another_kernel_are_not_comparable_with_vms():
    emulated, inside = {"accelerator": "tcg"}, {"rung": "uml", "where": "어느 커널 안의 Docker"}
    [first, second] = conditions.notes(inside, emulated)
    assert "어느 커널 안의 Docker" in first and "같은 조건" in first and "TCG" in second
    assert conditions.notes({"rung": "root"}, {"accelerator": "kvm"}) == ()


def test_emulation_and_seccomp_are_noted():
    timings = performing(1.0, 5.0)
    assert any("TCG 에뮬레이션" in note for note in performance.claim(timings, TOLD, {}).notes)
    assert not any("TCG" in note for note in performance.claim(timings, KVM, {}).notes)
    assert any("builtin" in note for note in performance.claim(timings, TOLD, {}).notes)


def test_work_that_fails_is_no_time():
    begin, end = b"dockerlab begin\n", b"dockerlab end\n"
    assert performance._between([(1.0, begin), (3.5, end)], 0, "native") == 2.5
    for heard, code in (
        ([(1.0, begin), (3.5, end)], 1),
        ([(1.0, begin)], 0),
        ([(1.0, begin), (3.5, b"sh: not found\n" + end)], 127),
        ([], None),
    ):
        with pytest.raises(MeasureError):
            performance._between(heard, code, "native")


def taking(seconds_each: float, above: int = 0):
    """Runs work in no time up to an amount, and in so many seconds each above it."""

    def run(script: str) -> float:
        amount = int(script.split(";")[0].removeprefix("N="))
        return 0.002 + seconds_each * amount if amount > above else 0.0

    return run


def test_the_amount_of_work_fits_the_fast_and_the_slow_place():
    work = performance.WORKS[0]
    amount = performance.calibrated(work, taking(0.001), taking(0.005))
    assert performance.LONG_ENOUGH * 0.8 < 0.001 * amount < performance.LONG_ENOUGH * 1.3
    slow = performance.calibrated(work, taking(0.001), taking(0.2))
    assert 0.2 * slow <= performance.TOO_LONG


def test_work_that_seems_to_take_no_time_is_only_made_more():
    work = performance.WORKS[0]
    amount = performance.calibrated(work, taking(0.001, above=50), taking(0.0, above=10**9))
    assert performance.LONG_ENOUGH * 0.8 < 0.001 * amount < performance.LONG_ENOUGH * 1.3


# --- portability ---------------------------------------------------------------------------------
def found(**changes) -> portability.Found:
    made = portability.Found(
        image="sha256:1",
        layers=("sha256:a",),
        answers=tuple(
            elsewhere.Answer(settings, host=settings["TZ"], container="00:00 UTC")
            for settings in elsewhere.SETTINGS
        ),
        second=elsewhere.SecondEngine(True, "", "26", ("sha256:a",), "00:00 UTC"),
        foreign=(
            foreign.ForeignRun("amd64", own=True, ran=True, said="hello"),
            foreign.ForeignRun("arm64", own=False, ran=False, said="exec format error"),
        ),
        container_kernel="6.1",
        engine_kernel="6.1",
        disks=(portability.DiskBoot("virtio", True), portability.DiskBoot("ide", False, "panic")),
    )
    return replace(made, **changes)


def test_portability_tells_what_travels_and_what_does_not():
    row = portability.claim(found(), TOLD)
    assert row.container == "설정 3가지, 엔진 2개에서 같은 답, CPU 구조가 다르면(arm64) 실행 안 됨"
    assert row.vm == "virtio에 꽂으면 부팅됨, ide에 꽂으면 부팅 안 됨"
    assert row.n == 4
    assert "CPU 구조와 커널이 맞는 곳에서 참" in row.verdict


def test_portability_does_not_claim_what_was_not_seen():
    alone = found(second=elsewhere.SecondEngine(False, "root가 아님"))
    row = portability.claim(alone, TOLD)
    assert "엔진 2개" not in row.container and row.n == 3
    assert any("root가 아님" in note for note in row.notes)
    differing = found(second=replace(found().second, output="09:00 KST", layers=("sha256:b",)))
    told = portability.claim(differing, TOLD)
    assert "다른 답" in told.container
    assert "다이제스트는 달랐습니다" in told.verdict and "맞는 곳에서 참" not in told.verdict
    emulated = found(foreign=(foreign.ForeignRun("arm64", own=False, ran=True, said="hello"),))
    assert any("binfmt" in note for note in portability.claim(emulated, TOLD).notes)


def test_programs_of_both_architectures_are_well_formed():
    for arch, machine in elf.ARCHITECTURES.items():
        content = elf.program(arch, "안녕\n")
        assert content[:4] == b"\x7fELF" and struct.unpack_from("<H", content, 18) == (machine,)
        assert struct.unpack_from("<Q", content, 64 + 32) == (len(content),)
        assert content.endswith("안녕\n".encode())


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="Linux programs")
def test_a_program_of_this_architecture_runs_and_the_other_is_refused(tmp_path):
    own = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    program = tmp_path / "own"
    program.write_bytes(elf.program(own, "hello\n"))
    program.chmod(0o755)
    done = subprocess.run([program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "hello\n")


def test_a_foreign_image_says_its_architecture_and_carries_the_labels():
    with tarfile.open(fileobj=BytesIO(foreign.archive("arm64", {"dockerlab.session": "s"}))) as tar:
        manifest = loads(tar.extractfile("manifest.json").read())[0]
        config = loads(tar.extractfile(manifest["Config"]).read())
    assert manifest["RepoTags"] is None
    assert config["architecture"] == "arm64"
    assert config["config"]["Labels"] == {"dockerlab.session": "s"}


def test_a_process_that_does_not_answer_is_a_typed_error(monkeypatch):
    monkeypatch.setattr(elsewhere.sys, "executable", "/bin/false")
    with pytest.raises(DockerlabError):
        elsewhere.answer("tiny", elsewhere.SETTINGS[0])


# --- resources -----------------------------------------------------------------------------------
def idle(count: int, container: int = 7_000_000, machine: int = 200_000_000, host: bool = True):
    seen = tuple(container + 1000 * at for at in range(count))
    return resources.Idle(
        count,
        told=tuple(400_000 + at for at in range(count)),
        host=seen if host else (),
        vm=tuple(machine + 1000 * at for at in range(count)),
    )


GROWTH = resources.Growth(container=(10**6, 51 * 10**6, 10**6), vm=(200 * 10**6, 250 * 10**6, 250 * 10**6))
DETAILS = {"engine": 130_000_000, "limit": 268_435_456, "skipped": []}


def test_resources_compare_the_largest_number():
    row = resources.claim([idle(1), idle(5), idle(10)], GROWTH, TOLD, DETAILS)
    assert row.n == 10 and row.unit == "bytes"
    assert row.container == pytest.approx(7e6, rel=0.01) and row.vm == pytest.approx(2e8, rel=0.01)
    assert "VM의 메모리는 컨테이너의 29배였습니다" in row.verdict
    assert "컨테이너: 50.3 MB를 쓰자" in row.verdict and "100 %가 되돌아왔습니다" in row.verdict
    assert "늘어난 몫의 0 %가 되돌아왔습니다" in row.verdict
    assert len(row.raw["vm 10 (host)"]) == 10
    assert any("shim" in note and "400 kB" in note for note in row.notes)


def test_resources_claim_no_ratio_from_few():
    row = resources.claim([idle(1)], GROWTH, TOLD, DETAILS)
    assert "차이가 있다고 말할 수 없습니다(n=1)" in row.verdict


def test_where_the_host_sees_no_shim_the_engines_value_counts():
    row = resources.claim([idle(10, host=False)], GROWTH, KVM, {**DETAILS, "engine": 0, "skipped": [20]})
    assert row.container == pytest.approx(400_004.5)
    assert any("shim을 볼 수 없어" in note for note in row.notes)
    assert any("20개는 띄우지 않았습니다" in note for note in row.notes)
    assert not any("TCG" in note for note in row.notes)


def test_no_more_guests_than_the_memory_holds():
    guest = 256 * 2**20
    assert resources.affordable_counts((1, 5, 10), guest, 24 * 2**30) == (1, 5, 10)
    assert resources.affordable_counts((1, 5, 10), guest, 5 * 2**30) == (1, 5)
    assert resources.affordable_counts((1, 5, 10), guest, 100) == (1,)


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="no Linux /proc")
def test_pss_agrees_with_psutil():
    ours, theirs = pss.of([os.getpid()]), psutil.Process().memory_full_info().pss
    assert ours == pytest.approx(theirs, rel=0.2)
    assert pss.of([2**22 + 1]) is None  # beyond the largest pid of Linux
    assert 0 < pss.available() <= psutil.virtual_memory().total


# --- words and conditions ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("size_in_bytes", "shown"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (5_825_761, "5.83 MB"), (999_600, "1.00 MB"),
     (64_421_888, "64.4 MB"), (268_435_456, "268 MB"), (25_276_514_304, "25.3 GB")],
)  # fmt: skip
def test_bytes_are_shown_in_three_digits(size_in_bytes, shown):
    assert words.as_size(size_in_bytes) == shown


def test_seconds_are_shown_in_two_digits():
    assert [words.duration(each) for each in (0.2808, 4.1, 22.9, 90)] == ["0.28초", "4.1초", "23초", "1.5분"]


def test_a_caveat_of_all_names_nobody():
    few = [Timing(name, (1.0, 1.0)) for name in ("a", "b")]
    assert len([note for note in conditions.timing_notes(few) if "2번만" in note and "[" not in note]) == 1
    mixed = [few[0], Timing("c", (1.0,) * 10)]
    assert any(note.endswith("[a]") for note in conditions.timing_notes(mixed))


def test_the_seccomp_profile_is_read_from_both_spellings():
    assert conditions.seccomp(["name=apparmor", "name=seccomp,profile=builtin"]) == "builtin"
    assert conditions.seccomp(["name=seccomp,profile=default"]) == "default"
    assert conditions.seccomp(["name=rootless"]) == ""
