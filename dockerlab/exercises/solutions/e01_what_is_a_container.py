"""연습 01의 과제와 풀이입니다. 컨테이너를 이루는 다섯 가지를 손으로 만집니다."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from random import Random
from typing import Any

from dockerlab.exercises.model import Exercise, Given, Step, Task, Untried, Wrong
from dockerlab.exercises.observation import Box, View
from dockerlab.exercises.parameters import choice, name, number, word

SCRIPT = "/srv/greet.sh"


def _running(view: View, wanted: str, image: str) -> Generator[Step, None, Box]:
    """The first two questions of most tasks: is it there and of the right image, and does it run?"""
    box = view.existing_container(wanted)
    right = view.is_image(box, image)
    wrong = f"컨테이너 {wanted}의 이미지가 dockerlab/{image}가 아닙니다."
    said = f"이미지는 dockerlab/{image}입니다." if right else wrong
    yield Step(right, said)
    said = f"컨테이너 {wanted}가 돌고 있습니다." if box.running else f"컨테이너는 있으나 {box.state}."
    yield Step(box.running, said)
    return box


def check_running(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """01-1: 돌고 있는 컨테이너 하나."""
    yield from _running(view, given.box, "tiny")


def check_settings(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """01-2: 설정(환경 변수)은 컨테이너의 것입니다."""
    box = yield from _running(view, given.app, "tiny")
    found = box.environment.get("GREETING")
    if found is None:
        yield Step(False, "컨테이너의 설정에 환경 변수 GREETING이 없습니다.", 2)
    elif found != given.word:
        yield Step(False, f"환경 변수 GREETING의 값이 {found!r}입니다. given.word와 다릅니다.", 2)
    else:
        yield Step(True, "환경 변수 GREETING이 컨테이너의 설정에 있습니다.", 2)


def check_code(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """01-3: 코드를 넣고, 무작위로 고른 인자로 실행해 봅니다."""
    box = view.container(given.box)
    if box is None or not box.running:
        raise Untried(f"컨테이너 {given.box}가 돌고 있지 않습니다. 과제 01-1부터 하십시오.")
    there = box.exec(["test", "-f", SCRIPT]).code == 0
    if not there:
        raise Untried(f"컨테이너 {given.box} 안에 {SCRIPT} 파일이 없습니다.")
    yield Step(True, f"{SCRIPT} 파일이 있습니다.")
    for name_ in ("손님", f"손님{Random().randrange(1000, 10000)}"):
        told = box.exec(["sh", SCRIPT, name_])
        if told.code != 0:
            yield Step(False, f"실행하면 오류로 끝납니다(종료 코드 {told.code}).", 1)
            return
        right = told.text.strip() == f"{given.word} {name_}"
        said = f"인자 {name_!r}에 {told.text.strip()[:60]!r}라고 답합니다."
        yield Step(right, said)


def check_default_command(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """01-4: 이미지의 설정을 읽습니다."""
    config = view.image(given.image)["Config"]
    command = config.get("Cmd")
    if answer == " ".join(command or ()) and isinstance(answer, str) and answer:
        yield Step(False, "명령을 찾았지만 글 하나로 답했습니다. 낱말의 목록으로 답하십시오.", 2)
        return
    if not isinstance(answer, list):
        yield Step(False, f"낱말의 목록(list)으로 답하십시오. 지금은 {type(answer).__name__}입니다.", 2)
        return
    right = answer == command
    ending = "입니다" if right else "이 아닙니다"
    yield Step(right, f"{given.image} 이미지의 기본 명령{ending}: {answer!r}", 2)


def check_twin(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """01-5: 같은 이미지의 두 컨테이너는 서로의 변경을 모릅니다."""
    twin = yield from _running(view, given.twin, "tiny")
    box = view.container(given.box)
    first = box is not None and box.running and box.exec(["test", "-f", SCRIPT]).code == 0
    yield Step(first, f"{given.box}에는 {SCRIPT}가 {'있습니다' if first else '없습니다. 그대로 두십시오'}.")
    without = twin.running and twin.exec(["test", "-e", SCRIPT]).code == 1
    ending = "없습니다" if without else "있거나, 확인할 수 없습니다"
    yield Step(without, f"{given.twin}에는 {SCRIPT}가 {ending}.")


def check_removed(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """01-6: 하나만 치웁니다."""
    others = [view.container(each) for each in (given.box, given.twin)]
    if view.container(given.app) is None and not any(others):
        raise Untried("세 컨테이너가 모두 없습니다. 앞의 과제부터 하십시오.")
    app = view.container(given.app)
    gone = app is None
    yield Step(gone, f"{given.app}가 {'없어졌습니다' if gone else f'아직 있습니다({app.state})'}.")
    kept = all(box is not None and box.running for box in others)
    ending = "그대로 돕니다" if kept else "그대로 돌고 있어야 합니다"
    yield Step(kept, f"{given.box}, {given.twin}: {ending}.")


EXERCISE = Exercise(
    number="01",
    slug="what-is-a-container",
    title="컨테이너를 이루는 다섯 가지",
    intro="""
