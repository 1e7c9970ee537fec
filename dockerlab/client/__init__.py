"""진짜 docker 명령을, 과정이 쓰는 엔진에 대고 실행합니다(Docker Client).

The command line is read by what the command itself says of its options, what it makes gets our labels and
limits, and what could reach beyond the course is refused.
"""

from dockerlab.client.fence import guard
from dockerlab.client.programs import program
from dockerlab.client.session import Said, Transcript, docker, docker_lines

__all__ = ["Said", "Transcript", "docker", "docker_lines", "guard", "program"]
