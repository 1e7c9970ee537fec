"""Debian 패키지를 root 권한 없이, 컴퓨터를 바꾸지 않고 가져와 풉니다.

서명된 목록(``open_index``) → 패키지 고르기(``Index.closure``) → 내려받기(``fetch``) → 풀기(``unpack``).
"""

from dockerlab.packages.deb import unpack
from dockerlab.packages.index import Index, Package
from dockerlab.packages.lists import architecture, open_index
from dockerlab.packages.mirror import DEFAULT_MIRROR, find_mirror
from dockerlab.packages.pool import fetch, fetch_all, gather
from dockerlab.packages.transfer import download

__all__ = [
    "DEFAULT_MIRROR",
    "Index",
    "Package",
    "architecture",
    "download",
    "fetch",
    "fetch_all",
    "find_mirror",
    "gather",
    "open_index",
    "unpack",
]
