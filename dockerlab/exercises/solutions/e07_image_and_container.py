"""연습 07의 과제와 풀이입니다. 설계도 하나로 인스턴스를 만들고, 바꾸고, 멈추고, 지우고, 굳힙니다."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dockerlab.exercises.model import Exercise, Given, Step, Task, Untried, Wrong
from dockerlab.exercises.observation import Box, View
from dockerlab.exercises.parameters import image, name, number, word
from dockerlab.exercises.preparing import image_for

_NOTICE = "낡은"
_SHOP = f"""FROM dockerlab/tiny
ENV SHOP=본점
RUN mkdir /shop && head -c {{}} /dev/zero > /shop/catalogue && echo {_NOTICE} > /shop/notice
CMD ["sleep", "900"]
"""
_LOOK = r"cat /shop/notice && tr -d '\0' < /shop/catalogue"
_CHANGED, _ADDED, _DELETED = range(3)


def prepare(view: View, given: Given) -> None:
    """작은 가게의 이미지를 만들어 둡니다."""
    image_for(given, given.shop, _SHOP.format(given.kib * 1024))


def _right_image(view: View, given: Given, box: Box, wanted: str) -> Step:
    right = view.is_image(box, given.shop)
    return Step(right, f"{wanted}의 이미지가 {given.shop}{'입니다' if right else '이 아닙니다'}.")


def _running(box: Box, wanted: str) -> Step:
    return Step(
        box.running, f"{wanted}가 돌고 있습니다." if box.running else f"{wanted}는 있으나 {box.state}."
    )


def _written(box: Box) -> dict[str, int]:
    """What the read/write layer holds; the folder itself is always changed along with its files."""
    return {each["Path"]: each["Kind"] for each in box.api.diff(box.id) or ()}


def check_instances(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """07-1: 설계도 하나, 인스턴스 둘."""
    first, second = view.existing_container(given.first), view.existing_container(given.second)
    for box, wanted in ((first, given.first), (second, given.second)):
        yield _right_image(view, given, box, wanted)
        yield _running(box, wanted)
    kept = first.environment.get("SHOP")
    said = f"{given.first}의 SHOP은 {kept!r}입니다."
    yield Step(kept == "본점", said if kept == "본점" else said + " 설계도의 기본값 그대로여야 합니다.")
    found = second.environment.get("SHOP")
    said = f"{given.second}의 SHOP은 {found!r}입니다."
    yield Step(found == given.word, said if found == given.word else said + " given.word와 다릅니다.")


def check_layer(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """07-2: 읽기·쓰기 레이어에 남는 세 가지."""
    first, second = view.existing_container(given.first), view.existing_container(given.second)
    written = _written(first)
    if not written:
        raise Untried(f"{given.first}의 읽기·쓰기 레이어가 비어 있습니다.")
    told = first.exec(["cat", "/shop/order"])
    right = written.get("/shop/order") == _ADDED and told.text.strip() == given.word
    said = "주문서(/shop/order)가 새로 생겼습니다."
    seen = f"내용이 {told.text.strip()[:40]!r}입니다" if told.code == 0 else "없습니다"
    yield Step(right, said if right else f"{given.first}의 /shop/order: {seen}.")
    gone = written.get("/shop/notice") == _DELETED
    said = "공지(/shop/notice)를 지웠습니다."
    yield Step(gone, said if gone else "/shop/notice가 아직 있습니다. 비우는 것과 지우는 것은 다릅니다.")
    touched = sorted(path for path in _written(second) if path.startswith("/shop/"))
    # The engine's diff takes a file of the same size and second for unchanged: also look inside.
    if not touched and second.running and second.exec(["sh", "-c", _LOOK]).text != f"{_NOTICE}\n":
        touched = ["/shop의 파일"]
    said = f"{given.second}에서는 아무것도 바뀌지 않았습니다."
    yield Step(not touched, said if not touched else f"{given.second}에서도 바뀌었습니다: {touched[0]}.")


def check_copy_up(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """07-3: 카피업."""
    second = view.existing_container(given.second)
    before = given.kib * 1024
    told = second.exec(["stat", "-c", "%s", "/shop/catalogue"]).text.strip()
    longer = told == str(before + 1)
    said = "/shop/catalogue에 꼭 한 바이트를 덧붙였습니다."
    yield Step(longer, said if longer else f"{given.second}의 /shop/catalogue가 {told}바이트입니다.")
    if answer == 1:
        yield Step(False, "덧붙인 만큼이 아닙니다. 레이어에 저장된 파일의 크기를 찾으십시오.", 2)
    elif answer == before:
        yield Step(False, "덧붙이기 전의 크기입니다.", 2)
    else:
        right = type(answer) is int and answer == before + 1
        yield Step(
            right, f"레이어에 저장된 크기{'입니다' if right else '가 아닙니다'}: {str(answer)[:40]}.", 2
        )


def check_stopped(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """07-4: 멈춘 것과 지운 것."""
    first, second = view.container(given.first), view.existing_container(given.second)
    if first is None:
        yield Step(False, f"{given.first}를 지웠습니다. 멈추기만 해야 합니다.", 2)
    else:
        ended = first.raw["State"]["Status"] == "exited"
        yield Step(ended, f"{given.first}가 {'멈추었습니다' if ended else first.state}.")
        kept = _written(first).get("/shop/order") == _ADDED
        yield Step(kept, f"주문서는 {given.first}에 {'남아 있습니다' if kept else '없습니다'}.")
    yield _running(second, given.second)
    yield _right_image(view, given, second, given.second)
    fresh = "/shop/catalogue" not in _written(second)
    said = f"{given.second}는 설계도의 처음 모습입니다."
    yield Step(fresh, said if fresh else f"{given.second}의 /shop/catalogue가 아직 바뀐 채입니다.")


def _more_layers(view: View, given: Given, wanted: str) -> int | None:
    """How many layers there are above those of the shop; None if it does not stand on them."""
    layers, below = (view.existing_image(each)["RootFS"]["Layers"] for each in (wanted, given.shop))
    return len(layers) - len(below) if layers[: len(below)] == below else None


def check_committed(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """07-5: 굳힌 이미지."""
    more = _more_layers(view, given, given.saved)
    seen = f"{more}개 많습니다" if more is not None else f"{given.shop} 위에 쌓이지 않았습니다"
    yield Step(more == 1, f"{given.saved}의 레이어: {seen}.", 2)
    told = view.run(given.saved, ["cat", "/shop/order"])
    right = told.code == 0 and told.text.strip() == given.word
    yield Step(right, f"주문서가 굳힌 이미지에 {'있습니다' if right else '없습니다'}.")
    gone = view.run(given.saved, ["test", "-e", "/shop/notice"]).code == 1
    yield Step(gone, f"지운 공지는 굳힌 이미지에서 {'보이지 않습니다' if gone else '다시 보입니다'}.")


def check_branch(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """07-6: 설정만 다른 이미지."""
    found = view.existing_image(given.branch)
    other = found["Id"] != view.image(given.shop)["Id"]
    said = "이미지의 id가 다릅니다." if other else "같은 이미지에 이름만 하나 더 붙였습니다."
    yield Step(other, said)
    more = _more_layers(view, given, given.branch)
    seen = f"{more}개 더 있습니다" if more is not None else f"{given.shop}의 것과 다릅니다"
    yield Step(more == 0, "레이어를 모두 나누어 씁니다." if more == 0 else f"레이어가 {seen}.")
    settings = dict(each.split("=", 1) for each in found["Config"].get("Env") or () if "=" in each)
    seen = settings.get("SHOP")
    yield Step(seen == given.word, f"이미지의 설정에서 SHOP의 값은 {seen!r}입니다.")


_START = """client.containers.run(given.shop, name=given.first, detach=True{})
client.containers.run(given.shop, name=given.second, detach=True{})
"""
_WORD = ', environment={"SHOP": given.word}'
_AGAIN = (
    "client.containers.get(given.second).remove(force=True)\n"
    f"client.containers.run(given.shop, name=given.second, detach=True{_WORD})\n"
)
_INSIDE = """for name in {}:
    client.containers.get(name).exec_run(["sh", "-c", f"echo {{given.word}} > /shop/order; {}"])
