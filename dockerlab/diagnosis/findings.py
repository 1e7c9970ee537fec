"""진단의 모양과, 그것을 글로 적은 것입니다."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dockerlab.errors import DockerlabError


@dataclass(frozen=True)
class Problem:
    """고쳐야 할 것 하나와, 고치는 명령입니다."""

    code: str
    what: str
    seen: str
    todo: str


@dataclass(frozen=True)
class Diagnosis:
    """살펴본 결과입니다. ``problems``가 비어 있으면 모두 갖추어진 것입니다.

    ``notes``는 고칠 것은 아니지만 값을 읽을 때 알아야 할 것입니다. 용량은 모두 바이트입니다.
    """

    date: str
    engine: dict[str, Any]
    vm: dict[str, Any]
    fonts: dict[str, Any]
    disk: dict[str, Any]
    python: dict[str, Any]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """``dockerlab doctor --json``이 내보내는 모양입니다."""
        parts = ("engine", "vm", "fonts", "disk", "python")
        return {
            "date": self.date,
            **{part: getattr(self, part) for part in parts},
            "problems": [vars(problem) for problem in self.problems],
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        return "\n".join(_lines(self))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


class Findings:
    """살펴보는 동안 모으는 문제와 알릴 것입니다."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.notes: list[str] = []

    def problem(self, code: str, what: str, seen: str, todo: str) -> None:
        self.problems.append(Problem(code, what, seen, todo))

    def examine(self, what: str, look: Callable[[Findings], dict[str, Any]]) -> dict[str, Any]:
        try:
            return look(self)
        except DockerlabError as error:
            self.problem(**error.as_dict())
        except Exception as error:
            # Shown, not hidden: the doctor is for machines on which things go wrong in new ways.
            seen = f"{type(error).__name__}: {error}"
            self.problem(
                "D00", f"{what} 살펴보다가 뜻밖의 오류가 났습니다.", seen, "과정의 저장소에 알려 주십시오."
            )
        return {}


_STATES = {
    "ready": "쓸 수 있음",
    "unprepared": "쓸 수 있으나 묶음을 내려받아야 함",
    "impossible": "쓸 수 없음.",
}


def _lines(told: Diagnosis) -> list[str]:
    return [*_of_engine(told.engine), *_of_machine(told), *_of_findings(told)]


def _of_engine(engine: dict[str, Any]) -> list[str]:
    if engine["kind"] == "none":
        lines = ["Docker 엔진: 없음"]
    else:
        rootless = "예" if engine["rootless"] else "아니요"
        lines = [
            f"Docker 엔진: {engine['kind']} {engine['version']}, API {engine['api']}",
            f"  주소: {engine['url']} ({engine['origin']})",
            f"  저장: {engine['storage_driver']} ({engine['image_store']})",
            f"  cgroup v{engine['cgroup_version']}, rootless {rootless}",
            f"  한도: {_limits_in_words(engine['limits'])}",
        ]
    for one in engine.get("ladder", ()):
        lines.append(
            f"  내장 엔진의 방법 {one['rung']}: {one['title']}, {_STATES[one['state']]} {one['why']}".rstrip()
        )
    passed = [one for one in engine.get("tried", ()) if one["code"]]
    absent = [one["url"].removeprefix("unix://") for one in passed if one["code"] == "E01" and one["url"]]
    lines += [f"  건너뛴 곳: {one['outcome']}" for one in passed if one["code"] != "E01"]
    return lines + ([f"  소켓이 없는 곳: {', '.join(absent)}"] if absent else [])


def _of_machine(told: Diagnosis) -> list[str]:
    vm, disk, python = told.vm, told.disk, told.python
    lines = [f"VM 가속기: {vm['accelerator']}" + (" (에뮬레이션)" if vm.get("emulated") else "")]
    if qemu := vm.get("qemu"):
        lines.append(f"  QEMU: {qemu['version']} ({qemu['origin']})")
    lines.append(f"  게스트: {', '.join(vm['guests']) or '없음'}")
    lines.append(f"한글 글꼴: {', '.join(told.fonts.get('files', ())) or '없음'}")
    if disk:
        lines.append(f"디스크: {disk['free'] / 2**30:.1f} GiB 남음 ({disk['path']})")
    lines.append(f"Python: {python.get('version', '?')}, 과정 {python.get('package') or '?'}")
    return lines


def _of_findings(told: Diagnosis) -> list[str]:
    lines = [f"알림: {note}" for note in told.notes]
    for problem in told.problems:
        lines += ["", f"[{problem.code}] {problem.what}"]
        lines += [f"  본 것: {problem.seen}"] if problem.seen else []
        lines += [f"  할 일: {problem.todo}"] if problem.todo else []
    return [*lines, "", f"고칠 것 {len(told.problems)}개" if told.problems else "모두 갖추어져 있습니다."]


def _limits_in_words(limits: dict[str, Any]) -> str:
    if not limits["checked"]:
        return "확인하지 못함"
    names = {"memory": "메모리", "pids": "프로세스 수", "cpus": "CPU"}
    return ", ".join(f"{names[name]} {'지킴' if limits[name]['honoured'] else '무시함'}" for name in names)
