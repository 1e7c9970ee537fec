"""한 번의 실행이 남긴 것입니다."""

from __future__ import annotations

from dataclasses import dataclass, field

from dockerlab.measure.phases import Phases


@dataclass(frozen=True)
class Run:
    """컨테이너(또는 그 안의 exec)를 한 번 실행한 결과입니다.

    ``phases``의 초는 만들기 요청을 보내기 직전이 0이고, 지점은 다음과 같습니다.
    create·start·remove는 엔진이 그 요청에 답한 때, first_output은 출력의 첫 바이트가 도착한 때,
    exit는 엔진이 끝났다고 알린 때입니다. 첫 바이트는 start의 답보다 먼저 오는 일이 많습니다.
    ``exit_code``가 ``None``이면 스스로 끝나기 전에 과정이 멈춘 것입니다.
    ``truncated``이면 출력이 상한을 넘어 뒷부분을 버렸습니다.
    """

    image: str
    command: tuple[str, ...]
    exit_code: int | None
    stdout: str
    stderr: str
    phases: Phases
    truncated: bool = False
    oom_killed: bool = False
    container_id: str = ""
    origin: str = ""
    arrivals: tuple[tuple[float, bytes], ...] = field(default=(), repr=False, compare=False)

    @property
    def lines(self) -> tuple[tuple[float, str], ...]:
        """표준 출력의 줄마다, 그 줄의 끝이 도착한 때(만들기 요청부터의 초)와 글을 줍니다."""
        found: list[tuple[float, str]] = []
        rest = b""
        for at, data in self.arrivals:
            *whole, rest = (rest + data).split(b"\n")
            found += [(at, line.decode("utf-8", "replace")) for line in whole]
        if rest:
            found.append((self.arrivals[-1][0], rest.decode("utf-8", "replace")))
        return tuple(found)
