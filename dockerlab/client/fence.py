"""과정의 울타리입니다. 이 컴퓨터의 다른 것에 손댈 수 있는 docker 명령을 실행하기 전에 거절합니다.

It guards against accidents, not against the learner: whoever can reach the socket can do all of this
elsewhere. What is not known is refused.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from dockerlab.client import folders, grammar, options
from dockerlab.client.grammar import Command
from dockerlab.errors import Refused
from dockerlab.registries.reference import parse

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

_ADDRESS = re.compile(r"\w+://|git@|github\.com/")
_HERE = ("localhost", "127.0.0.1", "[::1]")


def guard(command: Command) -> None:
    """명령의 낱말들을 살펴봅니다. 이 과정에서 하지 않는 것이면 ``Refused``입니다. 엔진에 묻지 않습니다."""
    if command.verb[-1] == "prune":
        raise refused(
            command,
            "prune은 과정이 만들지 않은 것까지 한꺼번에 지우므로 쓰지 않습니다.",
            "지울 것을 이름이나 id로 골라 docker rm, rmi, network rm, volume rm으로 지우십시오.",
        )
    if command.action not in ALLOWED:
        raise refused(
            command,
            f"이 과정에서 쓰지 않는 명령입니다: {' '.join(command.verb)}",
            f"쓸 수 있는 명령: {', '.join(sorted({each.split()[0] for each in ALLOWED if each[0] != '-'}))}",
        )
    _check_options(command)
    _check_files(command)
    if command.action == "push":
        _check_registry(command)


def refused(command: Command, what: str, todo: str) -> Refused:
    """거절하는 말입니다."""
    return Refused(what, seen=shlex.join(("docker", *command.words)), todo=todo)


def host_side(command: Command) -> tuple[str, ...]:
    """``docker cp``의 두 곳 가운데 이 컴퓨터의 경로입니다. docker가 읽는 대로 읽습니다."""
    return tuple(each for each in command.rest if each.startswith(("/", ".")) or ":" not in each)


def _check_options(command: Command) -> None:
    known = grammar.known_options(command.verb) if command.options else {}
    for name, value in command.options:
        if why := options.why_not(command.action, name, value):
            raise refused(command, f"--{name}: {why}", options.instead(name, value))
        if name not in known and name != "help":  # it may take a value, and all behind it be misread
            raise refused(
                command,
                f"이 명령의 도움말에 없는 선택 항목입니다: {name}",
                f"docker {' '.join(command.verb)} --help에 있는 이름을 줄이지 말고 적으십시오.",
            )


def _check_files(command: Command) -> None:
    """The files of this computer that are named as arguments."""
    if command.action == "cp":
        named = host_side(command)
    elif command.action in ("build", "import"):
        named = command.rest[-1:] if command.action == "build" else command.rest[:1]
    else:
        return
    for path in named:
        if _ADDRESS.match(path) and not Path(path).exists():
            raise refused(
                command,
                f"인터넷에서 가져온 것을 살펴보지 않고 쓰게 됩니다: {path}",
                "먼저 내려받아 살펴본 뒤, 노트북이 있는 폴더에 두고 그 경로를 적으십시오.",
            )
        if path != "-" and (why := folders.why_outside(path)):
            raise refused(command, why, "파일을 노트북이 있는 폴더나 임시 폴더에 두고 쓰십시오.")
        dockerfile = Path(path, "Dockerfile")
        if command.action == "build" and dockerfile.is_symlink() and folders.why_outside(str(dockerfile)):
            raise refused(
                command, "Dockerfile이 폴더 밖을 가리키는 링크입니다.", "파일을 그 폴더에 복사하십시오."
            )


def _check_registry(command: Command) -> None:
    for name in command.rest:
        host = parse(name).host
        if re.sub(r":\d+\Z", "", host) not in _HERE:
            raise refused(
                command,
                f"이미지를 이 컴퓨터 밖의 레지스트리({host})에 올리게 됩니다.",
                "lab.registry()로 이 컴퓨터에 레지스트리를 띄우고 그 주소를 붙인 이름으로 올리십시오.",
            )
