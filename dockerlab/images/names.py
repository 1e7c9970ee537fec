"""과정 이미지의 이름과 라벨입니다."""

from __future__ import annotations

COURSE = ("tiny", "debian", "python")
ON_DEMAND = ("registry",)
"""과정 이미지이지만, 처음 쓸 때에야 준비하는 것입니다."""

ALL = (*COURSE, *ON_DEMAND)

IMAGE_LABEL = "dockerlab.image"
ORIGIN_LABEL = "dockerlab.origin"


def reference(name: str) -> str:
    """과정 이미지의 짧은 이름을 엔진의 이름으로 풉니다. 다른 이름은 그대로 돌려줍니다."""
    return f"dockerlab/{name}:latest" if name in ALL else name


def origin_text(origin: str) -> str:
    """이미지가 어디서 왔는지를 한 문장으로 말합니다. 과정 이미지가 아니면 빈 문자열입니다."""
    source, _, detail = origin.partition(":")
    if source == "registry":
        return f"레지스트리에서 받은 공식 이미지 ({detail})"
    if source == "built":
        suite = detail.split(" ", 1)[0]
        return f"이 컴퓨터에서 Debian 패키지로 만든 이미지 ({suite})"
    return ""
