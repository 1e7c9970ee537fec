"""레지스트리 쪽에서 본 요청들입니다. 클라이언트의 말이 아니라 서버의 접근 기록에서 읽습니다."""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import dataclass

# The combined log format, as the registry writes it.
_LINE = re.compile(
    r'^\S+ \S+ \S+ \[[^\]]*\] "(?P<method>[A-Z]+) (?P<path>\S+) HTTP/[0-9.]+" (?P<status>\d{3}) (?P<sent>\d+)'
    r' "[^"]*" "(?P<agent>[^"]*)"$',
    re.MULTILINE,
)
_STORED = re.compile(r"/v2/(?P<repository>.+)/blobs/uploads/[^/]*")


@dataclass(frozen=True)
class Asked:
    """레지스트리가 받은 요청 하나입니다. ``sent``는 레지스트리가 답한 본문의 바이트입니다."""

    method: str
    path: str
    status: int
    sent: int
    agent: str

    @property
    def stored(self) -> tuple[str, str] | None:
        """이 요청으로 blob의 저장이 끝났으면 (저장소, 다이제스트)입니다."""
        where = urllib.parse.urlsplit(self.path)
        upload = _STORED.fullmatch(where.path)
        digest = urllib.parse.parse_qs(where.query).get("digest")
        if self.method == "PUT" and self.status == 201 and upload and digest:
            return upload["repository"], digest[0]
        return None


@dataclass(frozen=True)
class Traffic:
    """레지스트리가 시작한 뒤로 오간 것입니다.

    ``received``와 ``answered``는 레지스트리의 네트워크 카드가 센, 받고 보낸 바이트입니다. HTTP와 TCP의 몫도
    들어 있습니다.
    """

    requests: tuple[Asked, ...]
    received: int
    answered: int

    def since(self, before: Traffic) -> Traffic:
        """``before`` 뒤에 오간 것만 돌려줍니다."""
        return Traffic(
            self.requests[len(before.requests) :],
            self.received - before.received,
            self.answered - before.answered,
        )

    @property
    def stored(self) -> tuple[str, ...]:
        """저장이 끝난 blob의 다이제스트입니다(온 순서)."""
        return tuple(asked.stored[1] for asked in self.requests if asked.stored)


def read(log: str, apart_from: str) -> tuple[Asked, ...]:
    """접근 기록을 읽습니다. 경로에 ``apart_from``이 든 요청은 뺍니다."""
    return tuple(
        Asked(line["method"], line["path"], int(line["status"]), int(line["sent"]), line["agent"])
        for line in _LINE.finditer(log)
        if apart_from not in line["path"]
    )
