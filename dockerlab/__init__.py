"""실험으로 배우는 Docker 개념과 아키텍처: 과정의 도우미 패키지입니다.

``import dockerlab as lab``은 가볍습니다. 엔진에 닿지도 프로세스를 띄우지도 않으며,
이름은 처음 쓸 때 불러옵니다.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# The learner's names, and where they live.
_HOMES = {
    "DockerlabError": "errors.DockerlabError",
    "bar": "views.bar",
    "boot_vm": "vm.boot_vm",
    "build": "images.building.build",
    "check": "exercises.check",
    "clean": "engine.clean",
    "compare": "claims.compare",
    "connect": "engine.connect",
    "docker": "client.docker",
    "doctor": "diagnosis.doctor",
    "exercise": "exercises.exercise",
    "explore": "views.layers.explorer.explore",
    "follow": "views.log_view.follow",
    "glossary": "course.glossary.glossary",
    "grade": "grading.grade",
    "grade_button": "views.exercises.grade_button.grade_button",
    "guests": "vm.guests",
    "hint": "exercises.hint",
    "keep": "course.keeping.keep",
    "layers": "layering.layers",
    "lesson": "course.lessons.lesson",
    "lessons": "course.standing.lessons",
    "network": "containers.network",
    "predict": "course.prediction.predict",
    "quiz": "views.course.quiz.quiz",
    "race": "claims.race",
    "read_file": "layering.read_file",
    "record": "views.course.learning_record.record",
    "registry": "registries.registry",
    "rounds": "measure.rounds",
    "run": "containers.run",
    "start": "containers.start",
    "start_vm": "vm.start",
    "tidy": "exercises.tidy",
    "trace": "tracing.trace",
    "volume": "containers.volume",
    "whereabouts": "claims.whereabouts.whereabouts",
    "workbench": "runtimes.workbench",
}
_ROOMS = (
    *("claims", "containers", "engine", "images", "layering", "measure", "registries", "runtimes", "tracing"),
    *("views", "vm"),
)
__all__ = [*sorted((*_HOMES, *_ROOMS)), "load_ipython_extension"]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room, _, own = _HOMES[name].rpartition(".")
    return getattr(import_module(f"{__name__}.{room}"), own)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_ROOMS})


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext dockerlab``이 부릅니다. 매직을 등록하고, 결과와 오류가 노트북에서 잘 보이게 합니다."""
    from dockerlab.magics import register

    register(shell)
