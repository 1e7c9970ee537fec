"""예상 없이 잰 것도 나의 기록에 남깁니다."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dockerlab.claims import ComparisonTable
from dockerlab.course import journal, lessons
from dockerlab.course.evidence import taken, where


def keep(name: str, value: Any, unit: str = "") -> Any:
    """잰 것이나 알아낸 것을 이름을 붙여 기록에 남기고, 그대로 돌려줍니다.

    수(``unit``을 함께 적습니다), 글, 순서, ``Timing``, ``Comparison``, 비교표(``lab.claims.gather``의 결과)를
    남길 수 있습니다. 08번 수업의 점검표와 학습 기록에 쓰입니다.
    """
    journal.write(lessons.current(), "kept", name=name, **_facts(value, unit), where=where())
    return value


def _facts(value: Any, unit: str) -> Mapping[str, Any]:
    if isinstance(value, ComparisonTable):
        return {"table": value.record()}
    plain, evidence = taken(value)
    return {"value": plain, "unit": evidence["unit"] if evidence else unit, "evidence": evidence}
