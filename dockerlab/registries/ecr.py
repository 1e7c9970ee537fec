"""Amazon ECR의 레지스트리에 로그인합니다: AWS의 자격 증명을 열두 시간짜리 비밀번호로 바꿉니다."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any

from dockerlab.errors import CloudLoginFailed, InvalidReference, ToolMissing
from dockerlab.registries.login import Login
from dockerlab.registries.reference import Reference

# aws_account.dkr.ecr.region.amazonaws.com; FIPS and China have their own endings, dual-stack names another.
_HOST = re.compile(
    r"(?P<account>\d{12})\.dkr(?:\.ecr|-ecr)(?:-fips)?\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)"
    r"\.(?:amazonaws\.com(?:\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)"
)
_WITHIN = 5  # seconds for AWS to be reached, and twice as long to answer
_PROFILE = "aws configure로 자격 증명을 정하고, AWS_PROFILE이 맞는지 확인하십시오."


@dataclass(frozen=True)
class EcrHost:
    """ECR 레지스트리의 주소를 나눈 것입니다: AWS 계정과 리전."""

    account: str
    region: str


def ecr_host(name: str | Reference) -> EcrHost | None:
    """이미지 이름이나 주소가 Amazon ECR의 것이면 계정과 리전을, 아니면 ``None``을 돌려줍니다."""
    host = name.host if isinstance(name, Reference) else name.partition("/")[0]
    found = _HOST.fullmatch(host)
    return EcrHost(found["account"], found["region"]) if found else None


def ecr_login(name: str | Reference) -> Login:
    """ECR 레지스트리에 로그인할 이름과 비밀번호를 AWS에서 받습니다(``GetAuthorizationToken``).

    AWS의 자격 증명은 boto3가 늘 찾는 곳(환경 변수, ``~/.aws``, 인스턴스의 역할)에서 찾습니다. 받은 비밀번호는
    돌려주기만 하고 어디에도 적지 않습니다. ``pip install 'dockerlab-course[ecr]'``이 필요합니다.

    Raises:
        InvalidReference: ECR의 이름이 아닐 때.
        ToolMissing: boto3가 없을 때.
        CloudLoginFailed: 자격 증명이 없거나, 거절당했거나, AWS에 닿지 못했을 때.
    """
    host = ecr_host(name)
    if host is None:
        raise InvalidReference(
            f"Amazon ECR의 이름이 아닙니다: {str(name)!r}",
            todo="예: 123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/app:1.0",
        )
    try:
        import boto3
        import botocore.config
        import botocore.exceptions
    except ImportError as error:
        raise ToolMissing(
            "Amazon ECR에 로그인하려면 boto3가 필요합니다.",
            todo="pip install 'dockerlab-course[ecr]'로 설치하십시오.",
        ) from error
    settings = botocore.config.Config(
        connect_timeout=_WITHIN, read_timeout=2 * _WITHIN, retries={"total_max_attempts": 2}
    )
    try:
        # A session of its own: boto3's default one keeps the first credentials it finds.
        client = boto3.session.Session().client("ecr", region_name=host.region, config=settings)
        told = client.get_authorization_token()["authorizationData"][0]
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise _failed(error, host) from error
    user, _, password = base64.b64decode(told["authorizationToken"]).decode().partition(":")
    return Login(user, password, told.get("expiresAt"))


def _failed(error: Any, host: EcrHost) -> CloudLoginFailed:
    import botocore.exceptions as kinds

    where = f"계정 {host.account}, 리전 {host.region}"
    credentials = (kinds.NoCredentialsError, kinds.PartialCredentialsError, kinds.CredentialRetrievalError)
    if isinstance(error, (*credentials, kinds.ProfileNotFound, kinds.TokenRetrievalError)):
        return CloudLoginFailed("AWS의 자격 증명을 찾지 못했습니다.", seen=f"{where}: {error}", todo=_PROFILE)
    if isinstance(error, kinds.ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        # The message of AWS may repeat the key's id; its code says enough.
        return CloudLoginFailed(
            "AWS가 로그인 토큰을 주지 않았습니다.",
            seen=f"{where}: {code}",
            todo=f"{_PROFILE} 권한(ecr:GetAuthorizationToken)이 있는지도 보십시오.",
        )
    return CloudLoginFailed(
        "AWS에 닿지 못했습니다.",
        seen=f"{where}: {type(error).__name__}",
        todo="네트워크와 리전의 이름을 확인하십시오.",
    )
