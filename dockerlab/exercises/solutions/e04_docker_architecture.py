"""연습 04의 과제와 풀이입니다. 클라이언트에서 프로세스까지, 사슬의 고리마다 하나씩 해 봅니다."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from random import Random
from typing import Any

from dockerlab.exercises.model import Exercise, Given, Step, Task, Untried, Wrong
from dockerlab.exercises.observation import Box, View
from dockerlab.exercises.parameters import name, number, word

CREATE, START, STOP = "/containers/create?name={}", "/containers/{}/start", "/containers/{}/stop?t=0"
NOTE = "/note"
_LONGEST_NOTE = 4096


def requests(random: Random, token: str) -> list[str]:
    """차례로 보낼 요청들입니다. 만드는 것이 처음이고, 나머지의 차례는 사람마다 다릅니다."""
    raw, nobody = f"raw-{token}", f"nobody-{token}"
    later = [CREATE.format(raw), START.format(raw), START.format(raw), START.format(nobody), STOP.format(raw)]
    random.shuffle(later)
    return [f"POST {path}" for path in (CREATE.format(raw), *later)]


def answers(given: Given) -> tuple[list[int], str]:
    """요청마다 엔진이 답하는 상태 코드와, 다 보낸 다음의 상태입니다."""
    codes, state = [], ""
    for line in given.requests:
        path = line.removeprefix("POST ")
        if path == CREATE.format(given.raw):
            codes.append(409 if state else 201)
            state = state or "created"
        elif path == START.format(given.raw):
            codes.append(304 if state == "running" else 204)
            state = "running"
        elif path == STOP.format(given.raw):
            codes.append(204 if state == "running" else 304)
            state = "exited" if state == "running" else state
        else:
            codes.append(404)
    return codes, state


def _right_image(view: View, box: Box, wanted: str) -> Step:
    right = view.is_image(box, "dockerlab/tiny")
    return Step(
        right, f"{wanted}: 이미지 dockerlab/tiny로 {'만들었습니다' if right else '만들지 않았습니다'}."
    )


def _running(box: Box, wanted: str) -> Step:
    said = f"{wanted}가 돌고 있습니다." if box.running else f"{wanted}는 있으나 {box.state}."
    return Step(box.running, said)


def check_created(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """04-1: 프로세스는 없고, 설정과 읽기·쓰기 레이어는 있습니다."""
    box = view.existing_container(given.made)
    yield _right_image(view, box, given.made)
    fresh = box.raw["State"]["Status"] == "created"
    said = f"{given.made}는 만들어졌고, 시작된 적이 없습니다."
    yield Step(fresh, said if fresh else f"{given.made}를 시작했습니다. 지금은 {box.state}.", 2)
    found = _read(box, NOTE)
    right = found is not None and found.strip() == given.word
    seen = "없습니다" if found is None else f"있고, 내용은 {found.strip()[:40]!r}입니다"
    yield Step(right, f"{given.made} 안에 {NOTE} 파일이 {seen}.", 2)


def _read(box: Box, path: str) -> str | None:
    """A small file of a container, which need not be running."""
    import docker.errors

    try:
        chunks, told = box.api.get_archive(box.id, path)
    except docker.errors.NotFound:
        return None
    if told["size"] > _LONGEST_NOTE:
        return ""
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
        content = tar.extractfile(tar.getmembers()[0])
        return content.read().decode("utf-8", "replace") if content is not None else ""


def check_requests(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """04-2: 요청마다의 상태 코드와, 그 요청들을 정말 보낸 흔적."""
    expected, state = answers(given)
    if not isinstance(answer, list) or not all(type(each) is int for each in answer):
        yield Step(False, "상태 코드를 수로 적은 목록(list)이 아닙니다.", 5)
        return
    if len(answer) != len(expected):
        yield Step(False, f"요청은 {len(expected)}개인데 답은 {len(answer)}개입니다.", 5)
        return
    kinds = {
        "만드는 요청": [at for at, line in enumerate(given.requests) if "/create" in line],
        "없는 컨테이너에 보낸 요청": [at for at, code in enumerate(expected) if code == 404],
        "시작하고 멈추는 요청": [at for at, code in enumerate(expected) if code in (204, 304)],
    }
    for kind, places in kinds.items():
        wrong = [at for at in places if answer[at] != expected[at]]
        points = 2 if len(places) > 2 else 1
        said = f"{kind}의 답이 맞습니다."
        if wrong:
            said = f"{wrong[0] + 1}번째 요청({kind})의 답이 다릅니다. 적은 것은 {answer[wrong[0]]}입니다."
        yield Step(not wrong, said, points)
    box = view.container(given.raw)
    sent = box is not None and box.raw["State"]["Status"] == state
    said = f"{given.raw}의 상태가 요청을 모두 보낸 다음과 같습니다."
    yield Step(sent, said if sent else f"{given.raw}의 상태가 요청을 차례로 모두 보낸 다음과 다릅니다.")


def check_pid(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """04-3: 엔진이 있는 네임스페이스에서 본 번호."""
    box = view.existing_container(given.deep)
    yield _running(box, given.deep)
    if type(answer) is not int:
        yield Step(False, f"수로 답하십시오. 지금은 {type(answer).__name__}입니다.", 2)
    elif answer == 1:
        yield Step(False, "1은 컨테이너 안에서 본 번호입니다.", 2)
    else:
        right = box.running and answer == box.raw["State"]["Pid"]
        ending = "번호입니다" if right else "지금의 번호가 아닙니다"
        yield Step(right, f"{answer}: 엔진이 말하는 {ending}.", 2)


def check_networks(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """04-4: 두 네트워크와, 둘에 걸친 컨테이너 하나."""
    if not any(view.network(each) for each in (given.front, given.back)):
        raise Untried(f"네트워크 {given.front}, {given.back}가 없습니다.")
    plan = {given.outer: {given.front}, given.inner: {given.back}, given.gate: {given.front, given.back}}
    boxes = {wanted: view.container(wanted) for wanted in plan}
    for wanted, networks in plan.items():
        yield _joined(boxes[wanted], wanted, networks)
    gate, outer = boxes[given.gate], boxes[given.outer]
    both = all(_reaches(gate, other) for other in (given.outer, given.inner))
    said = f"{given.gate}에서는 두 컨테이너에 이름으로 닿습니다."
    yield Step(both, said if both else f"{given.gate}에서 이름으로 닿지 않는 컨테이너가 있습니다.")
    apart = outer is not None and outer.running and not _reaches(outer, given.inner)
    said = f"{given.outer}에서는 {given.inner}에 닿지 않습니다."
    wrong = f"{given.outer}에서 {given.inner}에 닿거나, 확인할 수 없습니다."
    yield Step(apart, said if apart else wrong)


def _joined(box: Box | None, wanted: str, networks: set[str]) -> Step:
    if box is None:
        return Step(False, f"이름이 {wanted}인 컨테이너가 없습니다.")
    if not box.running:
        return _running(box, wanted)
    more, missing = sorted(set(box.networks) - networks), sorted(networks - set(box.networks))
    if more:
        return Step(False, f"{wanted}가 네트워크 {more[0]}에도 붙어 있습니다.")
    if missing:
        return Step(False, f"{wanted}가 네트워크 {missing[0]}에 붙어 있지 않습니다.")
    return Step(True, f"{wanted}가 돌고 있고, {', '.join(sorted(networks))}에만 붙어 있습니다.")


def _reaches(box: Box | None, other: str) -> bool:
    return box is not None and box.running and box.exec(["ping", "-c", "1", "-W", "2", other]).code == 0


def check_volume(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """04-5: 볼륨 하나, 두 자리."""
    box = view.existing_container(given.clerk)
    yield _running(box, given.clerk)
    for path, writable in (("/desk", True), ("/window", False)):
        mount = box.mounts.get(path)
        if mount is None:
            yield Step(False, f"{path}에 마운트된 것이 없습니다.")
        elif mount.get("Name") != given.data:
            yield Step(False, f"{path}에 마운트된 것은 볼륨 {given.data}가 아닙니다.")
        else:
            right = bool(mount.get("RW")) == writable
            how = "읽고 쓸 수" if mount.get("RW") else "읽을 수만"
            said = f"{path}: 볼륨 {given.data}를 {how} 있습니다."
            yield Step(right, said if right else f"{said} 반대여야 합니다.")
    told = box.exec(["cat", "/window/note"]) if box.running else None
    right = told is not None and told.code == 0 and told.text.strip() == given.word
    seen = "보입니다" if right else "보이지 않거나 내용이 다릅니다"
    yield Step(right, f"책상(/desk)에서 적은 note가 창구(/window)에서 {seen}.")


_CREATE = 'made = client.containers.create("dockerlab/tiny", ["sleep", "600"], name=given.made)\n'
_PUT = """from pathlib import Path
from tempfile import TemporaryDirectory

