"""과정 이미지(tiny, debian, python, registry)를 엔진에 준비합니다."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any

from dockerlab import engine
from dockerlab.errors import DockerlabError, FetchError, ImageError, UsageMistake
from dockerlab.images import names, official, origins, recipes, rootfs
from dockerlab.progress import Report, silent

ENV = "DOCKERLAB_IMAGES"
_SOURCES = ("auto", "registry", "packages")

# What each image is for must work before anyone relies on it. wget of a host name is where a static
# busybox crashes; it must fail like a program (below 128), not by a signal.
_SMOKE = {
    "tiny": "wget -q -O /dev/null -T 2 http://localhost:1/ 2> /dev/null; test $? -lt 128 && echo ready",
    "debian": "dpkg -l base-files > /dev/null && awk 'BEGIN { print \"ready\" }'",
    "python": "python3 -c 'import ssl, sqlite3, ctypes' && pip --version > /dev/null && echo ready",
    "registry": "registry --version > /dev/null && echo ready",
}


@dataclass(frozen=True)
class CourseImage:
    """엔진에 있는 과정 이미지입니다. ``size``는 바이트, ``created``는 엔진이 말하는 시각(ISO 8601)입니다.

    ``origin``은 ``registry:…`` 또는 ``built:…``이고, ``digest``는 공식 이미지면 레지스트리의 것,
    이 컴퓨터에서 만든 것이면 이미지의 id입니다.
    """

    name: str
    reference: str
    id: str
    origin: str
    digest: str
    size: int
    created: str

    @property
    def origin_text(self) -> str:
        """출처를 한 문장으로 말합니다."""
        return names.origin_text(self.origin)


def available() -> list[CourseImage]:
    """엔진에 준비된 과정 이미지입니다. 만들지도 받지도 않습니다."""
    connected = engine.connect()
    present = (found(connected.client.api, name) for name in names.ALL)
    return [image for image in present if image is not None]


def ensure(name: str, report: Report = silent) -> CourseImage:
    """과정 이미지를 준비합니다. 이미 있으면 그대로 돌려줍니다.

    레지스트리에 닿으면 공식 이미지를 다이제스트로 받고, 5초 안에 닿지 못하면 Debian 패키지로 만듭니다.
    전에 이 컴퓨터에서 만들어 둔 것이 있으면 그것을 씁니다. 환경 변수 ``DOCKERLAB_IMAGES``를
    ``registry``나 ``packages``로 정하면 그 길만 갑니다.

    Raises:
        UsageMistake: 모르는 이름이거나 환경 변수의 값이 잘못되었을 때.
        ImageError, FetchError, DiskFull: 준비하지 못했을 때.
    """
    if name not in names.ALL:
        raise UsageMistake(
            f"과정 이미지가 아닙니다: '{name}'",
            todo=f"{', '.join(names.ALL)} 가운데 하나를 쓰십시오.",
        )
    connected = engine.connect()
    api = connected.client.api
    with rootfs.locked("prepare"):
        there = found(api, name)
        if there is not None and not _outdated(there):
            return there
        try:
            made = _made(api, name, connected.info["Architecture"], report)
        except (ImageError, FetchError):
            if there is None:
                raise
            return there  # no network today: last year's image still does its work
        if there is not None and there.id != made.id:
            discard(api, there.id)
        return made


def _outdated(image: CourseImage) -> bool:
    return image.origin.startswith("built:") and f" recipe {recipes.VERSION}," not in image.origin


def _made(api: Any, name: str, machine: str, report: Report) -> CourseImage:
    _prepare(api, name, machine, report)
    origins.forget()
    made = found(api, name)
    if made is None:
        raise ImageError(
            f"'{name}' 이미지를 만들었지만 엔진에서 보이지 않습니다.",
            seen=f"엔진에 없는 이름: {names.reference(name)}",
            todo="dockerlab doctor로 엔진을 점검하십시오.",
        )
    _smoke(api, made)
    return made


def _prepare(api: Any, name: str, machine: str, report: Report) -> None:
    source = os.environ.get(ENV, "auto").strip() or "auto"
    if source not in _SOURCES:
        raise UsageMistake(
            f"{ENV}의 값이 올바르지 않습니다: {source}",
            todo=f"{', '.join(_SOURCES)} 가운데 하나로 정하십시오.",
        )
    if source == "registry":
        official.pull(api, name, report)
        return
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    kept = rootfs.kept(name, arch)
    if source == "auto" and kept is None:
        try:
            official.pull(api, name, report)
            return
        except ImageError as unreachable:
            refused = unreachable
        try:
            kept = rootfs.make(name, arch, report)
        except DockerlabError as error:
            raise type(error)(
                error.what,
                seen=f"{error.seen} 그 전에 레지스트리도 시도했습니다: {refused.what}",
                todo=f"{error.todo} 또는 교실용 묶음을 'dockerlab images import'로 불러오십시오.",
            ) from error
    _import(api, kept or rootfs.make(name, arch, report), report)


def _import(api: Any, made: rootfs.Rootfs, report: Report) -> None:
    recipe = recipes.RECIPES[made.name]
    what = f"'{made.name}' 이미지를 엔진에 넣기"
    report(what, 0, 1)
    changes = [
        f'CMD ["{recipe.command}"]',
        *(f"ENV {setting}" for setting in recipe.environment),
        f'LABEL {names.IMAGE_LABEL}="{made.name}"',  # one a line: Podman reads no more
        f'LABEL {names.ORIGIN_LABEL}="{made.origin}"',
    ]
    repository, _, tag = names.reference(made.name).partition(":")
    with engine.errors_of_engine():
        answer = api.import_image(str(made.path), repository=repository, tag=tag, changes=changes)
        for line in answer.splitlines():
            official.raise_said(json.loads(line))
    report(what, 1, 1)


def found(api: Any, name: str) -> CourseImage | None:
    """엔진에 있는 과정 이미지 하나입니다. 없으면 ``None``, 같은 이름의 남의 이미지면 ``ImageError``입니다."""
    import docker.errors

    reference = names.reference(name)
    with engine.errors_of_engine():
        try:
            told = api.inspect_image(reference)
        except docker.errors.ImageNotFound:
            return None
    labels = (told.get("Config") or {}).get("Labels") or {}
    if labels.get(names.IMAGE_LABEL) != name:
        raise ImageError(
            f"이름이 '{reference}'인 이미지가 있지만 과정의 것이 아닙니다. 건드리지 않았습니다.",
            seen=f"없는 라벨: {names.IMAGE_LABEL}={name}",
            todo=f"그 이미지의 이름을 바꾸십시오. 예: docker tag {reference} mine && docker rmi {reference}",
        )
    origin = labels.get(names.ORIGIN_LABEL, "")
    return CourseImage(
        name=name,
        reference=reference,
        id=told["Id"],
        origin=origin,
        digest=origin.rpartition("@")[2] if origin.startswith("registry:") else told["Id"],
        size=told.get("Size", 0),
        created=told.get("Created", ""),
    )


def discard(api: Any, image: str) -> None:
    """과정의 이미지를 전체 id로 지웁니다. 다른 이름이나 컨테이너가 쓰고 있으면 그대로 둡니다."""
    import docker.errors

    try:
        api.remove_image(image)
    except docker.errors.APIError as error:
        if error.status_code not in (404, 409):
            raise


def _smoke(api: Any, image: CourseImage) -> None:
    from dockerlab import containers  # which knows the images' names, and so comes after this module

    with engine.errors_of_engine():
        try:
            # Where a whole machine is emulated, Python alone takes its time.
            tried = containers.run(image.reference, ["sh", "-c", _SMOKE[image.name]], deadline=300)
            failure = (
                "" if tried.stdout == "ready\n" else f"종료 코드 {tried.exit_code}: {tried.stderr[-300:]}"
            )
        except BaseException:
            discard(api, image.id)
            raise
        if failure:
            discard(api, image.id)
            raise ImageError(
                f"'{image.name}' 이미지를 만들었지만 제대로 동작하지 않아 지웠습니다.",
                seen=failure,
                todo=f"{ENV}로 다른 길(registry 또는 packages)을 정해 다시 준비하십시오.",
            )
