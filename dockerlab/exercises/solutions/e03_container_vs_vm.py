"""연습 03의 과제와 풀이입니다. 격리와 한도를 손으로 걸고, 무엇이 나뉘고 무엇이 함께 쓰이는지 확인합니다."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dockerlab.exercises.model import Exercise, Given, Step, Task, Untried, Wrong
from dockerlab.exercises.observation import Box, View
from dockerlab.exercises.parameters import choice, name, number

MIB = 2**20
_BOOT = "/proc/sys/kernel/random/boot_id"


def _running(box: Box, wanted: str) -> Step:
    said = f"컨테이너 {wanted}가 돌고 있습니다." if box.running else f"컨테이너는 있으나 {box.state}."
    return Step(box.running, said)


def check_limits(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """03-1: 한도."""
    box = view.existing_container(given.box)
    yield _running(box, given.box)
    wanted = given.memory * MIB
    if not view.engine.info.get("MemoryLimit"):
        yield Step(True, "이 엔진은 메모리 한도를 걸 수 없는 곳에서 돌고 있어 보지 않았습니다.", 2)
    elif not box.memory:
        yield Step(False, "메모리 한도가 없습니다.", 2)
    else:
        yield Step(box.memory == wanted, f"메모리 한도가 {box.memory / MIB:.1f} MiB입니다.", 2)
    if not view.engine.info.get("PidsLimit", True):
        yield Step(True, "이 엔진은 프로세스 수를 제한할 수 없는 곳에서 돌고 있어 보지 않았습니다.", 2)
    elif not box.pids:
        yield Step(False, "프로세스 수 한도가 없습니다.", 2)
    else:
        yield Step(box.pids == given.pids, f"프로세스 수 한도가 {box.pids}개입니다.", 2)


def check_oom(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """03-2: 한도를 넘으면."""
    box = view.existing_container(given.greedy)
    state = box.raw["State"]
    ended = state["Status"] == "exited"
    yield Step(ended, f"컨테이너가 {'끝났습니다' if ended else box.state}.")
    if not view.engine.info.get("MemoryLimit"):
        yield Step(True, "이 엔진은 메모리 한도를 걸 수 없는 곳에서 돌고 있어 보지 않았습니다.", 3)
        return
    limited = 0 < box.memory <= 64 * MIB
    yield Step(
        limited, f"메모리 한도가 {'걸려 있습니다' if limited else '64 MiB 이하로 걸려 있지 않습니다'}."
    )
    killed = bool(state.get("OOMKilled"))
    said = "커널이 메모리 때문에 끝냈습니다(OOMKilled)."
    code = state.get("ExitCode")
    yield Step(killed, said if killed else f"메모리 때문에 끝난 것이 아닙니다(종료 코드 {code}).", 2)


def check_kernel(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """03-3: 커널은 하나입니다."""
    box = view.existing_container(given.box)
    if not box.running:
        raise Untried(f"컨테이너 {given.box}가 돌고 있지 않습니다. 과제 03-1부터 하십시오.")
    true = box.exec(["cat", _BOOT]).text.strip()
    version = box.exec(["uname", "-r"]).text.strip()
    found = answer.strip() if isinstance(answer, str) else answer
    if found == version:
        yield Step(False, "커널의 버전입니다. 버전이 같아도 따로 부팅한 커널일 수 있습니다.", 3)
    elif found == box.id[:12]:
        yield Step(False, "컨테이너의 호스트 이름입니다. 컨테이너마다 다릅니다.", 3)
    elif found != true or not true:
        yield Step(False, f"컨테이너 안에서 보이는 boot_id가 아닙니다: {str(found)[:60]!r}", 3)
    else:
        yield Step(True, "컨테이너가 함께 쓰는 커널의 boot_id입니다.", 3)


def _namespace(box: Box, kind: str) -> str:
    return box.exec(["readlink", f"/proc/1/ns/{kind}"]).text.strip()


def check_shared_network(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """03-4: 네임스페이스 하나만 함께 쓰기."""
    peer = view.existing_container(given.peer)
    yield _running(peer, given.peer)
    box = view.container(given.box)
    if box is None or not box.running or not peer.running:
        yield Step(False, f"{given.box}와 {given.peer}가 모두 돌고 있어야 견줄 수 있습니다.", 0)
        return
    # A shared PID namespace would show the other's first process as number 1: the engine knows better.
    apart = not (peer.host.get("PidMode") or "").startswith("container:")
    same = _network_of(box) == _network_of(peer) or _namespace(box, "net") == _namespace(peer, "net") != ""
    yield Step(same, f"네트워크 네임스페이스가 {'같습니다' if same else '서로 다릅니다'}.", 2)
    yield Step(
        apart, f"PID 네임스페이스가 {'따로입니다' if apart else '함께 쓰이고 있습니다. 따로여야 합니다'}."
    )


def _network_of(box: Box) -> str:
    mode = box.host.get("NetworkMode") or ""
    return mode.partition(":")[2] if mode.startswith("container:") else box.id


def check_crew(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """03-5: 이미지 하나로 여럿."""
    names = [f"{given.crew}-{at}" for at in range(1, given.count + 1)]
    boxes = [view.container(each) for each in names]
    missing = [each for each, box in zip(names, boxes, strict=True) if box is None]
    if len(missing) == len(names):
        raise Untried(f"{names[0]}부터 {names[-1]}까지의 컨테이너가 하나도 없습니다.")
    said = f"{given.count}개가 모두 있습니다." if not missing else f"없는 컨테이너: {', '.join(missing)}."
    yield Step(not missing, said)
    there = [box for box in boxes if box is not None]
    stopped = sum(not box.running or not view.is_image(box, "tiny") for box in there)
    said = "모두 dockerlab/tiny로 돌고 있습니다."
    yield Step(not stopped, said if not stopped else f"{stopped}개는 dockerlab/tiny로 돌고 있지 않습니다.")
    joined = sum(box.host.get("NetworkMode") != "none" for box in there)
    yield Step(
        not joined, "모두 네트워크가 없습니다." if not joined else f"{joined}개에 네트워크가 있습니다."
    )


_CREW = """for at in range({}):
    client.containers.run(
        "dockerlab/tiny", ["sleep", "600"], name=f"{{given.crew}}-{{at + {}}}", detach=True{},
    )