with TemporaryDirectory() as folder:
    Path(folder, "note").write_text({}, encoding="utf-8")
    lab.docker(f"cp {{folder}}/note {{given.made}}:/note")
"""
_SEND = """body = {{"Image": "dockerlab/tiny", "Cmd": ["sleep", "600"]}}
answer = []
for line in {}:
    method, path = line.split()
    told = client.api.request(method, client.api.base_url + path, json=body if "create" in path else None)
    answer.append({})
"""
_DEEP = 'deep = client.containers.run("dockerlab/tiny", {}, name=given.deep, detach=True)\n'
_PID = 'answer = client.api.inspect_container(given.deep)["State"]["Pid"]'
_NETWORKS = """for network in (given.front, given.back):
    client.networks.create(network)
places = {{given.outer: {}, given.inner: given.back, given.gate: {}}}
for name, network in places.items():
    client.containers.run("dockerlab/tiny", ["sleep", "600"], name=name, detach=True, network=network)
"""
_SECOND = "client.networks.get(given.{}).connect(given.{})\n"
_CLERK = """clerk = client.containers.run(
    "dockerlab/tiny", ["sleep", "600"], name=given.clerk, detach=True, volumes={},
)
clerk.exec_run(["sh", "-c", f"echo {{given.word}} > {}/note"])
"""

EXERCISE = Exercise(
    number="04",
    slug="docker-architecture",
    title="사슬의 고리를 손으로 잡기",
    intro="""
