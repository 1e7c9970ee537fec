"""연습 06의 과제와 풀이입니다. 레이어를 쌓고, 나누어 쓰고, 낭비를 없애고, 지운 것을 다시 찾습니다."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

from dockerlab.exercises.model import Exercise, Given, Step, Task, Untried, Wrong
from dockerlab.exercises.observation import View
from dockerlab.exercises.parameters import image, number, word
from dockerlab.exercises.preparing import image_for

_FAT = """FROM dockerlab/tiny
RUN dd if=/dev/urandom of=/big.bin bs=1024 count={} 2>/dev/null
RUN wc -c < /big.bin > /size.txt
RUN rm /big.bin
"""
_NOTES = "FROM dockerlab/tiny\n{}RUN echo done > /srv/other.txt\n"
_LEAKY = """FROM dockerlab/tiny
COPY key /root/key
RUN wc -c < /root/key > /root/length
RUN rm /root/key
"""


def prepare(view: View, given: Given) -> None:
    """낭비가 있는 이미지, 여러 번 고친 이미지, 비밀을 지운 이미지를 만들어 둡니다."""
    image_for(given, given.fat, _FAT.format(given.kib))
    lines = [f"RUN mkdir -p /srv; echo {at} > /srv/note.txt\n" for at in range(given.times)]
    image_for(given, given.notes, _NOTES.format("".join(lines)))
    # Made here and kept nowhere: it can only be read out of the image.
    image_for(given, given.leaky, _LEAKY, {"key": f"key-{secrets.token_hex(6)}\n"})


def _layers_of(view: View, wanted: str) -> list[str]:
    return view.existing_image(wanted)["RootFS"].get("Layers") or []


def _on_tiny(view: View, layers: list[str]) -> Step:
    tiny = view.image("tiny")["RootFS"]["Layers"]
    right = layers[: len(tiny)] == tiny and len(layers) > len(tiny)
    said = "dockerlab/tiny의 레이어 위에 쌓였습니다."
    return Step(right, said if right else "dockerlab/tiny의 레이어 위에 쌓은 이미지가 아닙니다.")


def check_built(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """06-1: Dockerfile로 만든 이미지."""
    yield _on_tiny(view, _layers_of(view, given.app))
    if not (view.image(given.app)["Config"].get("Cmd") and _own_command(view, given.app)):
        yield Step(False, "이미지에 기본 명령을 정하지 않았습니다. dockerlab/tiny의 것 그대로입니다.", 3)
        return
    told = view.run(given.app)
    yield Step(told.code == 0, f"기본 명령의 종료 코드: {told.code}.")
    right = told.text.strip() == given.word
    yield Step(right, f"{told.text.strip()[:60]!r}: 기본 명령이 찍은 글입니다.", 2)


def _own_command(view: View, wanted: str) -> bool:
    mine, base = view.image(wanted)["Config"], view.image("tiny")["Config"]
    return any(mine.get(key) != base.get(key) for key in ("Cmd", "Entrypoint"))


def check_shared(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """06-2: 레이어를 나누어 쓰는 두 이미지."""
    layers = _layers_of(view, given.next)
    below = view.image(given.app)
    if below is None:
        raise Untried(f"이미지 {given.app}이 없습니다. 과제 06-1부터 하십시오.")
    shared = layers[: len(below["RootFS"]["Layers"])] == below["RootFS"]["Layers"]
    said = f"{given.app}의 레이어를 모두 나누어 씁니다."
    yield Step(shared, said if shared else f"{given.app}의 레이어 가운데 다른 것이 있습니다.", 2)
    more = len(layers) - len(below["RootFS"]["Layers"])
    yield Step(
        more == 1,
        f"레이어가 {more}개 더 있습니다. 하나만 더 있어야 합니다." if more != 1 else "하나가 더 있습니다.",
    )
    told = view.run(given.next, ["cat", "/app/more.txt"])
    yield Step(
        told.code == 0, "/app/more.txt가 있습니다." if told.code == 0 else "/app/more.txt를 읽을 수 없습니다."
    )


def check_slim(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """06-3: 낭비 없애기."""
    yield _on_tiny(view, _layers_of(view, given.slim))
    slim = view.layers(given.slim)
    wasted = slim.wasted_bytes
    said = "낭비가 없습니다." if not wasted else f"보이지 않는데 저장된 바이트가 {wasted:,}개 있습니다."
    yield Step(not wasted, said, 2)
    told = view.run(given.slim, ["cat", "/size.txt"])
    right = told.text.strip() == str(given.kib * 1024)
    said = (
        "/size.txt의 내용이 맞습니다." if right else f"/size.txt의 내용이 {told.text.strip()[:40]!r}입니다."
    )
    yield Step(told.code == 0 and right, said if told.code == 0 else "/size.txt가 없습니다.")
    gone = "/big.bin" not in slim.tree()
    yield Step(gone, "/big.bin은 남지 않았습니다." if gone else "/big.bin이 아직 보입니다.")


def check_numbers(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """06-4: 파일 하나가 담긴 레이어들."""
    layers = view.layers(given.notes).layers
    true = [
        at for at, layer in enumerate(layers) if any(file.path == "/srv/note.txt" for file in layer.files)
    ]
    if not isinstance(answer, list) or any(type(each) is not int for each in answer):
        yield Step(False, "수의 목록으로 답하십시오. 예: [3, 5]", 3)
    elif answer == true[-1:]:
        yield Step(False, "맨 위에서 보이는 것만 찾았습니다. 가려진 것까지 모두 찾으십시오.", 3)
    elif [each - 1 for each in answer] == true:
        yield Step(False, "하나씩 밀렸습니다. 번호는 0부터 셉니다.", 3)
    else:
        right = sorted(answer) == true
        yield Step(
            right,
            f"{sorted(answer)}: {'모두 찾았습니다' if right else '빠졌거나 더 적은 번호가 있습니다'}.",
            3,
        )


def check_secret(view: View, given: Given, answer: Any) -> Iterator[Step]:
    """06-5: 지운 비밀."""
    true = view.file(given.leaky, "/root/key").strip()
    found = answer.strip() if isinstance(answer, str) else answer
    if found == "":
        yield Step(False, "빈 글입니다. 맨 위에서 보면 파일이 지워져 있습니다.", 3)
    elif found == str(len(true) + 1):
        yield Step(False, "비밀의 길이입니다. 내용을 찾으십시오.", 3)
    else:
        right = found == true
        yield Step(
            right, "지운 파일의 내용을 찾았습니다." if right else f"비밀이 아닙니다: {str(found)[:40]!r}", 3
        )


EXERCISE = Exercise(
    number="06",
    slug="image-layers",
    title="레이어를 쌓고 들여다보기",
    intro="""
