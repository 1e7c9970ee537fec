"""모듈 하나짜리 Python 휠(wheel)을 만듭니다. 네트워크 없이 의존성의 충돌을 일으켜 보는 데 씁니다.

형식의 출처: PyPA specifications, "Binary distribution format".
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Sequence

_WHEEL = "Wheel-Version: 1.0\nGenerator: dockerlab\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_ALWAYS = (1980, 1, 1, 0, 0, 0)  # the same input gives the same bytes


def wheel(name: str, version: str, source: str, *, requires: Sequence[str] = ()) -> dict[str, bytes]:
    """``{휠의 파일 이름: 내용}``을 돌려줍니다. 모듈의 이름은 ``name``이고 내용은 ``source``입니다.

    ``requires``는 ``"tax<2"``처럼 적는 의존성입니다.
    """
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
    files = {
        f"{name}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": _WHEEL,
    }
    record = "".join(f"{path},{_digest(text)},{len(text.encode())}\n" for path, text in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, _ALWAYS), text)
    return {f"{name}-{version}-py3-none-any.whl": packed.getvalue()}


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