"""

EXERCISE = Exercise(
    number="03",
    slug="container-vs-vm",
    title="격리와 한도를 손으로 걸기",
    intro="""
컨테이너는 **네임스페이스**(namespace)로 보이는 것을 가리고 **cgroup**(control group)으로 쓰는 양을 제한한
프로세스라고 했습니다. VM은 하이퍼바이저가 하는 이 일을, 컨테이너에서는 여러분이 하나씩 정할 수 있습니다.
""",
    parameters={
        "box": name("box"),
        "greedy": name("greedy"),
        "peer": name("peer"),
        "crew": name("crew"),
        "memory": choice(48, 64, 80, 96),
        "pids": number(16, 40, 4),
        "count": number(3, 5),
    },
    tasks=(
        Task(
            title="필요한 만큼, 그러나 여기까지",
            text="""
`dockerlab/tiny` 이미지로 이름이 `given.box`인 컨테이너를 뒤에서 띄우십시오. 메모리는 `given.memory`
MiB까지, 프로세스는 `given.pids`개까지만 쓸 수 있어야 합니다. 1 MiB는 1024 × 1024바이트입니다.
""",
            answer="""
client.containers.run(
    "dockerlab/tiny", ["sleep", "600"], name=given.box, detach=True,
    mem_limit=f"{given.memory}m", pids_limit=given.pids,
)
""",
            check=check_limits,
            points=5,
            hints=(
                """
                VM의 메모리는 시작할 때 정합니다. 컨테이너의 한도도 만들 때 정할 수 있습니다. 두 가지 한도가
                필요합니다.
                """,
                """
                docker 명령의 `--memory`와 `--pids-limit`에 해당하는 인자를 찾으십시오. 메모리는 단위를 붙인
                글로도 줄 수 있습니다.
                """,
                """
                `mem_limit`의 글에서 `m`은 MiB를 뜻합니다. 프로세스 수는 `pids_limit`이고 수를 그대로
                받습니다.
                """,
            ),
            explanation="""
            한도는 cgroup에 적힙니다. VM에 준 메모리와 달리 미리 떼어 두는 것이 아니라, **쓰다가 닿으면 막는
            천장**입니다. 프로세스 수 한도는 포크 폭탄(fork bomb)이 호스트까지 멈추게 하는 일을 막습니다.
            """,
            wrong=(
                Wrong(
                    'client.containers.run("dockerlab/tiny", ["sleep", "600"], name=given.box, detach=True,\n'
                    '    mem_limit=f"{given.memory}m")',
                    "프로세스 수 한도가 없습니다",
                ),
                Wrong(
                    'client.containers.run("dockerlab/tiny", ["sleep", "600"], name=given.box, detach=True,\n'
                    "    pids_limit=given.pids)",
                    "메모리 한도가 없습니다",
                ),
                Wrong(
                    'client.containers.run("dockerlab/tiny", ["sleep", "600"], name=given.box, detach=True,\n'
                    "    mem_limit=given.memory * 1000 * 1000, pids_limit=given.pids)",
                    "메모리 한도가 ",
                ),
            ),
        ),
        Task(
            title="한도를 넘으면",
            text="""
