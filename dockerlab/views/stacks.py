"""가상 머신과 컨테이너의 구조를 나란히 그립니다."""

from __future__ import annotations

from dataclasses import dataclass

from dockerlab.views.picture import Picture, Sketch

TITLE = "가상 머신과 컨테이너의 구조"
_KEY = "빗금 친 층이 앱이 쓰는 커널입니다."
_APPS = ("앱 A", "앱 B", "앱 C")
_BOTTOM, _STEP, _HEIGHT, _WIDTH, _GAP = 382, 50, 44, 132, 6


@dataclass(frozen=True)
class Stack:
    """한쪽의 구조를 아래에서 위로 담습니다. ``shared``는 함께 쓰는 층, ``own``은 따로 있는 층입니다."""

    name: str
    unit: str
    shared: tuple[str, ...]
    own: tuple[str, ...]
    point: str


VM = Stack(
    name="가상 머신 (VM)",
    unit="VM",
    shared=("인프라 (하드웨어)", "호스트 운영체제", "하이퍼바이저 (hypervisor)"),
    own=("게스트 OS\n(자기 커널)", "Bins/Libs"),
    point="VM마다 커널을 포함한 운영체제가 하나씩 더 있습니다.",
)
CONTAINER = Stack(
    name="컨테이너 (container)",
    unit="컨테이너",
    shared=("인프라 (하드웨어)", "호스트 운영체제 (커널을 함께 씀)", "Docker 엔진"),
    own=("Bins/Libs",),
    point="커널은 호스트의 것 하나를 함께 쓰고, 필요한 파일만 따로 가집니다.",
)


def stacks_figure() -> Picture:
    """VM의 층과 컨테이너의 층을 같은 높이의 칸으로 나란히 그립니다."""
    sketch = Sketch(TITLE, 860, 490)
    for left, stack in ((20, VM), (446, CONTAINER)):
        _draw(sketch, left, stack)
    sketch.note(_KEY)
    return Picture(TITLE, sketch.svg(), describe_stacks())


def describe_stacks() -> str:
    """``stacks_figure``와 같은 내용을 글로 적습니다."""
    lines = (
        f"{stack.name}, 아래에서 위로: {' → '.join(stack.shared)} → {stack.unit}마다 "
        f"[{' → '.join(layer.replace(chr(10), ' ') for layer in stack.own)} → 앱]. {stack.point}"
        for stack in (VM, CONTAINER)
    )
    kernels = "앱이 쓰는 커널은 VM에서는 게스트 OS에, 컨테이너에서는 호스트 운영체제에 있습니다."
    return "\n".join([*lines, kernels])


def _draw(sketch: Sketch, left: int, stack: Stack) -> None:
    for level, layer in enumerate(stack.shared):
        kind = "engine" if level == 2 else "kernel" if "커널" in layer else "shared"
        sketch.box(left, _BOTTOM - level * _STEP, 3 * _WIDTH - _GAP, _HEIGHT, [layer], kind)
    for column, app in enumerate(_APPS):
        x = left + column * _WIDTH
        top = _BOTTOM - len(stack.shared) * _STEP - _GAP
        for layer in stack.own:
            kind = "kernel" if "커널" in layer else "own"
            sketch.box(x, top, _WIDTH - _GAP, _HEIGHT, layer.split("\n"), kind)
            top -= _STEP
        sketch.box(x, top, _WIDTH - _GAP, _HEIGHT, [app], "app")
        sketch.words(x + _WIDTH / 2, top - 8, [f"{stack.unit} {column + 1}"], "small", "middle")
    sketch.words(left, _BOTTOM - 6 * _STEP - _GAP - 2, [stack.name])
    sketch.words(left, _BOTTOM + _HEIGHT + 24, [stack.point], "small pale")