"""

EXERCISE = Exercise(
    number="07",
    slug="image-and-container",
    title="설계도 하나, 인스턴스 여럿",
    intro="""
이미지는 바뀌지 않는 **설계도**이고, 컨테이너는 그것으로 만든 **인스턴스**(instance)입니다. 인스턴스마다
읽기·쓰기 레이어와 설정과 프로세스가 따로 있습니다. 작은 가게의 이미지를 `given.shop`이라는 이름으로 엔진에
만들어 두었습니다. 안에는 상품 목록 `/shop/catalogue`와 공지 `/shop/notice`가 있고, 명령을 주지 않으면
기다리기만 합니다.
""",
    parameters={
        "shop": image("shop"),
        "first": name("first"),
        "second": name("second"),
        "word": word(),
        "kib": number(256, 1024, 64),
        "saved": image("shop", "saved"),
        "branch": image("shop", "branch"),
    },
    prepare=prepare,
    tasks=(
        Task(
            title="인스턴스 둘",
            text="""
`given.shop` 이미지로 컨테이너 둘을 뒤에서 띄우십시오. 이름은 `given.first`와 `given.second`입니다. 첫째는
설계도의 설정 그대로이고, 둘째에서만 환경 변수 `SHOP`의 값이 `given.word`여야 합니다.
""",
            answer=_START.format("", _WORD),
            check=check_instances,
            points=6,
            hints=(
                "같은 일을 두 번 하되, 둘째에서 한 가지만 다르게 하십시오. 이미지는 고치지 않습니다.",
                """
                이미지의 환경 변수는 기본값입니다. 컨테이너를 만들 때 같은 이름의 값을 주면 그것이 이깁니다.
                """,
                """
                이름은 `name`, 뒤에서 돌리기는 `detach`, 환경 변수는 `environment`(사전)입니다. 명령은 주지
                않아도 이미지의 것이 실행됩니다.
                """,
            ),
            explanation="""
            두 컨테이너는 이미지의 레이어를 복사하지 않고 함께 씁니다. 저마다 가진 것은 프로세스, 읽기·쓰기
            레이어, 그리고 이미지의 설정에 덮어쓴 자기 설정입니다.
            """,
            wrong=(
                Wrong(_START.format("", ""), "SHOP은 '본점'입니다. given.word와 다릅니다"),
                Wrong(_START.format(_WORD, _WORD), "설계도의 기본값 그대로여야 합니다"),
                Wrong(
                    "for name in (given.first, given.second):\n"
                    '    client.containers.run("dockerlab/tiny", ["sleep", "60"], name=name, detach=True)',
                    "이 아닙니다",
                ),
                Wrong(
                    "client.containers.run(given.shop, name=given.first, detach=True)", "컨테이너가 없습니다"
                ),
            ),
        ),
        Task(
            title="읽기·쓰기 레이어",
            text="""
