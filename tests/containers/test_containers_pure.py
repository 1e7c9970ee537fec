"""What containers do before and after the engine: the request, and the framing of two outputs."""

import struct

import pytest

from dockerlab import containers
from dockerlab.containers.request import Request, words
from dockerlab.containers.result import Run
from dockerlab.containers.stream import STDERR, STDOUT, Frames
from dockerlab.errors import InvalidRequest
from dockerlab.measure import Phases


def frame(kind, data):
    return struct.pack(">BxxxL", kind, len(data)) + data


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 8, 9, 13, 1000])
def test_frames_survive_any_cut(cut):
    sent = frame(STDOUT, b"out") + frame(STDERR, b"") + frame(STDERR, b"error") + frame(STDOUT, b"x" * 100)
    frames, got = Frames(), {STDOUT: b"", STDERR: b""}
    for at in range(0, len(sent), cut):
        for kind, piece in frames.feed(sent[at : at + cut]):
            got[kind] += piece
    assert got == {STDOUT: b"out" + b"x" * 100, STDERR: b"error"}


def test_lines_carry_the_arrival_of_their_end():
    arrivals = ((0.1, b"BE"), (0.2, b"GIN\nx\xff\nl"), (0.3, b"ast"))
    result = Run("tiny", (), 0, "", "", Phases(()), arrivals=arrivals)
    assert result.lines == ((0.2, "BEGIN"), (0.2, "x\ufffd"), (0.3, "last"))


def test_words_keep_quotes_and_use_no_shell():
    assert words("echo 'a b' $HOME") == ("echo", "a b", "$HOME")
    assert words(["echo", "a b"]) == ("echo", "a b")
    assert words(None) == ()
    with pytest.raises(InvalidRequest):
        words("echo 'open")


@pytest.mark.parametrize(
    "wrong",
    [
        {"memory": 1024},
        {"pids": 0},
        {"cpus": 0.0},
        {"cpus": float("nan")},
        {"name": "a b"},
        {"name": "x"},
        {"network": "host"},
        {"network": "container:other"},
        {"network": "none", "ports": {80: None}},
        {"ports": {0: None}},
        {"ports": {80: 70000}},
        {"workdir": "relative"},
        {"memory": "64m"},
        {"memory": 64e6},
        {"pids": "3"},
        {"cpus": "1"},
        {"ports": {"80": 8080}},
        {"ports": [80]},
        {"environment": ["A=1"]},
        {"environment": {"A": "a\0b"}},
    ],
)
def test_wrong_values_are_refused_before_the_engine_is_asked(wrong):
    with pytest.raises(InvalidRequest) as refused:
        Request("tiny", (), **wrong)
    assert refused.value.todo


@pytest.mark.parametrize(
    "wrong",
    [
        {"image": None},
        {"command": 5},
        {"command": ["echo", "a\0b"]},
        {"deadline": 0},
        {"deadline": float("inf")},
        {"deadline": float("nan")},
        {"deadline": "5"},
        {"deadline": 1e300},
        {"stdin": 5},
        {"files": {"/a": 5}},
        {"files": {"a": "relative"}},
        {"files": ["/a"]},
    ],
)
@pytest.mark.parametrize("call", [containers.run, containers.start])
def test_wrong_arguments_are_refused_before_an_engine_is_looked_for(call, wrong, monkeypatch):
    if call is containers.start and "stdin" in wrong:
        return
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    with pytest.raises(InvalidRequest) as refused:
        call(**{"image": "tiny", "command": "true", **wrong})
    assert refused.value.todo


def test_every_container_gets_limits():
    host = Request("tiny", ("true",), cpus=64).body({}, host_cpus=2)["HostConfig"]
    assert host["NetworkMode"] == "none"
    assert host["Memory"] == host["MemorySwap"] > 0
    assert host["PidsLimit"] > 0
    assert host["NanoCpus"] == 2_000_000_000, "clamped to what the host has"
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges"]


def test_ports_open_on_loopback_only():
    body = Request("tiny", (), ports={80: 8080, 81: None}).body({}, host_cpus=2)
    assert body["HostConfig"]["NetworkMode"] == "bridge"
    assert body["HostConfig"]["PortBindings"] == {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}],
        "81/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}],
    }
