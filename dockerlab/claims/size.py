"""크기: 이미지와 VM의 파일이 디스크에서 차지하는 바이트를 견줍니다.

줄을 대표하는 쌍은 tiny 이미지와 micro VM입니다. 사용자 공간이 둘 다 busybox라서, 차이는 VM이 따로 가져야
하는 커널의 몫입니다. 배포판 VM(full)은 그 안에 들어가 커널과 사용자 공간의 몫을 갈라 봅니다.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dockerlab import engine, images, vm
from dockerlab.claims import conditions
from dockerlab.claims.claim import Claim
from dockerlab.claims.words import as_size, percent, times
from dockerlab.errors import MeasureError
from dockerlab.images import names
from dockerlab.progress import Report, silent

SEVERAL_GB = 2e9
HUNDREDS_OF_MB = 1e9
_COUNTED = re.compile(r"^(\d+)\s+(/\S*)$", re.MULTILINE)
_KERNEL_FOLDERS = ("/boot", "/lib/modules", "/lib/firmware")


@dataclass(frozen=True)
class ImageSize:
    """이미지 하나의 크기입니다. 모두 바이트입니다.

    ``told``는 엔진이 말하는 크기, ``archive``는 ``docker save``로 옮길 크기, ``layers``는 레이어 수입니다.
    """

    name: str
    origin: str
    told: int
    archive: int
    layers: int


@dataclass(frozen=True)
class VmSize:
    """게스트 하나의 파일이 차지하는 크기입니다. 모두 바이트입니다.

    ``disk``는 디스크 파일이 호스트에서 실제로 차지하는 크기, ``virtual``은 게스트가 보는 디스크의 크기이고,
    디스크가 없으면 0입니다. micro의 ``initrd``에는 사용자 공간이 들어 있습니다.
    """

    name: str
    origin: str
    kernel: int
    initrd: int
    disk: int
    virtual: int

    @property
    def total(self) -> int:
        """부팅하는 데 필요한 파일을 모두 더한 바이트입니다."""
        return self.kernel + self.initrd + self.disk


@dataclass(frozen=True)
class Inside:
    """배포판 VM의 안에서 센 파일의 바이트입니다(``du``).

    ``kernel``은 /boot와 커널 모듈·펌웨어, ``userland``는 나머지입니다. 컨테이너 이미지로 옮긴다면
    ``userland``만 담으면 됩니다.
    """

    guest: str
    kernel: int
    userland: int


def measure(
    image_names: Sequence[str] = ("tiny", "debian"),
    guests: Sequence[str] = ("micro", "full"),
    *,
    inside: bool = True,
    report: Report = silent,
) -> Claim:
    """이미지와 게스트의 크기를 바이트로 봅니다. 각각의 첫째가 줄을 대표합니다.

    ``inside``가 참이면 디스크가 있는 게스트를 부팅해 그 안의 몫도 셉니다(에뮬레이션에서는 오래 걸립니다).
    ``details``의 ``images``는 :class:`ImageSize`, ``vms``는 :class:`VmSize`, ``inside``는 :class:`Inside`의
    튜플입니다.
    """
    told = conditions.told(*guests)
    seen = tuple(image_size(name, report) for name in image_names)
    machines = tuple(vm_size(name, report) for name in guests)
    report("크기", 1, 2)
    counted = tuple(look_inside(each.name) for each in machines if inside and each.disk)
    report("크기", 2, 2)
    return claim(seen, machines, counted, told)


def image_size(name: str, report: Report = silent) -> ImageSize:
    """과정 이미지 하나의 크기를 엔진에 묻고, 옮길 때의 크기는 실제로 내보내어 셉니다."""
    course = images.ensure(name, report)
    api = engine.connect().client.api
    with engine.errors_of_engine():
        told = api.inspect_image(course.id)
        archive = sum(len(chunk) for chunk in api.get_image(course.id))
    return ImageSize(name, course.origin, told["Size"], archive, len(told["RootFS"].get("Layers") or ()))


def vm_size(name: str, report: Report = silent) -> VmSize:
    """게스트 하나의 파일들의 크기입니다."""
    guest = vm.guest(name, report)
    files = {file.role: file for file in guest.files}
    disk = files.get("disk")
    return VmSize(
        name,
        guest.origin,
        kernel=files["kernel"].disk_bytes,
        initrd=files["initrd"].disk_bytes,
        disk=disk.disk_bytes if disk else 0,
        virtual=disk.virtual_size if disk else 0,
    )


def look_inside(name: str) -> Inside:
    """게스트를 부팅하여, 디스크에 든 것을 커널의 몫과 사용자 공간의 몫으로 갈라 셉니다."""
    with vm.start(name) as machine:
        # One file system only (-x): what is mounted from memory does not belong to the disk. One call for
        # each folder: du counts a file only once.
        folders = " ".join(("/", *_KERNEL_FOLDERS))
        counted = machine.run(f"for folder in {folders}; do du -xsk $folder 2>/dev/null; done").output
    sizes = {path: int(kilobytes) * 1024 for kilobytes, path in _COUNTED.findall(counted)}
    if "/" not in sizes:
        raise MeasureError(
            f"{name} VM 안에서 파일의 크기를 세지 못했습니다.",
            seen=repr(counted[-200:]),
            todo="다시 재어 보고, 되풀이되면 inside=False로 이 부분을 빼고 재십시오.",
        )
    kernel = sum(sizes.get(folder, 0) for folder in _KERNEL_FOLDERS)
    return Inside(name, kernel, sizes["/"] - kernel)


def claim(
    seen: Sequence[ImageSize],
    machines: Sequence[VmSize],
    counted: Sequence[Inside],
    metadata: Mapping[str, Any],
) -> Claim:
    """본 크기들을 비교표의 한 줄로 모읍니다."""
    raw: dict[str, tuple[int, ...]] = {}
    for image in seen:
        raw |= {f"{image.name} image": (image.told,), f"{image.name} archive": (image.archive,)}
    for each in machines:
        raw |= {
            f"{each.name} kernel": (each.kernel,),
            f"{each.name} initrd": (each.initrd,),
            f"{each.name} disk": (each.disk,),
            f"{each.name} virtual disk": (each.virtual,),
        }
    for part in counted:
        raw |= {
            f"{part.guest} inside, kernel": (part.kernel,),
            f"{part.guest} inside, userland": (part.userland,),
        }
    return Claim(
        claim="size",
        container=seen[0].told,
        vm=machines[0].total,
        unit="bytes",
        n=1,
        raw=raw,
        verdict=verdict(seen, machines, counted),
        notes=notes(seen, machines),
        details={"images": tuple(seen), "vms": tuple(machines), "inside": tuple(counted)},
        metadata=dict(metadata),
    )


def verdict(seen: Sequence[ImageSize], machines: Sequence[VmSize], counted: Sequence[Inside]) -> str:
    """대표하는 쌍의 비, 커널의 몫, 그리고 책에 적힌 크기와 맞는지를 말합니다."""
    image, machine = seen[0], machines[0]
    sentences = [
        f"{machine.name} VM의 파일({as_size(machine.total)})은 {image.name} 이미지({as_size(image.told)})의 "
        f"{times(machine.total / image.told)}이고, "
        f"그중 {percent(machine.kernel / machine.total)}가 커널입니다."
    ]
    sentences += [
        f"{part.guest} VM의 디스크에 든 {as_size(part.kernel + part.userland)} 가운데 커널과 그 모듈이 "
        f"{as_size(part.kernel)}이고, 컨테이너 이미지로 옮긴다면 {as_size(part.userland)}만 담으면 됩니다."
        for part in counted
    ]
    largest_image = max(seen, key=lambda each: each.told)
    largest = max(machines, key=lambda each: each.total)
    fits = "에 듭니다" if largest_image.told < HUNDREDS_OF_MB else "를 넘습니다"
    sentences.append(
        f"가장 큰 {largest_image.name} 이미지({as_size(largest_image.told)})는 "
        f"책에 적힌 '수십~수백 MB'{fits}."
    )
    reaches = "에 이릅니다" if largest.total >= SEVERAL_GB else "에 이르지 않습니다"
    sentences.append(f"가장 큰 {largest.name} VM({as_size(largest.total)})은 책에 적힌 '수 GB'{reaches}.")
    return " ".join(sentences)


def notes(seen: Sequence[ImageSize], machines: Sequence[VmSize]) -> tuple[str, ...]:
    """읽을 때 주의할 점입니다."""
    found = [
        "크기는 잴 때마다 같아 한 번만 보았습니다(n=1).",
        "엔진이 말하는 이미지의 크기는 저장 방식에 따라 푼 크기이거나 압축한 크기입니다. "
        "VM의 커널과 디스크 파일은 압축되어 있습니다.",
    ]
    for image in seen:
        if image.origin.startswith("built"):
            found.append(
                f"{image.name}: {names.origin_text(image.origin)}. 공식 이미지와 크기가 다를 수 있습니다."
            )
    for each in machines:
        if each.disk:
            found.append(
                f"{each.name} VM은 작게 만든 배포판({each.origin})이라 보통의 서버 설치보다 작습니다. "
                f"디스크는 게스트에는 {as_size(each.virtual)}로 보이지만 "
                f"파일은 쓴 만큼({as_size(each.disk)})만 차지합니다."
            )
    return tuple(found)
