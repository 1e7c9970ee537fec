"""What engines, registries and sockets say, and the error a learner sees. The texts are recorded ones."""

import http.client

import docker.errors
import pytest
import requests
import urllib3.exceptions

from dockerlab import errors
from dockerlab.engine import errors_of_engine, translate

SAID = [
    # What 28.5 says whose images are in containerd.
    (
        404,
        'failed to resolve reference "localhost:5000/nobody:1": localhost:5000/nobody:1: not found',
        errors.ImageUnknown,
        "",
    ),
    (
        500,
        'unknown: failed to resolve reference "localhost:5000/down:1": unexpected status from HEAD request to'
        " http://localhost:5000/v2/down/manifests/1: 503 Service Unavailable",
        errors.RegistryBroken,
        "503",
    ),
    (
        500,
        'unknown: failed to resolve reference "localhost:5000/limited:1": unexpected status from HEAD request'
        " to http://localhost:5000/v2/limited/manifests/1: 429 Too Many Requests",
        errors.RegistryLimitReached,
        "",
    ),
    (
        500,
        "failed to unpack image on snapshotter overlayfs: unexpected media type text/html for sha256:5a: not"
        " found",
        errors.RegistryBroken,
        "",
    ),
    (404, "No such image: nonesuch:latest", errors.ImageMissing, "nonesuch:latest"),
    (
        409,
        'Conflict. The container name "/web" is already in use by container "8a2f". You have to remove'
        " (or rename) that container to be able to reuse that name.",
        errors.NameInUse,
        "'web'",
    ),
    (
        500,
        "driver failed programming external connectivity on endpoint x (5a): Bind for 127.0.0.1:18080"
        " failed: port is already allocated",
        errors.PortInUse,
        "18080",
    ),
    (
        500,
        "driver failed programming external connectivity on endpoint x (5a): failed to bind port"
        " 127.0.0.1:18081/tcp: Error starting userland proxy: listen tcp4 127.0.0.1:18081: bind: address"
        " already in use",
        errors.PortInUse,
        "18081",
    ),
    (
        500,
        "failed to set up container networking: driver failed programming external connectivity on endpoint"
        " x (5a): failed to bind host port for 127.0.0.1:18082:172.17.0.2:80/tcp: address already in use",
        errors.PortInUse,
        "18082",
    ),
    (
        400,
        "failed to create task for container: failed to create shim task: OCI runtime create failed: runc"
        ' create failed: unable to start container process: exec: "frobnicate": executable file not found in'
        " $PATH: unknown",
        errors.CommandNotFound,
        "'frobnicate'",
    ),
    (
        400,
        "failed to create task for container: failed to create shim task: OCI runtime create failed: runc"
        ' create failed: unable to start container process: exec: "/no/such": stat /no/such: no such file or'
        " directory: unknown",
        errors.CommandNotFound,
        "'/no/such'",
    ),
    (
        400,
        'OCI runtime create failed: unable to start container process: exec: "/etc/passwd": permission'
        " denied: unknown",
        errors.CommandNotFound,
        "'/etc/passwd'",
    ),
    *(
        (500, f"failed to create shim task: OCI runtime create failed: {crun}: unknown", *seen)
        for crun, *seen in (
            (
                "executable file `frobnicate` not found in $PATH: No such file or directory",
                errors.CommandNotFound,
                "'frobnicate' 명령이 없",
            ),
            (
                "executable file `/no/such` not found: No such file or directory",
                errors.CommandNotFound,
                "'/no/such' 명령이 없",
            ),
            (
                "the path `/etc` is not a regular file: Operation not permitted",
                errors.CommandNotFound,
                "'/etc' 파일은 있지만",
            ),
            (
                "the path `/etc/passwd` exists but it is not executable: Operation not permitted",
                errors.CommandNotFound,
                "'/etc/passwd' 파일은 있지만",
            ),
        )
    ),
    (
        500,
        "failed to create container: write /data/overlay2/x: no space left on device",
        errors.DiskFull,
        "디스크",
    ),
    (
        500,
        "OCI runtime create failed: container init was OOM-killed (memory limit too low?)",
        errors.OutOfMemory,
        "메모리",
    ),
    (
        400,
        "client version 1.99 is too new. Maximum supported API version is 1.41",
        errors.EngineTooOld,
        "API",
    ),
    (
        400,
        "client version 1.24 is too old. Minimum supported API version is 1.44",
        errors.EngineTooNew,
        "API",
    ),
    (
        400,
        "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available",
        errors.InvalidRequest,
        "",
    ),
    (400, "Minimum memory limit allowed is 6MB", errors.InvalidRequest, ""),
    (
        500,
        'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
        errors.RegistryUnreachable,
        "",
    ),
    (
        500,
        'Get "https://registry-1.docker.io/v2/": context deadline exceeded (Client.Timeout exceeded while'
        " awaiting headers)",
        errors.RegistryUnreachable,
        "",
    ),
    (
        500,
        "toomanyrequests: You have reached your pull rate limit.",
        errors.RegistryLimitReached,
        "",
    ),
    (
        500,
        "error parsing HTTP 200 response body: invalid character '<' looking for beginning of value",
        errors.RegistryBroken,
        "",
    ),
    (
        500,
        "error unmarshalling content: invalid character '<' looking for beginning of value",
        errors.RegistryBroken,
        "",
    ),
    (500, "received unexpected HTTP status: 503 Service Unavailable", errors.RegistryBroken, "503"),
    (500, "unauthorized", errors.LoginRequired, ""),
    (
        500,
        'Head "http://localhost:32773/v2/app/manifests/1": no basic auth credentials',
        errors.LoginRequired,
        "",
    ),
    (500, "denied", errors.RegistryDenied, ""),
    (500, "name unknown", errors.ImageUnknown, ""),
    (500, "unexpected EOF", errors.TransferInterrupted, ""),
    (
        404,
        "manifest for dockerlab/tiny:9 not found: manifest unknown: manifest unknown",
        errors.ImageUnknown,
        "",
    ),
    (
        404,
        "pull access denied for nonesuch, repository does not exist or may require 'docker login': denied:"
        " requested access to the resource is denied",
        errors.RegistryDenied,
        "",
    ),
    (404, "No such container: 1234", errors.EngineRefused, ""),
    (500, "something never seen before", errors.EngineRefused, ""),
]


