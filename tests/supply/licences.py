"""The licence of every locked dependency, as the installed packages tell it.

    python tests/supply/licences.py         writes docs/licences.md
"""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent.parent
REPORT = ROOT / "docs" / "licences.md"
# One spelling for what packages say in many.
SPELLINGS = {
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "DFSG approved": "",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
# Who names none in the metadata: read in the licence file that comes with the package.
READ = {"axe-playwright-python": "MIT"}
ALLOWED = {
    *("0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-SA-4.0", "CC0-1.0", "ISC", "MIT"),
    *("MIT-0", "MIT-CMU", "MPL-2.0", "OFL-1.1", "PSF-2.0", "Zlib"),
}
HEAD = """# 의존 라이브러리의 라이선스

잠금 파일(`requirements.lock`)의 패키지와 그 라이선스입니다. `python tests/supply/licences.py`가 설치된
패키지의 메타데이터에서 만듭니다. 다른 운영체제나 다른 Python에서만 설치되는 패키지는 나오지 않습니다.
`quicksand-*`에 담긴 QEMU와 Alpine은 GPL-2.0 등이고, 따로 실행하는 프로그램입니다.

| 패키지 | 버전 | 라이선스 |
|---|---|---|
"""


def locked() -> list[str]:
    """Names of what the lock installs here."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = (Requirement(line.rstrip(" \\")) for line in text.splitlines() if re.match("[a-z0-9]", line))
    return sorted({pin.name for pin in pins if not pin.marker or pin.marker.evaluate()})


def licence(name: str) -> str:
    """What the package says of its licence, in one spelling."""
    told = importlib.metadata.metadata(name)
    if expression := told.get("License-Expression"):
        return expression
    classifiers = [each.split(" :: ") for each in told.get_all("Classifier") or ()]
    classified = [each[-1] for each in classifiers if each[0] == "License" and each[-1] != "OSI Approved"]
    said = classified or [(told.get("License") or "").strip().partition("\n")[0]]
    return "; ".join(filter(None, (SPELLINGS.get(each, each) for each in said))) or READ.get(name, "")


def unexpected(text: str) -> list[str]:
    """The parts of it that are not on the list of what we take."""
    return [part for part in re.split(r"; | AND | OR |[()]", text or "?") if part and part not in ALLOWED]


def table() -> str:
    """The report."""
    rows = (f"| `{name}` | {importlib.metadata.version(name)} | {licence(name)} |" for name in locked())
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    REPORT.write_text(table(), encoding="utf-8")
