"""채점받는 코드가 엔진에 할 수 있는 말입니다. 여기에 없는 요청은 거절합니다.

The engine's socket is as good as root. What a submission needs of it is listed here; everything else,
and everything that belongs to somebody else, is refused before it reaches the engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dockerlab.exercises.observation import ASKED_PORTS, MEMORY_CAP, PIDS_CAP

NO_FOLDERS = "채점에서는 이 컴퓨터의 폴더를 컨테이너에 마운트할 수 없습니다."
_FILE_SIZE = 256 * 2**20
_SIZE_OF_FILE = {"Name": "fsize", "Soft": _FILE_SIZE, "Hard": _FILE_SIZE}
_LOG = {"Type": "json-file", "Config": {"max-size": "2m", "max-file": "1"}}
_TARGET = re.compile(r"(?:/v\d+\.\d+)?(/[^?#]*)\Z")
_ID = r"([a-zA-Z0-9][a-zA-Z0-9_.-]*)"


class Refused(Exception):
    """거절하는 까닭입니다."""

    def __init__(self, why: str, status: int = 403) -> None:
        super().__init__(why)
        self.status = status


@dataclass
class Request:
    """엔진으로 갈 요청 하나입니다. 규칙이 ``query``와 ``body``를 고칠 수 있습니다."""

    method: str
    path: str
    query: dict[str, Any]
    body: Any = None


@dataclass(frozen=True)
class Rule:
    """요청 한 종류입니다. ``kind``와 첫 괄호가 가리키는 것은 채점받는 쪽의 것이어야 합니다.

    ``change``는 요청을 살펴 고치고, ``reply``가 있으면 엔진 대신 답합니다.
    """

    methods: str
    pattern: re.Pattern[str]
    kind: str = ""
    json: bool = False
    change: Callable[[Request, Any], None] | None = None
    reply: Callable[[Request, Any], Any] | None = None


def _rule(methods: str, path: str, kind: str = "", **more: Any) -> Rule:
    return Rule(methods, re.compile(path.replace("{}", _ID) + r"\Z"), kind, **more)


def _filtered(request: Request, desk: Any) -> None:
    request.query["filters"] = desk.filters(request.query.get("filters"))


def _only(held: dict[str, Any], allowed: str, what: str) -> dict[str, Any]:
    """The allowed keys in the one right spelling: Go reads "privileged" as "Privileged"."""
    names = allowed.split()
    for key, value in held.items():
        if key not in names and value not in (None, False, 0, "", [], {}):
            raise Refused(f"채점에서는 쓸 수 없습니다: {what}의 {key}")
    return {key: held[key] for key in names if key in held}


def _create_container(request: Request, desk: Any) -> None:
    body = _only(request.body, _CONTAINER, "컨테이너 설정")
    host = _only(_dict(body.get("HostConfig")), _HOST, "컨테이너 설정")
    for option in host.get("SecurityOpt") or ():
        if option not in ("no-new-privileges", "no-new-privileges:true"):
            raise Refused(f"채점에서는 쓸 수 없습니다: 보안 설정 {option}")
    _modes(host, desk)
    _volumes(host, desk)
    desk.image(str(body.get("Image") or ""))
    _limit(host)
    asked = json.dumps(_dict(host.get("PortBindings")))
    for bindings in _dict(host.get("PortBindings")).values():
        for binding in bindings or ():
            binding["HostIp"] = "127.0.0.1"
    joined = _only(_dict(body.get("NetworkingConfig")), "EndpointsConfig", "네트워크 설정")
    for network in _dict(joined.get("EndpointsConfig")):
        if network != "default":
            desk.joinable(network)
    body |= {"HostConfig": host, "NetworkingConfig": joined}
    body["Labels"] = _dict(body.get("Labels")) | desk.labels("container") | {ASKED_PORTS: asked}
    request.body = body


_CONTAINER = """Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts Tty OpenStdin
StdinOnce Env Cmd Healthcheck Image Volumes WorkingDir Entrypoint Labels StopSignal StopTimeout Shell
HostConfig NetworkingConfig NetworkDisabled"""
_HOST = """Memory MemorySwap MemoryReservation MemorySwappiness NanoCpus CpuShares CpuPeriod CpuQuota
CpusetCpus PidsLimit Binds Mounts Tmpfs VolumesFrom NetworkMode PidMode IpcMode UTSMode CgroupnsMode
PortBindings RestartPolicy AutoRemove CapDrop SecurityOpt ReadonlyRootfs LogConfig Ulimits ShmSize Init
Dns DnsOptions DnsSearch ExtraHosts GroupAdd ConsoleSize"""


def _dict(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused("설정의 모양이 올바르지 않습니다.", 400)
    return value


def _modes(host: dict[str, Any], desk: Any) -> None:
    """Namespaces of the host are refused; another container's only if it is one's own."""
    for key in ("NetworkMode", "PidMode", "IpcMode", "UTSMode", "CgroupnsMode"):
        mode = str(host.get(key) or "")
        if mode == "host":
            raise Refused(f"채점에서는 호스트의 네임스페이스를 쓸 수 없습니다({key}).")
        if mode.startswith("container:"):
            desk.own("container", mode.partition(":")[2])
        elif key == "NetworkMode" and mode not in ("", "default"):
            desk.joinable(mode)


def _volumes(host: dict[str, Any], desk: Any) -> None:
    for bind in host.get("Binds") or ():
        desk.volume_of_bind(str(bind).partition(":")[0])
    allowed = "Type Source Target ReadOnly TmpfsOptions"
    mounts = [_only(_dict(each), allowed, "마운트") for each in host.get("Mounts") or ()]
    for mount in mounts:
        if mount.get("Type") == "volume":
            desk.volume_of_bind(str(mount.get("Source") or ""))
        elif mount.get("Type") != "tmpfs":
            raise Refused(NO_FOLDERS)
    if mounts:
        host["Mounts"] = mounts
    for other in host.get("VolumesFrom") or ():
        desk.own("container", str(other).partition(":")[0])


def _limit(host: dict[str, Any]) -> None:
    asked = host.get("Memory") or 0
    host["Memory"] = min(asked, MEMORY_CAP) if asked > 0 else MEMORY_CAP
    host["MemorySwap"] = host["Memory"]
    pids = host.get("PidsLimit") or 0
    host["PidsLimit"] = min(pids, PIDS_CAP) if pids > 0 else PIDS_CAP
    if _dict(host.get("LogConfig")).get("Type") != "none":
        host["LogConfig"] = _LOG
    sizes = [each for each in host.get("Ulimits") or () if each.get("Name") == "nofile"]
    host["Ulimits"] = [*sizes, _SIZE_OF_FILE]


def _update_container(request: Request, desk: Any) -> None:
    body = _only(request.body, "Memory MemorySwap PidsLimit NanoCpus CpuShares RestartPolicy", "바꿀 설정")
    if body.get("Memory") or body.get("MemorySwap"):
        body["Memory"] = body["MemorySwap"] = min(max(body.get("Memory") or 0, 0) or MEMORY_CAP, MEMORY_CAP)
    if "PidsLimit" in body:
        body["PidsLimit"] = min(max(body["PidsLimit"] or 0, 0) or PIDS_CAP, PIDS_CAP)
    request.body = body


def _exec(request: Request, desk: Any) -> None:
    keys = "AttachStdin AttachStdout AttachStderr Detach DetachKeys Tty Env Cmd User WorkingDir ConsoleSize"
    request.body.pop("Container", None)  # docker-py says it twice; the path counts
    request.body = _only(request.body, keys, "exec")


def _delete_container(request: Request, desk: Any) -> None:
    request.query["v"] = "1"  # its nameless volumes carry no label and would stay


def _create_network(request: Request, desk: Any) -> None:
    allowed = "Name CheckDuplicate Driver Internal Attachable Labels Scope EnableIPv4"
    addresses = _dict(request.body.get("IPAM"))
    if addresses.get("Driver") == "default" and not any(addresses.get(key) for key in ("Options", "Config")):
        del request.body["IPAM"]  # the docker command always sends it; this one asks for nothing
    body = _only(request.body, allowed, "네트워크 설정")
    if body.get("Driver") not in (None, "", "bridge"):
        raise Refused("채점에서는 bridge 네트워크만 만들 수 있습니다.")
    body["Labels"] = _dict(body.get("Labels")) | desk.labels("network")
    request.body = body


def _join_network(request: Request, desk: Any) -> None:
    request.body = _only(request.body, "Container EndpointConfig Force", "네트워크 설정")
    desk.own("container", str(request.body.get("Container") or ""))


def _create_volume(request: Request, desk: Any) -> None:
    body = _only(request.body, "Name Driver Labels", "볼륨 설정")
    if body.get("Driver") not in (None, "", "local"):
        raise Refused("채점에서는 local 볼륨만 만들 수 있습니다.")
    if body.get("Name") and desk.exists("volume", str(body["Name"])):
        desk.own("volume", str(body["Name"]))
    body["Labels"] = _dict(body.get("Labels")) | desk.labels("volume")
    request.body = body


def _build(request: Request, desk: Any) -> None:
    query = request.query
    if query.get("version") == "2" or query.get("remote"):
        raise Refused("채점에서는 BuildKit과 원격 주소로 빌드할 수 없습니다.", 400)
    kept = {
        key: query[key] for key in ("t", "dockerfile", "q", "nocache", "buildargs", "target") if key in query
    }
    tags = kept.get("t", [])
    desk.new_images(tags if isinstance(tags, list) else [tags])
    request.query = kept | {
        "networkmode": "none",
        "rm": "1",
        "forcerm": "1",
        "memory": str(MEMORY_CAP),
        "memswap": str(MEMORY_CAP),
        "ulimits": json.dumps([_SIZE_OF_FILE]),
        "labels": desk.build_labels(query.get("labels")),
    }


def _commit(request: Request, desk: Any) -> None:
    query = request.query
    desk.own("container", query.get("container", ""))
    _tag(request, desk)
    changes = query.get("changes", [])
    if re.search("LABEL|ONBUILD", " ".join(changes), re.IGNORECASE):
        raise Refused("채점에서는 commit으로 LABEL이나 ONBUILD를 더할 수 없습니다.")
    allowed = "Cmd Entrypoint Env ExposedPorts User WorkingDir Volumes Labels StopSignal Healthcheck"
    request.body = _only(_dict(request.body), allowed, "이미지 설정")
    request.body["Labels"] = _dict(request.body.get("Labels")) | desk.labels("image")


def _pull(request: Request, desk: Any) -> None:
    query = request.query
    if query.get("fromSrc") or not query.get("fromImage"):
        raise Refused("채점에서는 파일에서 이미지를 불러올 수 없습니다.")
    desk.in_own_registry(query["fromImage"])
    request.query = {key: query[key] for key in ("fromImage", "tag") if key in query}


def _push(request: Request, desk: Any) -> None:
    name = request.path.removeprefix("/images/").removesuffix("/push")
    desk.in_own_registry(name)
    desk.own("image", f"{name}:{request.query.get('tag') or 'latest'}")


def _tag(request: Request, desk: Any) -> None:
    repository = request.query.get("repo", "")
    desk.new_images([f"{repository}:{request.query.get('tag') or 'latest'}"] if repository else [])


_NAME = r"(.+)"
# In the order of the Engine API's reference. Events, prune, load, plugins, swarm, sessions of BuildKit
# are not here: nobody may use them while being graded.
RULES = (
    _rule("GET HEAD", "/_ping"),
    _rule("GET", "/(?:version|info)"),
    _rule("GET", "/containers/json", change=_filtered),
    _rule("POST", "/containers/create", json=True, change=_create_container),
    _rule("GET", "/containers/{}/(?:json|top|logs|changes|stats|export)", "container"),
    _rule("GET HEAD", "/containers/{}/archive", "container"),
    _rule("PUT", "/containers/{}/archive", "container"),
    _rule("POST", "/containers/{}/(?:start|stop|restart|kill|pause|unpause|wait|rename|resize|attach)",
          "container"),
    _rule("POST", "/containers/{}/update", "container", json=True, change=_update_container),
    _rule("POST", "/containers/{}/exec", "container", json=True, change=_exec),
    _rule("DELETE", "/containers/{}", "container", change=_delete_container),
    _rule("GET", "/exec/{}/json", "exec"),
    _rule("POST", "/exec/{}/(?:start|resize)", "exec"),
    _rule("POST", "/images/create", change=_pull),
    _rule("GET", "/images/json", reply=lambda request, desk: desk.images(request.query)),
    _rule("GET", f"/images/{_NAME}/(?:json|history|get)", "seen image"),
    _rule("POST", f"/images/{_NAME}/tag", "seen image", change=_tag),
    _rule("POST", f"/images/{_NAME}/push", change=_push),
    _rule("DELETE", f"/images/{_NAME}", "image"),
    _rule("GET", f"/distribution/{_NAME}/json", "registry"),
    _rule("POST", "/build", change=_build),
    _rule("POST", "/commit", json=True, change=_commit),
    _rule("GET", "/networks", change=_filtered),
    _rule("POST", "/networks/create", json=True, change=_create_network),
    _rule("GET", "/networks/{}", "seen network"),
    _rule("DELETE", "/networks/{}", "network"),
    _rule("POST", "/networks/{}/(?:connect|disconnect)", "network", json=True, change=_join_network),
    _rule("GET", "/volumes", change=_filtered),
    _rule("POST", "/volumes/create", json=True, change=_create_volume),
    _rule("GET DELETE", "/volumes/{}", "volume"),
)  # fmt: skip


def rule_for(method: str, path: str) -> tuple[Rule, str, str]:
    """요청에 맞는 규칙과, 판이 없는 경로와, 가리키는 것의 이름입니다. 없으면 거절합니다."""
    plain = _TARGET.match(path)
    if plain and not re.search(r"//|/\.\.?(?:/|\Z)|[\x00-\x20\x7f]", plain[1]):
        for rule in RULES:
            found = rule.pattern.match(plain[1])
            if found and method in rule.methods.split():
                return rule, plain[1], found[1] if found.groups() else ""
    raise Refused(f"채점에서는 할 수 없는 요청입니다: {method} {path[:200]}")