이미지는 읽기 전용 레이어를 쌓은 것이고, 레이어는 한번 저장되면 **바뀌지 않습니다**. 이 연습에서는 그 한
문장이 크기와 캐시와 비밀에 무슨 일을 하는지 봅니다. 이미지는 `lab.build(Dockerfile의 글, 이름)`이나
`client.images.build(...)`로 만듭니다. 채점할 때 빌드에는 네트워크가 없습니다.
""",
    parameters={
        "app": image("app"),
        "next": image("app", "2"),
        "word": word(),
        "fat": image("fat"),
        "slim": image("slim"),
        "kib": number(512, 1536, 64),
        "notes": image("notes"),
        "times": number(2, 4),
        "leaky": image("leaky"),
    },
    prepare=prepare,
    tasks=(
        Task(
            title="내 이미지 만들기",
            text="""
`dockerlab/tiny`를 바탕으로 이름이 `given.app`인 이미지를 만드십시오. `/app/word.txt`에 `given.word`의 값이
들어 있고, 명령을 주지 않고 실행하면(기본 명령) 그 내용을 찍어야 합니다.
""",
            answer="""
made = f"FROM dockerlab/tiny\\nRUN mkdir /app && echo {given.word} > /app/word.txt\\n"
lab.build(made + 'CMD ["cat", "/app/word.txt"]', given.app)
""",
            check=check_built,
            points=4,
            hints=(
                "Dockerfile은 세 줄이면 됩니다. 바탕, 파일 만들기, 기본 명령입니다.",
                """
                파일은 빌드하면서 명령을 실행해 만들어도 되고, 밖에서 복사해 넣어도 됩니다. 폴더가 먼저
                있어야 합니다.
                """,
                "기본 명령은 `CMD`입니다. `RUN`은 만들 때, `CMD`는 컨테이너를 실행할 때의 명령입니다.",
            ),
            explanation="""
            `RUN`과 `COPY`는 레이어를 하나씩 더하고, `CMD`는 레이어 없이 **설정**만 바꿉니다.
            `lab.layers(given.app)`로 확인해 보십시오.
            """,
            wrong=(
                Wrong(
                    'lab.build(f"FROM dockerlab/tiny\\nRUN mkdir /app && echo {given.word} >'
                    ' /app/word.txt", given.app)',
                    "기본 명령을 정하지 않았습니다",
                ),
                Wrong(
                    'lab.build("FROM dockerlab/tiny\\nCMD [\\"cat\\", \\"/app/word.txt\\"]\\nRUN mkdir'
                    ' /app", given.app)',
                    "종료 코드: 1",
                ),
                Wrong(
                    'lab.build(f\'FROM dockerlab/debian\\nRUN echo {given.word} > /word\\nCMD ["cat",'
                    ' "/word"]\', given.app)',
                    "위에 쌓은 이미지가 아닙니다",
                ),
            ),
        ),
        Task(
            title="레이어 나누어 쓰기",
            text="""
