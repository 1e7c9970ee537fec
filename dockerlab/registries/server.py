"""이 컴퓨터에 진짜 레지스트리를 띄웁니다. 엔진 안의 컨테이너이므로 어떤 방법의 엔진에서도 됩니다.

The container's port is published on the loopback, and that works in two networks at once: the learner's, and
the engine's own when it has one. So `localhost:PORT` is the same registry for HTTP calls and for the engine,
and the engine asks for no certificate there.
"""

from __future__ import annotations

import json
import secrets
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

import trustme

from dockerlab import containers, engine, images
from dockerlab.containers.lifecycle import OUTPUT_LIMIT
from dockerlab.errors import (
    DockerlabError,
    MeasureError,
    RegistryNotAnswering,
    RegistryStartFailed,
    RegistryUnreachable,
    TransferInterrupted,
)
from dockerlab.places import disk_errors
from dockerlab.progress import Report, silent
from dockerlab.registries import traffic, transfer
from dockerlab.registries.login import Login, as_login
from dockerlab.registries.remote import Remote

LIFETIME = 4 * 3600.0
_PORT = 5000
_READY_WITHIN = 30.0
_CONFIG, _HTPASSWD, _CERTIFICATE, _KEY = (
    f"/etc/dockerlab-registry{ending}" for ending in (".yml", ".htpasswd", ".crt", ".key")
)
_MARK = "dockerlab-mark"
_NOT_YET = (RegistryUnreachable, RegistryNotAnswering, TransferInterrupted)


class Registry(Remote):
    """이 컴퓨터에서 도는 레지스트리입니다. ``with``에 쓰면 나갈 때 지웁니다.

    이 프로세스가 어떻게 끝나든 파수꾼이 지웁니다.
    """

    def __init__(
        self, container: containers.Container, login: Login | None, ca: Path | None, image: str
    ) -> None:
        super().__init__(f"localhost:{container.address[_PORT]}", login, ca=ca)
        self.image = image
        """레지스트리 프로그램이 어디서 왔는지입니다."""
        self._container = container
        self._pulled: list[str] = []

    def __enter__(self) -> Registry:
        return self

    def pull(self, name: str, report: Report = silent) -> transfer.Pulled:
        """이미지를 엔진으로 받습니다. 이 레지스트리를 닫을 때 받은 이름도 뗍니다."""
        held = transfer.held(str(self.reference(name)))
        pulled = super().pull(name, report)
        if held is None:
            self._pulled.append(str(pulled.reference))
        return pulled

    def traffic(self) -> traffic.Traffic:
        """지금까지 이 레지스트리가 받은 요청과 오간 바이트입니다. 서버 쪽의 기록입니다.

        Raises:
            MeasureError: 기록이 너무 길어 뒷부분을 잃었을 때.
        """
        # What the engine was told may be answered a moment before it is logged; our own request comes after.
        mark = f"{_MARK}={uuid.uuid4().hex}"
        self._http.ask(f"/v2/?{mark}", limit=1024)
        if len(self._container.output().encode()) >= OUTPUT_LIMIT:
            raise MeasureError(
                "레지스트리의 접근 기록이 가득 차서 뒷부분을 잃었습니다.",
                seen=f"{OUTPUT_LIMIT}바이트",
                todo="레지스트리를 새로 시작하십시오.",
            )
        self._container.wait_output(mark)
        with engine.errors_of_engine():
            told = engine.connect().client.api.stats(self._container.id, stream=False, one_shot=True)
        cards = (told.get("networks") or {}).values()
        return traffic.Traffic(
            traffic.read(self._container.output(), _MARK),
            sum(card["rx_bytes"] for card in cards),
            sum(card["tx_bytes"] for card in cards),
        )

    def close(self) -> None:
        """레지스트리와 그 안의 모든 것을 지웁니다. 여러 번 불러도 됩니다."""
        super().close()
        while self._pulled:
            transfer.forget(self._pulled.pop())
        self._container.close()


def registry(
    auth: Login | tuple[str, str] | None = None,
    tls: bool = False,
    *,
    port: int | None = None,
    name: str | None = None,
    deadline: float = LIFETIME,
    report: Report = silent,
) -> Registry:
    """진짜 레지스트리를 이 컴퓨터에 시작합니다. ``with lab.registry() as registry:``처럼 씁니다.

    주소는 ``registry.address``(``localhost:포트``)이고 127.0.0.1에서만 열립니다. ``auth``를
    ``('이름', '비밀번호')``로 정하면 로그인해야 쓸 수 있고, ``tls``가 참이면 새로 만든 CA의 인증서로 TLS를
    씁니다(``registry.ca``). 내용은 컨테이너와 함께 사라지고, ``deadline``초가 지나면 파수꾼이 지웁니다.

    Raises:
        RegistryStartFailed: 시작하지 못했을 때. PortInUse, ImageError, EngineError도 날 수 있습니다.
    """
    login = as_login(auth)
    image = images.ensure("registry", report)
    files, ca = _files(login, tls)
    container = containers.start(
        "registry",
        ["registry", "serve", _CONFIG],
        files=files,
        name=name,
        ports={_PORT: port},
        deadline=deadline,
    )
    try:
        started = Registry(container, login, ca, image.origin_text)
        _wait_ready(started, container)
    except BaseException:
        container.close()
        raise
    return started


def _files(login: Login | None, tls: bool) -> tuple[Mapping[str, bytes], Path | None]:
    files: dict[str, bytes] = {}
    http: dict[str, object] = {"addr": f":{_PORT}", "secret": secrets.token_hex(16)}
    config: dict[str, object] = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": False}},
        "storage": {"filesystem": {"rootdirectory": "/var/lib/registry"}, "delete": {"enabled": True}},
        "http": http,
    }
    ca = None
    if login:
        files[_HTPASSWD] = login.htpasswd
        config["auth"] = {"htpasswd": {"realm": "dockerlab", "path": _HTPASSWD}}
    if tls:
        authority = trustme.CA(organization_name="dockerlab")
        issued = authority.issue_cert("localhost", "127.0.0.1", "::1")
        files[_CERTIFICATE] = b"".join(part.bytes() for part in issued.cert_chain_pems)
        files[_KEY] = issued.private_key_pem.bytes()
        http["tls"] = {"certificate": _CERTIFICATE, "key": _KEY}
        ca = engine.session_directory() / f"registry-{uuid.uuid4().hex[:8]}.pem"
        with disk_errors(ca):
            authority.cert_pem.write_to_path(ca)
    files[_CONFIG] = json.dumps(config).encode()  # JSON is YAML too
    return files, ca


def _wait_ready(started: Registry, container: containers.Container) -> None:
    end = time.monotonic() + _READY_WITHIN
    while True:
        try:
            started.check()
            return
        except _NOT_YET as error:
            if time.monotonic() < end:
                time.sleep(0.05)
                continue
            raise _failed(error, container) from error


def _failed(error: DockerlabError, container: containers.Container) -> RegistryStartFailed:
    return RegistryStartFailed(
        f"레지스트리가 {_READY_WITHIN:g}초 안에 답하지 않아 지웠습니다.",
        seen=container.errors().strip()[-300:] or error.seen,
        todo="dockerlab doctor로 엔진을 점검하고 다시 시작하십시오.",
    )
