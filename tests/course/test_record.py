"""What a learner did is read from the record: progress, earned ticks, tables, the exported page."""

import re

import pytest

import dockerlab as lab
from dockerlab.claims import BOOK, ComparisonTable
from dockerlab.claims.claim import Claim
from dockerlab.course import journal, quiz, record
from dockerlab.course.lessons import all_lessons
from dockerlab.measure import Timing, compare

MACHINE = {"cpu": "AMD EPYC", "cores": 2, "accelerator": "kvm", "date": "2026-11-25T10:00:00+09:00"}
FAST = Timing("container", (0.1, 0.12, 0.11), metadata=MACHINE)
SLOW = Timing("vm", (2.0, 2.2, 2.1), metadata=MACHINE)


def answer_all(lesson, right=True):
    for asked in quiz.quizzes(lesson).values():
        for question in asked.questions:
            if question.choices:
                answer = next(at for at, c in enumerate(question.choices) if c.right == right)
            else:
                answer = question.lines if right else question.shown
            asked.answer(question.name, answer)


def test_a_fresh_learner_has_done_nothing_and_begins_at_the_beginning():
    progress = lab.lessons()
    assert {each.state for each in progress.standings} == {"아직"}
    assert progress.next.lesson.number == "00" and progress.done == 0
    assert not any(tick.earned for tick in record.load().checklist())


def test_what_was_begun_comes_next_and_what_is_answered_is_done():
    lab.lesson("03")
    assert lab.lessons().next.lesson.number == "03"
    answer_all("03", right=False)
    progress = lab.lessons()
    assert progress.standings[3].state == "끝냄" and progress.next.lesson.number == "00"


def test_a_tick_needs_a_measurement_and_right_answers_both():
    def earned():
        return record.load().checklist()[0].earned

    answer_all("03")
    assert not earned()
    lab.lesson("03")
    lab.predict("시작 시간", unit="s", 컨테이너=1.0).against(컨테이너=FAST)
    assert earned()
    answer_all("03", right=False)
    assert not earned()


def test_a_prediction_changed_after_the_answer_is_said_to_be():
    lab.lesson("03")
    assert lab.predict("시작", unit="s", 컨테이너=1.0).first is None
    assert lab.predict("시작", unit="s", 컨테이너=2.0).first is None  # the answer is not known yet
    lab.predict("시작", unit="s", 컨테이너=2.0).against(컨테이너=FAST)
    assert lab.predict("시작", unit="s", 컨테이너=2).first is None  # the same, in another spelling
    changed = lab.predict("시작", unit="s", 컨테이너=0.11)
    assert changed.first == {"컨테이너": 2.0}
    assert changed.against(컨테이너=FAST).as_dict()["changed"]
    assert "답을 본 뒤에 고친 예상입니다. 답을 보기 전의 예상: 컨테이너 2.00초" in lab.views.show(changed)


def test_orders_and_choices_are_predicted_and_judged():
    lab.lesson("04")
    chain = ["client", "dockerd", "runc"]
    outcome = lab.predict("순서", 순서=chain, 답="같다", choices=("같다", "다르다")).against(
        순서=tuple(chain), 답="다르다"
    )
    assert [line.right for line in outcome.lines] == [True, False]
    assert "client → dockerd → runc" in lab.views.show(outcome)
    with pytest.raises(lab.DockerlabError, match="보기에 없는"):
        lab.predict("답", 답="모른다", choices=("같다", "다르다"))


def test_a_timing_brings_its_evidence():
    lab.lesson("03")
    line = lab.predict("시작", unit="s", 컨테이너=1.0).against(컨테이너=FAST).lines[0]
    assert line.measured == FAST.median and line.evidence["n"] == 3
    ratio = lab.predict("몇 배", unit="ratio", VM=10.0).against(VM=compare(SLOW, FAST)).lines[0]
    assert ratio.measured == pytest.approx(2.1 / 0.11) and ratio.evidence["interval"]
    (kept, *_) = [event for event in journal.read("03") if event.kind == "outcome"]
    assert kept.facts["lines"][0]["evidence"]["values"] == list(FAST.values)


def claims():
    rows = tuple(
        Claim(row.claim, FAST.median, SLOW.median, "s", 3, {}, "판정", timings={"a": FAST, "b": SLOW})
        for row in BOOK
    )
    engine, vm = {"kind": "system", "version": "26"}, {"accelerator": "kvm"}
    return ComparisonTable(rows, engine, vm, MACHINE, "2026-11-25")


def test_the_page_of_the_record_holds_everything_and_escapes_it(tmp_path):
    lab.lesson("03")
    assert lab.keep("비교표", claims()).rows
    lab.keep("<b>값", 3, "개")
    lab.predict("시작 시간", unit="s", 컨테이너=1.0).against(컨테이너=FAST)
    journal.write("03", "restated", question="시작 시간", text="빨랐다 <script>alert(1)</script>")
    answer_all("03", right=False)
    page = lab.record().save(tmp_path / "record.html").read_text(encoding="utf-8")
    measured = ("110 ms [100 ms ~ 120 ms] n=3", "KVM 가속", "격리 수준", "3개")
    for expected in (*measured, "컨테이너는 가벼운 VM이다", "&lt;b&gt;값", "&lt;script&gt;"):
        assert expected in page, expected
    assert "<script" not in page and not re.search(r'(?:src|href)="', page)


def test_growth_sets_the_first_answer_beside_the_last():
    before, after = quiz.find(record.BEFORE), quiz.find(record.AFTER)
    assert [q.idea for q in before.questions] == [q.idea for q in after.questions]
    assert len({q.idea for q in before.questions}) == 10 and all(q.idea for q in before.questions)
    answer_all("00", right=False)
    answer_all("00", right=True)  # the second try does not change what was thought at first
    answer_all("08", right=False)
    answer_all("08", right=True)
    assert {(each.before, each.after) for each in record.load().growth()} == {(False, True)}


def test_every_lesson_of_the_list_is_numbered_in_order():
    numbers = [each.number for each in all_lessons()]
    assert numbers == [f"{at:02}" for at in range(len(numbers))]
    assert all(each.file.startswith(each.number) and each.file.isascii() for each in all_lessons())


@pytest.mark.parametrize(("guess", "said"), [(5e6, True), (6e6, False)])
def test_a_prediction_left_as_the_notebook_has_it_is_said_to_be_the_notebooks(guess, said):
    lab.lesson("03")
    lab.predict("크기", unit="bytes", 이미지_tiny=guess, VM_micro=1e9).against(이미지_tiny=2e6, VM_micro=3e8)
    assert ("노트북의 예 그대로" in lab.record()._repr_html_()) == said
