"""One report of all benchmarks, in Markdown and HTML, and what has become slower than the committed figures.

    python bench/report.py [--commit]

Reads what each bench_*.py has left in build/bench and writes build/bench/report.md and report.html. With
--commit the report and its ratios become bench/report.md and bench/ratios.json, which later runs are held
against: a ratio more than 20 % above its committed one is named, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import base64
import html
import io
import json
import sys
from pathlib import Path

from ratios import BUILD, Ratio

HERE = Path(__file__).resolve().parent
COMMITTED = HERE / "ratios.json"
WORSE = 1.2


def measured() -> dict[str, list[Ratio]]:
    """The ratios of every benchmark that has kept some, by its name."""
    found = {}
    for path in sorted(BUILD.glob("bench_*.json")):
        told = json.loads(path.read_text("utf-8"))["ratios"]
        found[path.stem] = [Ratio(**each) for each in told]
    return found


def worse(now: dict[str, list[Ratio]], committed: dict[str, dict[str, float]]) -> list[str]:
    """What has become slower than before, in words. The whole interval has to lie above the bound."""
    said = []
    for bench, ratios in now.items():
        for ratio in ratios:
            before = committed.get(bench, {}).get(f"{ratio.what} / {ratio.to}")
            if before and ratio.low > before * WORSE:
                said.append(
                    f"{bench}: {ratio.what} is {ratio.ratio:.2f} times {ratio.to} "
                    f"({ratio.low:.2f} to {ratio.high:.2f}, n={ratio.n}); committed: {before:.2f}"
                )
    return said


def table(now: dict[str, list[Ratio]]) -> dict[str, dict[str, float]]:
    return {
        bench: {f"{each.what} / {each.to}": round(each.ratio, 3) for each in ratios}
        for bench, ratios in now.items()
    }


def markdown(sections: dict[str, str], slower: list[str]) -> str:
    about = "`make bench`가 만듭니다. 손으로 고치지 마십시오. 표마다 잰 컴퓨터와 날짜가 있습니다."
    lines = ["# 벤치마크 보고서", "", about, ""]
    lines += ["## 전보다 느려진 것", "", *(f"- {each}" for each in slower or ["없습니다."]), ""]
    for name, text in sections.items():
        lines += [f"## {name}", "", text.strip(), ""]
    return "\n".join(lines)


def page(sections: dict[str, str], now: dict[str, list[Ratio]], slower: list[str]) -> str:
    said = html.escape("; ".join(slower)) or "없습니다."
    parts = [f"<h1>벤치마크 보고서</h1><p>전보다 느려진 것: {said}</p>"]
    for name, text in sections.items():
        parts.append(f"<h2>{name}</h2>")
        if now.get(name):
            picture = base64.b64encode(plot(now[name])).decode()
            said = "; ".join(f"{each.what} / {each.to} = {each.ratio:.2f}" for each in now[name])
            parts.append(f'<img alt="{html.escape(said)}" src="data:image/png;base64,{picture}">')
        parts.append(f"<pre>{html.escape(text.strip())}</pre>")
    style = "body{max-width:70rem;margin:2rem auto;font-family:sans-serif}"
    style += "pre{overflow:auto}img{max-width:100%}"
    return (
        f'<!doctype html><html lang="ko"><meta charset="utf-8"><title>벤치마크 보고서</title>'
        f"<style>{style}</style>{''.join(parts)}</html>"
    )


def plot(ratios: list[Ratio]) -> bytes:
    """Each ratio as a point with its interval; the line is what it is held against."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.8 + 0.4 * len(ratios)), layout="constrained")
    axes = figure.subplots()
    for place, each in enumerate(ratios):
        axes.plot([each.low, each.high], [place, place], color="#555555")
        axes.plot(each.ratio, place, "o", color="#0b5cad")
    axes.axvline(1, color="black", linewidth=1)
    axes.set_yticks(range(len(ratios)), [f"{each.what} / {each.to}" for each in ratios])
    axes.set_xscale("log")
    axes.set_xlabel("ratio, with its 95 % interval")
    axes.invert_yaxis()
    written = io.BytesIO()
    figure.savefig(written, format="png", dpi=110)
    return written.getvalue()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--commit", action="store_true", help="let later runs be held against this one")
    options = options.parse_args()
    now = measured()
    sections = {path.stem: path.read_text("utf-8") for path in sorted(BUILD.glob("bench_*.md"))}
    committed = json.loads(COMMITTED.read_text("utf-8")) if COMMITTED.exists() else {}
    slower = worse(now, committed)
    text = markdown(sections, slower)
    (BUILD / "report.md").write_text(text, "utf-8")
    (BUILD / "report.html").write_text(page(sections, now, slower), "utf-8")
    if options.commit:
        (HERE / "report.md").write_text(text, "utf-8")
        COMMITTED.write_text(json.dumps(table(now), indent=1) + "\n", "utf-8")
    print(f"{BUILD / 'report.md'}, {BUILD / 'report.html'}")
    print("\n".join(slower) or "Nothing is slower than the committed figures.")
    return 1 if slower and not options.commit else 0


if __name__ == "__main__":
    sys.exit(main())
