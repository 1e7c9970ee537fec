"""나의 기록을 보이고, 한 장의 HTML로 내보냅니다. 계정도 추적도 없습니다."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dockerlab.course import record as course
from dockerlab.exercises import standing as practice
from dockerlab.places import disk_errors
from dockerlab.views.course import record_sheets
from dockerlab.views.exercises import sheets as exercise_sheets
from dockerlab.views.html import html
from dockerlab.views.sheets import Sheet
from dockerlab.views.text import text

_PAGE = """\
<!DOCTYPE html>
<html lang="ko">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>나의 학습 기록: Docker 개념과 아키텍처</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font-family: system-ui, "Noto Sans KR", sans-serif; line-height: 1.6; word-break: keep-all; }}
body {{ max-width: 72em; margin: 2em auto; padding: 0 1em; }}
table {{ display: block; overflow-x: auto; }}
@media print {{ body {{ max-width: none; margin: 0; }} }}
</style>
</head>
<body>
<main>
<h1>나의 학습 기록: Docker 개념과 아키텍처</h1>
<p>{made}에 이 컴퓨터의 기록으로 만들었습니다. 잰 값은 이 컴퓨터에서 직접 잰 것입니다.</p>
{body}
</main>
</body>
</html>
"""


@dataclass(frozen=True)
class Page:
    """화면에 차례로 보일 것들입니다."""

    sheets: tuple[Sheet, ...]

    def __repr__(self) -> str:
        return "\n\n".join(text(sheet) for sheet in self.sheets)

    def _repr_html_(self) -> str:
        return "".join(f"<section>{html(sheet)}</section>" for sheet in self.sheets)


class LearningRecord:
    """나의 기록입니다. 노트북에서는 예상과 실측, 답을 모두 보이고, ``save``로 내보냅니다."""

    def __init__(self, record: course.Record) -> None:
        self._record = record

    def checklist(self) -> Page:
        """정리의 점검표입니다. 직접 재고 답해서 얻은 줄에만 표시가 있습니다."""
        return Page((record_sheets.checklist_sheet(self._record),))

    def comparison(self) -> Page:
        """책의 값과 내가 잰 값입니다."""
        return Page((record_sheets.comparison_sheet(self._record),))

    def growth(self) -> Page:
        """배우기 전과 배운 뒤의 답입니다."""
        return Page((record_sheets.growth_sheet(self._record),))

    def details(self) -> Page:
        """수업마다의 예상과 실측, 적은 문장, 남긴 값, 답입니다."""
        nothing = Sheet(caption="예상과 실측", verdict="아직 기록이 없습니다.")
        return Page(record_sheets.lesson_sheets(self._record) or (nothing,))

    def page(self) -> Page:
        """모든 것입니다. 기록이 없으면 진도와 점검표만 있습니다."""
        record = self._record
        return Page((
            record_sheets.progress_sheet(record.progress),
            exercise_sheets.practice_sheet(practice.standings()),
            record_sheets.checklist_sheet(record),
            record_sheets.comparison_sheet(record),
            record_sheets.growth_sheet(record),
            *record_sheets.lesson_sheets(record),
        ))  # fmt: skip

    def save(self, path: str | Path) -> Path:
        """기록을 HTML 파일 하나로 내보내고 그 경로를 돌려줍니다. 다른 파일 없이 열립니다."""
        target = Path(path)
        made = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
        with disk_errors(target):
            target.write_text(_PAGE.format(made=made, body=self.page()._repr_html_()), encoding="utf-8")
        return target

    def __repr__(self) -> str:
        return repr(self.page())

    def _repr_html_(self) -> str:
        return self.page()._repr_html_()


def record() -> LearningRecord:
    """나의 기록(예상, 잰 값, 답)을 읽습니다. 기록은 이 컴퓨터에만 있습니다."""
    return LearningRecord(course.load())
