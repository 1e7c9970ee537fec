"""노트북의 매직입니다. 인자를 읽고, 함수 하나를 부르고, 그 결과(객체)를 돌려줍니다.

Mistakes raise UsageMistake, not IPython's UsageError: that one is only printed, so a notebook run in CI
would pass over it.
"""

from __future__ import annotations

from typing import Any

from IPython.core.magic import (
    Magics,
    cell_magic,
    line_cell_magic,
    line_magic,
    magics_class,
    no_var_expand,
)

from dockerlab import exercise_magics, image_magics
from dockerlab.arguments import Arguments, count, parsed_line, seconds, size, split, variable_name
from dockerlab.errors import UsageMistake
from dockerlab.images.names import COURSE
from dockerlab.views import formatters

GUESTS = ("micro", "full", "uml")


def container_arguments() -> Arguments:
    """``%%container``의 문법입니다."""
    grammar = Arguments(prog="%%container", description="셀의 글을 컨테이너 안의 셸에서 실행합니다.")
    grammar.add_argument("image", metavar="이미지", help="tiny, debian, python 또는 엔진에 있는 이미지")
    grammar.add_argument("--memory", type=size, metavar="크기", help="메모리 한도 (예: 64m, 1g)")
    grammar.add_argument("--cpus", type=float, metavar="개수", help="CPU 한도 (예: 0.5)")
    grammar.add_argument("--pids", type=count, metavar="개수", help="프로세스 수 한도")
    grammar.add_argument("--network", metavar="이름", help="네트워크 (기본: none, 없음)")
    grammar.add_argument("--deadline", type=seconds, metavar="초", help="이 시간이 지나면 멈춥니다 (기본 60)")
    grammar.add_argument("--user", metavar="사용자", help="컨테이너 안의 사용자")
    grammar.add_argument("--workdir", metavar="폴더", help="컨테이너 안의 작업 폴더")
    grammar.add_argument("--name", metavar="이름", help="컨테이너 이름")
    grammar.add_argument(
        "-e", "--env", action="append", default=[], metavar="이름=값", help="환경 변수 (여러 번 쓸 수 있음)"
    )
    grammar.add_argument("--read-only", action="store_true", help="루트 파일 시스템을 읽기 전용으로 둡니다")
    grammar.add_argument("--shell", default="sh", metavar="명령", help="셀을 읽을 셸 (기본 sh)")
    grammar.add_argument("--as", dest="variable", metavar="변수", help="결과를 이 변수에도 담습니다")
    return grammar


def race_arguments() -> Arguments:
    """``%race``의 문법입니다."""
    grammar = Arguments(prog="%race", description="컨테이너와 VM의 시작을 번갈아 재어 견줍니다.")
    grammar.add_argument("-n", "--rounds", type=count, default=10, metavar="횟수", help="기본 10")
    grammar.add_argument(
        "--guest", action="append", choices=GUESTS, metavar="게스트",
        help="micro(기본), full, uml (여러 번 쓸 수 있음)",
    )  # fmt: skip
    return grammar


def doctor_arguments() -> Arguments:
    """``%doctor``의 문법입니다."""
    return Arguments(prog="%doctor", description="엔진, VM, 글꼴, 디스크를 살펴봅니다.")


def trace_arguments() -> Arguments:
    """``%%trace``의 문법입니다."""
    grammar = Arguments(prog="%%trace", description="셀에 적은 명령이 엔진 속을 지나가는 자취를 기록합니다.")
    grammar.add_argument("--as", dest="variable", metavar="변수", help="자취를 이 변수에도 담습니다")
    return grammar


