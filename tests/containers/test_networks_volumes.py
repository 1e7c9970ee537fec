"""Networks in which names are found, and volumes that outlive a container: on a real engine."""

import urllib.request

import pytest

from dockerlab import containers, errors

pytestmark = pytest.mark.engine

SERVE = ["sh", "-c", "echo hello > /index.html; exec httpd -f -p 80 -h /"]


@pytest.fixture(scope="module")
def served(engine, tiny):
    """A web server in a network of its own: (network, container)."""
    with (
        containers.network() as network,
        containers.start("tiny", SERVE, network=network, alias="web", ports={80: None}) as web,
    ):
        yield network, web


def get(container, host):
    return container.exec(["wget", "-q", "-T", "1", "-O", "-", f"http://{host}/"])


def test_in_one_network_a_container_is_found_by_its_alias(served):
    network, web = served
    with containers.start("tiny", ["sleep", "60"], network=network) as neighbour:
        assert get(neighbour, "web").stdout == "hello\n"
        assert set(network.addresses) == {web.id, neighbour.id}
        assert get(neighbour, network.addresses[web.id]).stdout == "hello\n"


def test_from_another_network_neither_name_nor_address_is_reached(served):
    network, web = served
    with (
        containers.network() as other,
        containers.start("tiny", ["sleep", "60"], network=other) as stranger,
    ):
        assert "bad address" in get(stranger, "web").stderr
        assert get(stranger, network.addresses[web.id]).exit_code != 0
        assert other.subnet != network.subnet


def test_a_published_port_is_on_this_machine(served):
    _, web = served
    with urllib.request.urlopen(f"http://127.0.0.1:{web.address[80]}/") as answer:
        assert answer.read() == b"hello\n"


def test_a_network_in_use_stays_and_an_empty_one_goes(engine, tiny):
    network = containers.network(internal=True)
    with containers.start("tiny", ["sleep", "60"], network=network), pytest.raises(errors.EngineError):
        network.close()
    network.close()
    network.close()
    assert network.id not in [each["Id"] for each in engine.client.api.networks()]


def test_data_outlives_the_container_that_wrote_it(engine, tiny):
    with containers.volume() as volume:
        with containers.start("tiny", ["sleep", "60"], volumes={"/data": volume}) as first:
            first.exec(["sh", "-c", "echo kept > /data/note"])
        with containers.start("tiny", ["sleep", "60"], volumes={"/data": volume}) as second:
            assert second.exec(["cat", "/data/note"]).stdout == "kept\n"
        name = volume.name
        assert volume.place.startswith("/")
    assert name not in [each["Name"] for each in engine.client.api.volumes()["Volumes"] or ()]


def test_a_folder_of_this_machine_cannot_be_made_a_volume(engine):
    with pytest.raises(errors.InvalidRequest):
        containers.volume(options={"type": "none", "o": "bind", "device": "/"})


@pytest.mark.parametrize(
    "wrong", [{"alias": "web"}, {"alias": "!", "network": "x"}, {"network": "bridge", "alias": "web"}]
)
def test_a_name_needs_a_network_of_its_own(engine, tiny, wrong):
    with pytest.raises(errors.InvalidRequest):
        containers.start("tiny", ["true"], **wrong)
