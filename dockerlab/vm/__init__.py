"""진짜 가상 머신을 부팅합니다: 게스트, 가속기 확인, 지점마다 잰 부팅 시간.

``boot_vm("micro")``은 부팅 한 번을 재고, ``start("micro")``는 살아 있는 게스트를 돌려줍니다.
"""

from dockerlab.vm.catalog import NAMES, Guest, GuestFile, busybox, guest, guests
from dockerlab.vm.machine import Boot, Machine, boot_vm, start
from dockerlab.vm.probe import Accelerator, accelerator, accelerators
from dockerlab.vm.shell import Ran

__all__ = [
    "NAMES",
    "Accelerator",
    "Boot",
    "Guest",
    "GuestFile",
    "Machine",
    "Ran",
    "accelerator",
    "accelerators",
    "boot_vm",
    "busybox",
    "guest",
    "guests",
    "start",
]
