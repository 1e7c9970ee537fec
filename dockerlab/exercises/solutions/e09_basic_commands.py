"""연습 09의 과제와 풀이입니다. 기본 명령이 엔진의 상태를 어떻게 바꾸는지 하나씩 해 봅니다."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dockerlab.exercises.model import Exercise, Given, Step, Task, Untried, Wrong
from dockerlab.exercises.observation import Box, View
from dockerlab.exercises.parameters import image, name, port, word

INSIDE = 8080
PAGE = "/www/index.html"


def _running(box: Box, wanted: str) -> Step:
    said = f"{wanted}가 돌고 있습니다." if box.running else f"{wanted}는 있으나 {box.state}."
    return Step(box.running, said)


def check_tagged(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """09-1: build와 tag."""
    page, latest = view.image(given.page), view.image(given.latest)
    if page is None:
        raise Untried(f"이름이 {given.page}인 이미지가 없습니다.")
    told = view.run(given.page, ["cat", PAGE])
    right = told.code == 0 and told.text.strip() == given.word
    seen = f"의 내용이 {told.text.strip()[:40]!r}입니다" if told.code == 0 else "을 읽을 수 없습니다"
    yield Step(right, f"이미지 안의 {PAGE}{seen}.")
    if latest is None:
        yield Step(False, f"{given.latest}라는 이름이 없습니다.", 2)
        return
    same = page["Id"] == latest["Id"]
    seen = "같은 이미지를 가리킵니다" if same else "서로 다른 이미지를 가리킵니다"
    yield Step(same, f"두 이름이 {seen}.", 2)


def check_published(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """09-2(run -d -p): 이 컴퓨터에만 포트를 공개한 컨테이너가 도는지 봅니다."""
    box = view.existing_container(given.web)
    right = view.is_image(box, given.page)
    yield Step(right, f"{given.web}의 이미지가 {given.page}{'입니다' if right else '가 아닙니다'}.")
    yield _running(box, given.web)
    bound = (box.host.get("PortBindings") or {}).get(f"{INSIDE}/tcp") or []
    if not bound:
        yield Step(False, f"컨테이너의 {INSIDE}번 포트를 공개하지 않았습니다.", 3)
        return
    only_here = all(each.get("HostIp") == "127.0.0.1" for each in bound)
    said = "이 컴퓨터에서만 닿습니다."
    yield Step(only_here, said if only_here else "다른 컴퓨터에서도 닿을 수 있는 주소로 공개했습니다.")
    outside = bound[0].get("HostPort") or "비어 있는 것"
    told = view.get(given.port) if outside == str(given.port) and box.running else None
    right = told is not None and told.code == 200 and told.text.strip() == given.word
    seen = "답합니다" if right else f"답하지 않습니다(공개한 포트: {outside})"
    yield Step(right, f"127.0.0.1의 {given.port}번 포트가 {seen}.", 2)


def check_copied(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """09-3(cp): 도는 컨테이너 안의 파일이 바뀌었는지 봅니다."""
    box = view.existing_container(given.web)
    if not box.running:
        raise Untried(f"{given.web}가 돌고 있지 않습니다. 과제 09-2부터 하십시오.")
    told = view.get(given.port)
    right = told.text.strip() == given.notice
    yield Step(right, f"지금 서버가 답하는 글: {told.text.strip()[:40]!r}.", 2)
    # Not asked of the engine's diff: it takes a file of the same size and second for unchanged.
    inside = box.exec(["cat", PAGE]).text.strip() != given.word
    said = "바꾼 글은 이 컨테이너의 읽기·쓰기 레이어에 있습니다."
    yield Step(inside, said if inside else f"이 컨테이너의 {PAGE}를 바꾸지 않았습니다.")
    kept = view.is_image(box, given.page) and view.run(given.page, ["cat", PAGE]).text.strip() == given.word
    said = f"이미지 {given.page}는 그대로입니다."
    yield Step(kept, said if kept else f"이미지 {given.page}가 바뀌었거나 다른 이미지로 띄웠습니다.")


def check_network(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """09-4(network): 두 컨테이너가 한 네트워크에서 이름으로 서로를 찾는지 봅니다."""
    if view.network(given.net) is None:
        raise Untried(f"이름이 {given.net}인 네트워크가 없습니다.")
    web, client = view.container(given.web), view.container(given.client)
    for box, wanted in ((web, given.web), (client, given.client)):
        joined = box is not None and box.running and given.net in box.networks
        seen = "붙어 있습니다" if joined else "붙어 있지 않거나 돌고 있지 않습니다"
        yield Step(joined, f"{wanted}: {given.net}에 {seen}.")
    if client is None or not client.running:
        return
    told = client.exec(["wget", "-q", "-T", "3", "-O", "-", f"http://{given.web}:{INSIDE}/"])
    found = told.code == 0
    yield Step(
        found, f"{given.client} 안에서 이름 {given.web}{'에 닿습니다' if found else '을 찾지 못합니다'}."
    )


def check_volume(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """09-5(volume): 볼륨의 파일을 읽기 전용으로 붙여 읽었는지 봅니다."""
    if view.volume(given.data) is None:
        raise Untried(f"이름이 {given.data}인 볼륨이 없습니다.")
    box = view.container(given.reader)
    if box is None:
        yield Step(False, f"이름이 {given.reader}인 컨테이너가 없습니다.", 5)
        return
    right = view.is_image(box, "dockerlab/tiny")
    yield Step(right, f"{given.reader}의 이미지가 dockerlab/tiny{'입니다' if right else '가 아닙니다'}.")
    yield _running(box, given.reader)
    mount = box.mounts.get("/data") or {}
    right = mount.get("Name") == given.data
    said = f"{given.data}가 /data에 붙어 있습니다."
    yield Step(right, said if right else f"{given.reader}의 /data가 볼륨 {given.data}가 아닙니다.")
    locked = bool(mount) and not mount.get("RW")
    yield Step(locked, f"/data가 읽기 전용{'입니다' if locked else '이 아닙니다'}.")
    told = box.exec(["cat", "/data/note"]) if box.running else None
    right = told is not None and told.code == 0 and told.text.strip() == given.word
    yield Step(right, f"볼륨에 given.word를 적은 note가 {'있습니다' if right else '없습니다'}.")


def check_cleared(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """09-6: stop과 rm."""
    web = view.existing_container(given.web)
    ended = web.raw["State"]["Status"] == "exited"
    yield Step(ended, f"{given.web}가 {'멈추었습니다' if ended else web.state}.")
    left = [each for each in (given.client, given.reader) if view.container(each) is not None]
    yield Step(not left, "나머지 컨테이너를 지웠습니다." if not left else f"아직 있는 컨테이너: {left[0]}.")
    gone = view.network(given.net) is None
    yield Step(gone, f"네트워크 {given.net}이 {'없어졌습니다' if gone else '아직 있습니다'}.")
    kept = view.volume(given.data) is not None
    yield Step(kept, f"볼륨 {given.data}가 {'남아 있습니다' if kept else '없습니다. 남겨야 합니다'}.")


_BUILD = r"""text = (
    f"FROM dockerlab/tiny\nRUN mkdir /www && echo {} > /www/index.html\nEXPOSE 8080\n"
    'CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]'
)
lab.build(text, given.page)
"""
_BUILT = _BUILD.format("{given.word}")
_TAG = 'client.images.get(given.page).tag(*given.latest.split(":"))\n'
_RUN = "client.containers.run(given.page, {}name=given.web, detach=True{})"
_AT = ', ports={{"8080/tcp": ({}, {})}}'
_WRITE = 'client.containers.get(given.{}).exec_run(["sh", "-c", f"echo {{given.notice}} > {}"])'
_CLIENT = 'client.containers.run("dockerlab/tiny", ["sleep", "600"], name=given.client, detach=True{})\n'
_NET = "client.networks.create(given.net)\n"
_VOLUME = """client.volumes.create(given.data)
client.containers.run(
    "dockerlab/tiny", ["sh", "-c", f"echo {{given.word}} > {}/note"],
    volumes={{given.data: {{"bind": "/data", "mode": "rw"}}}}, remove=True,
)
client.containers.run(
    "dockerlab/tiny", ["sleep", "600"], name=given.reader, detach=True,
    volumes={{{}: {{"bind": "{}", "mode": "{}"}}}},
)
"""
_CLEAR = """client.containers.get(given.web).{}
for name in ({}):
    client.containers.get(name).remove(force=True)