이번에는 일부러 한도를 넘겨 봅니다. 이름이 `given.greedy`인 컨테이너를 메모리 한도 32 MiB로 만들고, 그
안에서 `tail /dev/zero`를 실행하십시오. 이 명령은 끝나지 않는 한 줄을 메모리에 모으다가 한도에 닿습니다.
**커널이** 끝낼 때까지 기다린 다음 검사하고, 컨테이너는 지우지 마십시오.
""",
            answer="""
greedy = client.containers.run(
    "dockerlab/tiny", ["tail", "/dev/zero"], name=given.greedy, detach=True, mem_limit="32m"
)
greedy.wait(timeout=30)
""",
            check=check_oom,
            points=4,
            hints=(
                "명령이 끝난 컨테이너도 지우지 않으면 남아 있고, 어떻게 끝났는지를 기억합니다.",
                "앞 과제처럼 메모리 한도를 주고 뒤에서 띄운 다음, 끝날 때까지 기다리는 함수를 부르십시오.",
                """
                컨테이너 객체에 `wait`가 있습니다. 스스로 멈추거나 죽이면 안 됩니다. 한도가 너무 커도 오래
                걸립니다.
                """,
            ),
            explanation="""
            한도에 닿으면 커널의 OOM(out of memory) 처리가 그 cgroup 안의 프로세스를 SIGKILL로 끝냅니다.
            종료 코드 137은 128 + 9(SIGKILL)입니다. 137이라고 모두 메모리 때문은 아니므로, 엔진은
            `OOMKilled`에 따로 적어 둡니다.
            """,
            wrong=(
                Wrong(
                    'client.containers.run("dockerlab/tiny", ["sh", "-c", "exit 137"], name=given.greedy,\n'
                    '    detach=True, mem_limit="32m").wait()',
                    "메모리 때문에 끝난 것이 아닙니다(종료 코드 137)",
                ),
                Wrong(
                    'client.containers.run("dockerlab/tiny", ["sleep", "600"], name=given.greedy,\n'
                    '    detach=True, mem_limit="32m")',
                    "컨테이너가 돌고 있습니다",
                ),
                Wrong(
                    'client.containers.run("dockerlab/tiny", ["true"], name=given.greedy,'
                    " detach=True).wait()",
                    "64 MiB 이하로 걸려 있지 않습니다",
                ),
            ),
        ),
        Task(
            title="커널은 누구의 것인가",
            text="""
커널은 부팅할 때마다 새 이름표를 하나 만들어 `/proc/sys/kernel/random/boot_id`에 적어 둡니다. 컨테이너
`given.box` **안에서** 그 값을 읽어 `answer`에 글로 담으십시오. 다른 컨테이너에서도 읽어 보고 견주어
보십시오.
""",
            answer="""
box = client.containers.get(given.box)
answer = box.exec_run(["cat", "/proc/sys/kernel/random/boot_id"]).output.decode().strip()
""",
            check=check_kernel,
            points=3,
            hints=(
                "돌고 있는 컨테이너 안에서 명령을 하나 더 실행하고, 그 명령이 찍은 글을 받으면 됩니다.",
                """
                파일의 내용을 찍는 명령을 `exec`로 실행하십시오. 결과에는 종료 코드와 출력이 함께 들어
                있습니다.
                """,
                "`exec_run`이 돌려준 것의 `output`은 바이트입니다. 글로 바꾸고 끝의 줄바꿈을 떼십시오.",
            ),
            explanation="""
            모든 컨테이너에서 같은 값이 나옵니다. 부팅된 커널이 **하나**이고 모두 그것을 함께 쓰기
            때문입니다. VM이라면 저마다 커널을 부팅하므로 값이 다릅니다.
            """,
            wrong=(
                Wrong(
                    'answer = client.containers.get(given.box).exec_run(["uname", "-r"]).output.decode()',
                    "커널의 버전입니다",
                ),
                Wrong(
                    'answer = client.containers.get(given.box).exec_run(["hostname"]).output.decode()',
                    "컨테이너의 호스트 이름입니다",
                ),
                Wrong("import uuid\nanswer = str(uuid.uuid4())", "boot_id가 아닙니다"),
            ),
            asks_value=True,
        ),
        Task(
            title="하나만 함께 쓰기",
            text="""