def docker_arguments() -> Arguments:
    """``%%docker``의 문법입니다. ``%docker`` 뒤에는 docker 명령이 그대로 옵니다."""
    grammar = Arguments(
        prog="%%docker",
        description="진짜 docker 명령을 과정의 엔진에 실행합니다. %docker ps처럼 한 줄로, 또는 %%docker "
        "아래에 한 줄에 하나씩 적습니다. 만든 것에는 과정의 라벨과 한도가 붙습니다. prune, --privileged, "
        "호스트의 폴더를 넣는 것, 여러분의 컨테이너나 이미지처럼 다른 것에 손댈 수 있는 명령은 거절합니다. "
        "셸을 거치지 않습니다.",
    )
    grammar.add_argument("--as", dest="variable", metavar="변수", help="주고받은 것을 이 변수에도 담습니다")
    return grammar


def guest_arguments() -> Arguments:
    """``%%guest``의 문법입니다."""
    grammar = Arguments(prog="%%guest", description="셀의 글을 살아 있는 VM의 셸에서 실행합니다.")
    grammar.add_argument("machine", metavar="VM", help="lab.start_vm(...)을 담은 변수")
    grammar.add_argument("--timeout", type=seconds, default=60.0, metavar="초", help="기다릴 시간 (기본 60)")
    grammar.add_argument("--as", dest="variable", metavar="변수", help="결과를 이 변수에도 담습니다")
    return grammar


@magics_class
class DockerlabMagics(Magics):
    """``%%container``, ``%docker``, ``%%docker``, ``%%guest``, ``%%trace``, ``%race``, ``%doctor``입니다."""

    @no_var_expand
    @cell_magic
    def container(self, line: str, cell: str) -> Any:
        """셀의 글을 컨테이너 안의 셸에서 실행하고 결과(Run)를 돌려줍니다."""
        from dockerlab import containers

        parsed = parsed_line(container_arguments(), line)
        if parsed is None:
            return None
        given = vars(parsed)
        variable = variable_name(given.pop("variable"))
        shell = split(given.pop("shell"), "--shell")
        if not shell:
            raise UsageMistake("셀을 읽을 셸이 비어 있습니다.", todo="예: --shell bash")
        environment = dict(_pair(text) for text in given.pop("env"))
        image = given.pop("image")
        options = {name: value for name, value in given.items() if value is not None}
        result = containers.run(image, [*shell, "-c", cell], environment=environment, **options)
        if variable:
            self.shell.user_ns[variable] = result
        return result

    @no_var_expand
    @line_cell_magic
    def docker(self, line: str, cell: str | None = None) -> Any:
        """docker 명령을 과정의 엔진에 실행하고 주고받은 것(Said, Transcript)을 돌려줍니다."""
        from dockerlab import client

        if cell is None and line.strip() not in ("", "-h", "--help"):
            return client.docker(line)
        parsed = parsed_line(docker_arguments(), line if cell is not None else "--help")
        if parsed is None:
            return None
        variable = variable_name(parsed.variable)
        result = client.docker_lines(cell)
        if variable:
            self.shell.user_ns[variable] = result
        return result

    @no_var_expand
    @cell_magic
    def guest(self, line: str, cell: str) -> Any:
        """셀의 글을 살아 있는 VM의 셸에서 실행하고 결과(Ran)를 돌려줍니다."""
        from dockerlab import vm

        parsed = parsed_line(guest_arguments(), line)
        if parsed is None:
            return None
        variable = variable_name(parsed.variable)
        machine = self.shell.user_ns.get(parsed.machine)
        if not isinstance(machine, vm.Machine):
            raise UsageMistake(
                "살아 있는 VM을 담은 변수가 아닙니다.",
                seen=parsed.machine,
                todo="먼저 machine = lab.start_vm('full')처럼 띄운 뒤 그 변수의 이름을 적으십시오.",
            )
        result = machine.run(cell, timeout=parsed.timeout)
        if variable:
            self.shell.user_ns[variable] = result
        return result

    @no_var_expand
    @cell_magic
    def trace(self, line: str, cell: str) -> Any:
        """셀의 명령을 실행하며 기록한 자취(Trace)를 돌려줍니다."""
        from dockerlab import tracing

        parsed = parsed_line(trace_arguments(), line)
        if parsed is None:
            return None
        variable = variable_name(parsed.variable)
        result = tracing.trace(cell.replace("\\\n", " "))
        if variable:
            self.shell.user_ns[variable] = result
        return result

    @no_var_expand
    @line_magic
    def race(self, line: str) -> Any:
        """컨테이너와 VM의 시작을 번갈아 재고 결과를 돌려줍니다."""
        from dockerlab import claims
        from dockerlab.views.progress import bar

        given = parsed_line(race_arguments(), line)
        if given is None:
            return None
        with bar() as report:
            return claims.race(given.rounds, given.guest or ("micro",), report=report)

    @no_var_expand
    @line_magic
    def doctor(self, line: str) -> Any:
        """엔진, VM, 글꼴, 디스크를 살펴본 진단을 돌려줍니다."""
        from dockerlab.diagnosis import doctor

        if parsed_line(doctor_arguments(), line) is None:
            return None
        from dockerlab.views.progress import bar

        with bar() as report:
            return doctor(report)


