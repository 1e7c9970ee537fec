"""연습 문제를 시작하기 전에 엔진에 있어야 할 것을 갖춥니다."""

from __future__ import annotations

from collections.abc import Mapping

from dockerlab import engine, images, registries
from dockerlab.engine import belongings
from dockerlab.exercises.model import Exercise, Given
from dockerlab.exercises.observation import View
from dockerlab.images import building
from dockerlab.progress import Report, silent

EXERCISE = "dockerlab.exercise"
"""과제가 미리 만드는 것과, 채점받는 제출이 만드는 것에 다는 라벨입니다. 값은 ``given.token``입니다."""


def prepare(exercise: Exercise, given: Given, connected: engine.Engine, report: Report = silent) -> None:
    """쓰는 과정 이미지와, 과제가 미리 만들어 두는 것을 갖춥니다. 이미 있으면 그대로 둡니다."""
    belongings.adopt(given.token)
    for name in exercise.images:
        images.ensure(name, report)
    if exercise.prepare is not None:
        exercise.prepare(View(connected), given)


def registry_for(given: Given, port: int) -> None:
    """과제가 쓰는 레지스트리입니다. 이미 떠 있으면 그대로 둡니다."""
    name = f"registry-{given.token}"
    if View(engine.connect()).container(name) is None:
        registries.registry(port=port, name=name)


def pushed_for(port: int, image: str, name: str) -> None:
    """과제가 레지스트리에 미리 올려 두는 이미지입니다. 그 이름이 이미 있으면 그대로 둡니다."""
    if not View(engine.connect()).pushed(port, name)[0]:
        with registries.Remote(f"localhost:{port}") as remote:
            remote.push(image, name)


def image_for(given: Given, tag: str, text: str, files: Mapping[str, str] | None = None) -> None:
    """과제가 미리 만들어 두는 이미지입니다. 이미 있으면 그대로 둡니다."""
    if View(engine.connect()).image(tag) is None:
        building.build(f"{text.rstrip()}\nLABEL {EXERCISE}={given.token}\n", tag, files=files or {})
