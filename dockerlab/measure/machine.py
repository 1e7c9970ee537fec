"""잰 컴퓨터와 그때의 형편입니다. 사람이나 컴퓨터의 이름은 담지 않습니다."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """CPU, 코어, 메모리(바이트), 운영체제, Python, 부하, 날짜를 담은 딕셔너리입니다."""
    import psutil

    return {
        "cpu": cpu_model(),
        "arch": platform.machine(),
        "cores": cores(),
        "memory": psutil.virtual_memory().total,
        "os": _os_name(),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "virtualised": _virtualised(),
        "load": load(),
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
    }


def cores() -> int:
    """이 프로세스가 쓸 수 있는 코어의 수입니다."""
    if hasattr(os, "sched_getaffinity"):  # Linux only
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load() -> float:
    """지난 1분의 평균 부하(load average)입니다."""
    return round(os.getloadavg()[0], 2)


def cpu_times() -> tuple[float, float]:
    """부팅 뒤로 모든 코어가 보낸 초와, 그중 다른 가상 머신에 빼앗긴(steal) 초입니다."""
    import psutil

    times = psutil.cpu_times()
    # The kernel already counts guest time inside user time.
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    return sum(times) - guests, getattr(times, "steal", 0.0)


def cpu_model() -> str:
    """CPU의 모델 이름입니다. 알 수 없으면 아키텍처의 이름입니다."""
    if sys.platform == "darwin":
        return _sysctl("machdep.cpu.brand_string") or platform.machine()
    # "Model" is how a Raspberry Pi and its kin name the whole board.
    return _cpuinfo("model name") or _cpuinfo("Model") or platform.machine()


def _virtualised() -> bool | None:
    """True inside a virtual machine; None where nothing simple tells (Linux on ARM)."""
    if sys.platform == "darwin":
        answer = _sysctl("kern.hv_vmm_present")
        return answer == "1" if answer else None
    flags = _cpuinfo("flags")
    return "hypervisor" in flags.split() if flags else None


def _os_name() -> str:
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _cpuinfo(key: str) -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def _sysctl(key: str) -> str:
    try:
        done = subprocess.run(["sysctl", "-n", key], capture_output=True, text=True, timeout=2, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