GRAMMARS = {
    "container": container_arguments,
    "docker": docker_arguments,
    "guest": guest_arguments,
    "trace": trace_arguments,
    "race": race_arguments,
    "doctor": doctor_arguments,
}

for _name, _grammar in GRAMMARS.items():
    # `%%container?` shows the docstring: one place for the text, the grammar.
    getattr(DockerlabMagics, _name).__doc__ = _grammar().format_help()

GRAMMARS |= image_magics.GRAMMARS | exercise_magics.GRAMMARS


def register(shell: Any) -> None:
    """매직과 자동 완성, 결과의 모양을 등록합니다."""
    formatters.register(shell)
    shell.register_magics(DockerlabMagics, image_magics.ImageMagics, exercise_magics.ExerciseMagics)
    for name in GRAMMARS:
        for prefix in ("%%", "%"):
            shell.set_hook("complete_command", complete, str_key=f"{prefix}{name}")


def complete(_shell: Any, event: Any) -> list[str]:
    """매직의 인자로 쓸 수 있는 것들입니다. 이미지 이름, 선택 항목, 게스트 이름을 줍니다."""
    words = event.text_until_cursor.split()
    name = words[0].lstrip("%")
    before = words[:-1] if event.symbol and words[-1] == event.symbol else words
    previous = before[-1] if len(before) > 1 else ""
    if previous == "--guest":
        return list(GUESTS)
    if words[0] == "%docker":
        return _docker_words(before[1:], event.symbol)
    grammar = GRAMMARS[name]()
    options = [text for action in grammar._actions for text in action.option_strings if text.startswith("--")]
    if previous == "--file":
        return image_magics.files_here(event.symbol)
    if name in ("container", "layers") and not event.symbol.startswith("-") and len(before) == 1:
        return [*_image_names(), *options]
    return options


def _docker_words(before: list[str], symbol: str) -> list[str]:
    """Sub-commands first, then options where one is begun, else the names of images."""
    from dockerlab.client import fence, grammar

    if not before:
        return sorted({action.split()[0] for action in fence.ALLOWED if action[0] != "-"})
    verb = tuple(before[: 2 if before[0] in grammar.GROUPS else 1])
    if symbol.startswith("-"):
        return [f"--{name}" for name in grammar.known_options(verb) if ":" not in name]
    if before[0] in grammar.GROUPS and len(before) == 1:
        return sorted(action.split()[1] for action in fence.ALLOWED if action.startswith(f"{before[0]} "))
    return _image_names()


def _image_names() -> list[str]:
    """Course images, and what the engine has if this kernel already talks to one: a Tab key starts none."""
    from dockerlab.engine import connection

    return [*COURSE, *connection.image_names_if_connected()]


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise UsageMistake("환경 변수는 이름=값으로 적습니다.", seen=text, todo="예: -e LANG=C.UTF-8")
    return name, value
