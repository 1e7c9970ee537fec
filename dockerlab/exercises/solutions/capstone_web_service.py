"""마지막 연습의 과제와 풀이입니다. 작은 웹 서비스를 만들고, 줄이고, 지키고, 보내고, 돌립니다."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

from dockerlab.exercises.model import Exercise, Given, Step, Task, Untried, Wrong
from dockerlab.exercises.observation import View
from dockerlab.exercises.parameters import choice, image, name, number, port, word
from dockerlab.exercises.preparing import registry_for

INSIDE = 8080
MIB = 2**20


def prepare(view: View, given: Given) -> None:
    """올릴 레지스트리를 띄워 둡니다."""
    registry_for(given, given.registry)


def _serves(view: View, given: Given, wanted: str, *, read_only: bool = False) -> Iterator[Step]:
    """Starts the image and asks it, also for what nobody can have prepared."""
    with view.serving(wanted, INSIDE, read_only=read_only) as (box, outside):
        how = "읽기 전용으로, 권한 없이 띄우면 " if read_only else ""
        if not outside:
            yield Step(False, f"{how}서비스가 뜨지 않습니다. 컨테이너가 {box.state}.", 2)
            return
        told = view.get(outside, "/hello")
        right = told.code == 200 and told.text.strip() == given.word
        said = f"GET /hello에 {told.code} {told.text.strip()[:40]!r}라고 답합니다."
        yield Step(right, how + said)
        missing = view.get(outside, f"/{secrets.token_hex(4)}")
        yield Step(missing.code == 404, f"없는 경로에 대한 답: {missing.code}.")


def check_web(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """capstone-1: 서비스 만들기."""
    config = view.existing_image(given.big)["Config"]
    exposed = f"{INSIDE}/tcp" in (config.get("ExposedPorts") or {})
    said = (
        f"{INSIDE}번 포트를 쓴다고 적혀 있습니다."
        if exposed
        else f"{INSIDE}번 포트를 쓴다는 말(EXPOSE)이 없습니다."
    )
    yield Step(exposed, said)
    yield from _serves(view, given, given.big)


def check_slim(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """capstone-2: 크기, 레이어, 낭비."""
    view.existing_image(given.slim)
    yield from _serves(view, given, given.slim)
    slim, tiny = view.layers(given.slim), view.layers("dockerlab/tiny")
    room = tiny.size_unpacked + MIB - slim.size_unpacked
    said = "크기가 기준 안에 있습니다." if room >= 0 else f"크기가 기준보다 {-room / MIB:.1f} MiB 큽니다."
    yield Step(room >= 0, said)
    more = len(slim.layers) - len(tiny.layers)
    said = f"바탕보다 레이어가 {more}개 많습니다."
    yield Step(more <= 2, said if more <= 2 else said + " 둘까지만 더할 수 있습니다.")
    said = (
        "낭비가 없습니다."
        if not slim.wasted_bytes
        else f"보이지 않는 바이트가 {slim.wasted_bytes:,}개 있습니다."
    )
    yield Step(not slim.wasted_bytes, said)


def check_safe(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """capstone-3: root가 아닌 사용자."""
    user = view.existing_image(given.safe)["Config"].get("User") or ""
    plain = user.partition(":")[0] not in ("", "0", "root")
    yield Step(
        plain, f"이미지의 사용자가 {user or 'root'}입니다{'.' if plain else '. root가 아니어야 합니다.'}"
    )
    told = view.run(given.safe, ["id", "-u"]) if plain else None
    number = told.text.strip() if told is not None else "0"
    right = number.isdigit() and number != "0"
    yield Step(right, f"컨테이너 안의 사용자 번호가 {number[:20] or '보이지 않음'}입니다.")
    yield from _serves(view, given, given.safe, read_only=True)


def check_health(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """capstone-4: 정말 검사하는 상태 검사."""
    test = (view.existing_image(given.healthy)["Config"].get("Healthcheck") or {}).get("Test") or []
    if not test or test[0] not in ("CMD", "CMD-SHELL"):
        yield Step(False, "이미지에 상태 검사(HEALTHCHECK)가 없습니다.", 5)
        return
    yield Step(True, "상태 검사가 있습니다.")
    command = test[1:] if test[0] == "CMD" else ["sh", "-c", test[1]]
    with view.serving(given.healthy, INSIDE) as (box, outside):
        yield Step(
            bool(outside),
            "서비스가 뜹니다." if outside else f"서비스가 뜨지 않습니다. 컨테이너가 {box.state}.",
        )
        code = box.exec(command).code
        said = f"서비스가 살아 있을 때 검사의 종료 코드가 {code}입니다."
        yield Step(code == 0, said)
    with view.idle(given.healthy) as box:
        code = box.exec(command).code
        said = f"서비스가 없을 때 검사의 종료 코드가 {code}입니다."
        yield Step(code not in (0, None), said if code else said + " 죽은 서비스를 건강하다고 합니다.", 2)


def check_pushed(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """capstone-5: 레지스트리로 보내기."""
    healthy = view.existing_image(given.healthy)
    wanted = f"web:{given.version}"
    manifest, config = view.pushed(given.registry, wanted)
    if not manifest:
        if view.image(f"localhost:{given.registry}/{wanted}") is not None:
            yield Step(False, "이름은 붙였지만 레지스트리로 올리지 않았습니다.", 3)
            return
        raise Untried(f"레지스트리 localhost:{given.registry}에 {wanted}가 없습니다.")
    yield Step(True, f"레지스트리에 {wanted}가 있습니다.")
    same = healthy["Id"] in (manifest, config)
    said = f"올라온 것은 {given.healthy}와 같은 이미지입니다."
    yield Step(same, said if same else f"올라온 것이 {given.healthy}와 다른 이미지입니다.", 2)


def check_running(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """capstone-6: 돌리기."""
    box = view.existing_container(given.service)
    same = view.is_image(box, given.healthy)
    yield Step(same, f"이미지가 {given.healthy}{'입니다' if same else '가 아닙니다'}.")
    yield Step(box.running, "돌고 있습니다." if box.running else f"컨테이너는 있으나 {box.state}.")
    told = view.get(given.port, "/hello")
    right = told.code == 200 and told.text.strip() == given.word and box.ports.get(INSIDE) == given.port
    said = (
        f"포트 {given.port}의 /hello가 답합니다."
        if right
        else f"포트 {given.port}의 /hello가 답하지 않습니다."
    )
    yield Step(right, said)
    locked = bool(box.host.get("ReadonlyRootfs"))
    yield Step(locked, f"루트 파일 시스템이 읽기 전용{'입니다' if locked else '이 아닙니다'}.")
    if not view.engine.info.get("MemoryLimit"):
        yield Step(True, "이 엔진은 메모리 한도를 걸 수 없는 곳에서 돌고 있어 보지 않았습니다.")
    else:
        limited = box.memory == 32 * MIB
        seen = f"{box.memory / MIB:.0f} MiB" if box.memory else "없음"
        yield Step(limited, f"메모리 한도: {seen}{'.' if limited else '. 32 MiB여야 합니다.'}")


_SLIM = (
    "FROM dockerlab/tiny\\nRUN mkdir -p /srv && echo {given.word} > /srv/hello\\n{more}EXPOSE 8080\\n"
    'CMD ["httpd", "-f", "-p", "8080", "-h", "/srv"]'
)


def _build(more: str, tag: str) -> str:
    """The code that builds a variation of the small service."""
    return f"more = {more!r}\nlab.build(f'{_SLIM}', given.{tag})"


_CHECK = "HEALTHCHECK --interval=2s --timeout=2s CMD {}\n"
_WGET = "wget -q -O /dev/null http://127.0.0.1:8080/hello"
_RUN = """client.containers.run(
    given.healthy, name=given.service, detach=True, ports={{"8080/tcp": ("127.0.0.1", {})}}{},
)
"""
_PUSH = """address = f"localhost:{{given.registry}}/web"
client.images.get(given.{}).tag(address, {})
print(client.images.push(address, tag={})[-300:])
"""

EXERCISE = Exercise(
    number="capstone",
    slug="web-service",
    title="작은 웹 서비스를 만들어 보내기",
    intro="""
