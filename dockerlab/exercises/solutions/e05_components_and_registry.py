"""연습 05의 과제와 풀이입니다. 올리고, 이름을 읽고, 태그를 옮기고, 보낸 바이트를 세고, 못 박아 띄웁니다."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from dockerlab.errors import DockerlabError
from dockerlab.exercises.model import Exercise, Given, Step, Task, Untried, Wrong
from dockerlab.exercises.observation import View
from dockerlab.exercises.parameters import choice, image, name, number, port
from dockerlab.exercises.preparing import image_for, pushed_for, registry_for
from dockerlab.registries import Manifest, Remote

_FIRST = 'FROM dockerlab/tiny\nCOPY first /shop/first\nCMD ["sleep", "900"]\n'
_SECOND = "FROM {}\nCOPY second /shop/second\nCOPY notes /shop/notes\n"


def prepare(view: View, given: Given) -> None:
    """이미지 두 판과, 첫째 판이 올라와 있는 레지스트리를 갖춥니다."""
    random = Random(given.token)
    first, second, notes = (random.randbytes(kib * 1024).hex() for kib in (64, given.kib, 16))
    image_for(given, given.first, _FIRST, {"first": first})
    image_for(given, given.second, _SECOND.format(given.first), {"second": second, "notes": notes})
    registry_for(given, given.registry)
    for tag in ("1", "stable"):
        pushed_for(given.registry, given.first, f"{given.shop}:{tag}")


def _manifest(given: Given, wanted: str) -> Manifest | None:
    """What the exercise's registry has by that name."""
    try:
        with Remote(f"localhost:{given.registry}") as remote:
            return remote.manifest(wanted)
    except DockerlabError:
        return None


def _same(view: View, found: Manifest | None, tag: str) -> bool:
    held = view.image(tag)
    return held is not None and held["Id"] in _ids(found)


def _ids(found: Manifest | None) -> tuple[str, ...]:
    """What an engine may call it: by its configuration or, where containerd keeps images, its manifest."""
    if found is None or found.config is None:
        return ()
    return found.config.digest, found.digest


def _edition(view: View, given: Given, tag: str, held: str) -> Manifest:
    """One of the two editions, as the registry has it."""
    wanted = f"{given.shop}:{tag}"
    found = _manifest(given, wanted)
    if found is None:
        raise Untried(f"레지스트리에 아직 없습니다: {wanted}.")
    if not _same(view, found, held):
        raise Untried(f"레지스트리의 {wanted}에 다른 이미지가 올라와 있습니다. {held}부터 다시 올리십시오.")
    return found


