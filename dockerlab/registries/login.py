"""레지스트리에 로그인할 이름과 비밀번호입니다. 부를 때마다 넘기고, 어디에도 적어 두지 않습니다."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime

import bcrypt

from dockerlab.errors import UsageMistake

_LONGEST_PASSWORD = 72  # bytes; bcrypt knows no more


@dataclass(frozen=True)
class Login:
    """레지스트리에 로그인할 이름과 비밀번호입니다. 비밀번호는 출력되지 않습니다.

    ``expires``는 토큰처럼 수명이 있는 비밀번호가 끝나는 때입니다.
    """

    user: str
    password: str = field(repr=False)
    expires: datetime | None = field(default=None, compare=False)

    @property
    def header(self) -> str:
        """HTTP의 ``Authorization`` 머리말입니다(Basic 인증)."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()

    @property
    def htpasswd(self) -> bytes:
        """레지스트리가 읽는 htpasswd의 한 줄입니다. 비밀번호는 bcrypt로 바뀌어 있습니다."""
        return self.user.encode() + b":" + bcrypt.hashpw(self.password.encode(), bcrypt.gensalt(5)) + b"\n"

    def for_engine(self, address: str) -> dict[str, str]:
        """엔진에 한 번의 요청과 함께 넘기는 모양입니다."""
        return {"username": self.user, "password": self.password, "serveraddress": address}


def as_login(auth: Login | tuple[str, str] | None) -> Login | None:
    """``(이름, 비밀번호)``를 ``Login``으로 바꿉니다.

    Raises:
        UsageMistake: 이름과 비밀번호가 아니거나 레지스트리가 받을 수 없는 것일 때.
    """
    if auth is None or isinstance(auth, Login):
        return auth
    if not (isinstance(auth, tuple) and len(auth) == 2 and all(isinstance(part, str) for part in auth)):
        raise UsageMistake(
            "레지스트리의 로그인을 읽을 수 없습니다.", todo="('이름', '비밀번호')처럼 적으십시오."
        )
    user, password = auth
    if not user or not password or ":" in user or not (user + password).isprintable():
        raise UsageMistake(
            "레지스트리의 로그인으로 쓸 수 없습니다.",
            todo="이름과 비밀번호는 비어 있을 수 없고, 이름에는 ':'을, 둘 다에 제어 문자를 쓸 수 없습니다.",
        )
    if len(password.encode()) > _LONGEST_PASSWORD:
        raise UsageMistake("비밀번호가 너무 깁니다.", todo=f"{_LONGEST_PASSWORD}바이트까지 쓸 수 있습니다.")
    return Login(user, password)
