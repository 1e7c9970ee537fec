"""docker 명령이 만드는 것에 더하는 과정의 라벨과 한도입니다."""

from __future__ import annotations

from dockerlab import engine
from dockerlab.client.grammar import Command
from dockerlab.containers import MEMORY, PIDS

_MAKES = {"run": "container", "create": "container", "build": "image", "commit": "image", "import": "image"}
_MAKES |= {"network create": "network", "volume create": "volume"}


def labels(asked: Command) -> list[str]:
    """무엇을 만드는 명령이면 라벨을 다는 선택 항목들입니다. 파수꾼과 ``clean``이 그것으로 찾습니다."""
    kind = _made(asked)
    if kind is None:
        return []
    ours = engine.labels(kind=kind)
    if asked.action in ("commit", "import"):
        # Else it would inherit the container's label, and nobody would know that we made it.
        return [f'--change=LABEL {name}="{value}"' for name, value in ours.items()]
    return [f"--label={name}={value}" for name, value in ours.items()]


def limits(asked: Command) -> list[str]:
    """컨테이너와 빌드의 한도입니다. 뒤에 오는 학습자의 것이 이깁니다."""
    if _made(asked) == "container":
        logs = ["--log-driver=json-file", "--log-opt=max-size=4m"]  # the engine's disk is not endless
        return [f"--memory={MEMORY}", f"--pids-limit={PIDS}", "--cpus=1", *logs]
    return [f"--memory={2 * MEMORY}", "--force-rm"] if asked.action == "build" else []


def _made(asked: Command) -> str | None:
    helps = any(name == "help" for name, _ in asked.options)
    return None if helps else _MAKES.get(asked.action)