"""
_BOTH = "given.client, given.reader"

EXERCISE = Exercise(
    number="09",
    slug="basic-commands",
    title="명령이 바꾸는 것",
    intro="""
명령을 외우기보다 **엔진에서 무엇이 바뀌는지**를 보는 연습입니다. 작은 웹 서버 하나를 만들고, 띄우고,
고치고, 잇고, 남기고, 치웁니다. 익숙한 명령으로 하십시오. `lab.docker(f"...")`에 적어도 되고 `client`로 해도
됩니다.
""",
    parameters={
        "page": image("page"),
        "latest": image("page", "latest"),
        "web": name("web"),
        "client": name("client"),
        "reader": name("reader"),
        "net": name("net"),
        "data": name("data"),
        "word": word(),
        "notice": word(),
        "port": port(),
    },
    tasks=(
        Task(
            title="build와 tag",
            text="""
`dockerlab/tiny`로 `given.page`라는 이미지를 만드십시오. `/www/index.html`에 `given.word`의 값이 들어 있고,
명령을 주지 않으면 busybox의 `httpd`가 8080번 포트에서 `/www`를 답합니다. 그런 다음 **같은 이미지**에
`given.latest`라는 이름을 하나 더 붙이십시오.
""",
            answer=_BUILT + _TAG,
            check=check_tagged,
            points=3,
            hints=(
                "이미지를 만드는 일과 이름을 붙이는 일은 따로입니다. 두 번 만들 필요는 없습니다.",
                "`RUN`으로 폴더와 파일을 만들고, `CMD`에 서버를 적으십시오. 서버는 앞에서 돌아야 합니다.",
                """
                이름 붙이기는 `tag`입니다. docker-py에서는 이미지 객체에 있고 저장소와 태그를 따로 받습니다.
                """,
            ),
            explanation="""
            이름은 이미지를 가리키는 쪽지입니다. 쪽지를 하나 더 붙여도 내용은 하나이고, `latest`에도 특별한
            뜻은 없습니다.
            """,
            wrong=(
                Wrong(_BUILT, "라는 이름이 없습니다"),
                Wrong(
                    _BUILT + 'client.images.get("dockerlab/tiny").tag(*given.latest.split(":"))',
                    "서로 다른 이미지를 가리킵니다",
                ),
                Wrong(_BUILD.format("given.word") + _TAG, "내용이 'given.word'입니다"),
            ),
        ),
        Task(
            title="run: 뒤에서, 포트를 열고",
            text="""
