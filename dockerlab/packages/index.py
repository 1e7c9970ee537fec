"""패키지 목록(Packages)에서 패키지를 찾고, 함께 필요한 것을 모읍니다."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from dockerlab.errors import PackageMissing

_PRIORITIES = ("required", "important", "standard", "optional", "extra")


@dataclass(frozen=True)
class Package:
    """목록에 적힌 패키지 하나입니다.

    ``depends``는 Pre-Depends와 Depends를 합친 것으로, 항목마다 대신 쓸 수 있는 이름들의 묶음입니다.
    ``mirror``는 이 패키지를 내려받을 미러, ``size``는 바이트입니다.
    """

    name: str
    version: str
    architecture: str
    section: str
    priority: str
    essential: bool
    filename: str
    size: int
    sha256: str
    depends: tuple[tuple[str, ...], ...]
    provides: tuple[str, ...]
    mirror: str


class Index:
    """배포판 하나의 패키지 목록입니다. ``open_index``가 서명을 확인하고 만듭니다."""

    def __init__(self, suite: str, arch: str, packages: bytes, mirror: str) -> None:
        self.suite = suite
        self.arch = arch
        self.mirror = mirror
        self._packages = packages

    def __contains__(self, name: str) -> bool:
        return name in self._offsets

    def __len__(self) -> int:
        return len(self._offsets)

    def package(self, name: str) -> Package:
        """이름으로 패키지를 찾습니다. 없으면 ``PackageMissing``을 냅니다."""
        fields = _fields(self.stanza(name))
        return Package(
            name=name,
            version=fields["Version"],
            architecture=fields["Architecture"],
            section=fields.get("Section", ""),
            priority=fields.get("Priority", "optional"),
            essential=fields.get("Essential") == "yes",
            filename=fields["Filename"],
            size=int(fields["Size"]),
            sha256=fields["SHA256"],
            depends=_groups(fields.get("Pre-Depends", "")) + _groups(fields.get("Depends", "")),
            provides=tuple(group[0] for group in _groups(fields.get("Provides", ""))),
            mirror=self.mirror,
        )

    def stanza(self, name: str) -> str:
        """목록에 적힌 그대로의 글을 돌려줍니다."""
        start = self._offsets.get(name)
        if start is None:
            raise PackageMissing(
                f"{self.suite}({self.arch})의 패키지 목록에 {name} 패키지가 없습니다.",
                seen=f"패키지 {len(self)}개의 목록을 보았습니다.",
                todo="패키지 이름을 확인하거나 DOCKERLAB_DEBIAN_MIRROR로 다른 미러를 정하십시오.",
            )
        end = self._packages.find(b"\n\n", start)
        return self._packages[start : end if end >= 0 else None].decode("utf-8", "replace")

    def required(self) -> list[Package]:
        """가장 작은 배포판에 꼭 있어야 하는 패키지(Essential 또는 Priority: required)입니다."""
        marked = re.compile(rb"^(?:Essential: yes|Priority: required)$", re.M)
        names = {
            self._name_around(found.start()) for found in marked.finditer(self._packages)
        }
        return [self.package(name) for name in sorted(names)]

    def closure(
        self,
        names: Iterable[str],
        exclude: Iterable[str] = (),
        follow: Callable[[Package], bool] = lambda package: True,
    ) -> list[Package]:
        """``names``와, 그것이 도는 데 필요한 패키지를 모두 모아 이름순으로 돌려줍니다.

        ``exclude``의 이름이 든 의존 항목과, ``follow``가 거짓이라고 하는 패키지는 따라가지 않습니다.
        """
        left_out = set(exclude)
        chosen: dict[str, Package] = {}
        waiting = [self.package(name) for name in names]
        while waiting:
            package = waiting.pop()
            if package.name in chosen:
                continue
            chosen[package.name] = package
            for group in package.depends:
                needed = self._answer(group, chosen, left_out)
                if needed and follow(needed):
                    waiting.append(needed)
        return [chosen[name] for name in sorted(chosen)]

    def _answer(
        self, group: tuple[str, ...], chosen: dict[str, Package], left_out: set[str]
    ) -> Package | None:
        """The package that meets one dependency: one already chosen, else the first that exists.

        Version bounds are not looked at: the packages of one suite are consistent among themselves.
        """
        if left_out & set(group):
            return None
        candidates = [
            name
            for wanted in group
            for name in ([wanted] if wanted in self else self._by_importance(wanted))
            if name not in left_out
        ]
        for name in candidates:
            if name in chosen:
                return chosen[name]
        if not candidates and any(wanted in self._providers for wanted in group):
            return None
        return self.package(candidates[0] if candidates else group[0])

    def _by_importance(self, virtual: str) -> list[str]:
        providers = [self.package(name) for name in self._providers.get(virtual, ())]
        return [package.name for package in sorted(providers, key=_importance)]

    @cached_property
    def _offsets(self) -> dict[str, int]:
        # 69,000 stanzas: noting where each begins takes 0.1 s, parsing all of them several seconds.
        starts = re.finditer(rb"^Package: (\S+)$", self._packages, re.M)
        return {found[1].decode(): found.start() for found in starts}

    @cached_property
    def _providers(self) -> dict[str, list[str]]:
        """Names of the packages that provide a virtual one."""
        found: dict[str, list[str]] = {}
        for line in re.finditer(rb"^Provides: (.*)$", self._packages, re.M):
            owner = self._name_around(line.start())
            for group in _groups(line[1].decode()):
                found.setdefault(group[0], []).append(owner)
        return found

    def _name_around(self, position: int) -> str:
        start = self._packages.rfind(b"\n\n", 0, position) + 2 if position else 0
        return re.compile(rb"\s*Package: (\S+)").match(self._packages, max(start - 2, 0))[1].decode()


def _importance(package: Package) -> tuple[int, str]:
    rank = _PRIORITIES.index(package.priority) if package.priority in _PRIORITIES else len(_PRIORITIES)
    return rank, package.name


def _fields(stanza: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9-]+): ?(.*)$", stanza, re.M))


def _groups(relation: str) -> tuple[tuple[str, ...], ...]:
    """Read "a (>= 1), b | c:any" as (("a",), ("b", "c")). Format: deb-control(5)."""
    return tuple(
        tuple(re.split(r"[\s:(\[]", choice.strip(), maxsplit=1)[0] for choice in group.split("|"))
        for group in relation.split(",")
        if group.strip()
    )