컨테이너는 **코드, 런타임, 시스템 도구, 라이브러리, 설정**을 하나로 묶은 단위라고 했습니다.
이 연습에서는 컨테이너를 직접 띄워 그 다섯 가지를 하나씩 만져 봅니다.
""",
    parameters={
        "box": name("box"),
        "app": name("app"),
        "twin": name("twin"),
        "word": word(),
        "image": choice("tiny", "debian", "python"),
        "seconds": number(600, 900),
    },
    images=("tiny", "debian", "python"),
    tasks=(
        Task(
            title="돌고 있는 컨테이너",
            text="""
`dockerlab/tiny` 이미지로 이름이 `given.box`인 컨테이너를 **뒤에서(detached)** 띄우십시오. 검사할 때에도
돌고 있어야 하므로, 안에서 `sleep`으로 `given.seconds`초 동안 기다리게 합니다.
""",
            answer="""
client.containers.run("dockerlab/tiny", ["sleep", str(given.seconds)], name=given.box, detach=True)
""",
            check=check_running,
            points=2,
            hints=(
                "컨테이너는 첫 프로세스가 끝나면 함께 끝납니다. 무엇을 첫 프로세스로 삼아야 계속 돌까요?",
                """
                `client.containers.run`에는 이미지, 명령, 이름을 줍니다. 셀이 끝나기를 기다리지 않게 하는
                인자도 있습니다.
                """,
                """
                이름은 `name`, 뒤에서 돌리기는 `detach` 인자입니다. 명령은 낱말의 목록으로 주고, 수는 글로
                바꿉니다.
                """,
            ),
            explanation="""
            컨테이너는 상자가 아니라 **프로세스**입니다. 첫 프로세스(PID 1)가 살아 있는 동안만 컨테이너가
            돕니다.
            """,
            wrong=(
                Wrong(
                    'client.containers.run("dockerlab/tiny", ["true"], name=given.box, detach=True).wait()',
                    "종료되었습니다(코드 0)",
                ),
                Wrong(
                    'client.containers.create("dockerlab/tiny", ["sleep", "600"], name=given.box)',
                    "만들어졌으나 시작되지 않았습니다",
                ),
                Wrong(
                    'client.containers.run("dockerlab/debian", ["sleep", "9"], name=given.box, detach=True)',
                    "이미지가 dockerlab/tiny가 아닙니다",
                ),
                Wrong(
                    'client.containers.run("dockerlab/tiny", ["cat"], name="x" + given.box, detach=True)',
                    "컨테이너가 없습니다",
                ),
            ),
        ),
        Task(
            title="설정: 환경 변수",
            text="""
이번에는 이름이 `given.app`인 컨테이너를 같은 이미지로 띄우되, **환경 변수**(environment variable)
`GREETING`의 값이 `given.word`가 되게 하십시오. 컨테이너를 만들 때의 설정이어야 합니다.
""",
            answer="""
