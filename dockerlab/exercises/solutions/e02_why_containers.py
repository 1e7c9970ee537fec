"""연습 02의 과제와 풀이입니다. 네 가지 문제를 컨테이너로 풀고, 풀렸는지를 엔진의 상태로 봅니다."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from dockerlab.exercises.model import Exercise, Given, Step, Task, Untried, Wrong
from dockerlab.exercises.observation import Box, View
from dockerlab.exercises.parameters import choice, image, name, number, port, word
from dockerlab.exercises.preparing import image_for

INSIDE = 8080
MIB = 2**20
RATES = {1: 10, 2: 12}
"""라이브러리 tax의 판마다 다른 세율(%)입니다."""

_BASE = "FROM dockerlab/tiny\nRUN mkdir -p /usr/lib\nCOPY . /\n"
_LIBRARY = "VERSION={0}\ntax() {{ echo $(($1 * {1} / 100)); }}\n"
_APP = """. /usr/lib/tax.sh
if [ "$VERSION" != {0} ]; then
    echo "tax {0}판이 있어야 합니다. 설치된 것은 $VERSION판입니다." >&2
    exit 1
fi
tax "$1"
"""
_SERVICE = """FROM dockerlab/tiny
RUN mkdir /www && echo {} > /www/index.html
STOPSIGNAL SIGKILL
CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]
"""


def prepare(view: View, given: Given) -> None:
    """두 앱과 라이브러리 두 판이 든 바탕 이미지와, 서비스의 두 판을 만들어 둡니다."""
    files = {f"library/tax-{version}.sh": _LIBRARY.format(version, rate) for version, rate in RATES.items()}
    files |= {"apps/old.sh": _APP.format(1), "apps/new.sh": _APP.format(2)}
    image_for(given, given.base, _BASE, files)
    for version, tag in enumerate((given.first, given.second), start=1):
        image_for(given, tag, _SERVICE.format(_page(given, version)))


def _page(given: Given, version: int) -> str:
    return f"{given.word}-{version}"


def _right_image(view: View, box: Box, wanted: str, tag: str) -> Step:
    right = view.is_image(box, tag)
    return Step(right, f"{wanted}: 이미지 {tag}로 {'띄웠습니다' if right else '띄우지 않았습니다'}.")


def _running(box: Box, wanted: str) -> Step:
    said = f"{wanted}가 돌고 있습니다." if box.running else f"{wanted}는 있으나 {box.state}."
    return Step(box.running, said)


def check_clock(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """02-1: 이미지에 담긴 시간대. 처음 보는 시각 둘로 물어봅니다."""
    view.existing_image(given.clock)
    moments = Random().sample(range(1_700_000_000, 1_800_000_000), 2)
    told = [view.run(given.clock, [str(moment)]) for moment in moments]
    broken = next((each for each in told if each.code != 0), None)
    if broken is not None:
        ending = "실행되지 않습니다" if broken.code is None else f"종료 코드 {broken.code}로 끝납니다"
        yield Step(False, f"{given.clock}에 시각을 주면 {ending}.", 3)
        return
    texts = [each.text.strip() for each in told]
    asks = texts[0] != texts[1]
    said = "받은 시각에 따라 다르게 답합니다."
    yield Step(asks, said if asks else f"시각을 바꾸어도 {texts[0][:40]!r}라고만 답합니다.")
    right = texts == [_local(moment, given.hours) for moment in moments]
    if right:
        said = f"처음 보는 시각을 UTC보다 {given.hours}시간 빠른 시각으로 답합니다."
    elif texts == [_local(moment, 0) for moment in moments]:
        said = "UTC 그대로 답합니다. 이미지에 시간대가 없거나, 알아듣지 못하는 시간대입니다."
    elif texts == [_local(moment, -given.hours) for moment in moments]:
        said = f"UTC보다 {given.hours}시간 느립니다. 부호가 거꾸로입니다."
    else:
        wanted = _local(moments[0], given.hours)
        said = f"{moments[0]}초에 {texts[0][:40]!r}라고 답합니다. {wanted!r}라고 답해야 합니다."
    yield Step(right, said, 2)


def _local(moment: int, hours: int) -> str:
    return datetime.fromtimestamp(moment, timezone(timedelta(hours=hours))).strftime("%Y-%m-%d %H:%M")


def check_apps(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """02-2: 라이브러리의 서로 다른 판을 쓰는 두 앱."""
    found = {kind: view.existing_image(tag) for kind, tag in (("old", given.old), ("new", given.new))}
    price = Random().randrange(10_000, 1_000_000)
    for (kind, what), rate in zip((("old", "옛"), ("new", "새")), RATES.values(), strict=True):
        told = view.run(getattr(given, kind), ["sh", f"/apps/{kind}.sh", str(price)])
        right = told.code == 0 and told.text.strip() == str(price * rate // 100)
        seen = f"종료 코드 {told.code}" if told.code != 0 else f"답 {told.text.strip()[:20]!r}"
        said = f"{what} 앱이 맞게 셈합니다." if right else f"{what} 앱이 제대로 돌지 않습니다({seen})."
        yield Step(right, said)
    base = view.existing_image(given.base)["RootFS"]["Layers"]
    old, new = (found[kind]["RootFS"]["Layers"] for kind in ("old", "new"))
    on_base = all(layers[: len(base)] == base for layers in (old, new))
    said = f"두 이미지가 {given.base}의 레이어 {len(base)}개를 함께 씁니다."
    yield Step(on_base, said if on_base else f"{given.base}의 레이어를 함께 쓰지 않는 이미지가 있습니다.")
    apart = not (set(old) & set(new)) - set(base)
    said = "그 위의 레이어는 저마다 제 것입니다."
    yield Step(apart, said if apart else "한 앱의 이미지에 다른 앱을 위한 레이어가 들어 있습니다.")


def check_idle(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """02-3: 놀고 있는 앱은 프로세스 하나입니다."""
    box = view.existing_container(given.idle)
    yield _right_image(view, box, given.idle, "dockerlab/tiny")
    yield _running(box, given.idle)
    # Asked inside: not every engine can list processes. One of them is the shell that asks.
    told = box.exec(["sh", "-c", "echo /proc/[0-9]*"]) if box.running else None
    count = len(told.text.split()) - 1 if told is not None and told.code == 0 else 0
    said = f"안에서 도는 프로세스가 {count}개입니다{'.' if count == 1 else '. 하나여야 합니다.'}"
    yield Step(count == 1, said)
    if not view.limits_kept:
        yield Step(True, "이 엔진은 메모리 한도를 걸 수 없는 곳에서 돌고 있어 보지 않았습니다.")
        return
    limited = box.memory == given.mib * MIB
    seen = f"{box.memory / MIB:.1f} MiB" if box.memory else "없음"
    yield Step(limited, f"메모리 한도: {seen}{'.' if limited else f'. {given.mib} MiB여야 합니다.'}")


def _serving(view: View, given: Given, version: int) -> Step:
    wanted = _page(given, version)
    told = view.get(given.port)
    right = told.code == 200 and told.text.strip() == wanted
    seen = f"{told.text.strip()[:40]!r}라고 답합니다" if told.code is not None else "답하지 않습니다"
    return Step(right, f"127.0.0.1의 {given.port}번 포트가 {seen}.", 2)


def _kept(view: View, given: Given, wanted: str, tag: str) -> Iterator[Step]:
    """A container that has been stopped but not removed, and that could be started again."""
    box = view.container(wanted)
    if box is None:
        yield Step(False, f"이름이 {wanted}인 컨테이너가 없습니다. 지우지 말고 남겨 두어야 합니다.", 3)
        return
    yield _right_image(view, box, wanted, tag)
    ended = box.raw["State"]["Status"] == "exited"
    yield Step(ended, f"{wanted}가 {'멈춘 채 남아 있습니다' if ended else box.state}.")
    bound = (box.host.get("PortBindings") or {}).get(f"{INSIDE}/tcp") or [{}]
    ready = bound[0].get("HostPort") == str(given.port)
    said = f"{wanted}를 다시 켜면 {given.port}번 포트를 맡습니다."
    yield Step(ready, said if ready else f"{wanted}는 다시 켜도 {given.port}번 포트를 맡지 않습니다.")


def check_replaced(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """02-4: 새 판이 이름과 포트를 맡고, 옛 판은 멈춘 채 남아 있습니다."""
    box = view.existing_container(given.web)
    yield _right_image(view, box, given.web, given.second)
    yield _serving(view, given, 2)
    yield from _kept(view, given, given.kept, given.first)


def check_rolled_back(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """02-5: 남겨 둔 옛 판이 제자리로 돌아왔습니다."""
    box, failed = view.container(given.web), view.container(given.failed)
    if box is None and failed is None:
        raise Untried(f"이름이 {given.web}인 컨테이너도 {given.failed}인 컨테이너도 없습니다.")
    if box is None:
        yield Step(False, f"이름이 {given.web}인 컨테이너가 없습니다.", 4)
    else:
        yield _right_image(view, box, given.web, given.first)
        yield _serving(view, given, 1)
        older = failed is None or box.raw["Created"] < failed.raw["Created"]
        said = f"{given.web}는 남겨 두었던 그 컨테이너입니다."
        yield Step(older, said if older else f"{given.web}는 새로 만든 컨테이너입니다.")
    yield from _kept(view, given, given.failed, given.second)


_CLOCK = """lab.build(
    f"FROM dockerlab/tiny\\n{}"
    'ENTRYPOINT ["sh", "-c", "date -d @$0 \\'+%Y-%m-%d %H:%M\\'"]',
    given.clock,
)
"""
_INSTALL = 'lab.build(f"FROM {{given.{}}}\\nRUN cp /library/tax-{}.sh /usr/lib/tax.sh", given.{})\n'
_IDLE = 'client.containers.run("dockerlab/tiny", {}, name=given.idle, detach=True{})'
_SLEEP = '["sleep", str(given.seconds)]'
_LIMIT = ', mem_limit=f"{given.mib}m"'
_START = """client.containers.run(
    given.{}, name=given.{}, detach=True, ports={{"8080/tcp": ("127.0.0.1", {})}},
)
"""
_FIRST = _START.format("first", "web", "given.port")
_SECOND = _START.format("second", "web", "given.port")
_STOP = "client.containers.get(given.{0}).stop(timeout=0)\n"
_RENAME = "client.containers.get(given.{0}).rename(given.{1})\n"
_AWAY = _STOP.format("web") + _RENAME.format("web", "failed")

EXERCISE = Exercise(
    number="02",
    slug="why-containers",
    title="네 가지 문제를 컨테이너로 풀기",
    intro="""
