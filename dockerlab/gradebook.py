"""``dockerlab grade``입니다. 제출을 모아 채점하고, 결과를 보여 주거나 파일에 적습니다."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dockerlab.arguments import Arguments, count
from dockerlab.errors import UsageMistake
from dockerlab.places import disk_errors

if TYPE_CHECKING:
    from dockerlab.grading import Report


def add_arguments(grammar: Arguments) -> None:
    """명령과 매직이 함께 쓰는 인자입니다."""
    grammar.add_argument("files", nargs="+", type=Path, metavar="파일", help="노트북, 또는 노트북이 든 폴더")
    grammar.add_argument(
        "--out", action="append", type=Path, default=[], metavar="파일",
        help="결과를 적을 파일. 이름의 끝이 모양을 정합니다: .csv .html .json .xml(JUnit) .txt",
    )  # fmt: skip
    grammar.add_argument("--jobs", type=count, metavar="개수", help="한꺼번에 채점할 개수 (기본: CPU의 수)")
    grammar.add_argument(
        "--scheduler", metavar="주소", help="Dask 스케줄러의 주소. 여러 컴퓨터에서 채점합니다"
    )


def graded(options: argparse.Namespace, report) -> Sequence[Report]:
    """채점하고 ``--out``의 파일들을 적습니다. 끝난 것은 ``.partial``에 적어 두어 이어서 합니다."""
    from dockerlab.grading import classroom
    from dockerlab.views.exercises.report_files import FORMATS

    unknown = [str(out) for out in options.out if out.suffix not in FORMATS]
    if unknown:
        raise UsageMistake(
            "모르는 모양의 결과 파일입니다.",
            seen=", ".join(unknown),
            todo=f"끝을 {' '.join(FORMATS)} 가운데 하나로 하십시오.",
        )
    paths = classroom.submissions(options.files)
    journal = options.out[0].with_name(options.out[0].name + ".partial") if options.out else None
    reports = classroom.grade_all(
        paths, jobs=options.jobs, scheduler=options.scheduler, journal=journal, report=report
    )
    for out in options.out:
        with disk_errors(out):
            whole = out.with_name(f"{out.name}.{os.getpid()}.tmp")
            whole.write_text(FORMATS[out.suffix](reports), encoding="utf-8", newline="")
            os.replace(whole, out)
    if journal is not None:
        journal.unlink(missing_ok=True)
    return reports


def shown(options: argparse.Namespace, reports: Sequence[Report]) -> str:
    """화면에 보일 글입니다. 파일에 적었으면 요약만 보입니다."""
    from dockerlab.views import text
    from dockerlab.views.exercises.report_files import as_json, as_text
    from dockerlab.views.exercises.sheets import class_sheet

    if options.json:
        return as_json(reports).rstrip("\n")
    if options.out and len(reports) > 1:
        print(f"결과를 적은 파일: {', '.join(map(str, options.out))}", file=sys.stderr)
        return text.text(class_sheet(reports))
    return as_text(reports).rstrip("\n")
