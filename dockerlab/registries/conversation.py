"""레지스트리와 HTTP로 이야기합니다: 주소를 정하고, 물으면 로그인하고, 답을 정한 만큼만 읽습니다."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import requests.auth
import requests.utils

from dockerlab.errors import RegistryBroken
from dockerlab.registries import refusals
from dockerlab.registries.login import Login
from dockerlab.registries.reference import DOCKER_HUB

AGENT = "dockerlab"
CONNECT_WITHIN = 5.0
_CHUNK = 1 << 16
_TOKEN_LIMIT = 1 << 20
_ERROR_LIMIT = 1 << 16


@dataclass(frozen=True)
class Answer:
    """레지스트리의 답입니다. ``headers``의 이름은 대소문자를 가리지 않습니다."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """내용의 종류입니다(``;charset=…``은 뺍니다)."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip()


class Conversation:
    """레지스트리 하나와의 대화입니다. 토큰은 이 대화가 사는 동안만 기억합니다.

    ``localhost``는 ``ca``가 없으면 TLS 없이, 나머지는 언제나 TLS로 이야기합니다(엔진과 같습니다).
    ``patience``초 동안 아무것도 오지 않으면 그만둡니다.
    """

    def __init__(self, address: str, login: Login | None, ca: Path | None, patience: float) -> None:
        host = f"registry-1.{DOCKER_HUB}" if address == DOCKER_HUB else address
        near = is_near(address)
        self.address = address
        self.url = f"{'http' if near and ca is None else 'https'}://{host}"
        self._login = login
        self._patience = patience
        self._tokens: dict[str, str] = {}  # by scope
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": AGENT, "Accept-Encoding": "identity"})
        self._session.trust_env = not near  # a proxy is never between us and this machine
        self._session.auth = _Nothing()
        if ca is not None:
            self._session.verify = str(ca)

    def ask(
        self, path: str, *, method: str = "GET", accept: tuple[str, ...] = (), scope: str = "", limit: int
    ) -> Answer:
        """한 가지를 묻고 답을 ``limit``바이트까지 읽습니다. ``scope``는 토큰을 받을 때 대는 권한입니다.

        거절과 고장은 모두 ``ImageError`` 아래의 오류로 납니다(:mod:`refusals`).
        """
        what = f"{method} {self.url}{path}"
        headers = {"Accept": ", ".join(accept)} if accept else {}
        url = self.url + path
        status, answer = self._request(method, url, what, self._credentials(scope, headers), limit)
        if status == 401 and (credentials := self._authorize(answer.headers, scope)):
            self._tokens[scope] = credentials
            status, answer = self._request(method, url, what, self._credentials(scope, headers), limit)
        if status // 100 != 2:
            raise refusals.refused(what, status, answer.headers, answer.body, self._login is not None)
        if answer.media_type == "text/html":
            raise refusals.portal(what, answer.body)
        return answer

    def _credentials(self, scope: str, headers: Mapping[str, str]) -> dict[str, str]:
        known = self._tokens.get(scope)
        return {**headers, "Authorization": known} if known else dict(headers)

    def _authorize(self, headers: Mapping[str, str], scope: str) -> str | None:
        """What the registry asks for in its challenge (RFC 9110, 11.6.1): our login, or a token for it."""
        kind, _, rest = headers.get("WWW-Authenticate", "").partition(" ")
        if kind.lower() == "basic" and self._login:
            return self._login.header
        if kind.lower() != "bearer":
            return None
        told = requests.utils.parse_dict_header(rest)
        realm, wanted = told.get("realm") or "", {"scope": told.get("scope") or scope}
        where = urllib.parse.urlsplit(realm)
        if where.scheme != "https" and not (where.scheme == "http" and is_near(where.netloc)):
            raise refusals.unreadable(self.url, f"토큰을 주는 곳이 TLS가 아닙니다: {realm[:100]!r}")
        if told.get("service"):
            wanted["service"] = told["service"]
        query = urllib.parse.urlencode({name: value for name, value in wanted.items() if value})
        what = f"GET {realm} ({wanted['scope']})"
        login = {"Authorization": self._login.header} if self._login else {}
        status, answer = self._request("GET", f"{realm}?{query}", what, login, _TOKEN_LIMIT)
        if status // 100 != 2:
            raise refusals.refused(what, status, answer.headers, answer.body, self._login is not None)
        if answer.media_type == "text/html":
            raise refusals.portal(what, answer.body)
        token = as_json(what, answer.body)
        bearer = (token.get("token") or token.get("access_token")) if isinstance(token, dict) else None
        if not isinstance(bearer, str) or not bearer:
            raise refusals.unreadable(what, "토큰이 없습니다.")
        return f"Bearer {bearer}"

    def _request(
        self, method: str, url: str, what: str, headers: Mapping[str, str], limit: int
    ) -> tuple[int, Answer]:
        timeout = (CONNECT_WITHIN, self._patience)
        with (
            self._faults(what),
            self._session.request(
                method, url, headers=headers, timeout=timeout, stream=True, allow_redirects=True
            ) as answer,
        ):
            good = answer.ok and method != "HEAD"
            body = _read(answer, what, limit if good else _ERROR_LIMIT, strict=good)
            return answer.status_code, Answer(answer.headers, body)

    @contextlib.contextmanager
    def _faults(self, what: str) -> Iterator[None]:
        try:
            yield
        except (requests.ConnectTimeout, requests.exceptions.SSLError) as error:
            raise refusals.unreachable(what, _cause(error)) from error
        except requests.Timeout as error:
            raise refusals.silent(what, self._patience) from error
        except requests.exceptions.ChunkedEncodingError as error:
            raise refusals.interrupted(what, _cause(error)) from error
        except requests.ConnectionError as error:
            # While a body is read, a timeout comes as a ConnectionError around urllib3's.
            if "Read timed out" in str(error):
                raise refusals.silent(what, self._patience) from error
            if "Connection aborted" in str(error):
                raise refusals.interrupted(what, _cause(error)) from error
            raise refusals.unreachable(what, _cause(error)) from error
        except requests.RequestException as error:  # an address nobody can have, too many redirects
            raise refusals.unreadable(what, _cause(error)) from error

    def close(self) -> None:
        """열어 둔 연결을 닫습니다."""
        self._session.close()