`given.first` **안에서만** 두 가지를 하십시오. `given.word`의 값을 적은 주문서 `/shop/order`를 만들고, 공지
`/shop/notice`를 **지웁니다**. 한 다음에는 엔진에 이 컨테이너의 달라진 것(diff)을 물어보십시오.
""",
            answer=_INSIDE.format("(given.first,)", "rm /shop/notice"),
            check=check_layer,
            points=3,
            hints=(
                "돌고 있는 컨테이너 안에서 명령을 하나 더 실행하면 됩니다. 이미지를 다시 만들 일이 아닙니다.",
                """
                셸에 두 명령을 이어 주어도 되고, 두 번에 나누어 실행해도 됩니다. 파일을 지우는 명령을
                쓰십시오.
                """,
                """
                컨테이너를 이름으로 찾아 `exec_run`을 부르십시오. 파일에 적으려면(`>`) 셸이 필요하므로 명령을
                `sh -c`로 감쌉니다.
                """,
            ),
            explanation="""
            만든 파일은 읽기·쓰기 레이어에 담기고, 지운 파일에는 그 층에 ‘없는 것으로 보라’는
            표시(whiteout)만 놓입니다. 이미지의 것은 그대로라 둘째 컨테이너에서는 공지가 보입니다.
            """,
            wrong=(
                Wrong(
                    _INSIDE.format("(given.first,)", ": > /shop/notice"), "비우는 것과 지우는 것은 다릅니다"
                ),
                Wrong(
                    _INSIDE.format("(given.first, given.second)", "rm /shop/notice"), "에서도 바뀌었습니다"
                ),
                Wrong(
                    'client.containers.get(given.first).exec_run(["sh", "-c",'
                    ' "echo given.word > /shop/order; rm /shop/notice"])',
                    "내용이 'given.word'입니다",
                ),
            ),
        ),
        Task(
            title="한 바이트의 값",
            text="""
