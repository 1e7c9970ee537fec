"""명령 하나가 엔진 속을 지나가는 자취를 기록합니다: 클라이언트, REST, dockerd, containerd, runc, 프로세스.

The function is ``trace``; the room cannot have its name, since importing it would take its place.
"""

from dockerlab.tracing.hops import LANES, Hop, Trace
from dockerlab.tracing.recording import trace

__all__ = ["LANES", "Hop", "Trace", "trace"]