배운 것을 모두 써서 작은 웹 서비스를 만듭니다. 서비스는 컨테이너 안의 8080번 포트에서 `GET /hello`에
`given.word`의 값을 답하고, 없는 경로에는 404로 답합니다. 처음에는 크게 만들고, 줄이고, 안전하게 하고,
스스로 상태를 알리게 한 다음, 레지스트리로 보내고 돌립니다. 과제마다 이미지의 이름이 다르므로 앞의 것이 남아
있습니다.
""",
    parameters={
        "big": image("web", "big"),
        "slim": image("web", "slim"),
        "safe": image("web", "safe"),
        "healthy": image("web", "healthy"),
        "service": name("service"),
        "word": word(),
        "port": port(),
        "registry": port(),
        "version": choice("1.0.3", "1.2.0", "2.0.1"),
        "seconds": number(600, 900),
    },
    images=("tiny", "python"),
    prepare=prepare,
    tasks=(
        Task(
            title="만들기",
            text="""
서비스를 하는 이미지를 `given.big`이라는 이름으로 만드십시오. 바탕은 자유이지만, 이 과제에서는 편한
`dockerlab/python`을 권합니다. 쓰는 포트도 이미지에 적어 두십시오. 검사는 이미지를 띄워 두 가지 경로로
물어봅니다.
""",
            answer="""
