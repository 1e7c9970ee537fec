"""Every heading, table row and checklist item of the book's chapter is found in a lesson."""

import json
import re

import pytest

# item of the outline, lesson, and what the lesson says or runs about it
OUTLINE = [
    ("A1 코드", "01", r"코드"),
    ("A1 런타임", "01", r"런타임"),
    ("A1 시스템 도구", "01", r"시스템 도구"),
    ("A1 라이브러리", "01", r"라이브러리"),
    ("A1 설정", "01", r"설정"),
    ("A2a 내 PC에서는 되는데", "02", r"내 PC에서는 되는데"),
    ("A2a 환경 일관성", "02", r"환경.{0,4}일관성"),
    ("A2b 복잡한 의존성", "02", r"의존성"),
    ("A2b 패키지화된 환경", "02", r"패키지화|패키지로 묶"),
    ("A2c 리소스 낭비", "02", r"리소스.{0,4}낭비"),
    ("A2c 경량 실행 환경", "02", r"경량|가벼운 실행"),
    ("A2d 느린 배포", "02", r"느린 배포"),
    ("A2d 빠른 시작", "02", r"빠른 시작"),
    ("B1 VM stack", "03", r"stacks_figure\(\)"),
    ("B1 hypervisor", "03", r"하이퍼바이저\(hypervisor\)"),
    ("B1 guest OS", "03", r"게스트"),
    ("B2 shared kernel", "03", r"커널을 함께 쓰는 \*\*프로세스"),
    ("B3 시작 시간", "03", r"시작 시간 \| 분 단위 \| 초 단위"),
    ("B3 크기", "03", r"크기 \| 수 GB \| 수십~수백 MB"),
    ("B3 격리 수준", "03", r"격리 수준 \| 하드웨어 수준의 완전 격리 \| 프로세스 수준"),
    ("B3 성능", "03", r"성능 \| 오버헤드 있음 \| 네이티브에 가까움"),
    ("B3 이식성", "03", r"이식성 \| 하이퍼바이저 의존 \| 어디서든 동일"),
    ("B3 리소스 사용", "03", r"리소스 사용 \| 고정 할당 \| 필요한 만큼"),
    ("B3 measured", "03", r"claims\.gather\("),
    ("C1 chain", "04", r"chain_figure\(\)"),
    ("C1 client", "04", r"클라이언트"),
    ("C1 REST API", "04", r"REST API"),
    ("C1 dockerd", "04", r"dockerd"),
    ("C1 Images", "04", r"이미지"),
    ("C1 Containers", "04", r"컨테이너"),
    ("C1 Networks", "04", r"네트워크"),
    ("C1 Volumes", "04", r"볼륨"),
    ("C1 Plugins", "04", r"플러그인"),
    ("C1 containerd", "04", r"containerd"),
    ("C1 runc", "04", r"runc"),
    ("C2 Docker Client", "05", r"클라이언트"),
    ("C2 Docker Daemon", "05", r"dockerd|데몬"),
    ("C2 Docker Registry", "05", r"레지스트리\(registry\)|레지스트리\*\*\(registry\)"),
    ("C2 Docker Hub", "05", r"Docker Hub"),
    ("C2 ECR", "05", r"ECR"),
    ("C2 containerd", "05", r"containerd"),
    ("C2 runc", "05", r"runc"),
    ("D1 layer stack", "06", r"layer_stack_figure\(\)"),
    ("D1 read-only", "06", r"읽기 전용"),
    ("D1 Ubuntu", "06", r"Ubuntu"),
    ("D1 Python runtime", "06", r"Python"),
    ("D1 RUN pip install", "06", r"RUN pip install|pip install"),
    ("D1 COPY/ADD", "06", r"COPY"),
    ("D1 read/write layer", "06", r"읽기·쓰기 레이어"),
    ("D2 image and container", "07", r"image_and_containers_figure\(\)"),
    ("D2 blueprint", "07", r"설계도"),
    ("D2 docker run", "07", r"docker run"),
    ("D2 running instance", "07", r"인스턴스"),
    ("D2 isolated", "07", r"격리"),
    ("D2 processes", "07", r"프로세스"),
    ("D3 one image, three containers", "07", r"셋|세 컨테이너|컨테이너 세"),
    ("E1 container and VM", "08", r"컨테이너와 가상 머신.{0,30}의 차이"),
    ("E1 components", "08", r"구성 요소와 저마다의 역할"),
    ("E1 image and container", "08", r"이미지와 컨테이너의 차이"),
    ("E2 engine", "08", r"엔진.{0,20}의 구조와 층마다의 역할"),
    ("E2 layers", "08", r"레이어로 이루어진 까닭"),
    ("E2 how a container comes to run", "08", r"실행되기까지의 과정"),
    ("E3 next: commands and practice", "08", r"기본 명령과 실습"),
    *((f"E3 docker {verb}", "09", rf"docker (?:\w+ )?{verb}\b|`{verb}`") for verb in (
        "run", "ps", "logs", "exec", "stop", "rm", "images", "pull", "build", "tag", "push", "inspect", "cp",
        "stats", "network", "volume", "prune",
    )),
]  # fmt: skip


def lesson(root, number):
    """What a lesson says and runs, and what came out in words (a picture has its twin in words)."""
    (path,) = (root / "notebooks").glob(f"{number}-*.ipynb")
    said = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        said.append("".join(cell["source"]))
        said += ["".join(out.get("data", {}).get("text/plain", "")) for out in cell.get("outputs", ())]
    return "\n".join(said)


@pytest.mark.parametrize(("item", "number", "pattern"), OUTLINE, ids=[item for item, *_ in OUTLINE])
def test_an_item_of_the_outline_is_in_its_lesson(root, item, number, pattern):
    assert re.search(pattern, lesson(root, number)), item


def test_every_part_of_the_outline_is_listed():
    parts = " ".join(sorted({item.split()[0] for item, *_ in OUTLINE}))
    assert parts == "A1 A2a A2b A2c A2d B1 B2 B3 C1 C2 D1 D2 D3 E1 E2 E3"
