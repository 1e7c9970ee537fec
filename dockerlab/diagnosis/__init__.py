"""이 컴퓨터에서 과정이 잘 돌아갈지 살펴봅니다: 엔진, 한도, VM, 글꼴, 디스크, Python.

Whatever is broken, an examination ends in a diagnosis: every part is examined on its own, and what it
trips over becomes a problem with the one command that mends it. (The room is not called doctor: the
learner's ``dockerlab.doctor`` is a function, and a module of that name would take its place.)
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from dockerlab.diagnosis import engines, machines
from dockerlab.diagnosis.findings import Diagnosis, Findings, Problem
from dockerlab.progress import Report, silent

__all__ = ["Diagnosis", "Problem", "doctor"]


def doctor(report: Report = silent) -> Diagnosis:
    """이 컴퓨터를 살펴봅니다. 무엇이 고장 나 있어도 오류를 던지지 않습니다.

    엔진 묶음이나 이미지를 내려받지 않습니다. 내장 엔진을 시작하게 되면 지금 하는 일을 ``report``로 알립니다.
    한도는 작은 컨테이너 안에서 읽어 확인합니다.
    """
    found = Findings()
    engine = {"kind": "none", "version": ""} | found.examine("엔진을", partial(engines.engine, report=report))
    if engine["kind"] != "none":
        engine["limits"] = {"checked": False} | found.examine("한도를", engines.limits)
    return Diagnosis(
        date=datetime.now().astimezone().isoformat(timespec="seconds"),
        engine=engine,
        vm={"accelerator": "none", "guests": []} | found.examine("VM을", machines.virtual_machines),
        fonts=found.examine("글꼴을", machines.fonts),
        disk=found.examine("디스크를", machines.disk),
        python=found.examine("Python을", machines.python),
        problems=tuple(found.problems),
        notes=tuple(found.notes),
    )