text = (
    f"FROM dockerlab/python\\nWORKDIR /srv\\nRUN echo {given.word} > hello\\nEXPOSE 8080\\n"
    'CMD ["python3", "-m", "http.server", "8080"]'
)
lab.build(text, given.big)
""",
            check=check_web,
            points=3,
            hints=(
                "파일 하나를 그대로 답하는 웹 서버면 됩니다. Python에는 그런 서버가 이미 들어 있습니다.",
                "답할 글을 담은 파일의 이름이 곧 경로입니다. 서버를 그 폴더에서 시작하십시오.",
                """
                `python3 -m http.server`에 포트를 주십시오. 작업 폴더는 `WORKDIR`, 쓰는 포트는 `EXPOSE`에
                적습니다.
                """,
            ),
            explanation="""
            `EXPOSE`는 포트를 여는 것이 아니라, 어느 포트를 쓰는지 **적어 두는** 것입니다. 여는 일은
            컨테이너를 띄우는 사람이 합니다.
            """,
            wrong=(
                Wrong(
                    'lab.build(f"FROM dockerlab/python\\nWORKDIR /srv\\nRUN echo {given.word} > hello\\n"\n'
                    '    \'CMD ["python3", "-m", "http.server", "8080"]\', given.big)',
                    "쓴다는 말(EXPOSE)이 없습니다",
                ),
                Wrong(
                    'lab.build("FROM dockerlab/python\\nWORKDIR /srv\\nRUN echo word > hello\\nEXPOSE'
                    ' 8080\\n"\n'
                    '    \'CMD ["python3", "-m", "http.server", "8080"]\', given.big)',
                    "200 'word'라고 답합니다",
                ),
                Wrong(
                    "lab.build('FROM dockerlab/python\\nEXPOSE 8080\\nCMD [\"true\"]', given.big)",
                    "서비스가 뜨지 않습니다",
                ),
            ),
        ),
        Task(
            title="줄이기",
            text="""
