"""컨테이너를 실행하고 지나간 지점의 시간을 잽니다."""

from dockerlab.containers.live import Container, start
from dockerlab.containers.networks import Network, network
from dockerlab.containers.request import MEMORY, PIDS
from dockerlab.containers.result import Run
from dockerlab.containers.running import boot, run
from dockerlab.containers.volumes import Volume, volume

__all__ = [
    "MEMORY",
    "PIDS",
    "Container",
    "Network",
    "Run",
    "Volume",
    "boot",
    "network",
    "run",
    "start",
    "volume",
]
