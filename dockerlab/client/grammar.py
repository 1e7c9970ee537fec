"""docker 명령줄을 읽습니다. 어떤 선택 항목이 값을 받는지는 명령 자신의 ``--help``에 묻습니다."""

from __future__ import annotations

import functools
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dockerlab.client.programs import program
from dockerlab.errors import UsageMistake

GROUPS = ("builder", "container", "image", "network", "system", "volume")
"""뒤에 하위 명령이 하나 더 오는 것들입니다."""

_ENDS_AT_FIRST = ("run", "create", "exec", "top")  # what follows the first word is the container's own
_OPTION = re.compile(r"^\s+(?:-(\w), )?\s*--([\w-]+)(?: ([\w<>]+))?(?:\s{2,}|$)", re.MULTILINE)
_SUBSTITUTED = re.compile(r"\$\(|`|\S+;\Z")
_OF_SHELLS = ("|", "||", "&&", ";", "&", ">", ">>", "<", "2>", "2>&1")


@dataclass(frozen=True)
class Command:
    """읽은 docker 명령 하나입니다.

    ``words``는 docker 뒤의 낱말 전부, ``verb``는 하위 명령(``("run",)``, ``("network", "create")``),
    ``options``는 (긴 이름, 값)이고 값을 받지 않는 것의 값은 ``"true"``입니다. ``rest``는 나머지입니다.
    """

    words: tuple[str, ...]
    verb: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()
    rest: tuple[str, ...] = ()

    @property
    def action(self) -> str:
        """하는 일의 이름입니다. ``container run``과 ``run``은 모두 ``run``입니다."""
        return self.verb[-1] if self.verb[:1] in (("container",), ("image",)) else " ".join(self.verb)

    def arguments(self, added: Sequence[str] = ()) -> tuple[str, ...]:
        """docker에 줄 낱말들입니다. 더한 것보다 학습자가 적은 것이 뒤에 있어 이깁니다.

        Written anew from what was read, so that docker cannot read it in another way than the fence did.
        """
        given = [f"--{name}={value}" for name, value in self.options]
        return (*self.verb, *added, *given, *(("--", *self.rest) if self.rest else ()))


def read(text: str | Sequence[str]) -> Command:
    """명령을 읽습니다. 맨 앞의 ``docker``는 있어도 없어도 됩니다. 셸은 거치지 않습니다."""
    words = _words(text)
    if words and words[0] == "docker":
        words = words[1:]
    if not words:
        raise UsageMistake("docker 명령이 비어 있습니다.", todo="예: docker ps -a")
    if words[0].startswith("-") and words[0] not in ("--help", "--version", "-v"):
        raise UsageMistake(
            "docker 바로 뒤의 선택 항목은 여기에서 쓰지 않습니다.",
            seen=words[0],
            todo="하위 명령부터 적으십시오(예: docker ps). 엔진은 과정이 정한 것을 씁니다.",
        )
    verb = tuple(words[: 2 if words[0] in GROUPS and len(words) > 1 else 1])
    if verb[-1].startswith("-"):  # help is all that is asked for without a sub-command
        if verb[-1] not in ("--help", "--version", "-v", "-h") or len(words) > len(verb):
            raise UsageMistake("하위 명령이 없습니다.", seen=shlex.join(words), todo="예: docker ps -a")
        return Command(tuple(words), verb[:1], (("help", "true"),) if len(verb) > 1 else ())
    ends = verb[-1] in _ENDS_AT_FIRST and verb[0] not in ("network", "volume")
    options, rest = split(words[len(verb) :], known_options(verb), ends_at_first=ends)
    command = Command(tuple(words), verb, options, rest)
    _refuse_shell(command, () if ends else rest)
    return command


def split(
    words: Sequence[str], known: Mapping[str, bool], *, ends_at_first: bool
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """낱말들을 선택 항목과 나머지로 나눕니다. ``known``은 이름마다 값을 받는지를 말합니다.

    짧은 이름은 docker처럼 붙여 쓸 수 있습니다(``-dv /a:/b``, ``-p8080:80``). 모르는 것은 값이 없다고
    봅니다. 그런 명령은 docker가 스스로 거절합니다.
    """
    options: list[tuple[str, str]] = []
    rest: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        if word == "--" or (ends_at_first and not word.startswith("-")):
            rest += [word, *left] if word != "--" else left
            break
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            takes = known.get(name, False)
            options.append((name, value if equals else left.pop(0) if takes and left else "true"))
        elif word.startswith("-") and len(word) > 1:
            options += _short(word[1:], left, known)
        else:
            rest.append(word)
    return tuple(options), tuple(rest)


def _short(letters: str, left: list[str], known: Mapping[str, bool]) -> list[tuple[str, str]]:
    found = []
    while letters:
        letter, letters = letters[0], letters[1:]
        name = next((each[2:] for each in known if each.startswith(f"{letter}:")), letter)
        if letters.startswith("="):
            return [*found, (name, letters[1:])]
        if known.get(name):
            return [*found, (name, letters or (left.pop(0) if left else ""))]
        found.append((name, "true"))
    return found


@functools.cache
def known_options(verb: tuple[str, ...]) -> dict[str, bool]:
    """하위 명령의 선택 항목마다 값을 받으면 참입니다. 짧은 이름은 ``"v:volume"``으로도 들어 있습니다."""
    told = subprocess.run([*program(), *verb, "--help"], capture_output=True, text=True, timeout=30)
    found: dict[str, bool] = {}
    for short, name, kind in _OPTION.findall(told.stdout):
        found[name] = bool(kind)
        if short:
            found[f"{short}:{name}"] = bool(kind)
    return found


def _words(text: str | Sequence[str]) -> list[str]:
    if not isinstance(text, str):
        return [str(word) for word in text]
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UsageMistake(
            "명령의 따옴표가 닫히지 않았습니다.", seen=text, todo="따옴표를 닫으십시오."
        ) from error


def _refuse_shell(command: Command, rest: Sequence[str]) -> None:
    """A pipe typed out of habit would reach docker as a word, and its complaint would explain nothing."""
    inside = rest or command.rest[1:]
    marks = [word for word in inside if word in _OF_SHELLS or _SUBSTITUTED.match(word)]
    marks += [value for _, value in command.options if re.search(r"\$\(|`", value)]
    if marks:
        raise UsageMistake(
            f"여기에는 셸이 없어 '{marks[0]}' 기호를 쓸 수 없습니다.",
            seen=shlex.join(("docker", *command.words)),
            todo="명령을 한 줄에 하나씩 적으십시오. 컨테이너 안의 셸에서는 sh -c '…'로 쓸 수 있습니다.",
        )
