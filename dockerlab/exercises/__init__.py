"""연습 문제: 과제와 풀이, 값 정하기, 엔진의 상태로 하는 검사, 힌트, 기록, 노트북 만들기입니다."""

from dockerlab.exercises.desk import check, exercise, hint, tidy
from dockerlab.exercises.model import Exercise, Given, Hint, Step, Task, Verdict, Wrong

__all__ = [
    "Exercise",
    "Given",
    "Hint",
    "Step",
    "Task",
    "Verdict",
    "Wrong",
    "check",
    "exercise",
    "hint",
    "tidy",
]