client.containers.run(
    "dockerlab/tiny", ["sleep", "600"], name=given.app, detach=True,
    environment={"GREETING": given.word},
)
""",
            check=check_settings,
            points=4,
            hints=(
                "셸 안에서 변수를 정하면 그 셸만 압니다. 컨테이너의 설정은 컨테이너를 만들 때 정해집니다.",
                """
                `docker inspect`에서 `Config` 아래의 `Env`가 컨테이너의 환경 변수입니다. 거기에 나와야
                합니다.
                """,
                """
                `run`의 인자 가운데 이름과 값의 사전(dict)을 받는 것이 있습니다. docker 명령에서는
                `-e`입니다.
                """,
            ),
            explanation="""
            환경 변수는 이미지의 것과 컨테이너를 만들 때 준 것이 합쳐져 컨테이너의 **설정**에 남습니다.
            그래서 이미지를 고치지 않고도 같은 코드를 다르게 움직일 수 있습니다.
            """,
            wrong=(
                Wrong(
                    'command = ["sh", "-c", f"GREETING={given.word} sleep 600"]\n'
                    'client.containers.run("dockerlab/tiny", command, name=given.app, detach=True)',
                    "설정에 환경 변수 GREETING이 없습니다",
                ),
                Wrong(
                    'client.containers.run("dockerlab/tiny", ["sleep", "600"], name=given.app, detach=True,'
                    ' environment={"GREETING": "given.word"})',
                    "값이 'given.word'입니다",
                ),
                Wrong(
                    'client.containers.run("dockerlab/tiny", ["false"], name=given.app, detach=True,'
                    ' environment={"GREETING": given.word}).wait()',
                    "종료되었습니다(코드 1)",
                ),
            ),
        ),
        Task(
            title="코드: 돌고 있는 컨테이너에 넣기",
            text="""
`given.box` 안에 `/srv/greet.sh` 파일을 만드십시오. `sh /srv/greet.sh 이름`을 실행하면 `given.word`의 값,
빈칸 하나, 그리고 받은 이름을 한 줄로 찍어야 합니다. 예를 들어 `given.word`가 `바다-100`이면 `sh
/srv/greet.sh 손님`은 `바다-100 손님`을 찍습니다. 검사할 때는 처음 보는 이름으로 불러 봅니다.
""",
            answer="""
box = client.containers.get(given.box)
box.exec_run(["sh", "-c", f"mkdir -p /srv; echo 'echo {given.word} $1' > /srv/greet.sh"])
""",
            check=check_code,
            points=3,
            hints=(
                """
                컨테이너 안의 파일을 만드는 길은 둘입니다. 안에서 명령을 실행하거나, 밖에서 파일을 복사해
                넣습니다.
                """,
                """
                돌고 있는 컨테이너 안에서 명령을 하나 더 실행하는 것이 `exec`입니다. 폴더가 없으면 먼저
                만드십시오.
                """,
                "셸 스크립트에서 첫째 인자는 `$1`입니다. 만들 때 바로 풀리지 않도록 작은따옴표로 감싸십시오.",
            ),
            explanation="""
            넣은 파일은 이미지가 아니라 이 컨테이너의 **읽기·쓰기 레이어**에 적혔습니다. 그것을 읽어
            실행하는 `sh`가 이 코드의 런타임(runtime)입니다.
            """,
            wrong=(
                Wrong(
                    'client.containers.get(given.box).exec_run(["sh", "-c",'
                    " f\"mkdir -p /srv; echo 'echo {given.word} 손님' > /srv/greet.sh\"])",
                    "라고 답합니다",
                ),
                Wrong(
                    'client.containers.get(given.box).exec_run(["sh", "-c",'
                    " f\"mkdir -p /srv; echo 'exit 3' > /srv/greet.sh\"])",
                    "종료 코드 3",
                ),
                Wrong(
                    'client.containers.get(given.box).exec_run(["mkdir", "-p", "/srv"])', "파일이 없습니다"
                ),
            ),
        ),
        Task(
            title="설정은 이미지에도 있다",
            text="""
컨테이너에 명령을 주지 않으면 이미지의 **기본 명령**(Cmd)이 실행됩니다. 과정 이미지 `given.image`(엔진에서의
이름은 `dockerlab/` 뒤에 이것을 붙인 것)의 기본 명령을 엔진에서 읽어, 낱말의 목록(list)으로 `answer`에
담으십시오.
""",
            answer="""
