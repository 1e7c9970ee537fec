"""어딘가에 있는 레지스트리 하나입니다. HTTP로 들여다보고, 엔진으로 올리고 받습니다."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from dockerlab.errors import ImageUnknown, UsageMistake
from dockerlab.packages import architecture
from dockerlab.progress import Report, silent
from dockerlab.registries import documents, refusals, transfer
from dockerlab.registries.conversation import Conversation, as_json
from dockerlab.registries.documents import Blob, Config, Manifest
from dockerlab.registries.login import Login, as_login
from dockerlab.registries.reference import Reference, parse

PATIENCE = 20.0
_DOCUMENT_LIMIT = 4 << 20
_BLOB_LIMIT = 256 << 20
_LIST_LIMIT = 16 << 20


class Remote:
    """레지스트리 하나입니다. 이름은 그 레지스트리 안의 것으로 적습니다(예: ``app:1.0``, ``app@sha256:…``).

    ``auth``는 ``('이름', '비밀번호')``이고 부를 때만 쓰입니다. 학습자의 ``~/.docker/config.json``은 읽지도
    쓰지도 않습니다. ``ca``는 TLS 인증서를 믿게 할 CA의 파일입니다. ``patience``초 동안 아무 소식이 없으면
    그만둡니다.
    """

    def __init__(
        self,
        address: str,
        auth: Login | tuple[str, str] | None = None,
        *,
        ca: Path | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self.address = address
        self.reference("x")  # an address that no image name could have is refused here
        self.ca = ca
        self.login = as_login(auth)
        self.patience = patience
        self._http = Conversation(address, self.login, ca, patience)

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """열어 둔 연결을 닫습니다."""
        self._http.close()

    def reference(self, name: str) -> Reference:
        """이 레지스트리 안의 이름을 온전한 이름으로 읽습니다. 온전한 이름이면 그대로 읽습니다.

        Raises:
            InvalidReference: 문법에 맞지 않을 때.
            UsageMistake: 다른 레지스트리의 이름일 때.
        """
        prefix = f"{self.address}/"
        read = parse(name if name.startswith(prefix) else prefix + name)
        if read.host != self.address:
            raise UsageMistake(
                "다른 레지스트리의 이름입니다.",
                seen=f"{read}, 이 레지스트리는 {self.address}",
                todo="주소를 빼고 적으십시오.",
            )
        return read

    def check(self) -> None:
        """레지스트리가 이 로그인을 받아들이는지 물어봅니다. 아니면 ``LoginRequired``를 냅니다."""
        self._http.ask("/v2/", limit=_DOCUMENT_LIMIT)

    def digest(self, name: str) -> str:
        """태그가 지금 가리키는 manifest의 다이제스트입니다. 내용은 받지 않습니다(HEAD)."""
        wanted = self.reference(name)
        path = f"/v2/{wanted.repository}/manifests/{wanted.wanted}"
        answer = self._http.ask(
            path, method="HEAD", accept=documents.MEDIA_TYPES, scope=_scope(wanted), limit=_DOCUMENT_LIMIT
        )
        found = answer.headers.get("Docker-Content-Digest", "")
        if not re.fullmatch(r"\w+:[0-9a-f]{32,}", found):
            raise refusals.unreadable(path, "Docker-Content-Digest 머리말이 없습니다.")
        return found

    def manifest(self, name: str) -> Manifest:
        """이미지의 manifest입니다. 다이제스트로 물었으면 내용이 맞는지도 확인합니다."""
        wanted = self.reference(name)
        path = f"/v2/{wanted.repository}/manifests/{wanted.wanted}"
        answer = self._http.ask(
            path, accept=documents.MEDIA_TYPES, scope=_scope(wanted), limit=_DOCUMENT_LIMIT
        )
        promised = wanted.digest or answer.headers.get("Docker-Content-Digest") or _sha256(answer.body)
        _verify(path, promised, answer.body)
        told = as_json(path, answer.body)
        try:
            return documents.manifest(told, promised, len(answer.body), answer.media_type)
        except documents.Unreadable as error:
            raise refusals.unreadable(path, str(error)) from error

    def config(self, name: str, platform: str | None = None) -> Config:
        """이미지의 설정입니다. 여러 CPU를 위한 이미지이면 ``platform``(예: ``linux/arm64``)의 것입니다.

        ``platform``을 정하지 않으면 이 컴퓨터의 CPU입니다.
        """
        platform = platform or f"linux/{architecture()}"
        wanted = self.reference(name)
        found = self.manifest(name)
        if found.config is None:
            chosen = [one for one in found.manifests if (one.platform + "/").startswith(platform + "/")]
            if not chosen:
                raise ImageUnknown(
                    f"이 이미지에는 {platform}의 것이 없습니다.",
                    seen=", ".join(one.platform or "?" for one in found.manifests),
                    todo="platform에 위의 하나를 적으십시오.",
                )
            found = self.manifest(f"{wanted.repository}@{chosen[0].digest}")
        if found.config is None:
            raise refusals.unreadable(str(wanted), "index가 또 index를 가리킵니다.")
        held = self.blob(wanted.repository, found.config.digest)
        try:
            return documents.config(as_json(str(wanted), held.content), held.digest, held.size)
        except documents.Unreadable as error:
            raise refusals.unreadable(str(wanted), str(error)) from error

    def blob(self, repository: str, digest: str) -> Blob:
        """다이제스트로 부르는 바이트입니다. 내용이 다이제스트와 맞는지 확인합니다(256 MiB까지)."""
        wanted = self.reference(f"{repository}@{digest}")
        path = f"/v2/{wanted.repository}/blobs/{digest}"
        content = self._http.ask(path, scope=_scope(wanted), limit=_BLOB_LIMIT).body
        _verify(path, digest, content)
        return Blob(digest, len(content), content)

    def size(self, repository: str, digest: str) -> int:
        """레지스트리에 있는 blob의 크기(바이트)입니다. 내용은 받지 않습니다(HEAD)."""
        wanted = self.reference(f"{repository}@{digest}")
        path = f"/v2/{wanted.repository}/blobs/{digest}"
        answer = self._http.ask(path, method="HEAD", scope=_scope(wanted), limit=0)
        told = answer.headers.get("Content-Length", "")
        if not told.isdigit():
            raise refusals.unreadable(path, "크기를 말하지 않습니다.")
        return int(told)

    def tags(self, repository: str) -> tuple[str, ...]:
        """저장소에 있는 태그들입니다(이름순)."""
        wanted = self.reference(repository)
        return self._listed(f"/v2/{wanted.repository}/tags/list", "tags", _scope(wanted))

    def catalog(self) -> tuple[str, ...]:
        """레지스트리에 있는 저장소들입니다(이름순). Docker Hub처럼 알려 주지 않는 곳도 있습니다."""
        return self._listed("/v2/_catalog", "repositories", "registry:catalog:*")

    def _listed(self, path: str, key: str, scope: str) -> tuple[str, ...]:
        found: list[str] = []
        following = path
        while following:
            answer = self._http.ask(following, scope=scope, limit=_LIST_LIMIT)
            told = as_json(path, answer.body)
            names = (told.get(key) or []) if isinstance(told, dict) else None
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise refusals.unreadable(path, f"{key} 목록이 없습니다.")
            found += names
            # The next page, if any (RFC 8288); only a path on this registry is followed, and only forward.
            link = re.match(r"<(/v2/[^>]*)>; *rel=\"?next", answer.headers.get("Link", ""))
            following = link[1] if link and names else ""
        return tuple(sorted(found))

    def push(self, image: str, name: str, report: Report = silent) -> transfer.Pushed:
        """엔진에 있는 이미지를 ``name``으로 올립니다. 레이어마다 올렸는지, 이미 있었는지를 돌려줍니다.

        ``image``는 이미지 이름이나 과정 이미지의 짧은 이름('tiny')입니다.
        """
        return transfer.push(self, image, self.reference(name), report)

    def pull(self, name: str, report: Report = silent) -> transfer.Pulled:
        """이미지를 엔진으로 받습니다. 받은 이미지는 온전한 이름(``주소/이름``)으로 남습니다."""
        return transfer.pull(self, self.reference(name), report)


def _scope(wanted: Reference) -> str:
    return f"repository:{wanted.repository}:pull"


def _sha256(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _verify(what: str, promised: str, content: bytes) -> None:
    algorithm, _, _ = promised.partition(":")
    if algorithm not in ("sha256", "sha384", "sha512"):
        raise refusals.unreadable(what, f"모르는 다이제스트입니다: {promised[:80]!r}")
    found = f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"
    if found != promised:
        raise refusals.damaged(what, promised, found)
