"""학습자마다 다른 이름과 수를 정합니다. 같은 씨앗(seed)에서는 늘 같은 값이 나옵니다."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from random import Random
from typing import Any

from dockerlab.exercises.model import Exercise, Given, Parameter

_LETTERS = "bcdfghjkmnpqrstvwxz23456789"  # no vowels: no words, none that look alike
_WORDS = ("바다", "구름", "나무", "별빛", "노을", "이슬", "파도", "달무리", "햇살", "들꽃", "오솔길", "여울")
_PORTS = range(20_000, 30_000)  # below what systems hand out by themselves


def name(stem: str) -> Parameter:
    """컨테이너나 볼륨의 이름입니다. 예: ``box-k3f9xz``."""
    return lambda random, token: f"{stem}-{token}"


def image(stem: str, tag: str = "1") -> Parameter:
    """이미지의 이름입니다. 예: ``practice-k3f9xz/web:1``."""
    return lambda random, token: f"practice-{token}/{stem}:{tag}"


def word() -> Parameter:
    """한글 낱말과 수로 된 글입니다."""
    return lambda random, token: f"{random.choice(_WORDS)}-{random.randrange(100, 1000)}"


def number(low: int, high: int, step: int = 1) -> Parameter:
    """``low``부터 ``high``까지의 수입니다."""
    return lambda random, token: random.randrange(low, high + 1, step)


def choice(*options: Any) -> Parameter:
    """주어진 것 가운데 하나입니다."""
    return lambda random, token: random.choice(options)


def port() -> Parameter:
    """공개할 포트의 번호입니다."""
    return lambda random, token: random.choice(_PORTS)


def given(exercise: Exercise, seed: int) -> Given:
    """씨앗에서 연습 문제의 값을 정합니다."""
    random = Random(f"dockerlab {exercise.number} {seed}")
    token = "".join(random.choices(_LETTERS, k=6))
    values = {key: parameter(random, token) for key, parameter in exercise.parameters.items()}
    return Given(exercise.number, token, values)


def fresh_seed(exercise: Exercise) -> int:
    """새 씨앗입니다. 거기서 나오는 포트가 지금 비어 있는 것을 고릅니다."""
    while True:
        seed = Random().randrange(2**32)
        if _free(ports(given(exercise, seed))):
            return seed


def ports(given: Given) -> list[int]:
    """정해진 값 가운데 포트의 번호들입니다."""
    return [each for each in given.values.values() if isinstance(each, int) and each in _PORTS]


def _free(ports: Sequence[int]) -> bool:
    for each in ports:
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", each))
            except OSError:
                return False
    return True
