"""A volume plugin written in a few lines, asked by the engine and used by a container."""

import pytest

from dockerlab import containers, errors, runtimes

pytestmark = pytest.mark.engine


def test_a_plugin_makes_the_volume_that_a_container_uses(private, python_image, plugin_file):
    api = private.client.api
    with runtimes.volume_plugin(plugin_file.read_text()) as plugin:
        assert plugin.name in [each["Name"] for each in api.plugins() if each["Enabled"]]
        with containers.volume(plugin.name, {"text": "from a plugin"}) as volume:
            assert volume.driver == plugin.name
            with containers.start("tiny", ["sleep", "60"], volumes={"/data": volume}) as user:
                assert user.exec(["cat", "/data/text"]).stdout == "from a plugin"
                with pytest.raises(errors.EngineError):
                    volume.close()
    assert plugin.name not in [each["Name"] for each in api.plugins()]
    plugin.close()


@pytest.mark.soak  # the engine asks a silent plugin for fifteen seconds
def test_a_plugin_that_does_not_start_leaves_nothing(private, python_image):
    before = [each["Name"] for each in private.client.api.plugins()]
    with pytest.raises(errors.EngineError):
        runtimes.volume_plugin("raise SystemExit(3)")
    assert [each["Name"] for each in private.client.api.plugins()] == before