같은 서비스를 `given.slim`이라는 이름으로 다시 만들되, 크기는 `dockerlab/tiny`보다 1 MiB 넘게 크지 않고,
레이어는 둘까지만 더하고, 낭비는 없어야 합니다. `lab.layers(given.big)`와 견주어 보십시오.
""",
            answer=_build("", "slim"),
            check=check_slim,
            points=5,
            hints=(
                "큰 것은 서비스가 아니라 바탕입니다. 파일 하나를 답하는 데 무엇이 꼭 있어야 합니까?",
                """
                `dockerlab/tiny`의 busybox에는 작은 웹 서버 `httpd`가 들어 있습니다. `httpd --help`를 실행해
                보십시오.
                """,
                """
                `httpd`를 앞에서(`-f`) 실행하고, 포트는 `-p`, 폴더는 `-h`로 정합니다. 파일은 `RUN` 하나에서
                만드십시오.
                """,
            ),
            explanation="""
            이미지의 크기는 거의 **바탕**이 정합니다. 작은 이미지는 빨리 옮겨지고, 들어 있는 것이 적어 고칠
            취약점도 적습니다.
            """,
            wrong=(
                Wrong(
                    'lab.build(f"FROM {given.big}\\nRUN echo slim > /slim", given.slim)',
                    "크기가 기준보다",
                ),
                Wrong(
                    _build("RUN echo 1 > /1\nRUN echo 2 > /2\n", "slim"),
                    "둘까지만 더할 수 있습니다",
                ),
                Wrong(_build("RUN echo again >> /srv/hello\n", "slim"), "보이지 않는 바이트가"),
            ),
        ),
        Task(
            title="지키기",
            text="""
같은 서비스를 **root가 아닌 사용자**로 돌리는 이미지를 `given.safe`라는 이름으로 만드십시오. 검사는 읽기
전용 파일 시스템으로, 권한(capability)을 모두 빼고 띄워 봅니다. 그래도 답해야 합니다.
""",
            answer=_build("USER 65534\n", "safe"),
            check=check_safe,
            points=4,
            hints=(
                "이미지에는 어떤 사용자로 실행할지 적어 둘 수 있습니다. 적지 않으면 root입니다.",
                "이름이 없는 사용자도 번호로 쓸 수 있습니다. 0번이 root입니다.",
                """
                Dockerfile의 `USER`에 0이 아닌 번호를 적으십시오. 파일을 만드는 `RUN`보다 뒤에 두어야
                합니다.
                """,
            ),
            explanation="""
            1024보다 작은 포트를 열거나 파일을 쓰지 않는 서비스에는 root의 권한이 필요 없습니다. 없는 권한은
            빼앗기지도 않습니다.
            """,
            wrong=(
                Wrong(_build("", "safe"), "사용자가 root입니다"),
                Wrong(_build("USER 0:65534\n", "safe"), "사용자가 0:65534입니다. root가 아니어야"),
                Wrong(
                    _build("USER 65534\n", "safe") + "\nlab.build(f'FROM {given.safe}\\nCMD"
                    ' ["sh", "-c", "echo 1 > /srv/log"]\', given.safe)',
                    "서비스가 뜨지 않습니다",
                ),
            ),
        ),
        Task(
            title="상태 알리기",
            text="""
`given.safe`와 같은 서비스에 **상태 검사**(health check)를 더해 `given.healthy`라는 이름으로 만드십시오.
서비스가 답하면 종료 코드 0, 답하지 않으면 0이 아닌 명령이어야 합니다. 검사는 서비스가 없는 컨테이너에서도
그 명령을 실행해 봅니다.
""",
            answer=_build("USER 65534\n" + _CHECK.format(f"{_WGET} || exit 1"), "healthy"),
            check=check_health,
            points=5,
            hints=(
                "프로세스가 살아 있다고 서비스가 살아 있는 것은 아닙니다. 손님이 하듯이 물어보아야 합니다.",
                """
                Dockerfile의 `HEALTHCHECK`에 명령을 적습니다. busybox에는 HTTP로 물어보는 `wget`이 있습니다.
                """,
                """
                받은 내용은 버리고 종료 코드만 쓰면 됩니다. 컨테이너 안에서는 `127.0.0.1`의 8080번
                포트입니다.
                """,
            ),
            explanation="""
            엔진은 이 명령을 때마다 실행하여 `healthy`와 `unhealthy`를 적어 둡니다. 늘 성공하는 검사는
            없느니만 못합니다. 죽은 서비스를 건강하다고 말하기 때문입니다.
            """,
            wrong=(
                Wrong(_build("USER 65534\n", "healthy"), "상태 검사(HEALTHCHECK)가 없습니다"),
                Wrong(
                    _build("USER 65534\n" + _CHECK.format("true"), "healthy"),
                    "죽은 서비스를 건강하다고 합니다",
                ),
                Wrong(
                    _build("USER 65534\n" + _CHECK.format(_WGET.replace("8080", "80")), "healthy"),
                    "살아 있을 때 검사의 종료 코드가 1입니다",
                ),
            ),
        ),
        Task(
            title="보내기",
            text="""
