"""그림과, 같은 내용을 글로 적은 쌍입니다. 그림을 볼 수 없어도 같은 것을 알 수 있습니다."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

from dockerlab.views.style import korean

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Drawing:
    """matplotlib 그림(``figure``)과 제목, 그림을 대신하는 글(``text``)입니다."""

    title: str
    figure: Figure = field(repr=False, compare=False)
    text: str

    def png(self) -> bytes:
        """그림을 PNG로 돌려줍니다. 같은 자료는 언제나 같은 바이트가 됩니다."""
        target = BytesIO()
        with korean():
            self.figure.savefig(target, format="png", metadata={"Software": None})
        return target.getvalue()

    def metadata(self) -> dict[str, dict[str, object]]:
        """노트북이 그림 곁에 적는 것입니다: 화면에서의 크기와, 그림을 대신하는 글."""
        width, height = (round(inches * 96) for inches in self.figure.get_size_inches())
        return {"image/png": {"width": width, "height": height, "alt": f"{self.title}. {self.text}"}}

    def __str__(self) -> str:
        return f"{self.title}\n{self.text}"

    def _ipython_display_(self) -> None:
        """Two outputs: the picture (which GitHub shows too) and, under it, its twin in words."""
        from IPython.display import display

        display({"image/png": self.png(), "text/plain": self.title}, raw=True, metadata=self.metadata())
        display({"text/html": words_html(self.title, self.text), "text/plain": self.text}, raw=True)


def words_html(title: str, text: str) -> str:
    """그림을 대신하는 글을, 펼쳐 보는 HTML로 적습니다."""
    lines = "".join(f"<li>{escape(line)}</li>" for line in text.splitlines())
    return f"<details><summary>그림을 글로 읽기: {escape(title)}</summary><ul>{lines}</ul></details>"
