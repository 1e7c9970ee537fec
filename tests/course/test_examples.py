"""The example predictions kept beside the code are those of the lessons."""

import json
from pathlib import Path

from dockerlab.course import examples


def test_the_kept_examples_are_those_of_the_notebooks(root):
    kept = json.loads(Path(examples.__file__).with_name("examples.json").read_text("utf-8"))
    assert kept == examples.gather(root / "notebooks")


def test_only_an_untouched_prediction_is_an_example():
    shipped = {"컨테이너": 1.0, "VM_micro": 10.0, "VM_full": 60.0}
    assert examples.is_example("03", "시작 시간", shipped)
    assert not examples.is_example("03", "시작 시간", shipped | {"컨테이너": 2.0})
    assert not examples.is_example("04", "시작 시간", shipped)
    order = {"작은_것부터": ("레이어 tar", "압축한 크기", "푼 파일")}
    assert examples.is_example("06", "lesson/app의 세 크기", order)
