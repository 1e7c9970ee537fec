"""자취에 나오는 일들이 무슨 뜻인지 한국어로 말합니다."""

from __future__ import annotations

import re
from http import HTTPStatus

LANES = {
    "client": "클라이언트",
    "rest": "REST API",
    "dockerd": "dockerd",
    "containerd": "containerd",
    "runc": "runc",
    "process": "프로세스",
}
ROLES = {
    "client": "명령을 받아 요청으로 바꿉니다",
    "rest": "소켓을 지나가는 HTTP 요청입니다",
    "dockerd": "다섯 가지 객체를 맡습니다",
    "containerd": "컨테이너의 일생을 맡습니다",
    "runc": "격리된 프로세스를 만듭니다",
    "process": "커널이 돌리는 것들입니다",
}
# The five kinds of object dockerd keeps, and the types its events have.
ROOMS = {
    "Images": ("image", "builder"),
    "Containers": ("container",),
    "Networks": ("network",),
    "Volumes": ("volume",),
    "Plugins": ("plugin",),
}
OTHER = "그 밖"
PROCESSES = {"dockerd": "엔진", "containerd": "containerd", "shim": "shim", "container": "컨테이너"}

_MEANINGS = {
    "rest": (
        (r"(HEAD|GET) /_ping", "엔진이 있는지, 어느 버전의 API를 쓰는지 물었습니다."),
        (r"GET /(info|version)", "엔진이 자신에 대해 말하게 했습니다."),
        (r"POST /containers/create", "컨테이너를 만들라고 했습니다. 아직 프로세스는 없습니다."),
        (r"POST /containers/[^/]+/attach", "출력을 받으려고 연결을 통째로 넘겨받았습니다(hijack)."),
        (r"POST /containers/[^/]+/wait", "컨테이너가 끝나면 알려 달라고 하고 기다렸습니다."),
        (r"POST /containers/[^/]+/start", "만들어 둔 컨테이너를 시작하라고 했습니다."),
        (r"POST /containers/[^/]+/(stop|kill)", "컨테이너의 프로세스에 신호를 보내라고 했습니다."),
        (r"POST /containers/[^/]+/exec", "돌고 있는 컨테이너에서 실행할 명령을 정했습니다."),
        (r"POST /exec/[^/]+/start", "정해 둔 명령을 실행하고 그 입출력을 넘겨받았습니다."),
        (r"DELETE /containers/", "컨테이너를 지우라고 했습니다."),
        (r"GET /containers/[^/]+/logs", "컨테이너가 남긴 출력을 읽었습니다."),
        (r"GET /containers/[^/]+/json", "컨테이너의 설정과 상태를 물었습니다."),
        (r"GET /containers/json", "컨테이너의 목록을 물었습니다."),
        (r"GET /images/[^/]+/json", "이미지의 설정을 물었습니다."),
        (r"GET /images/json", "이미지의 목록을 물었습니다."),
        (r"POST /images/create", "레지스트리에서 이미지를 받으라고 했습니다."),
        (r"POST /build", "빌드에 쓸 파일들을 보내고 이미지를 만들라고 했습니다."),
        (r"POST /networks/create", "네트워크를 만들라고 했습니다."),
        (r"POST /volumes/create", "볼륨을 만들라고 했습니다."),
    ),
    "dockerd": (
        ("container create", "컨테이너의 설정과 읽기·쓰기 레이어를 마련했습니다."),
        ("container attach", "클라이언트를 컨테이너의 입출력에 이었습니다."),
        ("container start", "컨테이너의 프로세스가 돌기 시작했습니다."),
        ("container die", "컨테이너의 첫 프로세스가 끝났습니다."),
        ("container kill", "컨테이너의 프로세스에 신호를 보냈습니다."),
        ("container destroy", "컨테이너와 그 읽기·쓰기 레이어를 지웠습니다."),
        ("network connect", "컨테이너를 네트워크에 이었습니다."),
        ("network disconnect", "컨테이너를 네트워크에서 떼어 냈습니다."),
        ("volume mount", "볼륨을 컨테이너에 붙였습니다."),
        ("volume unmount", "볼륨을 컨테이너에서 떼어 냈습니다."),
        ("image pull", "이미지를 받았습니다."),
        ("image tag", "이미지에 이름을 붙였습니다."),
    ),
    "containerd": (
        ("/containers/create", "컨테이너의 기록을 만들었습니다. 아직 실행하지 않았습니다."),
        ("/tasks/create", "shim이 runc를 불러 프로세스를 준비했습니다."),
        ("/tasks/start", "준비한 프로세스를 시작했습니다."),
        ("/tasks/exit", "프로세스가 끝난 것을 shim이 알려 왔습니다."),
        ("/tasks/delete", "끝난 프로세스의 기록을 지웠습니다."),
        ("/containers/delete", "컨테이너의 기록을 지웠습니다."),
    ),
    "runc": (
        ("runc create", "네임스페이스와 cgroup을 만들고, 프로세스를 시작 직전에 세워 두었습니다."),
        ("runc start", "세워 둔 프로세스가 명령을 실행하게 했습니다."),
        ("runc exec", "돌고 있는 컨테이너의 네임스페이스 안에서 명령을 실행했습니다."),
        ("runc kill", "컨테이너의 프로세스에 신호를 보냈습니다."),
        ("runc delete", "cgroup처럼 남은 것을 치웠습니다."),
    ),
}
_OF_PROCESSES = {
    "dockerd": "명령을 시작하기 전부터 돌고 있었고, 끝난 뒤에도 돕니다.",
    "containerd": "명령을 시작하기 전부터 돌고 있었고, 끝난 뒤에도 돕니다.",
    "shim": "컨테이너마다 하나씩 붙어 부모 노릇을 합니다. 그래서 dockerd가 멈추어도 컨테이너는 삽니다.",
    "container": "컨테이너의 첫 프로세스입니다. 안에서는 PID 1이지만 밖에서는 여느 프로세스입니다.",
}


def meaning(lane: str, what: str, role: str = "") -> str:
    """그 일이 무슨 뜻인지 한 문장으로 말합니다. 모르는 일이면 빈 글입니다."""
    if lane == "process":
        return _OF_PROCESSES.get(role, "")
    return next((said for pattern, said in _MEANINGS.get(lane, ()) if re.match(pattern, what)), "")


def status(code: int | None) -> str:
    """HTTP의 상태를 이름과 함께 적습니다. 예: ``"201 Created"``."""
    if code is None:
        return "답이 오지 않음"
    name = HTTPStatus(code).phrase if code in {each.value for each in HTTPStatus} else ""
    return f"{code} {name}".strip()


def room(kind: str) -> str:
    """그 종류의 이벤트를 맡는 dockerd의 방입니다."""
    return next((name for name, kinds in ROOMS.items() if kind in kinds), OTHER)
