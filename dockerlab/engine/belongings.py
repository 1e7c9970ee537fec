"""엔진 안의 무엇이 과정의 것이고 무엇이 남의 것인지 가립니다. 이름을 적어 손대기 전에 묻습니다."""

from __future__ import annotations

from dockerlab.engine import objects
from dockerlab.engine.endpoint import Endpoint
from dockerlab.engine.objects import OBJECT, SESSION, Thing

_tokens: set[str] = set()


def adopt(token: str) -> None:
    """이름에 이 글이 든 것도 과정의 것으로 봅니다. 연습 문제가 학습자마다 무작위로 정하는 글입니다."""
    _tokens.add(token)


def foreign(endpoint: Endpoint, kind: str, name: str) -> Thing | None:
    """그 이름의 것이 엔진에 있고 과정이 만든 것이 아니면 그것을, 아니면 ``None``을 돌려줍니다."""
    thing = objects.found(endpoint, kind, name)
    if thing is None or any(token in text for token in _tokens for text in (name, thing.name)):
        return None
    return None if _made_here(endpoint, thing) else thing


def _made_here(endpoint: Endpoint, thing: Thing) -> bool:
    if SESSION not in thing.labels or OBJECT not in thing.labels:
        return False
    if thing.kind not in ("container", "image"):
        return True  # networks and volumes inherit nothing
    alike = objects.listed(endpoint, thing.kind, f"{OBJECT}={thing.labels[OBJECT]}")
    return any(each.id == thing.id and each.labels[SESSION] == thing.labels[SESSION] for each in alike)
