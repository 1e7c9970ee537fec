"""The magics, in a real IPython shell."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from IPython.core.interactiveshell import InteractiveShell

import dockerlab
from dockerlab import magics
from dockerlab.arguments import size
from dockerlab.errors import UsageMistake


@pytest.fixture
def shell(monkeypatch):
    from traitlets.config import Config

    made = InteractiveShell(config=Config(HistoryManager={"enabled": False}))
    made.run_line_magic("load_ext", "dockerlab")
    yield made
    made.reset(new_session=False)


def completions(line):
    symbol = "" if line.endswith(" ") else line.split()[-1]
    return magics.complete(None, SimpleNamespace(text_until_cursor=line, line=line, symbol=symbol))


@pytest.mark.parametrize("name", ["container", "docker", "guest", "trace", "race", "doctor"])
def test_the_help_of_each_magic_is_korean(shell, name):
    kind = "line" if name in ("race", "doctor") else "cell"
    told = shell.find_magic(name, magic_kind=kind).__doc__
    assert told.startswith("사용법: %")
    assert "선택 항목" in told


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("", "꼭 있어야 하는 인자"),
        ("tiny --memory lots", "64m, 1g"),
        ("tiny --nothing", "모르는 인자"),
        ("tiny 'open", "따옴표"),
        ("tiny --deadline -3", "0보다 큰"),
        ("tiny --env novalue", "이름=값"),
        ("tiny --shell \"a'\"", "따옴표"),
        ("tiny --shell ''", "셸이 비어"),
        ("tiny --as 1x", "변수"),
        ("tiny --as lab.x", "변수"),
    ],
)
def test_a_mistake_raises_and_is_not_only_printed(shell, line, seen):
    with pytest.raises(UsageMistake) as mistake:
        shell.run_cell_magic("container", line, "true")
    assert seen in str(mistake.value)


def test_a_mistake_shows_no_traceback(shell, capsys):
    result = shell.run_cell("%race --guest windows")
    assert isinstance(result.error_in_exec, UsageMistake)
    told = capsys.readouterr()
    assert "[E70]" in told.out + told.err
    assert "Traceback" not in told.out + told.err


def test_asking_for_help_prints_it_and_runs_nothing(shell, capsys):
    assert shell.run_cell_magic("container", "-h", "exit 1") is None
    assert capsys.readouterr().out.startswith("사용법: %%container")


def test_completion_offers_images_options_and_guests():
    assert {"tiny", "debian", "python", "--memory"} <= set(completions("%%container "))
    assert "tiny" in completions("%%container ti")
    assert "--network" in completions("%%container tiny --")
    assert "tiny" not in completions("%%container tiny --")
    assert completions("%race --guest ") == ["micro", "full", "uml"]


def test_completion_knows_docker_commands():
    assert {"run", "ps", "network"} <= set(completions("%docker "))
    assert completions("%docker volume ") == ["create", "inspect", "ls", "rm"]
    assert "prune" not in completions("%docker network ")
    assert "tiny" in completions("%docker inspect ")


def test_a_guest_is_looked_up_by_its_variable(shell):
    shell.user_ns["thing"] = 3
    for line in ("thing", "nothing"):
        with pytest.raises(UsageMistake, match="VM을 담은 변수가 아닙니다"):
            shell.run_cell_magic("guest", line, "true")


@pytest.mark.vm
def test_a_cell_runs_in_the_shell_of_a_guest(shell):
    with dockerlab.start_vm("micro") as machine:
        shell.user_ns["machine"] = machine
        cell = "printf '\\033[1;36m안녕\\033[m\\n'\nexit 3\n"
        told = shell.run_cell_magic("guest", "machine --as kept", cell)
    assert shell.user_ns["kept"] is told
    assert told.exit_code == 3
    assert shell.display_formatter.format(told)[0]["text/plain"] == "안녕\n[종료 코드 3]"


def test_completion_reaches_the_shell(shell):
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        found = [completion.text for completion in shell.Completer.completions("%%container ti", 14)]
    assert "tiny" in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [("64m", 64 << 20), ("1g", 1 << 30), ("512", 512), ("1.5k", 1536), ("2MiB", 2 << 20)],
)
def test_sizes_are_read_as_docker_reads_them(text, expected):
    assert size(text) == expected


def test_loading_twice_is_harmless(shell):
    dockerlab.load_ipython_extension(shell)
    assert "container" in shell.magics_manager.magics["cell"]


@pytest.mark.engine
def test_a_cell_runs_in_a_container_and_returns_the_run(shell, tiny):
    cell = 'echo "안녕, $NAME {NAME}"\nid -u\nexit 3\n'
    line = "tiny --memory 64m --pids 16 -e NAME=도커 --user 1000 --as kept"
    result = shell.run_cell_magic("container", line, cell)
    # {NAME} is not expanded by IPython: the cell belongs to the container's shell.
    assert result.stdout == "안녕, 도커 {NAME}\n1000\n"
    assert result.exit_code == 3
    assert shell.user_ns["kept"] is result


@pytest.mark.engine
def test_docker_commands_are_shown_as_a_terminal_shows_them(shell, tiny, capsys):
    shell.run_cell("%docker run --rm dockerlab/tiny sh -c 'echo {{.Name}} $HOME; exit 3'")
    line = capsys.readouterr().out
    assert "{{.Name}} /root\n[종료 코드 3]\n" in line
    told = shell.run_cell_magic("docker", "--as kept", "run --rm dockerlab/tiny echo 하나\nversion --help\n")
    assert shell.user_ns["kept"] is told
    assert [said.exit_code for said in told.said] == [0, 0]
    formatted = shell.display_formatter.format(told)[0]
    assert formatted["text/plain"].startswith("$ docker run --rm dockerlab/tiny echo 하나\n하나\n$ docker v")
    assert "<strong>$ docker run --rm dockerlab/tiny echo 하나</strong>" in formatted["text/html"]


@pytest.mark.engine
def test_the_limit_reaches_the_kernel(shell, tiny):
    read = "cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes"
    result = shell.run_cell_magic("container", "tiny --memory 64m", read)
    assert result.stdout.strip() == str(64 << 20)
