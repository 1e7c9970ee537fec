"""The public contract of the comparison table, and the sentences computed from numbers. Needs nothing."""

from __future__ import annotations

import json

import pytest

from dockerlab.claims import book, sources, start
from dockerlab.claims.claim import Claim, ComparisonTable
from dockerlab.measure import Phases, Timing, compare


def timing(what: str, *values: float, **metadata) -> Timing:
    phases = tuple(Phases((("ready", value),)) for value in values)
    return Timing(what, values, phases=phases, metadata=metadata)


def racing(container: tuple[float, ...], accelerator: str = "tcg", **guests: tuple[float, ...]) -> start.Race:
    timings = {"container": timing("container", *container)}
    timings |= {
        name: timing(name, *values, accelerator=accelerator, cores=2, load=0.1)
        for name, values in guests.items()
    }
    return start.Race(
        timings,
        image="tiny",
        accelerator=accelerator,
        engine={"kind": "embedded", "version": "26.1.5"},
        vm={"accelerator": accelerator},
        machine={"cores": 2},
        date="2026-01-01T00:00:00+09:00",
    )


FAST = (0.30, 0.31, 0.29, 0.30, 0.32, 0.30, 0.31, 0.30)
SLOW = (2.4, 2.5, 2.3, 2.4, 2.6, 2.4, 2.5, 2.4)


def test_the_books_table_is_complete():
    told = {row.title: (row.vm, row.container) for row in book.BOOK}
    assert told == {
        "시작 시간": ("분 단위", "초 단위"),
        "크기": ("수 GB", "수십~수백 MB"),
        "격리 수준": ("하드웨어 수준의 완전 격리", "프로세스 수준"),
        "성능": ("오버헤드 있음", "네이티브에 가까움"),
        "이식성": ("하이퍼바이저 의존", "어디서든 동일"),
        "리소스 사용": ("고정 할당", "필요한 만큼"),
    }
    assert book.CLAIMS == ("start", "size", "isolation", "performance", "portability", "resources")


def test_every_source_says_what_was_measured_and_where_it_was_read():
    assert len({source.key for source in sources.SOURCES}) == len(sources.SOURCES)
    for source in sources.SOURCES:
        assert set(source.claims) <= set(book.CLAIMS) and source.claims
        assert source.measured and source.read and source.address.startswith("https://")
    assert {source.key for source in sources.about("start")} >= {"firecracker", "lightvm"}


def test_a_row_has_exactly_the_promised_keys_and_survives_json():
    row = start.claim([racing(FAST, micro=SLOW)])
    table = ComparisonTable((row,), row.metadata["engine"], row.metadata["vm"], {}, row.metadata["date"])
    told = json.loads(json.dumps(table.as_dict(), allow_nan=False))
    assert set(told) == {"rows", "engine", "vm", "date"}
    assert set(told["rows"][0]) == {"claim", "container", "vm", "n", "unit", "raw"}
    assert told["rows"][0]["claim"] == "start"
    assert told["rows"][0]["n"] == len(FAST)
    assert told["rows"][0]["raw"] == {"container": list(FAST), "micro": list(SLOW)}
    assert told["vm"]["accelerator"] == "tcg"
    with pytest.raises(KeyError):
        table.row("size")
    assert table.row("start") is row


def test_a_race_survives_json():
    told = json.loads(json.dumps(racing(FAST, micro=SLOW).as_dict(), allow_nan=False))
    assert told["timings"]["micro"]["values"] == list(SLOW)
    assert told["comparisons"]["micro"]["claims_difference"] is True


def test_the_ratio_is_told_only_when_it_can_be():
    apart = compare(timing("micro", *SLOW), timing("container", *FAST))
    assert "컨테이너의 8.0배였습니다" in start.verdict({"micro": apart})
    overlapping = compare(timing("micro", *FAST), timing("container", *FAST[::-1]))
    told = start.verdict({"micro": overlapping})
    assert "차이가 있다고 말할 수 없습니다" in told
    assert "배였습니다" not in told
    few = compare(timing("micro", *SLOW[:3]), timing("container", *FAST[:3]))
    assert "배였습니다" not in start.verdict({"micro": few})


def test_the_books_minutes_are_judged_by_the_slowest_guest():
    quick = compare(timing("micro", *SLOW), timing("container", *FAST))
    slow = compare(timing("full", *(value * 40 for value in SLOW)), timing("container", *FAST))
    assert "까지 걸린 VM은 없었습니다" in start.verdict({"micro": quick})
    assert "가 걸린 VM이 있었습니다" in start.verdict({"micro": quick, "full": slow})


def test_emulation_is_named_where_its_numbers_appear():
    assert any("TCG 에뮬레이션" in note for note in start.claim([racing(FAST, micro=SLOW)]).notes)
    assert not any("TCG" in note for note in start.claim([racing(FAST, "kvm", micro=SLOW)]).notes)


def test_a_heavier_guest_keeps_the_container_it_ran_against():
    row = start.claim([racing(FAST, micro=SLOW), racing(FAST[:6], full=tuple(v * 5 for v in SLOW[:6]))])
    assert set(row.timings) == {"container", "micro", "full", "container with full"}
    assert row.vm == pytest.approx(2.4)
    assert row.n == len(FAST)
    assert set(row.details["comparisons"]) == {"micro", "full"}


def test_a_claim_knows_its_line_in_the_book():
    row = Claim("size", 1.0, 2.0, "bytes", 1, {}, "")
    assert (row.title, row.book_container, row.book_vm) == ("크기", "수십~수백 MB", "수 GB")