`given.second` 안의 `/shop/catalogue` 끝에 **꼭 한 바이트**를 덧붙이십시오. 그 결과 이 컨테이너의 읽기·쓰기
레이어에는 `/shop/catalogue`가 몇 바이트 저장됩니까? 그 수를 `answer`에 담으십시오.
""",
            answer="""
second = client.containers.get(given.second)
second.exec_run(["sh", "-c", "printf x >> /shop/catalogue"])
answer = int(second.exec_run(["stat", "-c", "%s", "/shop/catalogue"]).output)
""",
            check=check_copy_up,
            points=3,
            hints=(
                "아래 레이어의 파일은 고칠 수 없습니다. 그러면 고치려는 파일에 무슨 일이 생깁니까?",
                """
                덧붙이는 것은 `>>`이고, 줄바꿈까지 적지 않도록 주의하십시오. 크기는 컨테이너 안에서 파일을
                재면 됩니다.
                """,
                "`printf`는 줄바꿈을 더하지 않습니다. 크기는 `stat`이나 `wc`가 말해 줍니다. 답은 수입니다.",
            ),
            explanation="""
            파일을 처음 고치는 순간 커널이 **통째로 위층에 베낍니다**(copy-up). 한 바이트를 덧붙여도 파일
            전체가 올라오므로, 큰 파일을 자꾸 고치는 프로그램의 자료는 볼륨에 둡니다.
            """,
            wrong=(
                Wrong(
                    'client.containers.get(given.second).exec_run(["sh", "-c",'
                    ' "printf x >> /shop/catalogue"])\nanswer = 1',
                    "덧붙인 만큼이 아닙니다",
                ),
                Wrong("answer = given.kib * 1024", "덧붙이기 전의 크기입니다"),
                Wrong("answer = given.kib", "레이어에 저장된 크기가 아닙니다"),
            ),
            asks_value=True,
        ),
        Task(
            title="멈추기와 지우기",
            text="""
`given.first`는 지우지 말고 **멈추기만** 하십시오. `given.second`는 지우고, 같은 이미지와 같은 이름과 같은
환경 변수로 **새로** 띄우십시오. 첫째의 주문서와 둘째의 상품 목록이 저마다 어떻게 될지 먼저 생각해 보십시오.
""",
            answer=f"client.containers.get(given.first).stop(timeout=0)\n{_AGAIN}",
            check=check_stopped,
            points=5,
            hints=(
                "다시 켜는 것과 새로 만드는 것은 다릅니다. 둘째에게 필요한 것은 어느 쪽입니까?",
                "멈춘 컨테이너도 목록에 남고, 이름을 차지합니다. 같은 이름을 쓰려면 앞의 것이 없어야 합니다.",
                """
                `stop`은 기다리는 시간을 줄 수 있습니다. 둘째는 `remove`에 강제로 하겠다고 말한 다음, 과제
                07-1에서 한 대로 띄우십시오.
                """,
            ),
            explanation="""
            멈추면 프로세스와 메모리만 사라지고 읽기·쓰기 레이어는 남습니다. 지우면 그 층을 버리므로, 새로
            만든 것은 설계도의 처음 모습에서 시작합니다.
            """,
            wrong=(
                Wrong(
                    "client.containers.get(given.first).stop(timeout=0)\n"
                    "client.containers.get(given.second).restart(timeout=0)",
                    "아직 바뀐 채입니다",
                ),
                Wrong(f"client.containers.get(given.first).pause()\n{_AGAIN}", "일시 정지되었습니다"),
                Wrong(
                    f"client.containers.get(given.first).remove(force=True)\n{_AGAIN}",
                    "멈추기만 해야 합니다",
                ),
            ),
        ),
        Task(
            title="굳히기",
            text="""
