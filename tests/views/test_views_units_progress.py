"""Units in one place; one line of progress, wherever it is shown."""

import io

import pytest

from dockerlab.views import bar
from dockerlab.views.units import amount, seconds, size, tick


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0초"), (1.2e-6, "1.20 µs"), (0.00012, "120 µs"), (0.0009996, "1.00 ms"), (0.358, "358 ms"),
     (0.9996, "1.00초"), (12.43, "12.4초"), (59.96, "1분"), (75.4, "1분 15초"), (20_000, "5.56시간"),
     (-0.5, "-500 ms")],
)  # fmt: skip
def test_seconds(value, shown):
    assert seconds(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0 B"), (999, "999 B"), (999.6, "1.00 kB"), (5_912_000, "5.91 MB"), (164e6, "164 MB"),
     (999_600, "1.00 MB"), (1.87e9, "1.87 GB"), (1.5e15, "1,500 TB"), (-2048, "-2.05 kB")],
)  # fmt: skip
def test_size(value, shown):
    assert size(value) == shown


def test_ticks_drop_zeros_but_not_digits():
    assert [tick(value, "s") for value in (1, 10, 0.1, 17.5)] == ["1초", "10초", "100 ms", "17.5초"]
    assert [tick(value, "bytes") for value in (0, 1e6, 1.5e6, 2e8)] == ["0 B", "1 MB", "1.5 MB", "200 MB"]
    assert [tick(value, "ratio") for value in (1, 3, 0.5, 10)] == ["1배", "3배", "0.5배", "10배"]


@pytest.mark.parametrize("unit", ["s", "bytes"])
def test_never_more_than_three_significant_digits(unit):
    for power in range(-5, 5):
        for lead in (1.23456, 9.99999, 4.56789):
            shown = amount(lead * 10**power, unit).split("초")[0].split(" ")[0]
            digits = shown.replace(".", "").replace(",", "").replace("-", "").strip("0분시간")
            assert len(digits) <= 3, shown


class Terminal(io.StringIO):
    def isatty(self):
        return True


def work(report):
    for done in range(0, 5_000_001, 500_000):
        report("엔진 묶음 받기", done, 5_000_000)
    for done in range(4):
        report("패키지 풀기", done, 3)
    report("패키지 풀기", 3, 3)


def test_a_terminal_keeps_one_line_for_each_piece_of_work():
    stream = Terminal()
    with bar(stream) as report:
        work(report)
    lines = [line.rsplit("\r", 1)[-1] for line in stream.getvalue().split("\n")]
    assert lines[-1] == "" and len(lines) == 3
    assert lines[0].startswith("엔진 묶음 받기") and "5.00M/5.00MB" in lines[0]
    assert lines[1].startswith("패키지 풀기") and "3/3개" in lines[1]


def test_a_file_gets_a_line_at_start_and_end_and_no_flood():
    stream = io.StringIO()
    with bar(stream) as report:
        work(report)
    assert stream.getvalue().splitlines() == [
        "엔진 묶음 받기 …", "엔진 묶음 받기 완료", "패키지 풀기 …", "패키지 풀기 완료",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [Terminal, io.StringIO])
def test_unknown_totals_failures_and_repeated_work_leave_whole_lines(kind):
    stream = kind()
    with pytest.raises(ZeroDivisionError), bar(stream) as report:
        report("기다리기", 0, None)
        report("기다리기", 0, None)
        report("풀기", 1, 1)
        report("풀기", 0, 2)
        report("풀기", 1, 2)
        raise ZeroDivisionError
    assert stream.getvalue().endswith("\n")
    assert stream.getvalue().count("기다리기") >= 1


def test_learning_the_total_later_is_fine():
    stream = Terminal()
    with bar(stream) as report:
        report("받기", 0, None)
        report("받기", 200_000, 400_000)
        report("받기", 400_000, 400_000)
    assert "400k/400kB" in stream.getvalue()


def test_a_step_with_nothing_to_count_is_told_as_it_is():
    from io import StringIO

    from dockerlab.views import bar

    written = StringIO()
    with bar(written) as report:
        report("커널을 부팅합니다", 0, 0)
        report("dockerd를 기다립니다", 0, 0)
    assert written.getvalue() == "커널을 부팅합니다 …\ndockerd를 기다립니다 …\n"
