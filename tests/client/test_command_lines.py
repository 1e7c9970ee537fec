"""Docker command lines are read as docker reads them."""

from __future__ import annotations

import pytest

from dockerlab.client import grammar
from dockerlab.errors import UsageMistake

# What `docker run --help` tells, in the shape in which it is kept.
RUN = {
    **{"detach": False, "d:detach": False, "interactive": False, "i:interactive": False, "rm": False},
    **{"tty": False, "t:tty": False, "volume": True, "v:volume": True, "publish": True, "p:publish": True},
    **{"env": True, "e:env": True, "name": True, "network": True, "privileged": False, "mount": True},
    **{"cap-add": True, "pid": True, "restart": True, "use-api-socket": False, "use": True, "quiet": False},
}
ON = (("detach", "true"),)


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """No docker command is needed to see how one is read."""
    monkeypatch.setattr(grammar, "known_options", lambda verb: RUN)


@pytest.mark.parametrize(
    ("line", "options", "rest"),
    [
        ("run tiny ls -v /", (), ("tiny", "ls", "-v", "/")),
        ("docker run --rm -e A=1 tiny", (("rm", "true"), ("env", "A=1")), ("tiny",)),
        ("run -dv/a:/b tiny", (("detach", "true"), ("volume", "/a:/b")), ("tiny",)),
        ("run -v=/a:/b tiny", (("volume", "/a:/b"),), ("tiny",)),
        ("run -div /a:/b tiny", (*ON, ("interactive", "true"), ("volume", "/a:/b")), ("tiny",)),
        ("run --volume /a:/b tiny", (("volume", "/a:/b"),), ("tiny",)),
        ("container run -p8080:80 tiny", (("publish", "8080:80"),), ("tiny",)),
        ("rm web --volume x", (("volume", "x"),), ("web",)),
        ("run -- tiny -v", (), ("tiny", "-v")),
    ],
)
def test_a_line_is_read_as_docker_reads_it(line, options, rest):
    command = grammar.read(line)
    assert command.options == options
    assert command.rest == rest


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("", "비어"),
        ("docker", "비어"),
        ("ps 'x", "따옴표"),
        ("-H tcp://elsewhere ps", "하위 명령부터"),
        ("--context x ps", "하위 명령부터"),
        ("ps | grep x", "셸이 없어"),
        ("run tiny ls > file", "셸이 없어"),
        ("stop web && docker rm web", "셸이 없어"),
    ],
)
def test_a_mistake_is_told(line, seen):
    with pytest.raises(UsageMistake, match=seen):
        grammar.read(line)