`given.first`의 읽기·쓰기 레이어를 굳혀 `given.saved`라는 이미지를 만드십시오. 레이어는 `given.shop`보다 꼭
**하나** 많고, 주문서는 있고 공지는 없어야 합니다.
""",
            answer="""
client.containers.get(given.first).commit(*given.saved.split(":"))
""",
            check=check_committed,
            points=4,
            hints=(
                "컨테이너가 쓰던 층을 읽기 전용으로 바꾸어 이미지의 맨 위에 얹는 명령이 있습니다.",
                "docker 명령에서는 `commit`입니다. 멈춘 컨테이너도 굳힐 수 있습니다.",
                """
                컨테이너 객체의 `commit`은 저장소와 태그를 따로 받습니다. `given.saved`는 콜론(:) 앞뒤로 그
                둘입니다.
                """,
            ),
            explanation="""
            굳힌 층에는 **무엇이** 달라졌는지만 있고 **어떻게** 했는지는 없습니다. 다시 만들 수 있어야 한다면
            Dockerfile에 적으십시오.
            """,
            wrong=(
                Wrong('client.images.get(given.shop).tag(*given.saved.split(":"))', "0개 많습니다"),
                Wrong(
                    'client.containers.get(given.second).commit(*given.saved.split(":"))',
                    "주문서가 굳힌 이미지에 없습니다",
                ),
                Wrong(
                    'lab.build(f"FROM {given.shop}\\nRUN echo {given.word} > /shop/order\\n'
                    'RUN rm /shop/notice", given.saved)',
                    "2개 많습니다",
                ),
                Wrong(
                    'lab.build(f"FROM {given.shop}\\nRUN echo {given.word} > /shop/order", given.saved)',
                    "다시 보입니다",
                ),
            ),
        ),
        Task(
            title="설정만 다른 이미지",
            text="""
`given.shop`과 **레이어가 모두 같고** 환경 변수 `SHOP`의 기본값만 `given.word`인 이미지를 `given.branch`라는
이름으로 만드십시오.
""",
            answer="""
lab.build(f"FROM {given.shop}\\nENV SHOP={given.word}", given.branch)
""",
            check=check_branch,
            points=3,
            hints=(
                "이미지는 레이어와 설정으로 이루어집니다. 파일을 건드리지 않으면 레이어는 늘지 않습니다.",
                "Dockerfile은 두 줄이면 됩니다. 바탕과, 환경 변수의 기본값을 정하는 지시입니다.",
                "`FROM`에 `given.shop`의 이름을 쓰고, `ENV`로 값을 정하십시오. `RUN`은 쓰지 않습니다.",
            ),
            explanation="""
            이미지의 id는 설정 문서의 다이제스트(digest)라, 파일이 모두 같아도 설정이 다르면 다른
            이미지입니다. 두 이미지는 레이어를 모두 나누어 쓰므로 디스크는 거의 늘지 않습니다.
            """,
            wrong=(
                Wrong('client.images.get(given.shop).tag(*given.branch.split(":"))', "이름만 하나 더"),
                Wrong(
                    'lab.build(f"FROM {given.shop}\\nENV SHOP={given.word}\\nRUN touch /new", given.branch)',
                    "레이어가 1개 더 있습니다",
                ),
                Wrong('lab.build(f"FROM {given.shop}\\nENV SHOP=분점", given.branch)', "'분점'입니다"),
            ),
        ),
    ),
)