class _Nothing(requests.auth.AuthBase):
    """Keeps requests from looking up the learner's ~/.netrc."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def is_near(address: str) -> bool:
    """이 컴퓨터 안의 주소인지 말합니다(``localhost``, 127.0.0.0/8, ::1)."""
    host = urllib.parse.urlsplit(f"//{address}").hostname or ""
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def as_json(what: str, body: bytes) -> Any:
    """답을 JSON으로 읽습니다. 읽을 수 없으면 ``RegistryBroken``입니다."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise refusals.unreadable(what, f"JSON이 아닙니다: {body[:60]!r}") from error


def _read(answer: requests.Response, what: str, limit: int, *, strict: bool) -> bytes:
    content = bytearray()
    for chunk in answer.iter_content(_CHUNK):
        content += chunk
        if len(content) > limit:
            if not strict:
                break
            raise RegistryBroken(
                "레지스트리가 받을 수 있는 것보다 큰 답을 보냈습니다.",
                seen=f"{what}: {limit}바이트를 넘습니다.",
                todo="더 작은 것을 물으십시오. 레이어 전체는 docker pull로 받습니다.",
            )
    return bytes(content)


def _cause(error: BaseException) -> str:
    inner = error
    while inner.__cause__ or inner.__context__:
        inner = inner.__cause__ or inner.__context__
    text = " ".join(str(inner).split()) or type(inner).__name__
    return text if len(text) <= 300 else text[:299] + "…"
