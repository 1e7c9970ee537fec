"""컨테이너를 실행하고 지나간 지점의 시간을 잽니다."""

from dockerlab.containers.live import Container, start
from dockerlab.containers.request import MEMORY, PIDS
from dockerlab.containers.result import Run
from dockerlab.containers.running import boot, run

__all__ = ["MEMORY", "PIDS", "Container", "Run", "boot", "run", "start"]
