"""``dockerlab`` 명령입니다. 인자를 읽고, 함수 하나를 부르고, 그 결과를 보여 줍니다.

The rooms below are imported when their verb runs, so that ``dockerlab --help`` is instant.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dockerlab import gradebook
from dockerlab.arguments import Arguments, amount, count, port, share
from dockerlab.errors import DiskFull, DockerlabError, UsageMistake
from dockerlab.places import is_disk_full

GUESTS = ("micro", "full", "uml")
LEFTOVERS = {
    "container": "컨테이너",
    "network": "네트워크",
    "volume": "볼륨",
    "plugin": "플러그인",
    "image": "이미지",
    "process": "프로세스",
    "directory": "폴더",
}


def main(argv: Sequence[str] | None = None) -> int:
    """명령 하나를 실행하고 종료 코드를 돌려줍니다. 0 성공, 1 오류, 2 잘못된 인자, 130 중단입니다."""
    as_json = "--json" in (sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        _speak_korean(stream, as_json)
    try:
        options = parser().parse_args(argv)
        result = options.verb(options)
        if result is not None:
            print(result, flush=True)
        return options.code
    except DockerlabError as error:
        if as_json:
            print(_dumped({"error": error.as_dict()}), flush=True)
        print(error, file=sys.stderr)
        return 2 if isinstance(error, UsageMistake) else 1
    except KeyboardInterrupt:
        print("\n중단했습니다.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # `dockerlab doctor | head`: nobody reads on.
        _drop_output()
        return 0
    except OSError as error:
        if not is_disk_full(error):
            raise
        _drop_output()
        print(f"[{DiskFull.code}] 디스크에 공간이 없어 결과를 쓰지 못했습니다.", file=sys.stderr)
        return 1


def _drop_output() -> None:
    # Python would try once more at exit, and complain.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _speak_korean(stream: Any, as_json: bool) -> None:
    """Terminals understand UTF-8 even where the locale (LANG=C in cron, a pod) says ASCII; JSON is UTF-8."""
    if not isinstance(stream, io.TextIOWrapper):
        return  # closed, or somebody else's
    try:
        "가".encode(stream.encoding)
        stream.reconfigure(encoding="utf-8" if as_json else None, errors="replace")
    except UnicodeEncodeError:
        stream.reconfigure(encoding="utf-8", errors="replace")


def parser() -> Arguments:
    """명령줄의 문법을 만듭니다."""
    top = Arguments(prog="dockerlab", description="실험으로 배우는 Docker 과정의 도우미입니다.")
    top.add_argument("--version", action="version", version=_version(), help="버전을 보여 줍니다")
    verbs = top.add_subparsers(title="명령", metavar="명령", required=True, dest="command")

    def verb(name: str, run: Callable[[argparse.Namespace], str | None], summary: str, *, as_json=True):
        added = verbs.add_parser(name, prog=f"dockerlab {name}", help=summary, description=summary)
        added.set_defaults(verb=run, code=0)
        if as_json:
            added.add_argument("--json", action="store_true", help="결과를 JSON으로 보여 줍니다")
        return added

    verb("doctor", _doctor, "엔진, VM, 글꼴, 디스크를 살펴보고 빠진 것을 고치는 명령을 알려 줍니다")

    lab = verb("lab", _lab, "JupyterLab에서 과정을 엽니다", as_json=False)
    lab.add_argument("folder", nargs="?", type=Path, metavar="폴더", help="과정 폴더 (기본: 찾아냄)")
    lab.add_argument("--port", type=port, default=8888, metavar="번호", help="포트 (쓰이면 그다음 번호)")
    lab.add_argument("--no-browser", action="store_true", help="브라우저를 열지 않고 주소만 보여 줍니다")

    images = verb("images", _images, "과정 이미지를 보고 준비하며, 교실용 묶음을 만들고 불러옵니다")
    images.add_argument(
        "action", nargs="?", choices=("list", "prepare", "export", "import"), default="list", metavar="동작",
        help="list(기본) 보기, prepare 준비, export 묶음 만들기, import 묶음 불러오기",
    )  # fmt: skip
    images.add_argument("names", nargs="*", metavar="이름", help="이미지. export와 import는 파일이 먼저")

    layers = verb("layers", _layers, "이미지의 레이어마다 더하고 바꾸고 지운 파일과 낭비를 보여 줍니다")
    layers.add_argument(
        "name", metavar="이미지",
        help="엔진의 이미지, 저장한 tar나 OCI 폴더의 경로, registry://이름, container://이름",
    )  # fmt: skip
    layers.add_argument(
        "--verify", action="store_true",
        help="파일에 압축하지 않고 담긴 큰 레이어도 다이제스트와 견줍니다(다른 것은 늘 견줍니다)",
    )  # fmt: skip
    layers.add_argument("--lowest-efficiency", type=share, metavar="비율", help="더 낮으면 종료 코드 1")
    layers.add_argument("--highest-wasted", type=amount, metavar="크기", help="낭비가 더 크면 종료 코드 1")

    for name, run, summary in (
        ("race", _race, "컨테이너와 VM의 시작을 번갈아 재어 견줍니다"),
        ("compare", _compare, "비교표의 여섯 줄을 모두 이 컴퓨터에서 잽니다"),
    ):
        added = verb(name, run, summary)
        added.add_argument("-n", "--rounds", type=count, default=10, metavar="횟수", help="기본 10")
        added.add_argument(
            "--guest", choices=GUESTS, default="micro", metavar="게스트", help="micro(기본), full, uml"
        )

    trace = verb("trace", _trace, "명령 하나가 엔진 속을 지나가는 자취를 보여 줍니다")
    trace.add_argument("words", nargs="+", metavar="명령", help="-- 뒤에 적습니다 (예: -- docker run …)")

    gradebook.add_arguments(verb("grade", _grade, "연습 문제의 답을 채점합니다. 폴더이면 학급 전체를 합니다"))

    clean = verb("clean", _clean, "과정이 만들고 남긴 것만 지웁니다")
    clean.add_argument("--dry-run", action="store_true", help="지우지 않고 무엇을 지울지 보여 줍니다")
    clean.add_argument("--images", action="store_true", help="과정 이미지도 지웁니다")

    setup = verb("setup", _setup, "엔진, QEMU, 과정 이미지를 준비합니다 (make가 부릅니다)", as_json=False)
    setup.add_argument("--test", action="store_true", help="검사에 필요한 것(Chromium)도 준비합니다")
    return top


def _doctor(options) -> str:
    from dockerlab.diagnosis import doctor

    with _progress() as report:
        found = doctor(report)
    return _shown(found, options.json)


def _lab(options) -> None:
    from dockerlab import __version__, home

    folder = options.folder.resolve() if options.folder else home.course_folder()
    placed = home.furnish(folder, __version__)
    if placed is not None:
        print(placed, flush=True)
    if not folder.is_dir():
        raise UsageMistake("과정 폴더가 아닙니다.", seen=str(folder), todo="dockerlab lab 폴더경로")

    def announce(address: str) -> None:
        print(f"JupyterLab이 열렸습니다. 브라우저에서 이 주소를 여십시오:\n\n  {address}\n", flush=True)
        print("끝낼 때는 여기서 Ctrl-C를 누르십시오.", flush=True)

    home.open_lab(folder, port=options.port, browser=not options.no_browser, announce=announce)
    print("JupyterLab을 끝냈습니다.")


def _images(options) -> str:
    from dockerlab import image_actions
    from dockerlab.views import sheets, text

    with _progress() as report:
        found = image_actions.act(options.action, options.names, report)
    if options.json:
        return _dumped({"images": [asdict(each) for each in found]})
    if not found:
        return "준비된 과정 이미지가 없습니다. dockerlab images prepare로 준비하십시오."
    return text.text(sheets.images_sheet(found))


def _layers(options) -> str:
    from dockerlab import layering
    from dockerlab.views import text, units
    from dockerlab.views.layers.sheet import layers_sheet

    with _progress() as report:
        image = layering.layers(options.name, report, verify=options.verify)
    low, high = options.lowest_efficiency, options.highest_wasted
    if low is not None and image.efficiency < low:
        options.code = 1
        print(f"효율 {image.efficiency:.4f}: 기준({low:g})보다 낮습니다.", file=sys.stderr)
    if high is not None and image.wasted_bytes > high:
        options.code = 1
        wasted, limit = units.size(image.wasted_bytes), units.size(high)
        print(f"낭비 {wasted}({image.wasted_bytes:,}바이트): 기준({limit})보다 큽니다.", file=sys.stderr)
    return _dumped(image.as_dict()) if options.json else text.text(layers_sheet(image))


def _race(options) -> str:
    from dockerlab import claims

    with _progress() as report:
        result = claims.race(options.rounds, (options.guest,), report=report)
    return _shown(result, options.json)


def _compare(options) -> str:
    from dockerlab import claims

    with _progress() as report:
        result = claims.compare(options.rounds, guest=options.guest, report=report)
    return _shown(result, options.json)


def _trace(options) -> str:
    from dockerlab import tracing

    # With --json its output goes into the trace; else a terminal is the command's own.
    return _shown(tracing.trace(options.words, captured=options.json), options.json)


def _grade(options) -> str:
    with _progress() as report:
        reports = gradebook.graded(options, report)
    options.code = int(not all(each.passed for each in reports))
    return gradebook.shown(options, reports)


def _clean(options) -> str:
    from dockerlab.engine import clean

    found = clean(dry_run=options.dry_run, images=options.images)
    if options.json:
        kinds = {kind: [asdict(each) for each in found if each.kind == kind] for kind in LEFTOVERS}
        return _dumped({"dry_run": options.dry_run, "leftovers": kinds})
    done = "지울 것" if options.dry_run else "지운 것"
    if not found:
        return f"{done}이 없습니다."
    lines = [f"  {LEFTOVERS[each.kind]} {each.name or each.id[:12]}: {each.why}" for each in found]
    return "\n".join([f"{done} {len(found)}개", *lines])


def _setup(options) -> None:
    from dockerlab.preparation import prepare

    with _progress() as report:
        missing = prepare(lambda line: print(line, file=sys.stderr), report, for_tests=options.test)
    for error in missing:
        print(error, file=sys.stderr)
    if missing:
        print("갖추지 못한 것은 두고 계속합니다. 자세한 진단: dockerlab doctor", file=sys.stderr)


def _progress():
    from dockerlab.views.progress import bar

    return bar()


def _shown(result: Any, as_json: bool) -> str:
    if as_json:
        return _dumped(result.as_dict())
    from dockerlab.views.formatters import show

    return show(result)


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)


def _version() -> str:
    from dockerlab import __version__

    return f"dockerlab-course {__version__}"
