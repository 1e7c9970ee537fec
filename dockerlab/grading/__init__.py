"""제출한 노트북을 채점합니다. 답만 꺼내 손대지 않은 연습 노트북에 넣고, 방 안에서 nbval로 돌립니다."""

from dockerlab.grading.examination import grade
from dockerlab.grading.report import Report, TaskResult

__all__ = ["Report", "TaskResult", "grade"]
