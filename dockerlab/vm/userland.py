"""게스트의 사용자 공간: 우리가 initramfs에 넣는 것의 전부입니다."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dockerlab.vm import cpio

READY = "dockerlab: ready"
"""micro와 uml의 사용자 공간이 처음으로 쓰는 글입니다."""

LISTENING = "dockerlab: listening"
"""명령을 받을 준비가 되었을 때 쓰는 글입니다."""

# Reads one line after another from the console and runs it. Kernel messages and the echo of the terminal
# would mix with the output of commands, so both are switched off first. The quotes keep the marker from
# being found in an echo of this very line.
LISTEN = (
    "stty -echo -opost; dmesg -n 1; "
    'printf "%s\\n" "dockerlab:"" listening"; '
    'while IFS= read -r line; do eval "$line"; done'
)

# PID 1 of micro and uml. What must be there for a program to run is mounted, then the finish line is
# crossed; the commands' names are only needed afterwards.
_INIT = f"""#!/bin/busybox sh
export PATH=/bin HOME=/ TERM=dumb
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
echo '{READY}'
/bin/busybox --install -s /bin
mount -t tmpfs tmpfs /tmp
{LISTEN}
"""

# Alpine's initrd calls switch_root last. This one, found first, opens a login on the serial console in the
# way the image's own inittab describes in a comment, then hands over to the real one. The root password is
# locked in the image; it is removed in the snapshot of this boot only, and the guest has no network. The
# agent of the image's publisher is not part of Alpine: without its host side it only fills the console.
_SWITCH_ROOT = """#!/bin/sh
console=${2#/dev/}
echo "$console::respawn:/sbin/getty -L 115200 $console vt100" >> /sysroot/etc/inittab
sed -i 's/^root:[^:]*:/root::/' /sysroot/etc/shadow
rm -f /sysroot/etc/runlevels/*/quicksand-guest-agent
exec /bin/busybox switch_root "$@"
"""


def micro(busybox: Path) -> bytes:
    """busybox 하나와 init 스크립트로 된 initramfs를 만듭니다."""
    return cpio.archive(
        [
            *(cpio.directory(name) for name in ("bin", "dev", "proc", "sys", "tmp")),
            # The kernel opens it for init before anything can be mounted.
            cpio.character_device("dev/console", 5, 1),
            cpio.file("bin/busybox", busybox.read_bytes(), executable=True),
            cpio.file("init", _INIT.encode(), executable=True),
        ]
    )


def with_serial_login(initrd: bytes) -> bytes:
    """Alpine의 initrd 뒤에, 직렬 콘솔에 로그인을 여는 작은 묶음을 이어 붙입니다."""
    hook = cpio.file("usr/sbin/switch_root", _SWITCH_ROOT.encode(), executable=True)
    return joined(initrd, cpio.archive([hook]))


def with_files(initrd: bytes, files: Mapping[str, Path]) -> bytes:
    """initramfs 뒤에 호스트의 파일을 {게스트의 경로: 호스트의 경로}대로 이어 붙입니다."""
    added = [cpio.file(name, path.read_bytes(), executable=True) for name, path in files.items()]
    return joined(initrd, cpio.archive(added))


def joined(first: bytes, second: bytes) -> bytes:
    """두 initramfs를 잇습니다. 둘째는 4의 배수인 자리에서 시작해야 합니다."""
    return first + bytes(-len(first) % 4) + second
