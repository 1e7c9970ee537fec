"""과정의 울타리입니다. 이 컴퓨터의 다른 것에 손댈 수 있는 docker 명령을 실행하기 전에 거절합니다.

It guards against accidents, not against the learner: whoever can reach the socket can do all of this
elsewhere. What is not known is refused.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping

from dockerlab.client.grammar import Command
from dockerlab.errors import Refused

ALLOWED = frozenset(
    [
        *("attach", "build", "commit", "cp", "create", "diff", "events", "exec", "export", "history", "info"),
        *("import", "inspect", "kill", "load", "logs", "ls", "pause", "port", "ps", "pull", "push", "rename"),
        *("restart", "rm", "rmi", "run", "save", "search", "start", "stats", "stop", "tag", "top", "unpause"),
        *("update", "version", "wait", "images", "list", "system df", "system info", "system events"),
        *(f"network {action}" for action in ("connect", "create", "disconnect", "inspect", "ls", "rm")),
        *(f"volume {action}" for action in ("create", "inspect", "ls", "rm")),
        *("--help", "--version", "-v", "help", "network", "volume", "container", "image", "system"),
    ]
)
"""이 과정에서 쓰는 하위 명령입니다."""

_OWN = "이 과정의 컨테이너는 다른 것과 떨어져 돕니다."


def guard(command: Command) -> None:
    """명령을 살펴봅니다. 이 과정에서 하지 않는 것이면 ``Refused``입니다."""
    if command.verb[-1] == "prune":
        raise _refused(
            command,
            "prune은 과정이 만들지 않은 것까지 한꺼번에 지우므로 쓰지 않습니다.",
            "지울 것을 이름이나 id로 골라 docker rm, rmi, network rm, volume rm으로 지우십시오.",
        )
    if command.action not in ALLOWED:
        raise _refused(
            command,
            f"이 과정에서 쓰지 않는 명령입니다: {' '.join(command.verb)}",
            f"쓸 수 있는 명령: {', '.join(sorted({each.split()[0] for each in ALLOWED if each[0] != '-'}))}",
        )
    if command.action in ("run", "create", "exec", "build", "update"):
        for name, value in command.options:
            if why := _wrong(name, value):
                raise _refused(command, f"--{name}: {why}", "그 선택 항목을 빼고 다시 실행하십시오.")
    if command.action == "volume create" and any(name == "opt" for name, _ in command.options):
        raise _refused(
            command, "볼륨의 드라이버 선택 항목으로는 호스트의 폴더에 닿을 수 있습니다.", "-o를 빼십시오."
        )


def _refused(command: Command, what: str, todo: str) -> Refused:
    return Refused(what, seen=shlex.join(("docker", *command.words)), todo=todo)


def _wrong(name: str, value: str) -> str:
    test = _RULES.get(name)
    return test(value) if test else ""


def _never(why: str) -> Callable[[str], str]:
    return lambda value: "" if value == "false" else why


def _namespace(value: str) -> str:
    shared = value == "host" or value.startswith("container:")
    return f"호스트나 다른 컨테이너와 네임스페이스를 함께 쓰게 됩니다. {_OWN}" if shared else ""


def _volume(value: str) -> str:
    source, colon, _ = value.partition(":")
    of_host = bool(colon) and source[:1] in ("/", ".", "~", "\\")
    return "호스트의 폴더를 컨테이너에 넣게 됩니다. 이름이 있는 볼륨을 쓰십시오." if of_host else ""


def _mount(value: str) -> str:
    fields = dict(part.partition("=")[::2] for part in value.split(","))
    kept = fields.get("type", "volume") in ("volume", "tmpfs") and "volume-opt" not in fields
    return "" if kept else "볼륨과 tmpfs만 쓸 수 있습니다. 호스트의 폴더는 넣지 않습니다."


_TERMINAL = "노트북에는 터미널이 없습니다. -it 대신 docker exec 이름 명령 …처럼 한 번에 하나씩 실행하십시오."
_RULES: Mapping[str, Callable[[str], str]] = {
    "privileged": _never("컨테이너가 호스트를 마음대로 다룰 수 있게 됩니다."),
    "cap-add": _never("컨테이너에 권한을 더하지 않습니다."),
    "security-opt": _never("컨테이너의 보호를 바꾸지 않습니다."),
    "device": _never("호스트의 장치를 컨테이너에 넣지 않습니다."),
    "device-cgroup-rule": _never("호스트의 장치를 컨테이너에 넣지 않습니다."),
    "use-api-socket": _never("컨테이너가 엔진을 마음대로 다룰 수 있게 됩니다."),
    "gpus": _never("호스트의 장치를 컨테이너에 넣지 않습니다."),
    "volumes-from": _never("다른 컨테이너의 볼륨을 함께 쓰지 않습니다."),
    "cgroup-parent": _never("컨테이너의 한도를 벗어나게 됩니다."),
    "runtime": _never("엔진의 기본 런타임만 씁니다."),
    "restart": lambda value: "" if value == "no" else "노트북이 끝난 뒤에도 다시 살아나게 됩니다.",
    "tty": _never(_TERMINAL),
    "volume": _volume,
    "mount": _mount,
    **dict.fromkeys(("pid", "ipc", "uts", "userns", "cgroupns", "network", "net"), _namespace),
}