answer = client.images.get(f"dockerlab/{given.image}").attrs["Config"]["Cmd"]
""",
            check=check_default_command,
            points=2,
            hints=(
                "컨테이너를 띄워 짐작하지 말고, 이미지가 들고 있는 설정을 엔진에 물어보십시오.",
                """
                이미지를 자세히 보여 주는 것이 `inspect`입니다. docker-py에서는 이미지의 `attrs`에 있습니다.
                """,
                "`Config` 아래의 `Cmd`입니다. 이미 목록이므로 글로 합치지 마십시오.",
            ),
            explanation="""
            이미지는 파일만이 아니라 기본 명령, 환경 변수, 사용자 같은 **설정**도 함께 들고 다닙니다.
            """,
            wrong=(
                Wrong(
                    'answer = client.images.get(f"dockerlab/{given.image}").attrs["Config"]["Cmd"][0]',
                    "글 하나로",
                ),
                Wrong("answer = [given.image]", "기본 명령이 아닙니다"),
                Wrong("answer = 1", "지금은 int입니다"),
            ),
            asks_value=True,
        ),
        Task(
            title="하나의 이미지, 두 컨테이너",
            text="""
같은 이미지로 이름이 `given.twin`인 컨테이너를 하나 더 띄우십시오. 검사는 `given.box`에는 여전히
`/srv/greet.sh`가 있고 `given.twin`에는 **없는지** 봅니다. 왜 없을지 먼저 생각해 보십시오.
""",
            answer="""
client.containers.run("dockerlab/tiny", ["sleep", "600"], name=given.twin, detach=True)
""",
            check=check_twin,
            points=4,
            hints=(
                "과제 01-3에서 넣은 파일은 어디에 적혔습니까? 이미지입니까, 컨테이너입니까?",
                """
                이미지는 읽기 전용입니다. 같은 이미지에서 만든 컨테이너는 저마다 빈 읽기·쓰기 레이어로
                시작합니다.
                """,
                "따로 할 일은 없습니다. 과제 01-1과 같은 방법으로, 이름만 바꾸어 띄우십시오.",
            ),
            explanation="""
            이미지는 설계도이고 컨테이너는 그것으로 만든 실체입니다. 한 컨테이너에서 바꾼 것은 이미지에도,
            다른 컨테이너에도 나타나지 않습니다.
            """,
            wrong=(
                Wrong(
                    'twin = client.containers.run("dockerlab/tiny", ["sleep", "600"],'
                    " name=given.twin, detach=True)\n"
                    'twin.exec_run(["sh", "-c", "mkdir -p /srv; touch /srv/greet.sh"])',
                    "있거나, 확인할 수 없습니다",
                ),
                Wrong(
                    'copy = client.containers.get(given.box).commit(f"practice-{given.token}/copy")\n'
                    'client.containers.run(copy.id, ["sleep", "600"], name=given.twin, detach=True)',
                    "이미지가 dockerlab/tiny가 아닙니다",
                ),
                Wrong(
                    'client.containers.get(given.box).exec_run(["rm", "/srv/greet.sh"])\n'
                    'client.containers.run("dockerlab/tiny", ["sleep", "600"], name=given.twin, detach=True)',
                    "없습니다. 그대로 두십시오",
                ),
            ),
        ),
        Task(
            title="치우기",
            text="""
`given.app`만 **완전히 지우십시오**. 멈추기만 한 컨테이너는 목록에 남습니다. 나머지 둘은 계속 돌고 있어야
합니다.
""",
            answer="""
client.containers.get(given.app).remove(force=True)
""",
            check=check_removed,
            points=2,
            hints=(
                "멈춘 컨테이너는 사라진 것이 아닙니다. `docker ps -a`를 보십시오.",
                """
                멈추기와 지우기는 다른 일입니다. 돌고 있는 것을 한 번에 지우려면 강제로 하겠다고 말해야
                합니다.
                """,
                """
                `remove`에 `force`를 주거나, `stop`한 다음 `remove`하십시오. 이름으로 하나를 고르는 것은
                `get`입니다.
                """,
            ),
            explanation="""
            컨테이너를 지우면 그 읽기·쓰기 레이어도 함께 사라집니다. 남겨야 할 자료는 볼륨(volume)에 둡니다.
            """,
            wrong=(
                Wrong("client.containers.get(given.app).stop(timeout=0)", "아직 있습니다(종료되었습니다"),
                Wrong("client.containers.get(given.app).pause()", "아직 있습니다(일시 정지"),
                Wrong(
                    "for name in (given.app, given.twin):\n"
                    "    client.containers.get(name).remove(force=True)",
                    "그대로 돌고 있어야 합니다",
                ),
            ),
        ),
    ),
)
