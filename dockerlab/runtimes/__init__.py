"""엔진 아래를 손으로 합니다: runc와 containerd를 직접 부르는 작업대, 그리고 엔진의 플러그인.

Tracing watches what an engine does; here the learner does it. What both runc and a plugin run is an OCI
bundle: a rootfs and a config.json.
"""

from dockerlab.runtimes.bench import Workbench, workbench
from dockerlab.runtimes.plugins import VolumePlugin, volume_plugin
from dockerlab.runtimes.record import Recorded

__all__ = ["Recorded", "VolumePlugin", "Workbench", "volume_plugin", "workbench"]
