"""이미지가 어디서 왔는지를 라벨에서 읽습니다."""

from __future__ import annotations

from typing import Any

from dockerlab import engine
from dockerlab.errors import ImageMissing
from dockerlab.images import names

_known: dict[tuple[str, str], str] = {}


def of(connected: Any, reference: str) -> str:
    """이미지의 출처 라벨입니다. 없으면 빈 문자열입니다. 한 번 본 이미지는 다시 묻지 않습니다.

    Raises:
        ImageMissing: 이미지가 이 엔진에 없을 때.
    """
    import docker.errors

    key = (connected.endpoint.url, reference)
    if key not in _known:
        with engine.errors_of_engine():
            try:
                found = connected.client.api.inspect_image(reference)
            except docker.errors.ImageNotFound as error:
                raise missing(reference) from error
        labels = (found.get("Config") or {}).get("Labels") or {}
        _known[key] = labels.get(names.ORIGIN_LABEL, "")
    return _known[key]


def forget() -> None:
    """이미지가 바뀌었으니 다시 묻게 합니다."""
    _known.clear()


def missing(reference: str) -> ImageMissing:
    """이미지가 없다는 오류입니다. 과정은 몰래 내려받지 않습니다."""
    course = next((name for name in names.ALL if names.reference(name) == reference), None)
    return ImageMissing(
        f"'{course or reference}' 이미지가 이 엔진에 없습니다. 실행 중에 몰래 내려받지 않습니다.",
        seen=f"엔진에 없는 이름: {reference}",
        todo=f"이렇게 준비하십시오: dockerlab images prepare {course}"
        if course
        else f"과정 이미지({', '.join(names.COURSE)})를 쓰거나 먼저 내려받으십시오: docker pull {reference}",
    )
