"""Forty ways to be right: other commands, other cells, what JupyterLab does to a file."""

# ruff: noqa: E501 (an answer is one line of data, clearer unbroken)

from __future__ import annotations

import functools
import json
import unicodedata

import nbformat
from submissions import ANSWERS, RUN, Submission, cell, changed, notebook, saved

_FIRST = {
    "as-the-solution": ANSWERS["01-1"],
    "create-then-start": 'c = client.containers.create("dockerlab/tiny", ["sleep", "600"], name=given.box)\nc.start()',
    "command-as-text": 'client.containers.run("dockerlab/tiny", "sleep 600", name=given.box, detach=True)',
    "with-tag": 'client.containers.run("dockerlab/tiny:latest", ["sleep", "600"], name=given.box, detach=True)',
    "by-id": 'image = client.images.get("dockerlab/tiny").id\nclient.containers.run(image, ["sleep", "600"], name=given.box, detach=True)',
    "low-level-api": (
        'made = client.api.create_container("dockerlab/tiny", ["sleep", "600"], name=given.box)\n'
        'client.api.start(made["Id"])'
    ),
    "other-waiting": 'client.containers.run("dockerlab/tiny", ["tail", "-f", "/dev/null"], name=given.box, detach=True)',
    "with-a-terminal": 'client.containers.run("dockerlab/tiny", "sh", name=given.box, detach=True, tty=True, stdin_open=True)',
    "docker-command": '!docker run -d --name {given.box} dockerlab/tiny sleep 600',
    "docker-command-create": '!docker create --name {given.box} dockerlab/tiny sleep 600\n!docker start {given.box}',
    "lab-docker": 'lab.docker(f"run -d --name {given.box} dockerlab/tiny sleep 600")',
    "lab-start": 'box = lab.start("tiny", ["sleep", "600"], name=given.box)',
    "subprocess": (
        "import subprocess\n"
        'subprocess.run(["docker", "run", "-d", "--name", given.box, "dockerlab/tiny", "sleep", "600"], check=True)'
    ),
    "from-env": 'import docker\ndocker.from_env().containers.run("dockerlab/tiny", "sleep 600", name=given.box, detach=True)',
    "second-try": (
        'client.containers.run("dockerlab/debian", "sleep 9", name=given.box, detach=True)\n'
        "client.containers.get(given.box).remove(force=True)\n" + RUN.format("")
    ),
    "after-an-error": 'try:\n    client.containers.get("nothing")\nexcept Exception as error:\n    print(error)\n' + RUN.format(""),
    "error-afterwards": RUN.format("") + "\n1 / 0",
    "with-limits": RUN.format(", mem_limit='64m', pids_limit=32, cpu_period=100000, cpu_quota=50000"),
    "with-labels": RUN.format(", labels={'mine': 'yes'}"),
    "read-only": RUN.format(", read_only=True, tmpfs={'/srv': ''}, cap_drop=['ALL']"),
    "with-a-volume": RUN.format(", volumes={'data-' + given.token: {'bind': '/data'}}"),
    "with-a-network": "net = client.networks.create('net-' + given.token)\n" + RUN.format(", network=net.name"),
    "restarts": RUN.format(", restart_policy={'Name': 'always'}"),
    "init": RUN.format(", init=True"),
    "asks-for-a-check": RUN.format("") + "\nassert lab.check('01-1').passed",
    "asks-for-a-hint": "lab.hint('01-1')\n" + RUN.format(""),
    "prints-a-lot": "for n in range(3000): print(n)\n" + RUN.format(""),
    "shows-a-table": RUN.format("") + "\n[each.name for each in client.containers.list()]",
    "looks-around": "client.info(), client.version(), client.images.list(), client.networks.list(), client.volumes.list()\n" + RUN.format(""),
    "leaves-a-process": "import subprocess\nsubprocess.Popen(['sleep', '300'], start_new_session=True)\n" + RUN.format(""),
    "leaves-a-thread": "import threading, time\nthreading.Thread(target=time.sleep, args=(300,), daemon=True).start()\n" + RUN.format(""),
    "nbval-word-in-a-comment": "# NBVAL_SKIP은 쓰지 않았습니다\n" + RUN.format(""),
    "korean-names": "상자 = given.box\n" + RUN.format("").replace("given.box", "상자"),
    "own-function": "def 띄우기(이름):\n    return " + RUN.format("").replace("given.box", "이름") + "\n\n띄우기(given.box)",
    "copies-files": RUN.format("") + "\nlist(client.containers.get(given.box).get_archive('/etc/passwd')[0])",
    "reads-the-log": RUN.format("") + "\nclient.containers.get(given.box).logs(), client.containers.get(given.box).top()",
}  # fmt: skip