`docker run` 한 줄은 클라이언트에서 REST API, dockerd, containerd, runc를 거쳐 프로세스가 됩니다. 이
연습에서는 그 한 줄을 나누어 **고리마다 하나씩** 해 봅니다. 만들기와 시작하기를 떼어 놓고, 요청을 손으로
보내고, 프로세스를 밖에서 찾고, dockerd가 돌보는 네트워크와 볼륨을 다룹니다.
""",
    parameters={
        "made": name("made"),
        "word": word(),
        "raw": name("raw"),
        "requests": requests,
        "deep": name("deep"),
        "seconds": number(600, 900),
        "front": name("front"),
        "back": name("back"),
        "outer": name("outer"),
        "inner": name("inner"),
        "gate": name("gate"),
        "data": name("data"),
        "clerk": name("clerk"),
    },
    tasks=(
        Task(
            title="만들기와 시작하기는 다른 일",
            text="""
`dockerlab/tiny`로 이름이 `given.made`인 컨테이너를 **만들기만** 하고 시작하지는 마십시오. 그리고 시작하지
않은 그 컨테이너 안에 `given.word`의 값을 적은 파일 `/note`를 넣으십시오. 프로세스가 하나도 없는 컨테이너에
파일을 둘 곳이 있을지 먼저 생각해 보십시오.
""",
            answer=_CREATE + _PUT.format("given.word"),
            check=check_created,
            points=5,
            hints=(
                "`run`은 만들기와 시작하기를 이어서 합니다. 앞의 것만 하는 명령이 따로 있습니다.",
                """
                시작하지 않았으므로 안에서 명령을 실행할 수는 없습니다. 밖에서 파일을 복사해 넣는 명령을
                찾으십시오.
                """,
                """
                만들기는 `create`이고, 복사는 `docker cp`입니다. `docker cp`에는 이 컴퓨터의 파일과
                `컨테이너:경로`를 차례로 줍니다.
                """,
            ),
            explanation="""
            만들 때 엔진은 설정을 적고 **읽기·쓰기 레이어**를 마련합니다. 그래서 프로세스가 없어도 파일을 담을
            수 있습니다. containerd와 runc는 아직 불리지 않았습니다.
            """,
            wrong=(
                Wrong(_CREATE, "/note 파일이 없습니다"),
                Wrong(_CREATE + "made.start()\n" + _PUT.format("given.word"), "지금은 돌고 있습니다"),
                Wrong(
                    _CREATE + "made.start()\nmade.stop(timeout=0)\n" + _PUT.format("given.word"),
                    "지금은 종료되었습니다",
                ),
                Wrong(_CREATE + _PUT.format('"given.word"'), "내용은 'given.word'입니다"),
            ),
        ),
        Task(
            title="REST API에 손으로 말하기",
            text="""