격리는 전부 아니면 전무가 아닙니다. 이름이 `given.peer`인 컨테이너를 하나 더 띄우되, **네트워크
네임스페이스만** `given.box`와 함께 쓰게 하십시오. PID 네임스페이스는 따로여야 합니다.
""",
            answer="""
client.containers.run(
    "dockerlab/tiny", ["sleep", "600"], name=given.peer, detach=True,
    network_mode=f"container:{given.box}",
)
""",
            check=check_shared_network,
            points=4,
            hints=(
                "컨테이너를 만들 때 네임스페이스마다 새것을 쓸지, 남의 것을 함께 쓸지 정할 수 있습니다.",
                "docker 명령에서는 `--network container:이름`이라고 씁니다. 네트워크를 만들 필요는 없습니다.",
                """
                docker-py에서는 `network_mode`에 `container:`로 시작하는 글을 줍니다. 비슷한 `pid_mode`는
                건드리지 마십시오.
                """,
            ),
            explanation="""
            두 컨테이너는 같은 IP 주소와 같은 `localhost`를 봅니다. Kubernetes의 파드(pod)가 바로 이렇게
            만들어집니다. VM 두 대가 커널의 이런 부분을 골라 함께 쓸 수는 없습니다.
            """,
            wrong=(
                Wrong(
                    'client.containers.run("dockerlab/tiny", ["sleep", "600"], name=given.peer, detach=True)',
                    "네트워크 네임스페이스가 서로 다릅니다",
                ),
                Wrong(
                    'client.containers.run("dockerlab/tiny", ["sleep", "600"], name=given.peer,'
                    " detach=True,\n"
                    '    network_mode=f"container:{given.box}", pid_mode=f"container:{given.box}")',
                    "따로여야 합니다",
                ),
                Wrong(
                    'client.containers.run("dockerlab/tiny", ["true"], name=given.peer, detach=True,\n'
                    '    network_mode=f"container:{given.box}").wait()',
                    "종료되었습니다(코드 0)",
                ),
            ),
        ),
        Task(
            title="이미지 하나, 컨테이너 여럿",
            text="""
`dockerlab/tiny` 하나로 컨테이너를 `given.count`개 띄우십시오. 이름은 `given.crew` 뒤에 `-1`부터 차례로
번호를 붙인 것이고, **네트워크가 없어야** 합니다. VM이었다면 메모리가 얼마나 들었을지 생각해 보십시오.
""",
            answer=_CREW.format("given.count", 1, ', network_mode="none"'),
            check=check_crew,
            points=3,
            hints=(
                "같은 일을 여러 번 하는 데에는 `for`가 있습니다. 이름은 글에 번호를 이어 만듭니다.",
                "번호는 1부터입니다. `range`는 0부터 센다는 점에 주의하십시오.",
                """
                네트워크를 없애는 것은 `network_mode`이고, 값은 `none`이라는 글입니다. Python의 `None`과
                다릅니다.
                """,
            ),
            explanation="""
            이미지의 파일은 디스크에 한 벌뿐이고 모든 컨테이너가 함께 읽습니다. 저마다 가진 것은 프로세스와
            빈 읽기·쓰기 레이어뿐이라, 열 개를 띄워도 열 배가 들지 않습니다.
            """,
            wrong=(
                Wrong(_CREW.format("given.count - 1", 1, ', network_mode="none"'), "없는 컨테이너"),
                Wrong(_CREW.format("given.count", 1, ""), "네트워크가 있습니다"),
                Wrong(
                    _CREW.format("given.count", 1, ', network_mode="none"')
                    + 'client.containers.get(f"{given.crew}-2").stop(timeout=0)',
                    "1개는 dockerlab/tiny로 돌고 있지 않습니다",
                ),
            ),
        ),
    ),
)