“내 PC에서는 되는데”, 복잡한 의존성, 리소스 낭비, 느린 배포. 수업에서 겪은 네 문제를 이번에는 **직접 풉니다**.
엔진에 세 이미지를 만들어 두었습니다. `given.base`에는 두 앱과 라이브러리의 두 판이, `given.first`와
`given.second`에는 작은 웹 서비스의 첫째 판과 둘째 판이 들어 있습니다.
""",
    parameters={
        "clock": image("clock"),
        "hours": number(3, 12),
        "base": image("base"),
        "old": image("app", "old"),
        "new": image("app", "new"),
        "idle": name("idle"),
        "mib": choice(16, 24, 40, 48),
        "seconds": number(600, 900),
        "first": image("shop", "1"),
        "second": image("shop", "2"),
        "word": word(),
        "port": port(),
        "web": name("web"),
        "kept": name("kept"),
        "failed": name("failed"),
    },
    prepare=prepare,
    tasks=(
        Task(
            title="환경 일관성: 어디서나 같은 시각",
            text="""
시각을 사람이 읽는 글로 바꾸는 이미지를 `given.clock`이라는 이름으로 만드십시오. 어느 나라의 서버에서 돌리든
**UTC보다 `given.hours`시간 빠른** 시간대로 답해야 합니다. 이미지를 띄울 때 1970년부터 센 초를 인자로 하나
받아 `2026-01-01 00:00`과 같은 모양으로 한 줄을 찍습니다. 검사는 환경 변수를 주지 않고, 처음 보는 시각으로
불러 봅니다.
""",
            answer=_CLOCK.format("ENV TZ=SHOP-{given.hours}\\n"),
            check=check_clock,
            points=3,
            hints=(
                """
                시각을 글로 바꾸는 명령은 시간대를 환경에서 읽습니다. 그 환경을 띄우는 사람에게 맡기지 말고
                이미지에 담으십시오.
                """,
                """
                `dockerlab/tiny`의 `date`는 `-d @초`로 시각을 받고 `+`로 모양을 받습니다. 시간대는 환경 변수
                `TZ`입니다. 띄울 때의 인자를 받으려면 이미지에 CMD가 아니라 ENTRYPOINT를 정합니다.
                """,
                """
                `TZ`의 값은 세 글자 이상인 아무 이름에 시간의 수를 붙인 것입니다. 수업의 `KST-9`를 보십시오.
                빠른 시간대의 부호가 무엇입니까? `sh -c`에 글을 주면 그다음 인자가 그 글 안에서 `$0`입니다.
                """,
            ),
            explanation="""
            프로그램은 시간대를 **정하지 않았는데도** 늘 같게 답합니다. 기대는 환경이 이미지에 함께 담겨
            다니기 때문입니다. POSIX의 `TZ`에서는 UTC보다 빠른 쪽이 음수라, 부호를 뒤집어 적는 실수가
            흔합니다.
            """,
            wrong=(
                Wrong(_CLOCK.format(""), "UTC 그대로 답합니다"),
                Wrong(_CLOCK.format("ENV TZ=SHOP+{given.hours}\\n"), "부호가 거꾸로입니다"),
                Wrong(
                    'lab.build("FROM dockerlab/tiny\\nRUN date > /now\\nENTRYPOINT cat /now", given.clock)',
                    "시각을 바꾸어도",
                ),
                Wrong(
                    'lab.build(f"FROM dockerlab/tiny\\nENV TZ=SHOP-{given.hours}\\nCMD date", given.clock)',
                    "실행되지 않습니다",
                ),
            ),
        ),
        Task(
            title="의존성: 한 바탕, 두 판",
            text="""