def api_error(status, said):
    response = requests.Response()
    response.status_code = status
    kind = docker.errors.ImageNotFound if "No such image" in said else docker.errors.APIError
    return kind(f"{status} Error", response, said)


@pytest.mark.parametrize(
    ("status", "said", "kind", "named"), SAID, ids=[f"{one[2].__name__}" for one in SAID]
)
def test_what_the_engine_says(status, said, kind, named):
    translated = translate(api_error(status, said))
    assert type(translated) is kind
    assert named in translated.what
    assert translated.todo and translated.seen
    assert "{" not in translated.what and "''" not in translated.what


def nested(*kinds):
    """An exception wrapped the way requests wraps urllib3 and urllib3 wraps the socket's."""
    error = kinds[-1]
    for kind in reversed(kinds[:-1]):
        error = kind(error)
    return error


LOST = [
    nested(
        requests.ConnectionError,
        lambda error: urllib3.exceptions.ProtocolError("Connection aborted.", error),
        FileNotFoundError(2, "No such file or directory"),
    ),
    requests.exceptions.ChunkedEncodingError("Connection broken"),
    urllib3.exceptions.ProtocolError("Connection broken", http.client.IncompleteRead(b"")),
    http.client.RemoteDisconnected("Remote end closed connection without response"),
    ConnectionResetError(104, "Connection reset by peer"),
    BrokenPipeError(32, "Broken pipe"),
    docker.errors.DockerException("Error while fetching server API version: ('Connection aborted.',)"),
]
LATE = [
    requests.exceptions.ReadTimeout("Read timed out."),
    urllib3.exceptions.ReadTimeoutError(None, "/", "Read timed out."),
    requests.ConnectionError(urllib3.exceptions.ReadTimeoutError(None, "/", "Read timed out.")),
    TimeoutError("timed out"),
    TimeoutError(),
]


@pytest.mark.parametrize("error", LOST, ids=lambda error: type(error).__name__)
def test_a_broken_connection_is_a_lost_engine(error):
    translated = translate(error)
    assert type(translated) is errors.EngineLost and translated.seen


@pytest.mark.parametrize("error", LATE, ids=lambda error: type(error).__name__)
def test_a_timeout_is_an_engine_not_answering(error):
    assert type(translate(error)) is errors.EngineNotAnswering


def test_our_own_and_foreign_errors_pass():
    ours = errors.NameInUse("x")
    with pytest.raises(errors.NameInUse) as raised, errors_of_engine():
        raise ours
    assert raised.value is ours and raised.value.__cause__ is None
    with pytest.raises(ZeroDivisionError), errors_of_engine():
        raise ZeroDivisionError
    with pytest.raises(KeyboardInterrupt), errors_of_engine():
        raise KeyboardInterrupt


def test_it_is_a_decorator_too_and_keeps_the_cause():
    @errors_of_engine()
    def work():
        raise api_error(500, "no space left on device")

    with pytest.raises(errors.DiskFull) as raised:
        work()
    assert isinstance(raised.value.__cause__, docker.errors.APIError)
    assert raised.value._render_traceback_() == raised.value.lines()


def test_a_long_word_of_the_engine_is_shortened():
    assert len(translate(api_error(500, "x" * 10000)).seen) <= 400
