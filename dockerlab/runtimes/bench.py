"""작업대: runc, containerd, ctr은 있고 dockerd는 없는 곳입니다. 내장 엔진 안의 컨테이너 하나입니다.

A container, not the machine itself: it works the same on every rung, needs no privilege that the engine has
not got, and the watcher removes it with everything that was started in it. It is privileged, since runc
makes namespaces and mounts, and so it is made on our own engine only, never on the learner's.
"""

from __future__ import annotations

import io
import shlex
import tarfile
import uuid
from typing import Any

from dockerlab import containers, engine
from dockerlab.containers import Run, lifecycle, live
from dockerlab.containers.request import Request
from dockerlab.engine import Engine, embedded
from dockerlab.errors import OnlyPrivateEngine
from dockerlab.images import origins
from dockerlab.runtimes.record import Recorded

LIFETIME = 4 * 3600.0
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENGINE = "/engine"  # in the workbench: the folder with the sockets of the engine's own containerd
# ctr does not say when it listens: it is asked with namespaces of our own until one is heard of.
_CONTAINERD = """
containerd > /tmp/containerd.log 2>&1 &
until ctr version > /dev/null 2>&1; do sleep 0.1; done
ctr events > /tmp/events 2> /dev/null &
try=1
until grep -q /namespaces/ /tmp/events; do ctr namespaces create "try-$try"; try=$((try + 1)); sleep 0.1; done
"""
# PID 1 must reap what is handed to it; `wait` in sh does.
_WAIT = "while :; do sleep 3600 & wait; done"
_LINKS = ("bin", "sbin", "lib", "lib64")
_FOLDERS = ("etc", "run", "tmp", "usr", "var", "var/lib")


class Workbench:
    """작업대 하나입니다. ``with``에 쓰면 나갈 때, 아니면 ``close()``로 안의 모든 것과 함께 사라집니다."""

    recorded = False

    def __init__(self, connected: Engine, container: containers.Container, image: str) -> None:
        self._engine = connected
        self._container = container
        self._image = image
        self.where = f"{connected.endpoint.origin}의 컨테이너 {container.id[:12]}"

    def __enter__(self) -> Workbench:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __str__(self) -> str:
        return f"작업대: {self.where}. runc, containerd, ctr이 있고 dockerd는 돌지 않습니다."

    def sh(self, command: str, *, timeout: float = 60.0) -> Run:
        """작업대의 셸에서 명령을 실행하고 결과를 돌려줍니다."""
        return self._container.exec(["sh", "-c", command], timeout=timeout)

    def put(self, path: str, content: str | bytes) -> None:
        """작업대의 절대 경로에 파일을 씁니다."""
        self._container.put(path, content.encode() if isinstance(content, str) else content)

    def unpack(self, image: str, folder: str) -> None:
        """이미지의 레이어를 모두 쌓은 파일들을 작업대의 ``folder``에 풉니다. 컨테이너의 rootfs가 됩니다."""
        content = rootfs(self._engine, image)
        self.sh(f"mkdir -p {shlex.quote(folder)}")
        with engine.errors_of_engine():
            self._engine.client.api.put_archive(self._container.id, folder, content)

    def start_containerd(self) -> None:
        """작업대에 containerd를 하나 띄우고, 그 이벤트를 작업대의 ``/tmp/events``에 적게 합니다."""
        self.sh(_CONTAINERD)

    def close(self) -> None:
        """작업대와 그 안의 모든 것을 지웁니다. 여러 번 불러도 됩니다."""
        self._container.close()
        with engine.errors_of_engine():
            discard_image(self._engine.client.api, self._image)


def workbench() -> Workbench | Recorded:
    """작업대를 마련합니다. 내장 엔진에서만 되고, 다른 엔진에서는 기록해 둔 출력을 보이는 것을 돌려줍니다.

    어느 쪽인지는 ``print``하면 한 문장으로 나오고, ``recorded``로도 알 수 있습니다.
    """
    connected = engine.connect()
    if connected.kind != "embedded":
        return Recorded(connected.endpoint.origin)
    api = connected.client.api
    request = Request(f"dockerlab-workbench:{uuid.uuid4().hex[:12]}", ("sh", "-c", _WAIT))
    with engine.errors_of_engine():
        image = _import(api, request.image)
        try:
            return Workbench(connected, _started(connected, request), image)
        except BaseException:
            discard_image(api, image)
            raise


def private() -> Engine:
    """연결된 엔진이 내장 엔진이면 돌려줍니다. 학습자의 엔진에는 특권이 있는 것을 만들지 않습니다.

    Raises:
        OnlyPrivateEngine: 내장 엔진이 아닐 때.
    """
    connected = engine.connect()
    if connected.kind != "embedded":
        raise OnlyPrivateEngine(
            "이 일은 과정의 내장 엔진에서만 합니다. 여러분의 엔진에는 특권이 있는 것을 만들지 않습니다.",
            seen=f"지금의 엔진: {connected.endpoint.origin}",
            todo="Linux라면 DOCKERLAB_ENGINE=embedded로 커널을 다시 시작하십시오.",
        )
    return connected


def rootfs(connected: Engine, image: str) -> bytes:
    """이미지의 레이어를 모두 쌓은 파일들의 tar입니다. 한 번도 시작하지 않는 컨테이너에서 꺼냅니다."""
    api = connected.client.api
    request = Request(image, ("true",))
    origins.of(connected, request.reference)
    with engine.errors_of_engine():
        made = lifecycle.create(api, request, request.body(engine.labels(), connected.info["NCPU"]))
        try:
            return b"".join(api.export(made))
        finally:
            lifecycle.discard(api, made)


def _import(api: Any, reference: str) -> str:
    """A root of mount points and links alone: its programs are the engine's own, from its /usr."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name in _FOLDERS:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for name in _LINKS:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, f"usr/{name}"
            tar.addfile(entry)
    repository, _, tag = reference.partition(":")
    told = " ".join(f'{name}="{value}"' for name, value in engine.labels(kind="image").items())
    api.import_image_from_data(content.getvalue(), repository=repository, tag=tag, changes=[f"LABEL {told}"])
    return api.inspect_image(reference)["Id"]


def _started(connected: Engine, request: Request) -> containers.Container:
    body = request.body(engine.labels(deadline=LIFETIME), connected.info["NCPU"])
    body["Env"] = [f"PATH={PATH}"]
    body["HostConfig"] |= {
        "Privileged": True,
        "CapDrop": [],
        "SecurityOpt": [],
        "CgroupnsMode": "private",
        "Binds": ["/usr:/usr:ro", f"{_state(connected)}/containerd:{ENGINE}:ro"],
    }
    return live.launch(connected.client.api, request, body)


def _state(connected: Engine) -> str:
    """The --exec-root of dockerd, as dockerd itself sees it: a guest has a /run of its own."""
    if embedded.said().get("rung") in ("root", "rootless") and connected.endpoint.path is not None:
        return str(connected.endpoint.path.with_name("exec"))
    return "/run/docker"


def discard_image(api: Any, image: str) -> None:
    """우리가 만든 이미지를 전체 id로 지웁니다."""
    import docker.errors

    try:
        api.remove_image(image, force=True)
    except docker.errors.ImageNotFound:
        pass  # closed before