`given.base` 안의 옛 앱 `/apps/old.sh`는 라이브러리 `tax`의 **1판**이, 새 앱 `/apps/new.sh`는 **2판**이 있어야
돕니다. 두 판은 `/library`에 있고, 설치한다는 것은 그 가운데 하나를 `/usr/lib/tax.sh`로 복사하는 일입니다.
자리가 하나뿐이라 한 환경에는 한 판만 있을 수 있습니다.

`given.base`를 바탕으로 옛 앱의 이미지 `given.old`와 새 앱의 이미지 `given.new`를 **따로** 만드십시오. 검사는
각 이미지에서 앱을 실행해 보고(`sh /apps/old.sh 10000`처럼), 두 이미지가 바탕의 레이어를 함께 쓰는지 봅니다.
""",
            answer=_INSTALL.format("base", 1, "old") + _INSTALL.format("base", 2, "new"),
            check=check_apps,
            points=4,
            hints=(
                "앱마다 자기 환경을 주면 됩니다. 두 이미지는 무엇이 같고 무엇이 달라야 합니까?",
                "같은 `FROM`에서 시작해, 설치하는 한 줄만 다르게 적으십시오. 이미지를 두 번 만듭니다.",
                "설치는 `RUN`으로 하는 복사입니다. 먼저 만든 앱의 이미지 위에 나중 것을 쌓지는 마십시오.",
            ),
            explanation="""
            두 앱은 저마다 제 판을 갖고, 바탕은 다이제스트가 같은 레이어라 디스크에 **한 번만** 있습니다.
            환경을 하나 더 두는 값은 작은 파일 하나였습니다.
            """,
            wrong=(
                Wrong(
                    _INSTALL.format("base", 1, "old")
                    + 'client.images.get(given.old).tag(*given.new.split(":"))',
                    "새 앱이 제대로 돌지 않습니다(종료 코드 1)",
                ),
                Wrong(
                    _INSTALL.format("base", 1, "old") + _INSTALL.format("old", 2, "new"),
                    "다른 앱을 위한 레이어가 들어 있습니다",
                ),
                Wrong(
                    _INSTALL.format("base", 1, "old")
                    + 'lab.build(f"FROM {given.base} AS base\\nFROM dockerlab/tiny\\nCOPY --from=base / /\\n'
                    'RUN cp /library/tax-2.sh /usr/lib/tax.sh", given.new)',
                    "레이어를 함께 쓰지 않는",
                ),
                Wrong(_INSTALL.format("base", 1, "old"), "이미지가 없습니다"),
            ),
        ),
        Task(
            title="리소스: 놀고 있는 앱 하나",
            text="""
