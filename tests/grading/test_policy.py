"""What the guard lets pass, in which words, and what it refuses, without an engine behind it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from dockerlab.exercises import catalog, parameters
from dockerlab.exercises.observation import ASKED_PORTS
from dockerlab.grading import desk as grading_desk
from dockerlab.grading import policy
from dockerlab.grading.policy import Refused, Request


class Desk:
    """Says yes to everything: the rule itself must refuse."""

    given = None

    def labels(self, kind):
        return {"dockerlab.exercise": "token"}

    def build_labels(self, asked):
        return "{}"

    def filters(self, asked):
        return "{}"

    def allow(self, *_):
        return None

    image = own = joinable = allowed = volume_of_bind = new_images = allow

    def in_own_registry(self, name):
        if not name.startswith("localhost:5000/"):
            raise Refused(name)

    def exists(self, *_):
        return False


def created(**host):
    request = Request("POST", "/containers/create", {}, {"Image": "dockerlab/tiny", "HostConfig": host})
    policy._create_container(request, Desk())
    return request.body


@pytest.mark.parametrize(
    "host",
    [
        {"Privileged": True},
        {"privileged": True},
        {"PRIVILEGED": True},
        {"CapAdd": ["NET_ADMIN"]},
        {"Devices": [{"PathOnHost": "/dev/sda"}]},
        {"DeviceRequests": [{}]},
        {"DeviceCgroupRules": ["a *:* rwm"]},
        {"SecurityOpt": ["seccomp=unconfined"]},
        {"SecurityOpt": ["apparmor=unconfined"]},
        {"SecurityOpt": ["label=disable"]},
        {"PidMode": "host"},
        {"NetworkMode": "host"},
        {"IpcMode": "host"},
        {"UTSMode": "host"},
        {"UsernsMode": "host"},
        {"CgroupnsMode": "host"},
        {"Runtime": "other"},
        {"CgroupParent": "/x"},
        {"Sysctls": {"kernel.msgmax": "1"}},
        {"OomKillDisable": True},
        {"OomScoreAdj": -1000},
        {"Mounts": [{"Type": "bind", "Source": "/", "Target": "/h"}]},
        {"Mounts": [{"Type": "npipe", "Source": "x", "Target": "/h"}]},
        {
            "Mounts": [
                {
                    "Type": "volume",
                    "Source": "v",
                    "Target": "/h",
                    "VolumeOptions": {"DriverConfig": {"Name": "x"}},
                }
            ]
        },
        {"StorageOpt": {"size": "1T"}},
        {"VolumeDriver": "x"},
        {"MaskedPaths": ["/x"]},
        {"ReadonlyPaths": ["/x"]},
        {"Links": ["a:b"]},
        {"BlkioWeight": 10},
        {"KernelMemory": 1},
        {"Annotations": {"a": "b"}},
        {"PublishAllPorts": True},
    ],
    ids=lambda host: next(iter(host)),
)
def test_a_dangerous_container_is_refused(host):
    with pytest.raises(Refused):
        created(**host)


def test_an_empty_list_of_masked_paths_which_would_unmask_all_is_not_passed_on():
    body = created(MaskedPaths=[], ReadonlyPaths=[], Privileged=False)
    assert not {"MaskedPaths", "ReadonlyPaths", "Privileged"} & set(body["HostConfig"])


def test_limits_labels_and_the_loopback_are_added():
    body = created(PortBindings={"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}, Memory=10**12)
    host = body["HostConfig"]
    assert host["PortBindings"]["80/tcp"][0]["HostIp"] == "127.0.0.1"
    assert host["Memory"] == host["MemorySwap"] == policy.MEMORY_CAP and host["PidsLimit"] == policy.PIDS_CAP
    assert body["Labels"]["dockerlab.exercise"] == "token"
    assert '"HostIp": "0.0.0.0"' in body["Labels"][ASKED_PORTS]  # what the check is to judge
    assert created(Memory=64 * 2**20, PidsLimit=16)["HostConfig"]["Memory"] == 64 * 2**20


def test_a_label_of_the_learner_cannot_stand_in_for_ours():
    mine = {"dockerlab.exercise": "another", ASKED_PORTS: '{"80/tcp": [{"HostIp": "127.0.0.1"}]}'}
    request = Request("POST", "/containers/create", {}, {"Labels": mine})
    policy._create_container(request, Desk())
    assert request.body["Labels"] == {"dockerlab.exercise": "token", ASKED_PORTS: "{}"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/containers/prune"),
        ("POST", "/images/prune"),
        ("POST", "/volumes/prune"),
        ("POST", "/networks/prune"),
        ("POST", "/system/prune"),
        ("POST", "/build/prune"),
        ("POST", "/images/load"),
        ("GET", "/events"),
        ("POST", "/swarm/init"),
        ("POST", "/plugins/pull"),
        ("POST", "/session"),
        ("POST", "/grpc"),
        ("POST", "/auth"),
        ("GET", "/containers/../info"),
        ("GET", "//info"),
        ("GET", "/v1.45//info"),
        ("GET", "/containers/x/json/../../../info"),
        ("DELETE", "/containers/json"),
        ("TRACE", "/info"),
        ("GET", "/containers/a b/json"),
        ("GET", "/containers/x\n/json"),
        ("GET", "http://other/info"),
        ("CONNECT", "/"),
        ("POST", "/secrets/create"),
        ("GET", "/images/get"),
        ("POST", "/services/create"),
        ("GET", ""),
    ],
)
def test_a_request_that_is_not_listed_is_refused(method, path):
    with pytest.raises(Refused):
        rule, _, name = policy.rule_for(method, path)
        assert (rule.kind, name) == ("container", "json")  # DELETE of a container called "json": not ours
        raise Refused("not ours")


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/v1.45/containers/json", ""),
        ("POST", "/containers/box/start", "container"),
        ("GET", "/images/localhost:5000/a/b:1/json", "seen image"),
        ("DELETE", "/v1.24/volumes/v", "volume"),
        ("HEAD", "/_ping", ""),
        ("POST", "/exec/abc/start", "exec"),
        ("GET", "/networks/bridge", "seen network"),
        ("POST", "/images/create", ""),
    ],
)
def test_what_exercises_need_is_allowed(method, path, kind):
    assert policy.rule_for(method, path)[0].kind == kind


def test_a_build_gets_no_network_and_no_buildkit():
    request = Request("POST", "/build", {"t": ["a", "b"], "networkmode": "bridge", "cachefrom": "x"})
    policy._build(request, Desk())
    assert request.query["networkmode"] == "none" and request.query["t"] == ["a", "b"]
    assert "cachefrom" not in request.query
    for query in ({"version": "2"}, {"remote": "http://x/y.git"}):
        with pytest.raises(Refused):
            policy._build(Request("POST", "/build", query), Desk())


def test_an_image_is_pulled_from_nowhere_but_the_registry_of_the_task():
    query = {"fromImage": "localhost:5000/web", "tag": "1", "platform": "x", "changes": ["LABEL a=b"]}
    request = Request("POST", "/images/create", query)
    policy._pull(request, Desk())
    assert request.query == {"fromImage": "localhost:5000/web", "tag": "1"}
    for query in (
        {"fromImage": "busybox"},
        {"fromImage": "localhost:5001/web"},
        {"fromImage": "localhost:5000"},
        {"fromSrc": "http://x/y.tar"},
        {"fromSrc": "-", "fromImage": "localhost:5000/web"},
        {},
    ):
        with pytest.raises(Refused):
            policy._pull(Request("POST", "/images/create", query), Desk())


def test_no_registry_but_that_of_the_task_is_asked_for_a_digest():
    exercise = catalog.exercise("05")
    given = parameters.given(exercise, parameters.fresh_seed(exercise))
    place = f"localhost:{parameters.ports(given)[0]}"
    nobody = SimpleNamespace(client=SimpleNamespace(api=None))  # nothing is asked of an engine
    desk = grading_desk.Desk(nobody, given, 60.0)
    rule, _, name = policy.rule_for("GET", f"/v1.43/distribution/{place}/web:1/json")
    desk.allowed(rule.kind, name)
    for other in ("busybox", "localhost:1/web:1", place):
        rule, _, name = policy.rule_for("GET", f"/distribution/{other}/json")
        with pytest.raises(Refused):
            desk.allowed(rule.kind, name)


@pytest.mark.parametrize("change", ["LABEL a=b", "label a=b", "ONBUILD ADD http://x/ /y"])
def test_a_commit_adds_no_label_and_no_trigger(change):
    with pytest.raises(Refused):
        policy._commit(Request("POST", "/commit", {"container": "box", "changes": [change]}, {}), Desk())


def test_a_network_as_the_docker_command_asks_for_it_is_allowed_and_chooses_no_addresses():
    plain = {"Driver": "default", "Options": {}, "Config": []}
    request = Request("POST", "/networks/create", {}, {"Name": "n", "Driver": "bridge", "IPAM": plain})
    policy._create_network(request, Desk())
    assert "IPAM" not in request.body and request.body["Labels"] == {"dockerlab.exercise": "token"}
    for other in (
        {**plain, "Config": [{"Subnet": "10.0.0.0/8"}]},
        {"Driver": "x"},
        {**plain, "Options": {"a": "b"}},
    ):
        with pytest.raises(Refused):
            policy._create_network(Request("POST", "/networks/create", {}, {"IPAM": other}), Desk())
