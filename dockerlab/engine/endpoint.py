"""엔진의 주소 하나입니다. 누가 알려 준 주소인지도 함께 담습니다."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Endpoint:
    """엔진의 주소와 출처입니다.

    ``kind``는 system, rootless, podman, colima, rancher-desktop, docker-desktop, env, context,
    embedded 가운데 하나이고, ``origin``은 사람이 읽을 출처이며, ``certificates``는 TLS 인증서의 폴더입니다.
    """

    url: str
    kind: str
    origin: str
    certificates: str | None = None

    @property
    def path(self) -> Path | None:
        """유닉스 소켓의 경로입니다. 유닉스 소켓이 아니면 ``None``입니다."""
        scheme, _, rest = self.url.partition("://")
        return Path(rest) if scheme in ("unix", "http+unix") else None

    @property
    def remote(self) -> bool:
        """다른 컴퓨터의 엔진인지 말합니다."""
        if self.path is not None or self.url.startswith("npipe://"):
            return False
        if self.url.startswith("ssh://"):
            return True
        host = urlsplit(self.url).hostname or ""
        if host == "localhost":
            return False
        try:
            return not ipaddress.ip_address(host).is_loopback
        except ValueError:
            return True

    @property
    def readable(self) -> bool:
        """주소의 모양이 맞는지 말합니다."""
        scheme, found, rest = self.url.partition("://")
        if not found or not rest:
            return False
        if scheme in ("unix", "http+unix"):
            return rest.startswith("/")
        try:
            parts = urlsplit(self.url)
            named = scheme == "npipe" or (bool(parts.hostname) and (parts.port is None or parts.port > 0))
        except ValueError:  # a port that is no number, half an IPv6 address
            return False
        return named and scheme in ("tcp", "http", "https", "ssh", "npipe")
