"""The token of Amazon ECR, from moto's AWS; and the login that comes of it, at a real registry."""

import base64
import logging
import threading

import pytest

from dockerlab import errors, registries
from dockerlab.registries import Remote, ecr_host, ecr_login, parse

HOST = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com"


@pytest.fixture(scope="module")
def moto_server():
    moto_server = pytest.importorskip("moto.server")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(moto_server, monkeypatch, tmp_path):
    """A learner with credentials, whose AWS is moto's."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server)
    return monkeypatch


@pytest.mark.parametrize(
    ("name", "read"),
    [
        (f"{HOST}/app:1", ("123456789012", "ap-northeast-2")),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/a", ("123456789012", "us-gov-west-1")),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a", ("123456789012", "cn-north-1")),
        ("123456789012.dkr-ecr.us-east-1.on.aws/a", ("123456789012", "us-east-1")),
        ("public.ecr.aws/docker/library/busybox", None),
        ("123.dkr.ecr.us-east-1.amazonaws.com/a", None),
        (f"{HOST}.example/app", None),
        ("busybox", None),
    ],
)
def test_an_ecr_host_is_its_account_and_region(name, read):
    found = ecr_host(name)
    assert (found and (found.account, found.region)) == read
    assert ecr_host(parse(name)) == found


def test_a_token_is_a_password_with_an_end(aws):
    import boto3

    login = ecr_login(f"{HOST}/app:1")
    assert login.user == "AWS" and login.password
    assert login.password not in repr(login)
    told = boto3.client("ecr", region_name="ap-northeast-2").get_authorization_token()
    token = told["authorizationData"][0]["authorizationToken"]
    assert base64.b64decode(token).decode() == f"{login.user}:{login.password}"
    assert login.expires == told["authorizationData"][0]["expiresAt"]


@pytest.mark.engine
def test_the_token_opens_a_registry(aws, engine, tiny):
    """ECR itself is a registry with HTTP Basic login over TLS: so is ours."""
    login = ecr_login(f"{HOST}/app:1")
    with registries.registry(auth=login, tls=True) as registry:
        pushed = registry.push("tiny", "app:1")
        assert registry.pull("app:1").digest == pushed.digest
        with Remote(registry.address, ("AWS", "old-token"), ca=registry.ca) as late:
            with pytest.raises(errors.LoginRequired) as caught:
                late.manifest("app:1")
            assert "수명" in caught.value.todo


def test_no_credentials(aws):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        aws.delenv(name)
    with pytest.raises(errors.CloudLoginFailed) as caught:
        ecr_login(HOST)
    assert caught.value.code == "E35" and "자격 증명" in caught.value.what
    assert "aws configure" in caught.value.todo


def test_a_profile_that_is_not_there(aws):
    aws.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(errors.CloudLoginFailed, match="자격 증명"):
        ecr_login(HOST)


def test_aws_out_of_reach(aws):
    aws.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(errors.CloudLoginFailed, match="닿지 못했습니다"):
        ecr_login(HOST)


def test_aws_refuses(aws):
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self):
            body = b'{"__type": "UnrecognizedClientException", "message": "AKIASECRET is invalid"}'
            self.send_response(400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    aws.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
    try:
        with pytest.raises(errors.CloudLoginFailed, match="토큰을 주지 않았습니다") as caught:
            ecr_login(HOST)
    finally:
        server.shutdown()
        server.server_close()
    assert "UnrecognizedClientException" in caught.value.seen and "AKIASECRET" not in str(caught.value)


def test_a_name_of_another_registry(aws):
    with pytest.raises(errors.InvalidReference):
        ecr_login("busybox:1")