`given.page`로 이름이 `given.web`인 컨테이너를 뒤에서 띄우고, 컨테이너의 8080번 포트를 **이 컴퓨터에서만**
(127.0.0.1) 닿는 `given.port`번 포트로 공개하십시오.
""",
            answer=_RUN.format("", _AT.format('"127.0.0.1"', "given.port")),
            check=check_published,
            points=5,
            hints=(
                "이미지에 적은 `EXPOSE`는 메모일 뿐입니다. 공개하는 일은 띄우는 사람이 합니다.",
                "docker 명령에서는 `-p`에 주소, 바깥 포트, 안쪽 포트를 콜론으로 이어 적습니다.",
                """
                docker-py의 `ports`는 사전입니다. 열쇠는 안쪽 포트, 값은 주소와 바깥 포트의 짝(tuple)입니다.
                """,
            ),
            explanation="""
            주소를 적지 않고 공개하면 같은 네트워크의 누구나 닿을 수 있습니다. 시험하는 서버는 127.0.0.1에만
            여는 습관을 들이십시오.
            """,
            wrong=(
                Wrong(_RUN.format("", ""), "포트를 공개하지 않았습니다"),
                Wrong(
                    _RUN.format("", _AT.format('"127.0.0.1"', "None")), "답하지 않습니다(공개한 포트: 비어"
                ),
                Wrong(
                    _RUN.format('["true"], ', _AT.format('"127.0.0.1"', "given.port")) + ".wait()",
                    "종료되었습니다(코드 0)",
                ),
                Wrong(
                    _RUN.format("", _AT.format('"0.0.0.0"', "given.port")),
                    "다른 컴퓨터에서도 닿을 수 있는 주소",
                ),
                Wrong(
                    'client.containers.run("dockerlab/tiny", ["sleep", "60"], name=given.web, detach=True'
                    + _AT.format('"127.0.0.1"', "given.port")
                    + ")",
                    "가 아닙니다",
                ),
            ),
        ),
        Task(
            title="cp: 도는 채로 고치기",
            text="""
