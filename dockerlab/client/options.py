"""무엇을 만들거나 호스트의 파일에 닿는 docker 명령에서 쓸 수 있는 선택 항목들입니다.

What is not listed is refused. A rule says why a value may not be used, or says nothing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping

from dockerlab.client import folders

Rule = Callable[[str], str]

_OWN = "이 과정의 컨테이너는 다른 것과 떨어져 돕니다."
_VOLUMES = "호스트의 폴더 대신 이름이 있는 볼륨을 쓰십시오(예: -v data:/data)."
_LABEL = "dockerlab."


def why_not(action: str, name: str, value: str) -> str:
    """이 선택 항목을 쓸 수 없는 까닭입니다. 써도 되면 빈 글입니다."""
    if action not in ALLOWED or name == "help":
        return ""
    rule = _RULES.get(name)
    if rule is not None and (why := rule(value)):
        return why
    if name in ALLOWED[action]:
        return ""
    return "" if rule is not None and value == "false" else "이 과정에서 쓰지 않는 선택 항목입니다."


def instead(name: str, value: str) -> str:
    """거절한 선택 항목 대신 할 수 있는 안전한 일입니다."""
    if name == "publish":
        outside, _, inside = value.rpartition(":")
        return f"-p 127.0.0.1:{outside.rpartition(':')[2]}:{inside}로 쓰십시오."
    return _INSTEAD.get(name, "그 선택 항목을 빼고 다시 실행하십시오.")


def names_of_network(value: str) -> tuple[str, ...]:
    """``--network``가 가리키는 이름들입니다. ``name=이름,alias=…``처럼 적을 수도 있습니다."""
    if "=" not in value:
        return (value,)
    return tuple(each for key, each in _fields(value) if key == "name")


def source_of_volume(value: str) -> str:
    """``-v``가 가리키는 볼륨의 이름입니다. 이름 없는 볼륨이면 빈 글입니다."""
    source, colon, _ = value.partition(":")
    return source if colon else ""


def source_of_mount(value: str) -> str:
    """``--mount``가 가리키는 볼륨의 이름입니다."""
    fields = dict(_fields(value))
    if fields.get("type", "volume") != "volume":
        return ""
    return fields.get("source") or fields.get("src") or ""


def _fields(value: str) -> list[tuple[str, str]]:
    """As docker reads them: as CSV with quotes, and keys in any case."""
    words = next(csv.reader([value]), [])
    return [(key.strip().lower(), text.strip()) for key, _, text in (word.partition("=") for word in words)]


def _never(why: str) -> Rule:
    return lambda value: "" if value == "false" else why


def _one_of(allowed: Iterable[str], why: str) -> Rule:
    return lambda value: "" if value in allowed else why


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OF_MOUNTS = _words(
    "type source src target dst destination readonly ro tmpfs-size tmpfs-mode volume-nocopy"
)


def _network(value: str) -> str:
    for name in names_of_network(value) or ("",):
        if name == "host" or name.startswith("container:") or (not name and "=" in value):
            return f"호스트나 다른 컨테이너와 네임스페이스를 함께 쓰게 됩니다. {_OWN}"
    return ""


def _volume(value: str) -> str:
    source = source_of_volume(value)
    named = not source or re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*", source)
    return "" if named else "호스트의 폴더를 컨테이너에 넣게 됩니다."


def _mount(value: str) -> str:
    fields = _fields(value)
    kinds = [text for key, text in fields if key == "type"]
    sources = [text for key, text in fields if key in ("source", "src")]
    kept = all(kind in ("volume", "tmpfs") for kind in kinds) and len(sources) < 2 and len(kinds) < 2
    kept = kept and not any(_volume(f"{source}:/") for source in sources)
    kept = kept and all(key in _OF_MOUNTS for key, _ in fields)
    return "" if kept else "볼륨과 tmpfs만 쓸 수 있습니다. 호스트의 폴더는 넣지 않습니다."


def _publish(value: str) -> str:
    alone = re.match(r"(127\.[\d.]+|\[::1\]):", value)
    return "" if alone else "모든 주소에 공개하면 같은 네트워크의 다른 컴퓨터도 닿을 수 있습니다."


def _limit(value: str) -> str:
    kept = not value.startswith("-") and re.search("[1-9]", value)
    return "" if kept else "한도를 없애면 컨테이너 하나가 이 컴퓨터를 멈추게 할 수 있습니다."


def _label(value: str) -> str:
    ours = value.strip().startswith(_LABEL)
    return f"'{_LABEL}'으로 시작하는 라벨은 과정이 치울 것을 알아보는 데에 씁니다." if ours else ""


def _security(value: str) -> str:
    safer = re.fullmatch("no-new-privileges([:=]true)?", value)
    return "" if safer else "컨테이너의 보호를 바꾸지 않습니다."


_DEVICES = _never("호스트의 장치를 컨테이너에 넣지 않습니다.")
_SHARED = f"호스트나 다른 컨테이너와 네임스페이스를 함께 쓰게 됩니다. {_OWN}"
_TERMINAL = "노트북에는 터미널이 없습니다. -it 대신 docker exec 이름 명령 …처럼 한 번에 하나씩 실행하십시오."
_SUBNETS = _never("이 컴퓨터가 쓰는 네트워크와 주소가 겹칠 수 있습니다. 주소는 엔진이 고르게 두십시오.")
_RULES: Mapping[str, Rule] = {
    "privileged": _never("컨테이너가 호스트를 마음대로 다룰 수 있게 됩니다."),
    "cap-add": _never("컨테이너에 권한을 더하지 않습니다."),
    "security-opt": _security,
    **dict.fromkeys(("device", "device-cgroup-rule", "gpus"), _DEVICES),
    "use-api-socket": _never("컨테이너가 엔진을 마음대로 다룰 수 있게 됩니다."),
    "volumes-from": _never("다른 컨테이너의 볼륨을 함께 쓰지 않습니다."),
    "cgroup-parent": _never("컨테이너의 한도를 벗어나게 됩니다."),
    "runtime": _never("엔진의 기본 런타임만 씁니다."),
    "restart": _one_of(("no",), "노트북이 끝난 뒤에도 다시 살아나게 됩니다."),
    "tty": _never(_TERMINAL),
    "volume": _volume,
    "mount": _mount,
    "publish": _publish,
    "publish-all": _never("모든 포트를 모든 주소에 공개하게 됩니다."),
    **dict.fromkeys(("memory", "memory-swap", "pids-limit", "cpus"), _limit),
    **dict.fromkeys(("oom-kill-disable", "oom-score-adj"), _never("다른 프로그램이 먼저 죽습니다.")),
    "label": _label,
    "log-driver": _one_of(("json-file", "local", "none"), "출력을 컨테이너 밖의 다른 곳으로 보내게 됩니다."),
    **dict.fromkeys(("env-file", "cidfile", "iidfile", "output", "input", "file"), folders.why_outside),
    **dict.fromkeys(("network", "net"), _network),
    **dict.fromkeys(("pid", "uts", "userns"), _never(_SHARED)),
    "ipc": _one_of(("none", "private", "shareable"), _SHARED),
    "cgroupns": _one_of(("private",), _SHARED),
    **dict.fromkeys(("subnet", "gateway", "ip-range"), _SUBNETS),
    "driver": _one_of(("bridge", "local"), "호스트의 네트워크나 다른 저장소에 닿을 수 있습니다."),
    "opt": _never("드라이버의 선택 항목으로는 호스트의 폴더와 네트워크에 닿을 수 있습니다."),
}

_HERE = "노트북이 있는 폴더나 임시 폴더의 파일을 쓰십시오."
_INSTEAD = {
    **dict.fromkeys(("volume", "mount", "volumes-from"), _VOLUMES),
    "publish-all": "-p 127.0.0.1::8080처럼 이 컴퓨터에만 공개하십시오.",
    **dict.fromkeys(("network", "net", "link"), "docker network create로 만든 네트워크를 쓰십시오."),
    **dict.fromkeys(("memory", "memory-swap", "pids-limit", "cpus"), "한도를 정하십시오(예: --memory 256m)."),
    **dict.fromkeys(("env-file", "cidfile", "iidfile", "output", "input", "file"), _HERE),
    "tty": "-it를 빼고, 명령을 docker exec로 하나씩 실행하십시오.",
    "restart": "--restart를 빼고, 멈춘 것은 docker start로 다시 켜십시오.",
    "privileged": "권한 없이 실행하십시오. 특권이 필요한 실험은 04번 노트북의 lab.workbench()에서 합니다.",
    "label-file": "--label 이름=값을 쓰십시오.",
}

_LIMITS = "memory memory-swap memory-reservation pids-limit cpus cpu-shares cpu-period cpu-quota cpuset-cpus"
_RUN = f"""{_LIMITS} cpuset-mems blkio-weight memory-swappiness shm-size ulimit init attach detach detach-keys
sig-proxy interactive rm name hostname domainname user workdir entrypoint env env-file add-host dns dns-option
dns-search expose publish network network-alias ip ip6 mac-address label cap-drop security-opt group-add
health-cmd health-interval health-retries health-start-interval health-start-period health-timeout
no-healthcheck read-only tmpfs volume mount stop-signal stop-timeout restart log-driver cidfile platform pull
quiet ipc cgroupns"""
ALLOWED: Mapping[str, frozenset[str]] = {
    "run": _words(_RUN),
    "create": _words(_RUN),
    "exec": _words("detach detach-keys env env-file interactive user workdir"),
    "update": _words(f"{_LIMITS} restart"),
    "build": _words(
        """tag file label build-arg target no-cache pull quiet rm force-rm network platform add-host iidfile
        cache-from compress shm-size ulimit memory memory-swap cpu-shares cpu-period cpu-quota cpuset-cpus
        cpuset-mems"""
    ),
    "commit": _words("author change message pause"),
    "import": _words("change message platform"),
    "save": _words("output platform"),
    "export": _words("output"),
    "load": _words("input quiet platform"),
    "cp": _words("archive follow-link quiet"),
    "network create": _words("attachable driver internal ipv4 ipv6 label scope"),
    "network connect": _words("alias ip ip6"),
    "volume create": _words("driver label"),
    "push": _words("quiet platform"),
}
"""하위 명령마다 쓸 수 있는 선택 항목입니다. 여기에 없는 하위 명령은 보기만 하거나, 가리킨 것에만 손댑니다."""