def check_pushed(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """05-1: 새 저장소에 올리기."""
    wanted = f"{given.team}:{given.version}"
    found = _manifest(given, wanted)
    if found is None:
        if view.image(f"localhost:{given.registry}/{wanted}") is None:
            raise Untried(f"레지스트리에 아직 없습니다: {wanted}.")
        yield Step(False, f"이름은 붙였지만 레지스트리로 올리지 않았습니다: {wanted}.", 3)
        return
    yield Step(True, f"레지스트리에 있습니다: {wanted}.")
    right = _same(view, found, given.first)
    said = f"올라온 것은 {given.first}의 이미지입니다."
    yield Step(right, said if right else f"올라온 것이 {given.first}의 이미지가 아닙니다.", 2)


def check_digest(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """05-2: 내용에서 나온 이름."""
    found = _edition(view, given, "1", given.first)
    if not isinstance(answer, str):
        yield Step(False, f"글로 답하십시오. 지금은 {type(answer).__name__}입니다.", 2)
        return
    told = answer.strip().rpartition("@")[2]
    if told == found.digest:
        yield Step(True, "레지스트리에 있는 매니페스트의 다이제스트입니다.", 2)
    elif told in _ids(found):
        yield Step(False, "이것은 설정(config)의 다이제스트입니다. 매니페스트의 것을 찾으십시오.", 2)
    elif told in [layer.digest for layer in found.layers]:
        yield Step(False, "이것은 레이어 하나의 다이제스트입니다.", 2)
    elif told and told.removeprefix("sha256:") in found.digest:
        yield Step(False, "줄여 적었습니다. sha256:부터 끝까지 적으십시오.", 2)
    else:
        yield Step(False, f"{given.shop}:1의 다이제스트가 아닙니다: {answer[:80]!r}", 2)


def check_moved(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """05-3: 태그를 옮겨도 옛것은 남습니다."""
    first, second, stable = (_manifest(given, f"{given.shop}:{tag}") for tag in ("1", "2", "stable"))
    still = _same(view, stable, given.first)
    if second is None and still:
        raise Untried("태그 2가 없고, stable은 아직 첫째 판을 가리킵니다.")
    uploaded = _same(view, second, given.second)
    said = "태그 2가 둘째 판을 가리킵니다."
    wrong = "태그 2가 없습니다." if second is None else "태그 2가 둘째 판이 아닌 것을 가리킵니다."
    yield Step(uploaded, said if uploaded else wrong)
    moved = _same(view, stable, given.second)
    said = "stable이 둘째 판을 가리킵니다."
    wrong = "아직 첫째 판을" if still else "첫째 판도 둘째 판도 아닌 것을"
    yield Step(moved, said if moved else f"stable이 {wrong} 가리킵니다.", 2)
    kept = _same(view, first, given.first)
    said = "태그 1은 그대로 첫째 판을 가리킵니다."
    yield Step(kept, said if kept else "태그 1까지 다른 것을 가리킵니다. 첫째 판을 다시 올리십시오.")


def check_sent(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """05-4: 새로 받는 레이어만, 압축한 크기로."""
    first = _edition(view, given, "1", given.first)
    second = _edition(view, given, "2", given.second)
    if type(answer) is not int:
        yield Step(False, f"바이트를 수로 답하십시오. 지금은 {type(answer).__name__}입니다.", 3)
        return
    new = [layer.size for layer in second.layers if layer not in first.layers]
    told = {
        second.size: "이것은 매니페스트라는 문서의 크기입니다. 레이어의 크기는 그 안에 적혀 있습니다.",
        sum(layer.size for layer in second.layers): "레이어를 모두 더했습니다. 이미 있는 것은 받지 않습니다.",
        sum(layer.size_unpacked for layer in view.layers(given.second).layers[-len(new) :]): (
            "압축을 푼 크기입니다. 오가는 것은 압축한 것입니다."
        ),
        new[-1]: "맨 위의 레이어 하나뿐입니다. 새 레이어는 둘입니다.",
        sum(new): "새 레이어들의 압축한 크기입니다.",
    }
    said = told.get(answer, f"{answer:,}바이트가 아닙니다. 두 매니페스트의 레이어를 견주어 보십시오.")
    yield Step(answer == sum(new), said, 3)


def check_pinned(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """05-5: 다이제스트로 못 박아 띄운 컨테이너."""
    box = view.existing_container(given.pinned)
    said = f"{given.pinned}가 돌고 있습니다." if box.running else f"{given.pinned}는 있으나 {box.state}."
    yield Step(box.running, said)
    asked = box.raw["Config"]["Image"]
    repository, at, _ = asked.partition("@")
    if not at:
        yield Step(False, f"다이제스트 없이 {asked[:60]!r}라고 적어 띄웠습니다.", 2)
    else:
        # A tag may stand before the digest; the engine does not look at it.
        right = repository.split(":")[:2] == f"localhost:{given.registry}/{given.shop}".split(":")
        said = "과제의 저장소를 다이제스트로 적어 띄웠습니다."
        yield Step(right, said if right else f"과제의 저장소가 아닙니다: {repository[:60]!r}", 2)
    right = box.image in _ids(_edition(view, given, "1", given.first))
    yield Step(right, f"{given.pinned}의 이미지는 첫째 판{'입니다' if right else '이 아닙니다'}.")


_PUSH = """def push(image, name):
    address, _, tag = f"localhost:{given.registry}/{name}".rpartition(":")
    client.images.get(image).tag(address, tag)
    print(client.images.push(address, tag=tag)[-200:])

"""
_TEAM = "push(given.{}, f'{{given.team}}:{}')\n"
_TAGS = "for image, tag in ({}):\n    push(image, f'{{given.shop}}:{{tag}}')\n"
_REMOTE = 'registry = lab.registries.Remote(f"localhost:{given.registry}")\n'
_MANIFEST = 'manifest = registry.manifest(f"{{given.shop}}:{}")\nanswer = {}\n'
_SIZES = """first, second = (registry.manifest(f"{given.shop}:{tag}").layers for tag in "12")
answer = sum(layer.size for layer in second if layer not in first)
"""
_PINNED = """digest = registry.digest(f"{{given.shop}}:{}")
image = f"localhost:{{given.registry}}/{{given.shop}}@{{digest}}"
client.containers.run(image, {}name=given.pinned, detach=True)
"""

EXERCISE = Exercise(
    number="05",
    slug="components-and-registry",
    title="이름과 내용: 레지스트리에 올리고 받기",
    intro="""
이 컴퓨터의 `given.registry`번 포트에 진짜 레지스트리를 띄워 두었습니다. 주소는 `localhost`와 포트를
콜론으로 이은 것입니다. 엔진에는 가게 이미지의 첫째 판 `given.first`와, 그 위에 레이어 둘을 더 쌓은 둘째 판
`given.second`가 있습니다. 레지스트리의 저장소 `given.shop`에는 첫째 판이 태그 `1`과 `stable`로 올라와
있습니다.
""",
    parameters={
        "registry": port(),
        "first": image("shop", "1"),
        "second": image("shop", "2"),
        "kib": number(96, 192, 8),
        "shop": name("shop"),
        "team": name("team"),
        "version": choice("0.9", "1.0.3", "2026.11"),
        "pinned": name("pinned"),
    },
    images=("tiny", "registry"),
    prepare=prepare,
    tasks=(
        Task(
            title="올리기",
            text="""
`given.first`를 레지스트리의 **새 저장소** `given.team`에 태그 `given.version`으로 올리십시오. 올릴 곳을
따로 적는 자리는 없습니다. 어디에 적어야 할지 생각해 보십시오.
""",
            answer=_PUSH + _TEAM.format("first", "{given.version}"),
            check=check_pushed,
            points=3,
            hints=(
                "올릴 곳은 이미지의 이름에 적혀 있습니다. 이름의 앞부분이 레지스트리의 주소입니다.",
                "먼저 같은 이미지에 새 이름을 붙이고(tag), 그 이름으로 올립니다(push).",
                """
                새 이름은 `주소/저장소:태그`입니다. docker-py에서는 이미지 객체의 `tag`와 `client.images`의
                `push`이고, 둘 다 태그를 따로 받습니다.
                """,
            ),
            explanation="""
            이름을 붙인 것만으로는 아무것도 옮겨지지 않습니다. 올릴 때 엔진은 레이어마다 레지스트리에 있는지
            먼저 묻습니다. 이 레지스트리에는 같은 레이어가 이미 있어 **거의 아무것도 보내지 않았습니다**.
            """,
            wrong=(
                Wrong(
                    'address = f"localhost:{given.registry}/{given.team}"\n'
                    "client.images.get(given.first).tag(address, given.version)",
                    "이름은 붙였지만",
                ),
                Wrong(_PUSH + _TEAM.format("first", "latest"), "레지스트리에 아직 없습니다"),
                Wrong(_PUSH + _TEAM.format("second", "{given.version}"), "의 이미지가 아닙니다"),
            ),
        ),
        Task(
            title="내용에서 나온 이름",
            text="""
저장소 `given.shop`의 태그 `1`은 언제든 다른 것을 가리킬 수 있습니다. 지금 가리키는 이미지를 **못 박아**
부를 수 있도록, 그 매니페스트(manifest)의 다이제스트를 글로 `answer`에 담으십시오. `sha256:`으로 시작합니다.
""",
            answer=_REMOTE + 'answer = registry.digest(f"{given.shop}:1")',
            check=check_digest,
            points=2,
            hints=(
                """
                이미지 하나에는 다이제스트가 여럿 있습니다. 매니페스트, 설정, 레이어가 저마다 하나씩 갖습니다.
                이미지 전체를 못 박는 것은 어느 것입니까?
                """,
                """
                엔진이 말하는 이미지의 id는 대개 설정의 다이제스트입니다. 매니페스트의 것은 레지스트리에
                묻거나, 올릴 때의 출력 끝에서 봅니다.
                """,
                """
                레지스트리는 HTTP로 말합니다. `/v2/저장소/manifests/태그`의 머리말(header)에 있습니다.
                수업에서 쓴 `lab.registries.Remote`는 같은 것을 대신 물어 줍니다.
                """,
            ),
            explanation="""
            매니페스트에는 설정과 레이어의 다이제스트가 적혀 있으므로, 그 문서의 SHA-256 하나가 **이미지
            전체**를 가리킵니다. 내용이 한 바이트라도 다르면 이 이름이 달라집니다.
            """,
            wrong=(
                Wrong(_REMOTE + _MANIFEST.format(1, "manifest.config.digest"), "이것은 설정(config)의"),
                Wrong(_REMOTE + _MANIFEST.format(1, "manifest.layers[0].digest"), "이것은 레이어 하나의"),
                Wrong(_REMOTE + _MANIFEST.format(1, "manifest.digest[:19]"), "줄여 적었습니다"),
                Wrong("answer = given.first", "다이제스트가 아닙니다"),
            ),
            asks_value=True,
        ),
        Task(
            title="태그 옮기기",
            text="""
`given.second`를 저장소 `given.shop`에 태그 `2`로 올리고, 태그 `stable`도 **둘째 판을 가리키도록
옮기십시오**. 태그 `1`은 그대로 첫째 판이어야 합니다.
""",
            answer=_PUSH + _TAGS.format('(given.second, "2"), (given.second, "stable")'),
            check=check_moved,
            points=4,
            hints=(
                "태그를 옮기는 명령은 따로 없습니다. 같은 이름으로 다른 것을 올리면 어떻게 됩니까?",
                "한 이미지에 이름을 둘 붙여, 두 이름을 모두 올리십시오.",
                "`2`와 `stable`로 두 번 올립니다. 두 번째에는 레이어를 하나도 보내지 않습니다.",
            ),
            explanation="""
            태그는 옮길 수 있는 화살표라, 어제의 `stable`과 오늘의 `stable`은 다른 이미지일 수 있습니다. 첫째
            판은 사라지지 않았고, 태그 `1`과 다이제스트로 여전히 부를 수 있습니다.
            """,
            wrong=(
                Wrong(_PUSH + _TAGS.format('(given.second, "2"),'), "아직 첫째 판을"),
                Wrong(_PUSH + _TAGS.format('("dockerlab/tiny", "stable"),'), "첫째 판도 둘째 판도 아닌 것을"),
                Wrong(
                    _PUSH + _TAGS.format('(given.first, "2"), (given.second, "stable")'),
                    "태그 2가 둘째 판이 아닌 것을",
                ),
            ),
        ),
        Task(
            title="오가는 것은 새 레이어만",
            text="""
어떤 서버에 `given.shop`의 `1`이 이미 있습니다. 그 서버가 `2`를 받을 때 **새로 받는 레이어**는 모두 몇
바이트입니까? 레이어는 압축되어 오가므로 **압축한 크기**로 셉니다. 매니페스트와 설정의 크기는 빼고, 수로
`answer`에 담으십시오.
""",
            answer=_REMOTE + _SIZES,
            check=check_sent,
            points=3,
            hints=(
                "두 이미지의 레이어 목록을 견주십시오. 같은 레이어는 다이제스트가 같습니다.",
                """
                `docker images`의 크기는 대개 압축을 푼 것입니다. 압축한 크기는 레지스트리의 매니페스트에
                있습니다.
                """,
                """
                매니페스트의 `layers`에는 레이어마다 `digest`와 `size`가 있습니다. 첫째 판에 없는 것의
                `size`만 더하십시오.
                """,
            ),
            explanation="""
            바탕과 첫째 판의 레이어는 서버에 이미 있으므로 오지 않습니다. 자주 바뀌는 것을 **위쪽 레이어**에
            두면 배포할 때마다 이만큼만 오갑니다.
            """,
            wrong=(
                Wrong(
                    _REMOTE + _MANIFEST.format(2, "sum(each.size for each in manifest.layers)"),
                    "이미 있는 것은 받지 않습니다",
                ),
                Wrong(
                    "answer = sum(each.size_unpacked for each in lab.layers(given.second).layers[-2:])",
                    "오가는 것은 압축한 것입니다",
                ),
                Wrong(_REMOTE + _MANIFEST.format(2, "manifest.layers[-1].size"), "새 레이어는 둘입니다"),
                Wrong(_REMOTE + _MANIFEST.format(2, "manifest.size"), "문서의 크기입니다"),
            ),
            asks_value=True,
        ),
        Task(
            title="못 박아 띄우기",
            text="""
`stable`이 옮겨 갔으니 태그만 믿을 수는 없습니다. 저장소 `given.shop`에 있는 **첫째 판**을 태그가 아니라
**다이제스트로 적어**, 이름이 `given.pinned`인 컨테이너를 뒤에서 띄우십시오. 명령은 이미지에 적힌 것을 그대로
씁니다.
""",
            answer=_REMOTE + _PINNED.format("1", ""),
            check=check_pinned,
            points=4,
            hints=(
                "태그는 콜론 뒤에 적습니다. 다이제스트는 다른 기호 뒤에 적습니다.",
                "`저장소@sha256:…`의 모양입니다. 저장소에는 레지스트리의 주소까지 적어야 합니다.",
                """
                과제 05-2에서 찾은 글을 `localhost:포트/저장소` 뒤에 `@`로 이으십시오. 엔진에 없으면 띄우기
                전에 받아 옵니다.
                """,
            ),
            explanation="""
            다이제스트로 적은 배포는 누가 태그를 옮겨도 흔들리지 않고, 받은 바이트가 그 이름과 맞는지 엔진이
            스스로 확인합니다. 사람이 읽을 태그는 곁에 적어 두면 됩니다.
            """,
            wrong=(
                Wrong(
                    'address = f"localhost:{given.registry}/{given.shop}"\n'
                    'client.images.pull(address, tag="1")\n'
                    'client.containers.run(f"{address}:1", name=given.pinned, detach=True)',
                    "다이제스트 없이",
                ),
                Wrong(_REMOTE + _PINNED.format("stable", ""), "첫째 판이 아닙니다"),
                Wrong(
                    _REMOTE
                    + _PINNED.format("1", '["true"], ')
                    + "client.containers.get(given.pinned).wait()",
                    "종료되었습니다(코드 0)",
                ),
            ),
        ),
    ),
)