`dockerlab/tiny`로 이름이 `given.idle`인 컨테이너를 뒤에서 띄우십시오. `given.seconds`초 동안 기다리기만 하는,
놀고 있는 앱입니다. 안에서 도는 프로세스는 **꼭 하나**여야 하고, 메모리 한도는 **`given.mib` MiB**입니다.
""",
            answer=_IDLE.format(_SLEEP, _LIMIT),
            check=check_idle,
            points=4,
            hints=(
                "VM이라면 놀고 있어도 커널과 여러 서비스가 돕니다. 컨테이너에는 내가 띄운 것만 있습니다.",
                """
                셸로 감싸면 셸도 프로세스입니다. `docker top`으로 몇 개가 도는지 보십시오. 명령을 낱말의
                목록으로 주면 셸을 거치지 않습니다.
                """,
                """
                메모리 한도는 docker 명령에서 `--memory`이고 docker-py에서는 `mem_limit`입니다. MiB는 `m`으로
                적습니다.
                """,
            ),
            explanation="""
            앱 하나의 몫은 **프로세스 하나**입니다. 앱마다 붙던 운영체제가 없어지고, 한도는 잡아 두는 양이
            아니라 넘지 못하는 선이라 쓰지 않는 메모리는 다른 앱이 씁니다.
            """,
            wrong=(
                Wrong(_IDLE.format('["sh", "-c", "sleep 600; true"]', _LIMIT), "프로세스가 2개입니다"),
                Wrong(_IDLE.format(_SLEEP, ""), "메모리 한도: "),
                Wrong(_IDLE.format('["true"]', _LIMIT) + ".wait()", "종료되었습니다(코드 0)"),
                Wrong(
                    _IDLE.format(_SLEEP, _LIMIT).replace('"dockerlab/tiny"', "given.base"),
                    "dockerlab/tiny로 띄우지 않았습니다",
                ),
            ),
        ),
        Task(
            title="배포: 새 판으로 바꾸기",
            text="""