`given.web`을 멈추지 말고 안의 `/www/index.html`을 `given.notice`의 값으로 바꾸십시오. 이미지는 그대로여야
합니다.
""",
            answer=_WRITE.format("web", PAGE),
            check=check_copied,
            points=4,
            hints=(
                "이미지를 다시 만들 일이 아닙니다. 도는 컨테이너 안의 파일 하나만 바꾸면 됩니다.",
                "파일을 밖에서 복사해 넣는 명령이 있고, 안에서 명령을 실행해 적어도 됩니다.",
                "`docker cp`는 파일과 `컨테이너:경로`를 받습니다. 안에서 적는다면 `exec`와 셸을 쓰십시오.",
            ),
            explanation="""
            바꾼 글은 이 컨테이너의 읽기·쓰기 레이어에만 있고, 컨테이너를 지우면 사라집니다. 정말 고칠 것은
            Dockerfile을 고쳐 새로 만듭니다.
            """,
            wrong=(
                Wrong(_WRITE.format("web", "/www/other.html"), "를 바꾸지 않았습니다"),
                Wrong(_WRITE.format("web", PAGE).replace("{given.notice}", "notice"), "답하는 글: 'notice'"),
                Wrong(
                    _BUILD.format("{given.notice}")
                    + "client.containers.get(given.web).remove(force=True)\n"
                    + _RUN.format("", _AT.format('"127.0.0.1"', "given.port")),
                    "이미지로 띄웠습니다",
                ),
            ),
        ),
        Task(
            title="network: 이름으로 찾기",
            text="""
`given.net`이라는 네트워크를 만들어 `given.web`을 **도는 채로** 붙이십시오. 그리고 `dockerlab/tiny`로 이름이
`given.client`인 컨테이너를 같은 네트워크에 뒤에서 띄우십시오(`sleep`으로 기다리게 합니다). 검사는 그 안에서
`given.web`이라는 **이름으로** 서버를 찾아봅니다.
""",
            answer=(
                _NET
                + "client.networks.get(given.net).connect(given.web)\n"
                + _CLIENT.format(", network=given.net")
            ),
            check=check_network,
            points=3,
            hints=(
                """
                기본 네트워크에서는 이름으로 찾을 수 없습니다. 직접 만든 네트워크에는 엔진의 DNS가 있습니다.
                """,
                "이미 도는 컨테이너를 붙이는 명령과, 띄울 때 네트워크를 정하는 선택 항목이 따로 있습니다.",
                "붙이기는 `network connect`이고, 띄울 때는 `--network`(docker-py에서는 `network`)입니다.",
            ),
            explanation="""
            엔진은 직접 만든 네트워크마다 이름을 답하는 DNS를 둡니다. 주소는 띄울 때마다 바뀌지만 이름은
            그대로입니다.
            """,
            wrong=(
                Wrong(_NET + _CLIENT.format(", network=given.net"), "을 찾지 못합니다"),
                Wrong(
                    _NET + "client.networks.get(given.net).connect(given.web)\n" + _CLIENT.format(""),
                    "붙어 있지 않거나",
                ),
                Wrong(_CLIENT.format(""), "네트워크가 없습니다"),
            ),
        ),
        Task(
            title="volume: 컨테이너보다 오래",
            text="""
