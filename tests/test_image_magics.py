"""%%dockerfile and %layers, in a real IPython shell."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from IPython.core.interactiveshell import InteractiveShell

from dockerlab import magics
from dockerlab.errors import BuildFailed, UsageMistake
from dockerlab.images.building import Built
from dockerlab.layering import Image

TAG = "dockerlab-test/magic:1"


@pytest.fixture
def shell(tmp_path, monkeypatch):
    from traitlets.config import Config

    monkeypatch.chdir(tmp_path)
    made = InteractiveShell(config=Config(HistoryManager={"enabled": False}))
    made.run_line_magic("load_ext", "dockerlab")
    yield made
    made.reset(new_session=False)


def completions(line):
    symbol = "" if line.endswith(" ") else line.split()[-1]
    return magics.complete(None, SimpleNamespace(text_until_cursor=line, line=line, symbol=symbol))


@pytest.mark.parametrize(("name", "kind"), [("dockerfile", "cell"), ("layers", "line")])
def test_the_help_is_korean(shell, name, kind):
    told = shell.find_magic(name, magic_kind=kind).__doc__
    assert told.startswith("사용법: %")
    assert "선택 항목" in told


def test_completion_offers_options_files_and_images(shell, tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app/main.py").write_text("")
    (tmp_path / "app.py").write_text("")
    assert "--file" in completions("%%dockerfile lesson/x --")
    assert completions("%%dockerfile lesson/x --file ap") == ["app/", "app.py"]
    assert completions("%%dockerfile lesson/x --file app/") == ["app/main.py"]
    assert completions("%%dockerfile lesson/x --file ../") == []
    assert {"tiny", "--as"} <= set(completions("%layers "))


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("", "꼭 있어야 하는 인자"),
        ("x --nothing", "모르는 인자"),
        ("x --timeout soon", "0보다 큰"),
        ("x --file ../secret", "../secret"),
        ("x --as 1x", "1x"),
    ],
)
def test_a_mistake_raises(shell, line, seen):
    with pytest.raises(UsageMistake) as mistake:
        shell.run_cell_magic("dockerfile", line, "FROM dockerlab/tiny")
    assert seen in str(mistake.value)


@pytest.mark.engine
def test_a_cell_builds_an_image_whose_layers_are_shown(shell, tiny, tmp_path, capsys, no_new_images):
    (tmp_path / "app").write_text("#!/bin/sh\necho {NAME}\n")
    cell = "FROM dockerlab/tiny\nENV NAME={NAME}\nCOPY app /app\n"
    with no_new_images():
        built = shell.run_cell_magic("dockerfile", f"{TAG} --file app --as kept", cell)
        assert isinstance(built, Built)
        assert shell.user_ns["kept"] is built
        assert built.steps[1].instruction == "ENV NAME={NAME}"  # not expanded by IPython
        image = shell.run_line_magic("layers", f"{TAG} --as image")
        assert isinstance(image, Image)
        assert shell.user_ns["image"] is image
        assert image.changes[-1].added == ("/app",)
        mime, _ = shell.display_formatter.format(built, include={"text/plain", "text/html"})
        for written in mime.values():
            assert "COPY app /app" in written
            assert "더한 크기" in written
        failed = shell.run_cell(f"%%dockerfile {TAG}\nFROM dockerlab/tiny\nRUN echo why; false")
        assert isinstance(failed.error_in_exec, BuildFailed)
        told = capsys.readouterr()
        assert "[E37]" in told.out + told.err
        assert "Traceback" not in told.out + told.err
