"""레지스트리가 거절하거나 망가진 답을 했을 때, 그것을 학습자가 읽을 오류로 옮깁니다."""

from __future__ import annotations

import email.utils
import json
import re
import time
from collections.abc import Mapping

from dockerlab.errors import (
    ImageDamaged,
    ImageError,
    ImageUnknown,
    LoginRequired,
    RegistryBroken,
    RegistryDenied,
    RegistryLimitReached,
    RegistryNotAnswering,
    RegistryUnreachable,
    TransferInterrupted,
)

PORTAL = "네트워크에 로그인해야 하는지(공항, 카페, 회사) 브라우저로 확인하십시오."
_UNKNOWN = {
    "NAME_UNKNOWN": "레지스트리에 그런 저장소가 없습니다.",
    # Some registries say this of a repository that they do not have, too.
    "MANIFEST_UNKNOWN": "레지스트리에 그런 태그나 다이제스트의 이미지가 없습니다.",
    "BLOB_UNKNOWN": "저장소에 그런 다이제스트의 blob이 없습니다.",
}


def refused(what: str, status: int, headers: Mapping[str, str], body: bytes, logged_in: bool) -> ImageError:
    """레지스트리가 2xx가 아닌 답을 했을 때의 오류입니다. ``what``은 무엇을 물었는지입니다."""
    code, message = _said(body)
    seen = f"{what}: HTTP {status}" + (f", {message}" if message else "")
    if status == 401:
        return _unauthorized(seen, logged_in)
    if status == 403:
        return RegistryDenied(
            "레지스트리가 권한이 없다고 거절했습니다.",
            seen=seen,
            todo="저장소의 이름을 확인하고, 이 로그인에 권한이 있는지 레지스트리의 설정을 보십시오.",
        )
    if status == 404:
        return ImageUnknown(
            _UNKNOWN.get(code, "레지스트리에 그런 것이 없습니다."),
            seen=seen,
            todo="이름과 태그의 철자를 확인하십시오.",
        )
    if status == 429:
        return _limited(seen, headers)
    if status >= 500:
        return RegistryBroken(
            "레지스트리에 문제가 생겨 답하지 못했습니다.", seen=seen, todo="잠시 뒤에 다시 하십시오."
        )
    return RegistryBroken(
        "레지스트리가 규격에 없는 답을 했습니다.", seen=seen, todo="주소가 레지스트리의 것인지 확인하십시오."
    )


def _unauthorized(seen: str, logged_in: bool) -> ImageError:
    if logged_in:
        return LoginRequired(
            "레지스트리가 이 로그인을 받아들이지 않았습니다.",
            seen=seen,
            todo="이름과 비밀번호를 확인하십시오. 토큰이라면 수명이 끝났을 수 있습니다.",
        )
    return LoginRequired(
        "로그인해야 볼 수 있는 레지스트리입니다.",
        seen=seen,
        todo="로그인을 함께 넘기십시오. 공개된 이미지라면 이름을 확인하십시오.",
    )


def _limited(seen: str, headers: Mapping[str, str]) -> ImageError:
    told = {name.lower(): value for name, value in headers.items()}
    parts = [seen]
    if limit := re.match(r"(\d+)(?:;w=(\d+))?", told.get("ratelimit-limit", "")):
        window = f" ({int(limit[2]) / 3600:g}시간에)" if limit[2] else ""
        parts.append(f"한도 {limit[1]}번{window}")
    if left := re.match(r"\d+", told.get("ratelimit-remaining", "")):
        parts.append(f"남은 것 {left[0]}번")
    seconds = _seconds(told.get("retry-after", ""))
    wait = f"{seconds:.0f}초 뒤에 다시 하거나" if seconds is not None else "몇 시간 뒤에 다시 하거나"
    error = RegistryLimitReached(
        "레지스트리의 내려받기 한도에 닿았습니다. 같은 회선을 쓰는 사람들이 한도를 나누어 씁니다.",
        seen=", ".join(parts),
        todo=f"{wait}, 로그인하거나, 교실용 묶음(dockerlab images import)을 쓰십시오.",
    )
    error.retry_after = seconds
    return error


def _seconds(told: str) -> float | None:
    """Retry-After: seconds, or a date (RFC 9110, 10.2.3)."""
    if told.isdigit():
        return float(told)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(told).timestamp() - time.time())
    except ValueError:
        return None


def _said(body: bytes) -> tuple[str, str]:
    try:
        first = json.loads(body)["errors"][0]
        return str(first["code"]), f"{first['code']}: {str(first.get('message', ''))[:200]!r}"
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return "", ""


def portal(what: str, page: bytes) -> RegistryBroken:
    """레지스트리 대신 웹 페이지가 답했다는 오류입니다."""
    title = re.search(r"<title[^>]*>\s*(.{1,80}?)\s*</title>", page.decode(errors="replace"), re.I | re.S)
    return RegistryBroken(
        "레지스트리가 아니라 웹 페이지가 답했습니다. 네트워크의 로그인 페이지인 듯합니다.",
        seen=what + (f", 페이지의 제목: {title[1]!r}" if title else ""),
        todo=PORTAL,
    )


def unreadable(what: str, why: str) -> RegistryBroken:
    """레지스트리의 답을 읽을 수 없다는 오류입니다."""
    return RegistryBroken(
        "레지스트리의 답을 읽을 수 없습니다.",
        seen=f"{what}: {why}",
        todo="주소가 레지스트리의 것인지 확인하십시오.",
    )


def damaged(what: str, wanted: str, found: str) -> ImageDamaged:
    """내용이 다이제스트와 다르다는 오류입니다."""
    return ImageDamaged(
        "받은 내용이 다이제스트와 달라서 쓰지 않았습니다.",
        seen=f"{what}, 바란 것 {wanted}, 받은 것 {found}",
        todo="다시 받으십시오. 계속되면 네트워크의 프록시나 캐시를 의심하십시오.",
    )


def silent(what: str, patience: float) -> RegistryNotAnswering:
    """레지스트리가 제때 답하지 않는다는 오류입니다."""
    return RegistryNotAnswering(
        "레지스트리가 제때 답하지 않아 그만두었습니다.",
        seen=f"{what}: {patience:g}초 동안 아무것도 오지 않았습니다.",
        todo="잠시 뒤에 다시 하십시오. 계속되면 네트워크를 확인하십시오.",
    )


def interrupted(what: str, why: str) -> TransferInterrupted:
    """주고받다가 끊겼다는 오류입니다."""
    return TransferInterrupted(
        "이미지를 주고받다가 연결이 도중에 끊겼습니다.",
        seen=f"{what}: {why}",
        todo="다시 하십시오. 늘 같은 곳에서 끊기면 네트워크의 방화벽이나 프록시를 의심하십시오.",
    )


def unreachable(what: str, why: str) -> RegistryUnreachable:
    """레지스트리에 닿지 못했다는 오류입니다."""
    return RegistryUnreachable(
        "레지스트리에 닿지 못했습니다.",
        seen=f"{what}: {why}",
        todo="주소와 네트워크를 확인하십시오.",
    )