이 컴퓨터의 `given.registry`번 포트에 진짜 레지스트리를 띄워 두었습니다. `given.healthy`를 그 레지스트리의
`web`이라는 저장소에 태그 `given.version`으로 올리십시오. 레지스트리의 주소는 `localhost`와 포트로 적습니다.
""",
            answer=_PUSH.format("healthy", "given.version", "given.version"),
            check=check_pushed,
            points=3,
            hints=(
                "어디로 올릴지는 이미지의 이름에 적혀 있습니다. 이름의 맨 앞이 레지스트리의 주소입니다.",
                """
                먼저 새 이름을 붙이고(tag), 그 이름으로 올립니다(push). 이름을 붙인다고 이미지가 복사되지는
                않습니다.
                """,
                """
                이름은 `localhost:포트/web`이고 태그는 따로 줍니다. 만든 이미지는 `client.images`에서
                찾습니다.
                """,
            ),
            explanation="""
            태그는 가리키는 이름일 뿐이고, 내용은 다이제스트가 말합니다. 레지스트리에 올라온 것의
            다이제스트를 엔진의 것과 견주어 같은 이미지인지 확인했습니다.
            """,
            wrong=(
                Wrong(_PUSH.format("healthy", '"latest"', '"latest"'), "가 없습니다"),
                Wrong(
                    'client.images.get(given.healthy).tag(f"localhost:{given.registry}/web", given.version)',
                    "이름은 붙였지만",
                ),
                Wrong(_PUSH.format("slim", "given.version", "given.version"), "다른 이미지입니다"),
            ),
        ),
        Task(
            title="돌리기",
            text="""
`given.healthy`로 이름이 `given.service`인 컨테이너를 뒤에서 띄우십시오. 이 컴퓨터의 `127.0.0.1`에
`given.port`번 포트로 공개하고, 루트 파일 시스템은 **읽기 전용**, 메모리 한도는 **32 MiB**입니다. 띄운 뒤
브라우저나 `urllib`로 열어 보십시오.
""",
            answer=_RUN.format("given.port", ', read_only=True, mem_limit="32m"'),
            check=check_running,
            points=5,
            hints=(
                """
                네 가지를 정합니다: 이름, 포트, 읽기 전용, 메모리. 명령은 이미지에 적혀 있으므로 주지
                않습니다.
                """,
                "`docker run`의 `-p`, `--read-only`, `--memory`에 해당하는 인자를 찾으십시오.",
                """
                포트는 안쪽 포트에서 바깥쪽 주소와 포트로 가는 사전입니다. 바깥쪽은 주소와 포트의 쌍으로
                적을 수 있습니다.
                """,
            ),
            explanation="""
            만든 곳과 다른 곳에서도 이 한 줄이면 같은 서비스가 뜹니다. 이미지가 코드, 런타임, 도구,
            라이브러리, 설정을 모두 담고 있기 때문입니다.
            """,
            wrong=(
                Wrong(_RUN.format("given.port", ', mem_limit="32m"'), "읽기 전용이 아닙니다"),
                Wrong(_RUN.format("given.port", ", read_only=True"), "메모리 한도: 없음"),
                Wrong(
                    _RUN.format("None", ', read_only=True, mem_limit="32m"'), "의 /hello가 답하지 않습니다"
                ),
            ),
        ),
    ),
)