`given.first`를 `given.web`이라는 이름으로 띄우고, 컨테이너의 8080번 포트를 127.0.0.1의 `given.port`번으로
공개하십시오. 첫째 판이 돌고 있습니다. 이제 **둘째 판**(`given.second`)으로 바꿉니다. 다 바꾼 다음에는 이렇게
되어 있어야 합니다.

- `given.web`이라는 이름과 `given.port`번 포트는 둘째 판의 컨테이너가 맡습니다.
- 첫째 판의 컨테이너는 지우지 않고 `given.kept`라는 이름으로 **멈춘 채** 남아 있습니다. 다시 켜기만 하면 같은
  포트에서 답해야 합니다.
""",
            answer=_FIRST + _STOP.format("web") + _RENAME.format("web", "kept") + _SECOND,
            check=check_replaced,
            points=6,
            hints=(
                "이름도 포트도 한 번에 하나만 씁니다. 옛것이 둘을 내놓아야 새것이 받을 수 있습니다.",
                "포트는 컨테이너를 멈추면 비지만, 이름은 지우거나 바꾸어야 빕니다. 지우지는 마십시오.",
                """
                멈추기는 `stop`, 이름 바꾸기는 `rename`입니다. 포트는 `ports`에 사전으로 주며, 값은 주소와
                포트의 짝입니다.
                """,
            ),
            explanation="""
            설치는 하나도 하지 않았습니다. 이미지에 이미 되어 있으므로 배포는 **멈추고 띄우는 일**로 줄고,
            옛 판이 통째로 남아 있으니 되돌릴 길도 있습니다. 사이의 짧은 끊김까지 없애려면 둘을 함께 띄우고
            앞에서 나누어 주는 것이 더 있어야 합니다.
            """,
            wrong=(
                Wrong(_FIRST, "라고 답합니다"),
                Wrong(
                    _FIRST + "client.containers.get(given.web).remove(force=True)\n" + _SECOND,
                    "지우지 말고 남겨 두어야 합니다",
                ),
                Wrong(
                    _FIRST + _RENAME.format("web", "kept") + _START.format("second", "web", "None"),
                    "가 돌고 있습니다",
                ),
                Wrong(
                    _SECOND + _START.format("first", "kept", "None") + _STOP.format("kept"),
                    "다시 켜도",
                ),
            ),
        ),
        Task(
            title="배포: 되돌리기",
            text="""
