"""내장 엔진이 아닌 곳에서 작업대를 대신합니다: 내장 엔진의 작업대에서 기록해 둔 출력을 보입니다.

``dockerlab.course.recording`` writes the record, by playing the lesson's cells on a real workbench.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dockerlab.containers import Run
from dockerlab.errors import OnlyPrivateEngine
from dockerlab.measure.phases import Phases

RECORD = Path(__file__).with_name("record.json")


class Recorded:
    """기록해 둔 작업대입니다. 수업의 명령에만 답하고, 파일을 쓰는 일은 하지 않습니다."""

    recorded = True

    def __init__(self, origin: str) -> None:
        told = json.loads(RECORD.read_text("utf-8"))
        self._answers: dict[str, list[Mapping[str, Any]]] = {}
        for one in told["answers"]:
            self._answers.setdefault(one["command"], []).append(one)
        self.where = origin
        self.made = told["made"]

    def __enter__(self) -> Recorded:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __str__(self) -> str:
        return (
            f"이 엔진({self.where})에는 특권 컨테이너를 만들지 않으므로, 과정의 내장 엔진에서 기록해 둔 출력"
            f"({self.made})을 보입니다."
        )

    def sh(self, command: str, *, timeout: float = 60.0) -> Run:
        """그 명령을 기록할 때의 결과를 돌려줍니다.

        Raises:
            OnlyPrivateEngine: 기록하지 않은 명령일 때.
        """
        answers = self._answers.get(command)
        if not answers:
            raise OnlyPrivateEngine(
                "기록해 둔 명령이 아닙니다. 이 명령은 과정의 내장 엔진에서만 실행할 수 있습니다.",
                seen=command,
                todo="Linux라면 DOCKERLAB_ENGINE=embedded로 커널을 다시 시작하십시오.",
            )
        # Asked again, the answer is that of the next time; the last one stays.
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return Run(
            image="dockerlab-workbench",
            command=("sh", "-c", command),
            exit_code=answer["exit_code"],
            stdout=answer["stdout"],
            stderr=answer["stderr"],
            phases=Phases(()),  # seconds of another machine would be taken for the learner's
        )

    def put(self, path: str, content: str | bytes) -> None:
        """아무 일도 하지 않습니다. 기록할 때 이미 썼습니다."""

    def unpack(self, image: str, folder: str) -> None:
        """아무 일도 하지 않습니다. 기록할 때 이미 풀었습니다."""

    def start_containerd(self) -> None:
        """아무 일도 하지 않습니다. 기록할 때 이미 띄웠습니다."""

    def close(self) -> None:
        """닫을 것이 없습니다."""
