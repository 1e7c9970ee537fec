"""Docker의 구조를 그립니다: 명령이 지나는 사슬, 레이어의 더미, 이미지와 컨테이너."""

from __future__ import annotations

from dockerlab.views.picture import Picture, Sketch

CHAIN = "명령 하나가 지나는 사슬"
LAYERS = "이미지의 레이어와 컨테이너의 레이어"
INSTANCES = "이미지 하나에서 만든 컨테이너 셋"

_CHAIN_TEXT = """\
Docker 클라이언트(CLI): 사용자가 적은 명령(build, run, pull …)을 요청으로 바꿉니다.
클라이언트 → dockerd: REST API(소켓을 지나는 HTTP)
Docker 데몬(dockerd): 이미지, 컨테이너, 네트워크, 볼륨, 플러그인을 관리합니다.
dockerd → containerd: gRPC
containerd: 컨테이너의 생애(만들기, 시작, 멈춤, 지우기)를 맡습니다.
containerd → runc: shim을 거쳐 실행합니다.
runc: OCI 컨테이너, 곧 격리된 프로세스를 만들고 끝납니다. 남은 프로세스는 shim이 지킵니다.
dockerd ↔ 레지스트리(Docker Hub, ECR …): 이미지를 받고(pull) 올립니다(push)."""

_LAYERS_TEXT = """\
아래에서 위로 쌓입니다.
베이스 이미지(base image, 읽기 전용): Ubuntu, 그 위에 Python 런타임
Python 패키지(읽기 전용): RUN pip install
애플리케이션 코드(읽기 전용): COPY 또는 ADD
컨테이너 레이어(읽기·쓰기): docker run으로 컨테이너를 만들 때 함께 생깁니다.
바뀐 것은 모두 컨테이너 레이어에 남고, 이미지에는 없습니다."""

_INSTANCES_TEXT = """\
이미지(코드, 패키지, 베이스의 레이어): 설계도입니다. 읽기 전용이고, 하나로 컨테이너를 여러 개 만듭니다.
이미지 → 컨테이너 1, 2, 3: docker run
컨테이너: 실행 중인 인스턴스입니다. 저마다 읽기·쓰기 레이어와 프로세스를 가지며 서로 격리됩니다.
이미지의 레이어는 복사하지 않고 셋이 함께 씁니다."""


def chain_figure() -> Picture:
    """클라이언트에서 dockerd, containerd, runc를 지나 프로세스에 이르는 사슬을 그립니다."""
    sketch = Sketch(CHAIN, 860, 420)
    sketch.box(20, 120, 130, 90, ["Docker 클라이언트", "CLI: build, run,", "pull …"], "own")
    sketch.words(200, 152, ["REST API"], "small", "middle")
    sketch.arrow((154, 165), (246, 165))
    sketch.box(250, 56, 220, 218, kind="engine")
    sketch.words(360, 82, ["Docker 데몬 (dockerd)"], anchor="middle")
    for at, room in enumerate(("이미지", "컨테이너", "네트워크", "볼륨", "플러그인")):
        sketch.box(270, 96 + at * 34, 180, 28, [room], "shared")
    sketch.words(506, 152, ["gRPC"], "small", "middle")
    sketch.arrow((474, 165), (538, 165))
    sketch.box(542, 120, 124, 90, ["containerd", "컨테이너의 생애"], "engine")
    sketch.words(699, 152, ["shim"], "small", "middle")
    sketch.arrow((670, 165), (728, 165))
    sketch.box(732, 120, 108, 90, ["runc", "OCI 컨테이너를", "실행"], "engine")
    sketch.arrow((786, 214), (786, 316))
    sketch.box(700, 320, 140, 52, ["컨테이너", "격리된 프로세스"], "app")
    sketch.arrow((310, 278), (310, 316))
    sketch.words(302, 302, ["push"], "small", "end")
    sketch.arrow((410, 316), (410, 278))
    sketch.words(418, 302, ["pull"], "small")
    sketch.box(250, 320, 220, 52, ["레지스트리", "Docker Hub, ECR …"], "own")
    sketch.note("runc는 프로세스를 만들고 끝납니다. 그 뒤에는 shim이 프로세스를 지킵니다.")
    return Picture(CHAIN, sketch.svg(), _CHAIN_TEXT)


def layer_stack_figure() -> Picture:
    """읽기 전용 레이어의 더미와, 실행할 때만 맨 위에 생기는 읽기·쓰기 레이어를 그립니다."""
    sketch = Sketch(LAYERS, 720, 390)
    levels = (
        (60, "컨테이너 레이어", "읽기·쓰기", "written dashed", "docker run: 컨테이너와 함께 생깁니다"),
        (134, "애플리케이션 코드", "읽기 전용", "own", "COPY 또는 ADD"),
        (190, "Python 패키지", "읽기 전용", "own", "RUN pip install"),
        (246, "Python 런타임", "읽기 전용", "shared", "베이스 이미지(base image)"),
        (302, "Ubuntu", "읽기 전용", "shared", ""),
    )
    for top, name, mode, kind, made in levels:
        sketch.box(110, top, 300, 50, [name, mode], kind)
        if made and top != 246:
            sketch.words(436, top + 30, [made], "small")
    sketch.brace(424, 250, 348)
    sketch.words(446, 304, [levels[3][4]], "small")
    sketch.brace(92, 138, 348)
    sketch.words(82, 247, ["이미지"], anchor="end")
    sketch.words(82, 90, ["컨테이너"], anchor="end")
    sketch.note("아래에서 위로 쌓입니다. 바뀐 것은 모두 맨 위의 레이어에만 남습니다.")
    return Picture(LAYERS, sketch.svg(), _LAYERS_TEXT)


def image_and_containers_figure() -> Picture:
    """이미지 하나에서 ``docker run``으로 만든 컨테이너 셋을 그립니다."""
    sketch = Sketch(INSTANCES, 760, 350)
    sketch.box(20, 110, 210, 140, kind="shared")
    sketch.words(125, 136, ["이미지"], anchor="middle")
    for at, name in enumerate(("코드", "패키지", "베이스")):
        sketch.box(40, 148 + at * 31, 170, 26, [name], "own")
    sketch.words(125, 272, ["설계도, 읽기 전용"], "small", "middle")
    sketch.words(330, 170, ["docker run"], "small code", "middle")
    for at in range(3):
        top = 56 + at * 86
        sketch.arrow((234, 180), (370, 180), (400, top + 38), (426, top + 38))
        sketch.box(430, top, 310, 76, kind="shared")
        sketch.words(446, top + 24, [f"컨테이너 {at + 1}"])
        sketch.box(444, top + 36, 138, 30, ["읽기·쓰기 레이어"], "written dashed")
        sketch.box(592, top + 36, 134, 30, ["프로세스"], "app")
    sketch.note("이미지의 레이어는 복사하지 않고 셋이 함께 씁니다. 바뀐 것은 저마다의 레이어에 남습니다.")
    return Picture(INSTANCES, sketch.svg(), _INSTANCES_TEXT)