둘째 판에서 문제가 드러났습니다. **남겨 둔 첫째 판의 컨테이너로** 되돌리십시오. 다 되돌린 다음에는
`given.web`이 다시 첫째 판이고 `given.port`번 포트에서 답해야 합니다. 둘째 판의 컨테이너는 까닭을 살필 수 있게
`given.failed`라는 이름으로 멈춘 채 남겨 둡니다.
""",
            answer=(_AWAY + _RENAME.format("kept", "web") + "client.containers.get(given.web).start()"),
            check=check_rolled_back,
            points=7,
            hints=(
                "앞의 과제를 거꾸로 합니다. 새로 띄울 것은 없습니다.",
                "자리를 비우는 일과 되살리는 일, 둘입니다. 멈춘 컨테이너는 다시 시작할 수 있습니다.",
                "둘째 판을 멈추고 이름을 바꾼 다음, 남겨 둔 것의 이름을 되돌려 `start`하십시오.",
            ),
            explanation="""
            되돌리는 데에는 이미지도, 설정도, 기억도 필요하지 않았습니다. 포트와 설정을 그대로 지닌 컨테이너를
            다시 시작했을 뿐입니다. 멈춘 둘째 판에는 로그와 파일이 남아 있어 까닭을 살필 수 있습니다.
            """,
            wrong=(
                Wrong(_AWAY + _FIRST, "새로 만든 컨테이너입니다"),
                Wrong(
                    "client.containers.get(given.web).remove(force=True)\n"
                    + _RENAME.format("kept", "web")
                    + "client.containers.get(given.web).start()",
                    "지우지 말고 남겨 두어야 합니다",
                ),
                Wrong(_AWAY + _RENAME.format("kept", "web"), "답하지 않습니다"),
            ),
        ),
    ),
)
