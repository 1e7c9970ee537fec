"""What a learner reads when a registry refuses, breaks or lies; over real HTTP, no engine."""

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dockerlab import errors
from dockerlab.registries import Remote
from dockerlab.registries.refusals import refused

FAULTS = [
    ("secret", errors.LoginRequired, "E22", "로그인해야"),
    ("private", errors.LoginRequired, "E22", "로그인해야"),
    ("denied", errors.RegistryDenied, "E21", "권한이 없다고"),
    ("nobody", errors.ImageUnknown, "E23", "저장소가 없습니다"),
    ("limited", errors.RegistryLimitReached, "E24", "한도 100번 (6시간에), 남은 것 0번"),
    ("portal", errors.RegistryBroken, "E25", "Wi-Fi 로그인"),
    ("away", errors.RegistryBroken, "E25", "Wi-Fi 로그인"),
    ("down", errors.RegistryBroken, "E25", "503"),
    ("hangs", errors.RegistryNotAnswering, "E28", "0.5초 동안"),
]


def layer_of(remote, name):
    index = remote.manifest("good:latest")
    [found] = remote.manifest(f"good@{index.manifests[0].digest}").layers
    return remote.blob(name, found.digest)


@pytest.mark.parametrize(("name", "kind", "code", "told"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_each_refusal_is_told_apart(faulty, name, kind, code, told):
    with Remote(faulty, patience=0.5) as remote, pytest.raises(kind) as caught:
        remote.manifest(f"{name}:latest")
    assert type(caught.value) is kind and caught.value.code == code
    assert told in str(caught.value) and caught.value.todo


def test_every_kind_of_failure_has_its_own_message(faulty):
    said = set()
    for name, *_ in FAULTS:
        with Remote(faulty, patience=0.5) as remote, pytest.raises(errors.ImageError) as caught:
            remote.manifest(f"{name}:latest")
        said.add(caught.value.what)
    assert len(said) == len(FAULTS) - 2, "only the two logins and the two portals say the same"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("broken", errors.ImageDamaged),
        ("cut", errors.TransferInterrupted),
        ("stalls", errors.RegistryNotAnswering),
    ],
)
def test_a_layer_that_arrives_wrong_is_not_used(faulty, name, kind):
    with Remote(faulty, patience=0.5) as remote, pytest.raises(kind) as caught:
        layer_of(remote, name)
    assert type(caught.value) is kind


def test_a_manifest_with_other_bytes_is_not_used(faulty):
    with Remote(faulty) as remote:
        digest = remote.digest("good:latest")
        with pytest.raises(errors.ImageDamaged) as caught:
            remote.manifest(f"lying@{digest}")
    assert digest in caught.value.seen


def test_after_a_fault_the_next_question_is_answered(faulty, layer):
    with Remote(faulty, patience=0.5) as remote:
        for name in ("hangs", "portal", "denied"):
            with pytest.raises(errors.ImageError):
                remote.manifest(f"{name}:latest")
        for name in ("cut", "stalls", "broken"):
            with pytest.raises(errors.ImageError):
                layer_of(remote, name)
        assert layer_of(remote, "good").content == layer


def test_an_index_leads_to_the_image_of_a_platform(faulty, layer):
    with Remote(faulty) as remote:
        index = remote.manifest("good:latest")
        assert index.config is None and [one.platform for one in index.manifests] == ["linux/amd64"]
        assert index.digest == remote.digest("good:latest")
        told = remote.config("good:latest", platform="linux/amd64")
        assert (told.os, told.architecture, told.command) == ("linux", "amd64", ("sh",))
        with pytest.raises(errors.ImageUnknown, match="linux/s390x"):
            remote.config("good:latest", platform="linux/s390x")


def test_a_token_is_fetched_where_the_registry_says(faulty):
    with Remote(faulty) as remote:
        assert remote.manifest("hub:latest").manifests