`given.data`라는 볼륨을 만들고, `given.word`의 값을 볼륨 안의 `note`라는 파일에 적으십시오. 적은 컨테이너는
지워도 됩니다. 그런 다음 `dockerlab/tiny`로 이름이 `given.reader`인 컨테이너를 뒤에서 띄우되, 이 볼륨을
`/data`에 **읽기 전용**으로 붙이십시오.
""",
            answer=_VOLUME.format("/data", "given.data", "/data", "ro"),
            check=check_volume,
            points=5,
            hints=(
                "볼륨은 컨테이너와 따로 삽니다. 적는 컨테이너와 읽는 컨테이너를 나누어 생각하십시오.",
                "볼륨을 붙이는 선택 항목은 이름과 안쪽 경로를 받고, 끝에 방식을 더 적을 수 있습니다.",
                """
                docker 명령에서는 `-v 이름:경로:방식`, docker-py에서는 `volumes`(사전)입니다. 방식은
                `ro`입니다.
                """,
            ),
            explanation="""
            볼륨은 레이어가 아니라 컨테이너에 마운트되는 엔진의 폴더입니다. 읽기만 할 컨테이너에는 읽기
            전용으로 붙여야 실수로 지우는 일이 없습니다.
            """,
            wrong=(
                Wrong(_VOLUME.format("/tmp", "given.data", "/data", "ro"), "note가 없습니다"),
                Wrong(_VOLUME.format("/data", "given.data", "/data", "rw"), "읽기 전용이 아닙니다"),
                Wrong(_VOLUME.format("/data", "given.data", "/mnt", "ro"), "의 /data가 볼륨"),
                Wrong(
                    _VOLUME.format("/data", "given.data", "/data", "ro").replace(
                        '"dockerlab/tiny", ["sleep"', 'given.page, ["sleep"'
                    ),
                    "의 이미지가 dockerlab/tiny가 아닙니다",
                ),
            ),
        ),
        Task(
            title="stop과 rm: 하나씩 치우기",
            text="""
`given.web`은 **멈추기만** 하고, `given.client`와 `given.reader`는 지우십시오. 네트워크 `given.net`도
지웁니다. 볼륨 `given.data`는 **남겨 둡니다**. 한꺼번에 지우는 명령(prune)은 쓰지 않습니다.
""",
            answer=_CLEAR.format("stop(timeout=0)", _BOTH) + "client.networks.get(given.net).remove()",
            check=check_cleared,
            points=4,
            hints=(
                "멈추기, 지우기, 네트워크 지우기는 저마다 다른 명령입니다. 하나씩 이름으로 고르십시오.",
                "도는 컨테이너가 붙어 있는 네트워크는 지워지지 않습니다. 차례를 생각하십시오.",
                "먼저 컨테이너를 `stop`하거나 `rm`한 다음 `network rm`을 하십시오. 볼륨에는 손대지 않습니다.",
            ),
            explanation="""
            이름이나 id로 하나씩 고르면 남의 것이나 남겨 둘 것이 함께 사라지는 일이 없습니다. 볼륨은
            `docker volume rm`을 할 때까지 남습니다.
            """,
            wrong=(
                Wrong(_CLEAR.format("stop(timeout=0)", _BOTH), "아직 있습니다"),
                Wrong(
                    _CLEAR.format("stop(timeout=0)", _BOTH)
                    + "client.networks.get(given.net).remove()\nclient.volumes.get(given.data).remove()",
                    "없습니다. 남겨야 합니다",
                ),
                Wrong(_CLEAR.format("pause()", _BOTH), "일시 정지되었습니다"),
                Wrong(_CLEAR.format("stop(timeout=0)", "given.client,"), "아직 있는 컨테이너"),
            ),
        ),
    ),
)
