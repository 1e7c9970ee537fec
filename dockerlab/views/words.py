"""기록에 적힌 짧은 영어 이름을 학습자가 읽는 한국어로 바꿉니다. 모르는 이름은 그대로 둡니다."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PHASES = {
    # containers
    "create": "만들기",
    "start": "시작 응답",
    "first_output": "첫 출력",
    "exit": "종료",
    "remove": "지우기",
    # virtual machines
    "firmware": "펌웨어",
    "kernel": "커널",
    "init": "init",
    "ready": "준비",
}

# What happens between two marks, so that a bar is named after the work and not after its end.
STRETCHES = {
    (None, "create"): "컨테이너 만들기",
    ("create", "first_output"): "격리하고 프로세스 띄우기",
    ("create", "ready"): "격리하고 프로세스 띄우기",
    ("create", "start"): "격리하고 프로세스 띄우기",
    ("start", "first_output"): "첫 출력 기다리기",
    ("start", "ready"): "첫 출력 기다리기",
    ("exit", "remove"): "지우기",
    (None, "firmware"): "QEMU 띄우기",
    ("firmware", "kernel"): "펌웨어와 커널 올리기",
    (None, "kernel"): "커널 올리기",
    ("kernel", "init"): "커널 초기화",
    ("init", "ready"): "사용자 공간 준비",
}

ACCELERATORS = {
    "tcg": "TCG 에뮬레이션",
    "kvm": "KVM 가속",
    "hvf": "HVF 가속",
    "uml": "User-Mode Linux",
    "none": "없음",
}

CASES = {
    "native": "네이티브(호스트)",
    "container": "컨테이너",
    "micro": "작은 VM(micro)",
    "full": "배포판 VM(full)",
    "uml": "UML VM(uml)",
    "vm": "VM",
}
KINDS = {
    "arithmetic": "산술",
    "system calls": "시스템 콜",
    "page faults": "페이지 폴트",
    "processes": "프로세스 만들기",
}


def phase(name: str) -> str:
    """지점의 이름입니다. 예: ``"ready"`` → ``"준비"``."""
    return PHASES.get(name, name)


def stretch(before: str | None, name: str) -> str:
    """두 지점 사이에 일어난 일의 이름입니다. 시작부터이면 ``before``가 ``None``입니다."""
    return STRETCHES.get((before, name), f"{phase(name)}까지")


def accelerator(name: str | None) -> str:
    """가속기의 이름입니다. 예: ``"tcg"`` → ``"TCG 에뮬레이션"``. 없으면 빈 문자열입니다."""
    return ACCELERATORS.get(name, name) if name else ""


def case(name: str, accelerated_by: str | None = None) -> str:
    """견주는 쪽의 이름입니다. 가속기를 알면 괄호에 적습니다. 예: ``"작은 VM(micro), TCG 에뮬레이션"``."""
    said = CASES.get(name) or _composed(name)
    return f"{said}, {accelerator(accelerated_by)}" if accelerated_by else said


def _composed(name: str) -> str:
    """Names made of two: ``"arithmetic vm"`` (work and place), ``"container with full"`` (of that race)."""
    kind = next((kind for kind in KINDS if name.startswith(f"{kind} ")), None)
    if kind:
        return f"{KINDS[kind]} {case(name.removeprefix(f'{kind} '))}"
    who, together, race = name.partition(" with ")
    return f"{race} 경주의 {case(who)}" if together else name


def note(text: str) -> str:
    """주의할 점에 적힌 이름(앞의 ``이름: ``과 뒤의 ``[이름, 이름]``)을 한국어로 바꿉니다."""
    head, colon, rest = text.partition(": ")
    if colon:
        text = f"{case(head)}: {rest}"
    before, bracket, names = text.removesuffix("]").rpartition(" [")
    if bracket and text.endswith("]"):
        text = f"{before} [{', '.join(case(each) for each in names.split(', '))}]"
    return text


def conditions(metadata: Mapping[str, Any]) -> str:
    """잰 조건을 한 줄로 적습니다: CPU, 코어, 메모리, 운영체제, 엔진, 부하, 날짜."""
    from dockerlab.views.units import size

    said = [metadata.get("cpu")]
    if metadata.get("cores"):
        said.append(f"코어 {metadata['cores']}개")
    if metadata.get("memory"):
        said.append(f"메모리 {size(metadata['memory'])}")
    if metadata.get("virtualised"):
        said.append("이 컴퓨터도 가상 머신")
    said.append(metadata.get("os"))
    if metadata.get("engine"):
        said.append(f"Docker 엔진 {metadata['engine']}")
    if metadata.get("load") is not None:
        said.append(f"부하 {metadata['load']}")
    said.append(str(metadata.get("date", ""))[:10])
    return " · ".join(str(part) for part in said if part)