def test_a_login_is_given_only_when_asked_for(faulty):
    with Remote(faulty, ("student", "secret")) as remote:
        assert remote.manifest("private:latest").manifests
    with (
        Remote(faulty, ("student", "wrong")) as remote,
        pytest.raises(errors.LoginRequired, match="받아들이지 않았습니다") as caught,
    ):
        remote.manifest("private:latest")
    assert "wrong" not in str(caught.value)


def test_the_learners_netrc_is_not_sent(faulty, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login student password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with Remote(faulty) as remote, pytest.raises(errors.LoginRequired):
        remote.manifest("private:latest")


def test_a_proxy_is_not_asked_for_this_machine(faulty, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with Remote(faulty) as remote:
        assert remote.digest("good:latest").startswith("sha256:")


def test_a_wait_is_told_in_seconds_or_as_a_date():
    def error(told):
        return refused("GET x", 429, {"retry-after": told}, b"", False)

    assert error("1800").retry_after == 1800 and "1800초" in error("1800").todo
    later = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 600))
    assert 590 < error(later).retry_after <= 600
    assert error("soon").retry_after is None and "몇 시간" in error("soon").todo


def test_nobody_there():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, not listening
        address = f"127.0.0.1:{held.getsockname()[1]}"
        with Remote(address) as remote, pytest.raises(errors.RegistryUnreachable):
            remote.check()


@pytest.fixture
def answering():
    """A server that gives one fixed answer: (status, headers, body)."""
    servers = []

    def start(status, headers, body):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xff\xfe", b"null", b"[]", b"3", b"{}", b'{"mediaType": 3}', b"[" * 100_000,
        b'{"mediaType": "application/vnd.oci.image.manifest.v1+json"}',
        b'{"mediaType": "application/vnd.oci.image.manifest.v1+json", "config": 1, "layers": 2}',
        b'{"mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [{"size": -1}]}',
        b'{"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [null]}',
        b'{"tags": [1]}', b'{"tags": 7}', b'{"repositories": {"a": 1}, "tags": {"a": [2]}}',
    ],
)  # fmt: skip
def test_nonsense_is_one_clear_error(answering, body):
    with Remote(answering(200, JSON, body)) as remote:
        with pytest.raises(errors.RegistryBroken):
            remote.manifest("app:1")
        if body != b"{}" and b"media" not in body:
            with pytest.raises(errors.RegistryBroken):
                remote.tags("app")


def test_an_endless_list_ends(answering):
    """Each page names itself as the next one, and is empty."""
    address = answering(200, {**JSON, "Link": '</v2/app/tags/list>; rel="next"'}, b'{"tags": []}')
    with Remote(address) as remote:
        assert remote.tags("app") == ()


def test_too_large_an_answer_is_not_read(answering):
    address = answering(200, JSON, b" " * (5 << 20))
    with Remote(address) as remote, pytest.raises(errors.RegistryBroken, match="큰 답"):
        remote.manifest("app:1")


@pytest.mark.parametrize("realm", ["http://192.0.2.1/token", "ftp://127.0.0.1/", "", "nowhere"])
def test_a_login_goes_to_no_place_without_tls(answering, realm):
    challenge = {"WWW-Authenticate": f'Bearer realm="{realm}",service="x"'}
    address = answering(401, challenge, b"")
    with Remote(address, ("student", "secret")) as remote, pytest.raises(errors.RegistryBroken, match="TLS"):
        remote.manifest("app:1")


def test_names_of_another_registry_are_refused(faulty):
    with Remote(faulty) as remote:
        assert str(remote.reference("app")) == f"{faulty}/app:latest"
        assert remote.reference(f"{faulty}/app:1").tag == "1"
        with pytest.raises(errors.InvalidReference):
            remote.manifest("App:1")
    for address in ("", "http://h.example", "h.example/path"):
        with pytest.raises((errors.InvalidReference, errors.UsageMistake)):
            Remote(address)