def _files() -> dict[str, bytes]:
    whole = notebook(ANSWERS)

    def split(made):
        at = made.cells.index(cell(made, "answer-01-2"))
        half = nbformat.v4.new_code_cell('word = given.word\nimage = "dockerlab/tiny"', id="fresh-one")
        made.cells.insert(at, half)
        cell(
            made, "answer-01-2"
        ).source = 'client.containers.run(image, "sleep 600", name=given.app, detach=True, environment={"GREETING": word})'

    def own_cells(made):
        at = made.cells.index(cell(made, "answer-01-1"))
        made.cells.insert(at, nbformat.v4.new_code_cell("IMAGE = 'dockerlab/tiny'", id="mine"))
        made.cells.insert(at, nbformat.v4.new_markdown_cell("# 내 메모", id="memo"))
        cell(
            made, "answer-01-1"
        ).source = 'client.containers.run(IMAGE, "sleep 600", name=given.box, detach=True)'

    def looks_after_the_check(made):
        at = made.cells.index(cell(made, "check-01-1"))
        made.cells.insert(
            at + 1, nbformat.v4.new_code_cell("client.containers.get(given.box).status", id="after")
        )

    def duplicated(made):
        at = made.cells.index(cell(made, "check-01-1"))
        made.cells.insert(at, nbformat.v4.new_code_cell('lab.check("01-1")', id="again"))

    def without_ids(made):
        made.nbformat_minor = 4
        for each in made.cells:
            each.pop("id", None)

    def with_outputs(made):
        for each in made.cells:
            if each.cell_type == "code":
                each.execution_count = 1
                each.outputs = [nbformat.v4.new_output("stream", text="<script>alert(1)</script>\n")]

    def cut_and_pasted(made):
        for number, each in enumerate(made.cells):
            if each.id.startswith("answer-"):
                each.id = f"pasted-{number}"

    indented = json.dumps(json.loads(saved(whole)), ensure_ascii=True, indent=4).encode()
    return {
        "split-cell": changed(ANSWERS, split),
        "own-cells": changed(ANSWERS, own_cells),
        "looks-after-the-check": changed(ANSWERS, looks_after_the_check),
        "duplicated-check": changed(ANSWERS, duplicated),
        "without-ids": json.dumps(json.loads(saved(_applied(without_ids)))).encode(),
        "with-outputs": changed(ANSWERS, with_outputs),
        "pasted-cells": changed(ANSWERS, cut_and_pasted),
        "escaped-and-indented": indented,
        "windows-line-ends": saved(whole).replace(b"\n", b"\r\n"),
        "byte-order-mark": b"\xef\xbb\xbf" + saved(whole),
        "decomposed-hangul": unicodedata.normalize("NFD", saved(whole).decode()).encode(),
    }


def _applied(change):
    made = notebook(ANSWERS)
    change(made)
    return made


@functools.cache
def honest() -> list[Submission]:
    """What must pass, all of it."""
    found = [
        Submission(f"honest-{name}", saved(notebook(ANSWERS | {"01-1": code})), "passes")
        for name, code in _FIRST.items()
    ]
    found += [Submission(f"file-{name}", content, "passes") for name, content in _files().items()]
    return found  # fmt: skip
