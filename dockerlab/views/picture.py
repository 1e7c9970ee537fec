"""SVG 그림과, 같은 내용을 글로 적은 쌍입니다. 밝은 화면과 어두운 화면을 모두 따릅니다."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from dockerlab.views.drawing import words_html

# A picture is shown as an <img>, which no style sheet of the page reaches: it brings its own two palettes.
_STYLE = """
.dockerlab-picture { font-family: "NanumGothic", "Noto Sans KR", "Apple SD Gothic Neo", sans-serif; }
.dockerlab-picture text { fill: #222222; font-size: 14px; }
.dockerlab-picture .title { font-size: 17px; font-weight: bold; }
.dockerlab-picture .small { font-size: 12.5px; }
.dockerlab-picture .pale { fill: #595959; }
.dockerlab-picture .code { font-family: "D2Coding", "NanumGothicCoding", monospace; }
.dockerlab-picture .paper { fill: #ffffff; stroke: #d9d9d9; }
.dockerlab-picture .box { stroke: #595959; }
.dockerlab-picture .dashed { stroke-dasharray: 5 4; stroke-width: 1.6; }
.dockerlab-picture .line { stroke: #595959; stroke-width: 1.6; fill: none; }
.dockerlab-picture .tip { fill: #595959; }
.dockerlab-picture .hatch { stroke: #c9906c; stroke-width: 1.2; }
.dockerlab-picture .own { fill: #cfe5f2; }
.dockerlab-picture .app { fill: #0072b2; }
.dockerlab-picture text.on-app { fill: #ffffff; }
.dockerlab-picture .kernel { fill: #f7dccb; }
.dockerlab-picture .shared { fill: #ededed; }
.dockerlab-picture .engine { fill: #cdebe1; }
.dockerlab-picture .written { fill: #fcecc0; }
@media (prefers-color-scheme: dark) {
  .dockerlab-picture text { fill: #ebebeb; }
  .dockerlab-picture .pale { fill: #b8b8b8; }
  .dockerlab-picture .paper { fill: #161616; stroke: #4a4a4a; }
  .dockerlab-picture .box, .dockerlab-picture .line { stroke: #a8a8a8; }
  .dockerlab-picture .tip { fill: #a8a8a8; }
  .dockerlab-picture .hatch { stroke: #8a5a3a; }
  .dockerlab-picture .own { fill: #17384c; }
  .dockerlab-picture .kernel { fill: #4a2c19; }
  .dockerlab-picture .shared { fill: #303030; }
  .dockerlab-picture .engine { fill: #163f33; }
  .dockerlab-picture .written { fill: #4a3a0c; }
}
"""
_HATCH = (
    '<pattern id="dockerlab-hatch" width="9" height="9" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="9"/></pattern>'
)
_TIP = (
    '<marker id="dockerlab-tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
    'orient="auto-start-reverse"><path class="tip" d="M0 0 10 5 0 10z"/></marker>'
)
LINE_HEIGHT = 19


@dataclass(frozen=True)
class Picture:
    """SVG 그림(``svg``)과 제목, 그림을 대신하는 글(``text``)입니다."""

    title: str
    svg: str = field(repr=False)
    text: str

    def __str__(self) -> str:
        return f"{self.title}\n{self.text}"

    def _ipython_display_(self) -> None:
        """Two outputs: the picture (which GitHub shows too) and, under it, its twin in words."""
        from IPython.display import display

        display({"image/svg+xml": self.svg, "text/plain": self.title}, raw=True)
        display({"text/html": words_html(self.title, self.text), "text/plain": self.text}, raw=True)


class Sketch:
    """그림을 그리는 종이입니다. 왼쪽 위가 (0, 0)이고 단위는 화면의 점입니다."""

    def __init__(self, title: str, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._title = title
        edge = f'x="0.5" y="0.5" width="{width - 1}" height="{height - 1}"'
        self._parts = [f'<rect class="paper" {edge} rx="8"/>']
        self.words(20, 32, [title], "title")

    def box(
        self, left: float, top: float, width: float, height: float, lines: Sequence[str] = (),
        kind: str = "shared",
    ) -> None:  # fmt: skip
        """글이 가운데에 있는 칸입니다. ``kind``는 색의 이름이고, ``"kernel"``에는 빗금을 칩니다."""
        shape = f'x="{left}" y="{top}" width="{width}" height="{height}" rx="5"'
        self._parts.append(f'<rect class="box {kind}" {shape}/>')
        if "kernel" in kind:
            self._parts.append(f'<rect fill="url(#dockerlab-hatch)" {shape}/>')
        middle = top + height / 2 - LINE_HEIGHT * (len(lines) - 1) / 2 + 5
        for at, line in enumerate(lines):
            ink = ("on-app" if kind == "app" else "") + (" small" if at else "")
            self.words(left + width / 2, middle + at * LINE_HEIGHT, [line], ink.strip(), "middle")

    def words(self, x: float, y: float, lines: Sequence[str], kind: str = "", anchor: str = "start") -> None:
        """칸 없이 적는 글입니다. ``anchor``는 ``start``, ``middle``, ``end`` 가운데 하나입니다."""
        for at, line in enumerate(lines):
            place = f'x="{x:g}" y="{y + at * LINE_HEIGHT:g}" text-anchor="{anchor}"'
            self._parts.append(f'<text class="{kind}" {place}>{escape(line)}</text>')

    def note(self, line: str) -> None:
        """그림의 맨 아래에 작게 적는 한 줄입니다."""
        self.words(20, self._height - 18, [line], "small pale")

    def arrow(self, *points: tuple[float, float]) -> None:
        """점들을 잇고, 마지막 점에 촉을 답니다."""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        self._parts.append(f'<polyline class="line" points="{path}" marker-end="url(#dockerlab-tip)"/>')

    def brace(self, x: float, top: float, bottom: float) -> None:
        """``top``부터 ``bottom``까지를 하나로 묶는 괄호입니다."""
        path = f"M{x + 8:g} {top:g}H{x:g}V{bottom:g}H{x + 8:g}"
        self._parts.append(f'<path class="line" d="{path}"/>')

    def svg(self) -> str:
        """그린 것을 SVG로 돌려줍니다."""
        size = f'width="{self._width}" height="{self._height}" viewBox="0 0 {self._width} {self._height}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" class="dockerlab-picture" role="img" {size}>'
        title = f"<title>{escape(self._title)}</title><style>{_STYLE}</style><defs>{_HATCH}{_TIP}</defs>"
        return "\n".join([head + title, *self._parts, "</svg>"])
