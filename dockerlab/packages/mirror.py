"""이 컴퓨터가 쓰는 Debian 미러를 찾습니다."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

DEFAULT_MIRROR = "http://ftp.kr.debian.org/debian"
"""apt 설정에 Debian 미러가 없을 때 쓰는 공개 미러입니다."""

ENV = "DOCKERLAB_DEBIAN_MIRROR"

# Only a suite named exactly like this and a component "main" make an entry a Debian archive: Ubuntu has
# other suites, the vendors' repositories have other components. What it serves is proved by signature.
SUITES = {"stable", "oldstable", "testing", "sid", "unstable", "bullseye", "bookworm", "trixie", "forky"}


def find_mirror() -> str:
    """이 컴퓨터에서 가장 먼저 쓸 Debian 미러의 주소를 돌려줍니다."""
    return mirrors()[0]


def mirrors(apt: Path = Path("/etc/apt")) -> list[str]:
    """쓸 미러를 차례대로 돌려줍니다: 환경 변수가 있으면 그것만, 없으면 apt 설정의 것과 공개 미러입니다."""
    chosen = os.environ.get(ENV, "").strip()
    if chosen:
        return [chosen.rstrip("/")]
    found = [uri.rstrip("/") for uri in _configured(apt)]
    return list(dict.fromkeys([*found, DEFAULT_MIRROR]))


def _configured(apt: Path) -> Iterator[str]:
    one_line = [apt / "sources.list", *sorted(apt.glob("sources.list.d/*.list"))]
    for uris, suites, components in (
        *(entry for path in one_line for entry in _one_line_entries(_text(path))),
        *(entry for path in sorted(apt.glob("sources.list.d/*.sources")) for entry in _deb822(_text(path))),
    ):
        if "main" in components and SUITES & set(suites):
            yield from (uri for given in uris for uri in _web_addresses(given))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _one_line_entries(text: str) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """Format: sources.list(5), "deb [ option=value … ] uri suite component…"."""
    for line in text.splitlines():
        words = re.sub(r"\[.*?\]", "", line.split("#")[0]).split()
        if len(words) >= 4 and words[0] == "deb":
            yield [words[1]], [words[2]], words[3:]


def _deb822(text: str) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """Format: sources.list(5), "DEB822-STYLE FORMAT"."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        fields = {
            name.lower(): value.split()
            for name, value in re.findall(r"^([A-Za-z-]+):((?:.*\n?)(?:[ \t].*\n?)*)", stanza, re.M)
        }
        if "deb" in fields.get("types", []) and fields.get("enabled", ["yes"]) != ["no"]:
            yield fields.get("uris", []), fields.get("suites", []), fields.get("components", [])


def _web_addresses(uri: str) -> Iterator[str]:
    if uri.startswith(("http://", "https://")):
        yield uri
    elif uri.startswith("mirror+file:"):
        # Debian's cloud images name their mirrors in a file, one address in a line.
        for line in _text(Path("/" + uri.removeprefix("mirror+file:").lstrip("/"))).splitlines():
            if line.startswith(("http://", "https://")):
                yield line.split()[0]
