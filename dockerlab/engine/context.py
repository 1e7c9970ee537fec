"""docker 명령이 지금 쓰는 컨텍스트(context)을 읽습니다.

docker-py has ContextAPI, but it looks for contexts in the current directory when there is no
config.json, swallows a broken config.json and raises a bare Exception for a broken meta.json.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from dockerlab.engine.endpoint import Endpoint


class ContextUnreadable(ValueError):
    """컨텍스트의 설정을 읽지 못했습니다. 까닭을 한국어 한 줄로 담습니다."""


def current_context() -> Endpoint | None:
    """지금 컨텍스트의 엔진입니다. 기본이면 ``None``이고, 읽지 못하면 :class:`ContextUnreadable`입니다."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    name = os.environ.get("DOCKER_CONTEXT") or _configured(folder / "config.json")
    if name in ("", "default"):
        return None
    # The name of a context's folder is the digest of its name; so does the docker CLI.
    key = hashlib.sha256(name.encode()).hexdigest()
    described = folder / "contexts/meta" / key / "meta.json"
    if not described.exists():
        raise ContextUnreadable(f"docker context '{name}'의 설정이 없습니다: {described}")
    meta = _json(described)
    host = _within(meta, "Endpoints", "docker", "Host")
    if not isinstance(host, str) or not host:
        raise ContextUnreadable(f"docker context '{name}'에 엔진의 주소가 없습니다: {described}")
    certificates = folder / "contexts/tls" / key / "docker"
    return Endpoint(
        host, "context", f"docker context '{name}'", str(certificates) if certificates.is_dir() else None
    )


def _configured(config: Path) -> str:
    if not config.exists():
        return ""
    name = _within(_json(config), "currentContext")
    return name if isinstance(name, str) else ""


def _json(path: Path) -> object:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ContextUnreadable(f"docker의 설정 파일을 읽지 못했습니다: {path} ({error})") from error


def _within(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