`given.requests`에 엔진의 REST API로 보낼 요청 여섯이 `방법 경로`의 모양으로 들어 있습니다. **적힌 차례대로 한
번씩** 보내고, 돌아온 HTTP 상태 코드를 수의 목록으로 `answer`에 담으십시오. 보내기 전에 여섯 답을 먼저 예상해
보십시오.

만드는 요청(`/containers/create`)에만 본문이 있습니다. JSON으로 `{"Image": "dockerlab/tiny", "Cmd": ["sleep",
"600"]}`을 보냅니다. 다시 하려면 만든 컨테이너를 지우고 처음부터 보내십시오.
""",
            answer=_SEND.format("given.requests", "told.status_code"),
            check=check_requests,
            points=5,
            hints=(
                """
                엔진의 소켓에 HTTP로 말하는 길은 여럿입니다. 수업처럼 소켓에 글을 적어도 되고, `curl`이나
                docker-py가 쓰는 연결을 빌려도 됩니다.
                """,
                """
                `client.api`는 requests의 세션이고, 엔진의 주소는 `client.api.base_url`에 있습니다. 경로를 그
                뒤에 붙이십시오.
                """,
                """
                `client.api.request`는 방법과 주소를 받고, `json` 인자로 본문을 보냅니다. 실패한 응답도 예외가
                아니라 응답으로 돌아오며, `status_code`를 가집니다.
                """,
            ),
            explanation="""
            201은 새로 만들었다, 204는 했고 돌려줄 내용이 없다, 304는 **이미 그 상태라 할 일이 없다**, 404는
            그런 것이 없다, 409는 이름이 겹친다는 뜻입니다. 같은 요청이라도 **지금의 상태**에 따라 답이
            다릅니다. `docker` 명령이 보이는 오류 뒤에도 이 코드들이 있습니다.
            """,
            wrong=(
                Wrong("answer = [204] * len(given.requests)", "1번째 요청(만드는 요청)의 답이 다릅니다"),
                Wrong(_SEND.format("given.requests", "told.ok"), "수로 적은 목록(list)이 아닙니다"),
                Wrong(
                    _SEND.format("dict.fromkeys(given.requests)", "told.status_code"),
                    "요청은 6개인데 답은 4개입니다",
                ),
                Wrong(
                    _SEND.format("given.requests", "told.status_code")
                    + "client.containers.get(given.raw).remove(force=True)",
                    "모두 보낸 다음과 다릅니다",
                ),
            ),
            asks_value=True,
        ),
        Task(
            title="안의 1번은 밖의 몇 번인가",
            text="""
`dockerlab/tiny`로 이름이 `given.deep`인 컨테이너를 뒤에서 띄워 `given.seconds`초 동안 `sleep`하게 하십시오.
안에서 이 프로세스는 1번입니다. **엔진이 있는 네임스페이스**에서는 몇 번입니까? 그 번호를 수로 `answer`에
담으십시오.
""",
            answer=_DEEP.format('["sleep", str(given.seconds)]') + _PID,
            check=check_pid,
            points=3,
            hints=(
                "번호는 어느 PID 네임스페이스에서 보느냐에 따라 다릅니다. 누구에게 물어야 합니까?",
                "컨테이너를 자세히 보여 주는 것이 `inspect`입니다. 상태(`State`) 안을 살펴보십시오.",
                """
                docker-py의 컨테이너 객체는 만들 때의 모습을 들고 있습니다. 띄운 다음의 것은 `reload`를 하거나
                새로 물어야 보입니다.
                """,
            ),
            explanation="""
            프로세스는 하나인데 번호가 여럿입니다. runc가 새 PID 네임스페이스에 프로세스를 만들었고, 밖의
            네임스페이스에서는 그것도 보통의 프로세스로 번호를 받습니다. 다시 시작하면 다른 프로세스이므로
            번호도 달라집니다.
            """,
            wrong=(
                Wrong(_DEEP.format('["sleep", "600"]') + "answer = 1", "컨테이너 안에서 본 번호"),
                Wrong(_DEEP.format('["sleep", "600"]') + _PID + "\nanswer = str(answer)", "지금은 str입니다"),
                Wrong(
                    _DEEP.format('["sleep", "600"]') + _PID + "\ndeep.restart(timeout=0)",
                    "지금의 번호가 아닙니다",
                ),
                Wrong(_DEEP.format('["true"]') + "deep.wait()\n" + _PID, "종료되었습니다(코드 0)"),
            ),
            asks_value=True,
        ),
        Task(
            title="dockerd의 네트워크: 문지기 하나",
            text="""
