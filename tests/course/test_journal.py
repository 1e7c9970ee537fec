"""The learner's record: whole lines from many processes, torn ones survived, nothing in the way."""

import multiprocessing
import subprocess
import sys

import pytest

from dockerlab.course import journal, lessons

WRITERS, LINES = 4, 50


def write_many(who):
    for at in range(LINES):
        journal.write("03", "kept", name=f"{who}-{at}", value="가" * 3000)


def test_open_notebooks_do_not_mix_or_lose_their_lines():
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(who,)) for who in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    names = [event.facts["name"] for event in journal.read("03")]
    assert sorted(names) == sorted(f"{who}-{at}" for who in range(WRITERS) for at in range(LINES))


def test_a_line_torn_by_a_kill_costs_only_itself(record):
    journal.write("03", "opened")
    with (record / "03.jsonl").open("ab") as file:
        file.write(b'{"at": "2026-11-25T10:00:00+09:00", "lesson": "03", "kind": "kept", "na')
    journal.write("03", "kept", name="뒤", value=1)
    assert [event.kind for event in journal.read("03")] == ["opened", "kept"]
    assert journal.read("03")[-1].facts == {"name": "뒤", "value": 1}


KILLED = """
import os, signal, sys
from dockerlab.course import journal
for at in range(1000):
    journal.write("03", "kept", name=str(at), value=0)
    print(at, flush=True)
    if at == 20:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_written_survives_a_kill():
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, timeout=60)
    told = done.stdout.split()
    assert done.returncode == -9 and told[-1] == "20"
    assert [event.facts["name"] for event in journal.read("03")] == told


def test_outside_a_lesson_nothing_is_written(record):
    journal.write("", "kept", name="x", value=1)
    assert not record.exists()


def test_what_happened_is_told_in_its_order_over_all_lessons():
    for number in ("07", "03", "05"):
        lessons.lesson(number)
    assert [event.lesson for event in journal.read()] == ["07", "03", "05"]
    assert journal.read("04") == ()


def test_a_clock_that_was_set_back_does_not_turn_the_order_round(record):
    record.mkdir(parents=True)
    days = ("2024-11-25", "2024-11-26", "2024-11-25", "2024-11-25")
    lines = (
        f'{{"at": "{day}T10:0{at}:00+09:00", "lesson": "03", "kind": "kept", "name": "{at}"}}\n'
        for at, day in enumerate(days)
    )
    (record / "03.jsonl").write_text("".join(lines))
    journal.write("04", "kept", name="later")  # the real clock is past all of them
    assert [event.facts["name"] for event in journal.read()] == ["0", "1", "2", "3", "later"]


def test_a_record_folder_that_is_a_file_does_not_stop_a_lesson(record):
    record.write_text("")
    with pytest.warns(UserWarning, match="기록에 남기지 못했습니다"):
        journal.write("03", "opened")
    assert journal.read() == ()
