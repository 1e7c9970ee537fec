"""The six experiments on a real engine and real machines: what they find, and that nothing stays behind.

One whole comparison with small numbers (about two minutes under emulation) serves most tests.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import psutil
import pytest

from dockerlab import claims, containers, engine, images, places, vm
from dockerlab.claims import book, foreign, performance, resources, size, start
from dockerlab.errors import DockerlabError, VmError
from dockerlab.measure import Timing

pytestmark = [pytest.mark.engine, pytest.mark.vm, pytest.mark.timeout(900)]


def ours() -> dict[str, list]:
    """What this process has on the engine and on the machine right now."""
    client = engine.connect().client
    mine = {"label": f"dockerlab.session={engine.session_id()}"}
    guests = [child for child in psutil.Process().children(recursive=True) if "qemu" in child.name()]
    return {
        "containers": client.containers.list(all=True, filters=mine),
        "images": client.images.list(all=True, filters=mine),
        "networks": client.networks.list(filters=mine),
        "volumes": client.volumes.list(filters=mine),
        "guests": guests,
        "second engines": list(places.runtime_dir("second").glob(str(os.getpid()))),
        "guest folders": list(places.runtime_dir("vm").glob(f"{os.getpid()}-*")),
    }


NOTHING = {name: [] for name in (
    "containers", "images", "networks", "volumes", "guests", "second engines", "guest folders"
)}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def ready(engine, tiny):
    """Skips with a reason where there is no engine, no image or no virtual machine."""
    try:
        images.ensure("debian")
        vm.guest("full")
        vm.accelerator()
    except DockerlabError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def table():
    """All six rows, measured once with small numbers."""
    client = engine.connect().client
    before = {image.id for image in client.images.list(all=True)}
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(performance, "LONG_ENOUGH", 0.1)
        patch.setattr(resources, "COUNTS", (1, 2))
        measured = claims.compare(1, report=lambda what, done, total: told.append((what, done, total)))
    assert {image.id for image in client.images.list(all=True)} == before
    assert ours() == NOTHING
    assert {what for what, _, _ in told} >= {"비교표", "이식성", "놀고 있는 VM"}
    assert all(0 <= done <= total for _, done, total in told)
    return measured


def test_the_comparison_has_the_promised_shape(table):
    told = json.loads(json.dumps(table.as_dict(), allow_nan=False))
    assert set(told) == {"rows", "engine", "vm", "date"}
    assert [row["claim"] for row in told["rows"]] == list(book.CLAIMS)
    for row in told["rows"]:
        assert set(row) == {"claim", "container", "vm", "n", "unit", "raw"}
        assert row["n"] >= 1 and row["raw"] and row["container"] and row["vm"]
    assert told["engine"]["version"] == engine.connect().version
    assert told["vm"]["accelerator"] in ("kvm", "tcg", "hvf")
    assert all(row.verdict and row.metadata["date"] for row in table.rows)


def test_start_keeps_values_and_phases_of_all_contestants(table):
    row = table.row("start")
    assert set(row.timings) == {"container", "micro", "full", "container with full"}
    assert row.timings["micro"].phases[0].at("kernel") < row.timings["micro"].phases[0].at("ready")
    assert row.raw["full"][0] > row.raw["micro"][0] > 0
    for timing in row.timings.values():
        assert timing.values == tuple(each.at("ready") for each in timing.phases)


def test_size_agrees_with_the_engine_and_the_disk(table):
    details = table.row("size").details
    for image in details["images"]:
        assert image.told == engine.connect().client.images.get(f"dockerlab/{image.name}").attrs["Size"]
        assert image.archive > 0 and image.layers >= 1
    full = next(each for each in details["vms"] if each.name == "full")
    assert full.kernel == vm.guest("full").kernel.stat().st_blocks * 512
    assert full.virtual > full.disk > 0
    inside = details["inside"][0]
    # The kernel's own file must be among what was counted as the kernel's part.
    assert inside.kernel > vm.guest("full").kernel.stat().st_size
    assert inside.userland > size.image_size("tiny").told


def test_isolation_sees_one_kernel_shared_and_one_apart(table):
    sight = table.row("isolation").details["sights"][0]
    assert sight.container.kernel == engine.connect().info["KernelVersion"]
    assert not sight.vm.shares_kernel(sight.host) and not sight.vm.shares_kernel(sight.container)
    assert sight.vm_on_host == 1 and sight.vm.processes > 1
    if sight.container.shares_kernel(sight.host):
        assert {"pid", "mnt", "net", "uts", "ipc"} <= set(sight.container.separate_from(sight.host))
        assert sight.container.processes < sight.host.processes
    assert sight.vm.memory < vm.guest("micro").memory


def test_performance_ran_the_same_work_everywhere(table):
    row = table.row("performance")
    kinds = {work.kind for work in performance.WORKS}
    assert set(row.details["comparisons"]) == kinds == set(row.details["amounts"])
    places_ = ("native", "container", "vm")
    assert set(row.timings) == {f"{kind} {place}" for kind in kinds for place in places_}
    assert "배" not in row.vm, "one round claims no ratio"


def test_the_same_binary_runs_in_all_places():
    busybox = vm.busybox()
    with containers.start("tiny", ["sleep", "60"], files={"/b/busybox": busybox.read_bytes()}) as inside:
        there = inside.exec(["sha256sum", "/b/busybox"]).stdout.split()[0]
    with vm.start("micro") as machine:
        assert machine.run("sha256sum /bin/busybox").output.split()[0] == there


def test_portability_moves_the_image_and_meets_the_limits(table):
    found = table.row("portability").details["found"]
    assert len({each.host for each in found.answers}) == 3, "the settings change the host's answer"
    assert found.same_answer
    assert found.second.tried, found.second.why
    assert found.same_content and found.second.layers
    own = next(each for each in found.foreign if each.own)
    other = next(each for each in found.foreign if not each.own)
    assert own.ran and own.said == f"hello from {own.arch}"
    assert other.ran or "format error" in other.said
    assert [each.booted for each in found.disks] == [True, False]


def test_resources_count_each_container_and_each_machine(table):
    row = table.row("resources")
    assert row.n == 2
    most = row.details["idle"][-1]
    assert len(most.told) == len(most.vm) == 2
    assert all(each > 10 * 2**20 for each in most.vm)
    if Path("/proc/self/smaps_rollup").exists() and os.geteuid() == 0 and most.host:
        assert all(host > told for host, told in zip(most.host, most.told, strict=True)), "the shim counts"
        assert row.details["engine"] > 2**20
    growth = row.details["growth"]
    assert growth.container[1] - growth.container[0] > 0.9 * resources.TAKEN
    assert growth.returned("container") > 0.9
    assert growth.vm[1] > growth.vm[0]


def test_an_interrupted_experiment_leaves_nothing():
    def interrupt(what: str, done: int, total: int | None) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        resources.hold_containers((3,), "tiny", interrupt)
    with pytest.raises(KeyboardInterrupt):
        dict(resources.hold_guests((1, 2), "micro", interrupt))
    with pytest.raises(KeyboardInterrupt):
        start.race(2, report=interrupt)
    assert ours() == NOTHING


def test_one_machine_that_fails_takes_the_others_with_it(monkeypatch):
    really, calls = vm.start, []

    def sometimes(guest: str):
        calls.append(guest)
        if len(calls) == 2:
            raise VmError("made to fail")
        return really(guest)

    monkeypatch.setattr(vm, "start", sometimes)
    with pytest.raises(VmError):
        dict(resources.hold_guests((2,), "micro"))
    assert len(calls) == 2
    assert ours() == NOTHING


def test_a_work_that_fails_in_the_machine_leaves_nothing(monkeypatch):
    broken = performance.Work("arithmetic", "산술", "", "exit 3")
    monkeypatch.setattr(performance, "WORKS", (broken,))
    with pytest.raises(DockerlabError) as caught:
        performance.measure(1)
    assert "종료 코드 3" in caught.value.seen
    assert ours() == NOTHING


def test_the_foreign_image_is_removed_even_when_running_it_breaks(monkeypatch):
    def broken(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(containers, "run", broken)
    with pytest.raises(KeyboardInterrupt):
        foreign.run_each()
    assert ours() == NOTHING


def test_whereabouts_find_one_process_from_three_places(engine, tiny):
    from dockerlab.claims.whereabouts import whereabouts
    from dockerlab.views.formatters import show

    found = whereabouts()
    assert found.inside_pid == 1 and found.engine_pid > 0
    assert found.container.kernel == engine.info["KernelVersion"]
    assert found.same_kernel or not found.container_on_host
    if found.container_on_host:
        assert [each.name for each in found.container_on_host] == ["sleep"]
    told = show(found)
    assert str(found.engine_pid) in told and found.verdict.split()[0] in told


def test_a_timing_of_the_learners_own_tells_where_it_was_taken():
    taken = {"x": Timing("x", (1.0, 2.0))}
    assert claims.noted(taken)["x"].metadata["engine"].endswith(engine.connect().version)
    assert set(claims.noted(taken, guest="micro")["x"].metadata) == {"accelerator"}