이름이 `given.next`인 이미지를 만드십시오. `given.app`의 레이어를 **모두 나누어 쓰면서** 레이어가 꼭
**하나만** 더 있어야 하고, 그 레이어에는 `/app/more.txt`가 들어 있어야 합니다. 내용은 자유입니다.
""",
            answer="""
lab.build(f"FROM {given.app}\\nRUN echo more > /app/more.txt", given.next)
""",
            check=check_shared,
            points=4,
            hints=(
                """
                레이어를 나누어 쓴다는 것은 같은 바탕에서 시작한다는 뜻입니다. 무엇을 바탕으로 삼으면
                될까요?
                """,
                "내가 만든 이미지도 다른 이미지의 바탕이 될 수 있습니다. 파일을 만드는 지시는 하나면 됩니다.",
                """
                `FROM` 뒤에 앞 과제에서 만든 이미지의 이름을 쓰십시오. 파일을 바꾸는 지시마다 레이어가
                하나씩 늘어납니다.
                """,
            ),
            explanation="""
            두 이미지를 합친 크기는 각각의 크기를 더한 것보다 작습니다. 나누어 쓰는 레이어는 디스크에 한
            번만 저장되고, 올리거나 받을 때에도 한 번만 움직입니다.
            """,
            wrong=(
                Wrong(
                    'lab.build("FROM dockerlab/tiny\\nRUN mkdir /app && echo more > /app/more.txt",'
                    " given.next)",
                    "다른 것이 있습니다",
                ),
                Wrong(
                    'lab.build(f"FROM {given.app}\\nRUN echo a > /a\\nRUN echo more > /app/more.txt",'
                    " given.next)",
                    "레이어가 2개 더 있습니다",
                ),
                Wrong(
                    'lab.build(f"FROM {given.app}\\nRUN echo more > /more.txt", given.next)',
                    "/app/more.txt를 읽을 수 없습니다",
                ),
            ),
        ),
        Task(
            title="낭비 없애기",
            text="""
엔진에 `given.fat`이라는 이미지를 만들어 두었습니다. 큰 파일을 만들고, 크기를 적고, 지우는 Dockerfile입니다.

```dockerfile
FROM dockerlab/tiny
RUN dd if=/dev/urandom of=/big.bin bs=1024 count=(given.kib의 값)
RUN wc -c < /big.bin > /size.txt
RUN rm /big.bin
```

`lab.layers(given.fat)`를 보면 지운 파일이 그대로 저장되어 있습니다. 같은 일을 하고 **낭비가 하나도 없는**
이미지를 `given.slim`이라는 이름으로 만드십시오. `/size.txt`의 내용은 같아야 하고, 크기는 손으로 적지 말고
파일에서 재십시오.
""",
            answer="""
lab.build(
    f"FROM dockerlab/tiny\\nRUN dd if=/dev/urandom of=/big.bin bs=1024 count={given.kib}"
    " && wc -c < /big.bin > /size.txt && rm /big.bin",
    given.slim,
)
""",
            check=check_slim,
            points=5,
            hints=(
                "레이어는 지시 하나가 끝날 때 저장됩니다. 저장되기 전에 지우면 어떨까요?",
                """
                셸에서는 명령 여럿을 이어 한 번에 실행할 수 있습니다. 앞의 것이 성공했을 때만 다음 것을 하는
                기호가 있습니다.
                """,
                "세 명령을 `&&`로 이어 `RUN` 하나에 쓰십시오. 만든 파일은 그 `RUN` 안에서 지워야 합니다.",
            ),
            explanation="""
            위 레이어에서 지우는 것은 **가리는 것**일 뿐입니다. 아래 레이어는 바뀌지 않으므로 바이트는
            그대로 저장되고 옮겨집니다. 여러 단계 빌드(multi-stage build)는 이것을 더 깔끔하게 하는
            방법입니다.
            """,
            wrong=(
                Wrong(
                    'lab.build(f"FROM dockerlab/tiny\\nRUN dd if=/dev/zero of=/big.bin bs=1024'
                    " count={given.kib}"
                    ' && wc -c < /big.bin > /size.txt\\nRUN rm /big.bin", given.slim)',
                    "보이지 않는데 저장된 바이트",
                ),
                Wrong(
                    'lab.build(f"FROM dockerlab/tiny\\nRUN dd if=/dev/zero of=/big.bin bs=1024'
                    " count={given.kib}"
                    ' && wc -c < /big.bin > /size.txt", given.slim)',
                    "/big.bin이 아직 보입니다",
                ),
                Wrong(
                    'lab.build("FROM dockerlab/tiny\\nRUN echo big > /size.txt", given.slim)',
                    "/size.txt의 내용이 ",
                ),
            ),
        ),
        Task(
            title="파일 하나, 레이어 여럿",
            text="""