네트워크 `given.front`와 `given.back`을 만드십시오. 그리고 `dockerlab/tiny`로 컨테이너 셋을 뒤에서 띄웁니다.
셋 다 `sleep`으로 기다리게 하십시오.

- `given.outer`는 `given.front`에**만** 붙습니다.
- `given.inner`는 `given.back`에**만** 붙습니다.
- `given.gate`는 **두 네트워크에 모두** 붙습니다.

검사는 붙은 곳을 보고, 안에서 서로를 이름으로 불러(ping) 봅니다.
""",
            answer=_NETWORKS.format("given.front", "given.front") + _SECOND.format("back", "gate"),
            check=check_networks,
            points=5,
            hints=(
                "네트워크를 정하지 않고 띄운 컨테이너는 어디에 붙습니까? 띄울 때부터 정해 주어야 합니다.",
                "띄울 때는 하나를 정하고, 두 번째는 도는 컨테이너를 네트워크에 더 붙입니다.",
                """
                docker-py에서 띄울 때의 인자는 `network`입니다. 컨테이너를 더 붙이는 것은 네트워크 객체의
                `connect`입니다.
                """,
            ),
            explanation="""
            컨테이너는 네트워크마다 네트워크 카드를 하나씩 갖습니다. 데이터베이스를 뒤의 네트워크에 두고
            문지기만 두 곳에 걸치면, 앞에서는 뒤의 **이름조차** 보이지 않습니다.
            """,
            wrong=(
                Wrong(_NETWORKS.format("given.front", "given.front"), "에 붙어 있지 않습니다"),
                Wrong(
                    _NETWORKS.format("given.front", "given.front")
                    + _SECOND.format("back", "gate")
                    + _SECOND.format("back", "outer"),
                    "에 닿거나, 확인할 수 없습니다",
                ),
                Wrong(
                    _NETWORKS.format("None", "given.front")
                    + _SECOND.format("back", "gate")
                    + _SECOND.format("front", "outer"),
                    "네트워크 bridge에도 붙어 있습니다",
                ),
            ),
        ),
        Task(
            title="dockerd의 볼륨: 한 볼륨, 두 자리",
            text="""
볼륨 `given.data` **하나**를 이름이 `given.clerk`인 컨테이너(`dockerlab/tiny`, 뒤에서 `sleep`)의 **두 경로**에
마운트하십시오. `/desk`에서는 읽고 쓸 수 있고, `/window`에서는 **읽을 수만** 있어야 합니다. 그런 다음 컨테이너
안에서 `given.word`의 값을 `/desk/note`에 적으십시오. 창구(`/window`)에서 같은 글이 보일까요?
""",
            answer=_CLERK.format('[f"{given.data}:/desk", f"{given.data}:/window:ro"]', "/desk"),
            check=check_volume,
            points=4,
            hints=(
                "마운트는 폴더를 복사하지 않고 자리를 하나 더 내는 일입니다. 같은 것을 두 번 붙여도 됩니다.",
                """
                docker 명령에서는 `-v`를 두 번 적습니다. docker-py의 `volumes`를 사전으로 주면 열쇠가 볼륨의
                이름이라 두 번 적을 수 없습니다.
                """,
                "`volumes`는 `이름:경로:방식`으로 적은 글의 목록도 받습니다. 읽기 전용의 방식은 `ro`입니다.",
            ),
            explanation="""
            볼륨은 dockerd가 돌보는 폴더 하나이고, 마운트는 그것을 들여다보는 자리입니다. 읽고 쓰는 방식은
            볼륨이 아니라 **마운트마다** 정합니다.
            """,
            wrong=(
                Wrong(
                    _CLERK.format('[f"{given.data}:/desk", f"{given.data}-2:/window:ro"]', "/desk"),
                    "/window에 마운트된 것은",
                ),
                Wrong(
                    _CLERK.format('[f"{given.data}:/desk", f"{given.data}:/window"]', "/desk"),
                    "읽고 쓸 수 있습니다. 반대여야",
                ),
                Wrong(
                    _CLERK.format('[f"{given.data}:/desk:ro", f"{given.data}:/window"]', "/window"),
                    "읽을 수만 있습니다. 반대여야",
                ),
                Wrong(
                    _CLERK.format('{given.data: {"bind": "/window", "mode": "ro"}}', "/desk"),
                    "/desk에 마운트된 것이 없습니다",
                ),
            ),
        ),
    ),
)
