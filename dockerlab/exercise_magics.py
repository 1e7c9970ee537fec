"""연습 문제의 매직입니다: 저장한 답을 처음부터 다시 채점하기."""

from __future__ import annotations

from typing import Any

from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand

from dockerlab import gradebook
from dockerlab.arguments import Arguments, parsed_line
from dockerlab.errors import UsageMistake


def grade_arguments() -> Arguments:
    """``%grade``의 문법입니다."""
    grammar = Arguments(
        prog="%grade",
        description="저장한 연습 노트북의 답을 새 커널에서 처음부터 다시 채점합니다. 먼저 저장하십시오.",
    )
    gradebook.add_arguments(grammar)
    return grammar


@magics_class
class ExerciseMagics(Magics):
    """``%grade``입니다."""

    @no_var_expand
    @line_magic
    def grade(self, line: str) -> Any:
        """노트북 하나를 채점하고 결과(Report)를 돌려줍니다. 여럿이면 결과의 목록입니다."""
        from dockerlab.exercises.desk import grading
        from dockerlab.views.progress import bar

        given = parsed_line(grade_arguments(), line)
        if given is None:
            return None
        if grading():
            raise UsageMistake("채점하는 동안에는 채점할 수 없습니다.", todo="답 셀에서 %grade를 빼십시오.")
        with bar() as report:
            reports = gradebook.graded(given, report)
        return reports[0] if len(reports) == 1 else list(reports)


GRAMMARS = {"grade": grade_arguments}
ExerciseMagics.grade.__doc__ = grade_arguments().format_help()