이미지 `given.notes`는 `/srv/note.txt`를 여러 번 고쳐 썼습니다. 그 파일이 저장된 레이어의 번호를
**모두**(가려진 것까지) 찾아 수의 목록으로 `answer`에 담으십시오. 번호는 맨 아래가 0입니다.
""",
            answer="""
layers = lab.layers(given.notes).layers
answer = [at for at, layer in enumerate(layers) if any(file.path == "/srv/note.txt" for file in layer.files)]
""",
            check=check_numbers,
            points=3,
            hints=(
                "파일을 고쳐 쓰면 아래 레이어의 것이 바뀌는 것이 아니라, 위 레이어에 새로 저장됩니다.",
                """
                `lab.layers(이름)`이 돌려주는 것의 `layers`를 아래부터 하나씩 보십시오. 저마다 `files`가
                있습니다.
                """,
                """
                `enumerate`로 번호를 세면서, `files` 가운데 `path`가 찾는 경로인 것이 있는 레이어만
                고르십시오.
                """,
            ),
            explanation="""
고쳐 쓴 횟수만큼 저장되고, 맨 위의 것만 보입니다. 자주 바뀌는 파일을 이미지에 담으면 안 되는 까닭입니다.
""",
            wrong=(
                Wrong(
                    "layers = lab.layers(given.notes).layers\n"
                    "answer = [max(at for at, layer in enumerate(layers)\n"
                    '              if any(file.path == "/srv/note.txt" for file in layer.files))]',
                    "맨 위에서 보이는 것만",
                ),
                Wrong(
                    "layers = lab.layers(given.notes).layers\n"
                    "answer = [at + 1 for at, layer in enumerate(layers)\n"
                    '          if any(file.path == "/srv/note.txt" for file in layer.files)]',
                    "하나씩 밀렸습니다",
                ),
                Wrong("answer = given.times", "수의 목록으로 답하십시오"),
                Wrong("answer = [0, 99]", "빠졌거나 더 적은 번호"),
            ),
            asks_value=True,
        ),
        Task(
            title="지운 비밀 찾기",
            text="""
이미지 `given.leaky`를 만든 사람은 비밀 열쇠를 `/root/key`에 복사해 넣었다가 다음 줄에서 지웠습니다.
컨테이너를 띄워 보면 정말 없습니다. 그 내용을 찾아 `answer`에 글로 담으십시오.
""",
            answer="""
image = lab.layers(given.leaky)
number = next(at for at, layer in enumerate(image.layers) if any(f.path == "/root/key" for f in layer.files))
answer = lab.read_file(given.leaky, "/root/key", layer=number).data.decode()
""",
            check=check_secret,
            points=3,
            hints=(
                "앞의 두 과제에서 본 것을 떠올리십시오. 위에서 지운 파일의 바이트는 어디에 있습니까?",
                "먼저 그 파일이 저장된 레이어의 번호를 찾고, 그 레이어까지 쌓은 모습에서 파일을 읽으십시오.",
                """
                `lab.read_file`에는 이미지, 경로, 그리고 `layer`를 줄 수 있습니다. 결과의 `data`는
                바이트입니다.
                """,
            ),
            explanation="""
            이미지를 받은 사람은 누구나 이렇게 읽을 수 있습니다. 비밀은 이미지에 넣지 말고, 빌드할 때는 빌드
            비밀(build secret)로, 실행할 때는 밖에서 건네주십시오.
            """,
            wrong=(
                Wrong('answer = lab.run(given.leaky, ["cat", "/root/key"]).stdout', "빈 글입니다"),
                Wrong('answer = lab.run(given.leaky, ["cat", "/root/length"]).stdout', "비밀의 길이입니다"),
                Wrong("answer = given.leaky", "비밀이 아닙니다"),
            ),
            asks_value=True,
        ),
    ),
)
