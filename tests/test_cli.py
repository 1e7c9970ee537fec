"""The command: its grammar, its errors, and the JSON that others rely on."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from dockerlab import cli, tracing

VERBS = ("doctor", "lab", "images", "layers", "race", "compare", "trace", "grade", "clean", "setup")


def dockerlab(*arguments, check=False, **environment):
    return subprocess.run(
        [sys.executable, "-m", "dockerlab", *arguments],
        capture_output=True, text=True, timeout=300, check=check, env=os.environ | environment,
    )  # fmt: skip


def test_the_help_is_korean_and_names_every_verb(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert all(re.search(rf"(?m)^ +{verb} +.*[가-힣]", told) for verb in VERBS)
    assert not re.search(r"usage:|positional|options:|show this", told)


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_each_verb_is_korean(verb, capsys):
    with pytest.raises(SystemExit):
        cli.main([verb, "--help"])
    told = capsys.readouterr().out
    assert told.startswith(f"사용법: dockerlab {verb} ")
    assert not re.search(r"usage:|positional|options:|show this", told)


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        ([], "꼭 있어야 하는 인자"),
        (["destroy"], "쓸 수 없는 값입니다: 'destroy'"),
        (["race", "--rounds", "0"], "1 이상의 정수"),
        (["race", "--guest", "windows"], "쓸 수 없는 값입니다: 'windows'"),
        (["doctor", "--verbose"], "모르는 인자가 있습니다: --verbose"),
        (["lab", "--port"], "--port 뒤에 값이 필요합니다"),
        (["lab", "--port", "99999"], "1부터 65535"),
        (["lab", "--port", "-1"], "--port"),
        (["layers"], "꼭 있어야 하는 인자"),
        (["layers", "x", "--lowest-efficiency", "90"], "0부터 1까지"),
        (["layers", "x", "--highest-wasted", "much"], "20MB, 1GiB처럼"),
    ],
)
def test_a_mistake_is_three_korean_lines_and_exit_code_2(arguments, seen, capsys):
    assert cli.main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    what, saw, todo = told.err.splitlines()
    assert what.startswith("[E70]")
    assert seen in saw
    assert "사용법: dockerlab" in todo


def test_an_error_with_json_is_json_too(capsys):
    assert cli.main(["race", "--rounds", "many", "--json"]) == 2
    told = capsys.readouterr()
    assert set(json.loads(told.out)["error"]) == {"code", "what", "seen", "todo"}
    assert told.err.startswith("[E70]")


def test_no_engine_is_an_error_that_says_what_to_do(tmp_path):
    done = dockerlab("images", "--json", DOCKER_HOST=f"unix://{tmp_path}/nothing.sock")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    error = json.loads(done.stdout)["error"]
    assert error["code"].startswith("E0")
    assert error["todo"]


def test_lab_refuses_a_folder_that_is_not_there(tmp_path, capsys):
    assert cli.main(["lab", str(tmp_path / "nowhere")]) == 2
    assert "과정 폴더가 아닙니다" in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_error():
    done = subprocess.run(
        f"set -o pipefail; {sys.executable} -m dockerlab --help | head -n 1",
        shell=True, executable="/bin/bash", capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_module_and_command_are_the_same():
    command = os.path.join(os.path.dirname(sys.executable), "dockerlab")
    told = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert told.stdout == dockerlab("--version", check=True).stdout
    assert re.fullmatch(r"dockerlab-course \d+\.\d+\.\d+\S*\n", told.stdout)


def test_the_grammar_loads_nothing_heavy():
    watch = "import sys; from dockerlab.cli import parser; parser(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", watch], capture_output=True, text=True, check=True)
    assert not {"docker", "numpy", "matplotlib", "IPython", "requests"} & set(loaded.stdout.split())


@pytest.mark.engine
def test_clean_lists_by_kind_and_a_dry_run_removes_nothing(engine, tiny):
    from dockerlab.engine import labels

    container = engine.client.containers.create(tiny.reference, ["true"], labels=labels())
    try:
        # Another process asks: what this living session made is not its business.
        told = json.loads(dockerlab("clean", "--dry-run", "--json", check=True).stdout)
        assert told["dry_run"] is True
        kinds = {"container", "network", "volume", "plugin", "image", "process", "directory"}
        assert set(told["leftovers"]) == kinds
        assert container.id not in {each["id"] for each in told["leftovers"]["container"]}
        container.reload()
    finally:
        container.remove(force=True)


@pytest.mark.engine
def test_clean_removes_what_a_dead_session_left(engine, tiny):
    # The dying session takes its watcher along, so that something is left.
    leave = (
        "import os, signal; from dockerlab.engine import connect, labels, session;"
        f"made = connect().client.containers.create({tiny.reference!r}, ['true'], labels=labels());"
        "print(made.id, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    left = subprocess.run([sys.executable, "-c", leave], capture_output=True, text=True).stdout.strip()
    dockerlab("clean", "--json", check=True)
    assert left
    assert left not in {container.id for container in engine.client.containers.list(all=True)}


@pytest.mark.engine
def test_images_lists_what_is_there(engine, tiny):
    told = json.loads(dockerlab("images", "--json", check=True).stdout)
    listed = {image["name"]: image for image in told["images"]}
    assert listed["tiny"]["id"] == tiny.id
    assert {"name", "reference", "id", "origin", "size"} <= set(listed["tiny"])


@pytest.mark.engine
@pytest.mark.vm
def test_doctor_names_engine_accelerator_and_problems(engine):
    told = json.loads(dockerlab("doctor", "--json", check=True).stdout)
    assert told["engine"]["version"] == engine.version
    assert told["engine"]["kind"] == engine.kind
    assert told["vm"]["accelerator"] in {"kvm", "hvf", "tcg", "none"}
    assert all({"code", "what", "seen", "todo"} <= set(problem) for problem in told["problems"])


@pytest.mark.engine
@pytest.mark.vm
def test_race_tells_raw_values_and_conditions(tiny):
    told = json.loads(dockerlab("race", "--rounds", "2", "--json", check=True).stdout)
    assert {"timings", "comparisons", "engine", "vm", "machine", "date"} <= set(told)
    assert told["vm"]["accelerator"] in {"kvm", "hvf", "tcg"}
    assert {name: len(timing["values"]) for name, timing in told["timings"].items()} == {
        "container": 2,
        "micro": 2,
    }


def test_the_contracts_are_in_the_readme(root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    keys = ["engine.kind", "engine.version", "vm.accelerator", "problems", "rows", "claim", "raw", "dry_run"]
    keys += ["layers", "diff_id", "digest", "instruction", "size_compressed", "size_unpacked", "added"]
    keys += ["changed", "deleted", "files", "wasted_bytes", "efficiency"]
    keys += [*tracing.LANES, "hops", "lane", "seconds", "detail", "complete"]
    keys += [*cli.LEFTOVERS, "start", "size", "isolation", "performance", "portability", "resources"]
    assert not [key for key in keys if f"`{key}`" not in readme]


@pytest.mark.parametrize("arguments", [["images", "list", "x"], ["images", "list", "x", "--json"]])
def test_korean_reaches_a_terminal_that_says_it_only_knows_ascii(arguments):
    said = subprocess.run(
        [sys.executable, "-m", "dockerlab", *arguments],
        capture_output=True, env=os.environ | {"PYTHONIOENCODING": "ascii"}, timeout=60,
    )  # fmt: skip
    assert said.returncode == 2
    assert "모르는 인자" in said.stderr.decode()
    if "--json" in arguments:
        assert json.loads(said.stdout.decode())["error"]["what"] == "모르는 인자가 있습니다."


def test_a_full_disk_under_the_output_is_told():
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full on this system")
    with open("/dev/full", "w") as full:
        said = subprocess.run(
            [sys.executable, "-m", "dockerlab", "clean", "--dry-run"],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
            env=os.environ | {"DOCKERLAB_ENGINE": "system"},
        )  # fmt: skip
    assert said.returncode == 1
    assert said.stderr.startswith("[E31]") and "Traceback" not in said.stderr
