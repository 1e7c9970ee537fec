"""이미지의 매직입니다: 셀의 Dockerfile로 만들기, 레이어 보기."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand

from dockerlab.arguments import Arguments, parsed_line, seconds, size, variable_name


def dockerfile_arguments() -> Arguments:
    """``%%dockerfile``의 문법입니다."""
    grammar = Arguments(
        prog="%%dockerfile",
        description="셀의 Dockerfile로 이미지를 만들고, 단계마다 캐시를 썼는지와 걸린 시간과 더한 크기를 "
        "보여 줍니다. 엔진은 이 셀과 --file로 적은 파일만 받습니다.",
    )
    grammar.add_argument("tag", metavar="이름", help="만든 이미지의 이름 (예: lesson/app:1)")
    grammar.add_argument(
        "--file", action="append", default=[], metavar="파일",
        help="COPY할 파일이나 폴더. 노트북이 있는 폴더 아래의 것만 (여러 번 쓸 수 있음)",
    )  # fmt: skip
    grammar.add_argument(
        "--network", default="none", metavar="이름", help="명령의 네트워크 (기본: none, 없음)"
    )
    grammar.add_argument("--no-cache", action="store_true", help="캐시를 쓰지 않고 모두 새로 만듭니다")
    grammar.add_argument("--memory", type=size, metavar="크기", help="명령의 메모리 한도 (기본 512m)")
    grammar.add_argument("--timeout", type=seconds, metavar="초", help="이 시간이 지나면 멈춥니다 (기본 600)")
    grammar.add_argument("--as", dest="variable", metavar="변수", help="만든 이미지를 이 변수에도 담습니다")
    return grammar


def layers_arguments() -> Arguments:
    """``%layers``의 문법입니다."""
    grammar = Arguments(
        prog="%layers", description="이미지의 레이어마다 더하고 바꾸고 지운 파일과 낭비를 봅니다."
    )
    grammar.add_argument(
        "image", metavar="이미지",
        help="엔진의 이미지, 저장한 tar나 OCI 폴더의 경로, registry://이름, container://이름",
    )  # fmt: skip
    grammar.add_argument("--as", dest="variable", metavar="변수", help="이미지를 이 변수에도 담습니다")
    return grammar


@magics_class
class ImageMagics(Magics):
    """``%%dockerfile``, ``%layers``입니다."""

    @no_var_expand
    @cell_magic
    def dockerfile(self, line: str, cell: str) -> Any:
        """셀의 Dockerfile로 이미지를 만들고 결과(Built)를 돌려줍니다."""
        from dockerlab.images import building, context
        from dockerlab.views.progress import bar

        given = parsed_line(dockerfile_arguments(), line)
        if given is None:
            return None
        variable = variable_name(given.variable)
        files = context.read_files(Path.cwd(), given.file)
        limits = {"memory": given.memory, "timeout": given.timeout}
        with bar() as report:
            result = building.build(
                cell, given.tag, files=files, network=given.network, cache=not given.no_cache, report=report,
                **{name: value for name, value in limits.items() if value is not None},
            )  # fmt: skip
        if variable:
            self.shell.user_ns[variable] = result
        return result

    @no_var_expand
    @line_magic
    def layers(self, line: str) -> Any:
        """이미지의 레이어를 읽어 돌려줍니다(Image)."""
        from dockerlab import layering
        from dockerlab.views.progress import bar

        given = parsed_line(layers_arguments(), line)
        if given is None:
            return None
        variable = variable_name(given.variable)
        with bar() as report:
            result = layering.layers(given.image, report)
        if variable:
            self.shell.user_ns[variable] = result
        return result


GRAMMARS = {"dockerfile": dockerfile_arguments, "layers": layers_arguments}

for _name, _grammar in GRAMMARS.items():
    # `%%dockerfile?` shows the docstring: one place for the text, the grammar.
    getattr(ImageMagics, _name).__doc__ = _grammar().format_help()


def files_here(symbol: str) -> list[str]:
    """``--file`` 뒤에 올 수 있는, 지금 폴더 아래의 이름들입니다."""
    folder, _, start = symbol.rpartition("/")
    inside = f"{folder}/" if folder else ""
    if folder.startswith("/") or ".." in folder.split("/"):
        return []
    spot = Path(folder or ".")
    found = sorted(spot.iterdir()) if spot.is_dir() else []
    return [
        f"{inside}{path.name}{'/' if path.is_dir() else ''}"
        for path in found
        if path.name.startswith(start) and not path.name.startswith(".")
    ]
