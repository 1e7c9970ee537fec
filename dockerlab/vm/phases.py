"""직렬 콘솔의 기록에서 부팅의 지점을 읽습니다."""

from __future__ import annotations

import re

from dockerlab.measure.phases import Phases
from dockerlab.vm.catalog import KERNEL_LINE, Guest
from dockerlab.vm.transcript import Found, Transcript

PANIC = re.compile(rb"Kernel panic - not syncing:? ?([^\r\n]*)")
_INIT = re.compile(rb"Run \S+ as init process")


def wait_ready(transcript: Transcript, guest: Guest, deadline: float) -> Found | None:
    """준비의 표시를 기다립니다. 커널 패닉, 콘솔의 끝, ``deadline``이 먼저 오면 ``None``입니다."""
    either = re.compile(b"(?:%s)|(?:%s)" % (guest.ready.encode(), PANIC.pattern))
    met = transcript.wait_for(either, deadline)
    ready = transcript.find(guest.ready_pattern)
    return ready if met and ready and ready.start == met.start else None


def read_phases(transcript: Transcript, guest: Guest, started: float, ready: Found) -> Phases:
    """지점마다 ``started``(perf_counter 초)에서부터 걸린 초를 읽습니다. 뜻은 ``Boot``를 보십시오."""
    marks: list[tuple[str, float]] = []
    if not guest.is_uml:
        kernel = transcript.find(KERNEL_LINE)
        # On x86 the BIOS speaks first; the kernel of other machines is started without any firmware.
        if guest.arch == "x86_64" and (kernel is None or kernel.start > 0):
            marks.append(("firmware", transcript.at(0) - started))
        # User-Mode Linux keeps its first line to itself until its console is there, long after.
        if kernel:
            marks.append(("kernel", kernel.at - started))
    if init := transcript.find(_INIT):
        marks.append(("init", init.at - started))
    return Phases((*marks, ("ready", ready.at - started)))
