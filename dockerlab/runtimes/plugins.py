"""엔진의 플러그인입니다. 이미지처럼 rootfs와 config.json으로 되어 있고, 엔진이 runc로 띄웁니다.

A managed plugin: it can be taken away again without a trace. A legacy one, a socket in the engine's plugin
folder, cannot: once it is gone, the engine waits 15 seconds for it in every question about volumes.
"""

from __future__ import annotations

import io
import json
import tarfile
import uuid
from typing import Any

from dockerlab import containers, engine, images
from dockerlab.engine import Engine
from dockerlab.progress import Report, silent
from dockerlab.runtimes.bench import private

SOCKET = "plugin.sock"
PLACE = "/run/docker/plugins"
_PROGRAM, _READY_WITHIN = "plugin.py", 10
# The first process of a PID namespace is deaf to SIGTERM unless it listens; the engine would wait 10 seconds.
_LISTENS = "import os, signal; signal.signal(signal.SIGTERM, lambda *_: os._exit(0))\n"
# What Python has loaded to serve HTTP, and the libraries that are in its memory: the plugin needs no more.
_GATHER = """
import encodings.ascii, encodings.idna, encodings.latin_1, encodings.utf_8
import glob, http.server, json, os, signal, socketserver, sys, tarfile
python = os.path.realpath(sys.executable)
files = {python, os.__file__, *glob.glob("/lib*/ld-linux*.so.*")}
files |= {module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)}
for library in {line.split()[-1] for line in open("/proc/self/maps") if ".so" in line}:
    files |= set(glob.glob(library.partition(".so")[0] + ".so*"))  # also by the name that programs ask for
with tarfile.open("/tmp/rootfs.tar", "w", dereference=True) as tar:
    for file in sorted(files):
        tar.add(file, "rootfs" + file)
print(python, flush=True)
"""


class VolumePlugin:
    """엔진에 등록한 볼륨 플러그인입니다. ``with``에 쓰면 나갈 때 지웁니다."""

    def __init__(self, connected: Engine, name: str) -> None:
        self._engine = connected
        self.name = name

    def __enter__(self) -> VolumePlugin:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """플러그인을 끄고 지웁니다. 여러 번 불러도 됩니다."""
        import docker.errors

        api = self._engine.client.api
        with engine.errors_of_engine():
            try:
                api.remove_plugin(self.name, force=True)
            except docker.errors.NotFound:
                pass  # closed before


def volume_plugin(program: str, report: Report = silent) -> VolumePlugin:
    """Python 프로그램 하나를 볼륨 플러그인으로 내장 엔진에 등록합니다.

    프로그램은 첫째 인자로 받은 유닉스 소켓에서 플러그인의 HTTP 요청(``POST /VolumeDriver.Create`` …)에
    답합니다. 볼륨의 파일은 자기 ``/data`` 아래에 두고 그 경로를 ``Mountpoint``로 답합니다.

    Raises:
        OnlyPrivateEngine: 내장 엔진이 아닐 때. 여러분의 엔진에는 플러그인을 설치하지 않습니다.
        EngineRefused: 플러그인이 시작하지 못했을 때.
    """
    connected = private()
    images.ensure("python", report)
    files, interpreter = _rootfs()
    name = f"dockerlab/plugin-{uuid.uuid4().hex[:12]}:latest"
    api = connected.client.api
    with engine.errors_of_engine():
        # A plugin has no labels; by its description the watcher knows whose it is.
        content = _packed(files, program, _config(interpreter, json.dumps(engine.labels(kind="plugin"))))
        api._raise_for_status(api._post(api._url("/plugins/create"), params={"name": name}, data=content))
        made = VolumePlugin(connected, name)
        try:
            api.enable_plugin(name, timeout=_READY_WITHIN)
        except BaseException:
            made.close()
            raise
    return made


def _rootfs() -> tuple[bytes, str]:
    """The files of a Python that serves HTTP, as a tar, and the path of its interpreter."""
    with containers.start("python", ["python3", "-c", _GATHER], deadline=120) as container:
        container.wait_output("\n", 60)
        interpreter = container.output().strip()
        with engine.errors_of_engine():
            stream, _ = engine.connect().client.api.get_archive(container.id, "/tmp/rootfs.tar")
            wrapped = io.BytesIO(b"".join(stream))
    with tarfile.open(fileobj=wrapped) as outer:
        found = outer.extractfile("rootfs.tar")
        assert found is not None
        return found.read(), interpreter


def _packed(rootfs: bytes, program: str, config: dict[str, Any]) -> bytes:
    content = io.BytesIO(rootfs)
    with tarfile.open(fileobj=content, mode="a") as tar:
        for name in ("data", "dev", "proc", "run", "sys", "tmp"):
            entry = tarfile.TarInfo(f"rootfs/{name}")
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        # The engine refuses a second plugin with the same rootfs, so every one has a mark of its own.
        texts = {
            f"rootfs/{_PROGRAM}": _LISTENS + program,
            "rootfs/etc/plugin-id": uuid.uuid4().hex,
            "config.json": json.dumps(config),
        }
        for name, text in texts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return content.getvalue()


def _config(interpreter: str, description: str) -> dict[str, Any]:
    return {
        "description": description,
        "interface": {"types": ["docker.volumedriver/1.0"], "socket": SOCKET},
        "entrypoint": [interpreter, "-I", "-S", "-B", f"/{_PROGRAM}", f"{PLACE}/{SOCKET}"],
        "workdir": "/",
        "network": {"type": "none"},
        "linux": {"capabilities": []},
    }
