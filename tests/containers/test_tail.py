"""Following a container's output: every line counted, the last ones kept, and the view's twin."""

import threading

import pytest

from dockerlab.containers.stream import STDOUT, Stream
from dockerlab.containers.tail import KEPT_LINES, LONGEST_LINE


class Raw:
    """A connection that has said all it will say; it ends when it is let go."""

    def __init__(self, *pieces):
        self._response = self
        self.raw = self._fp = self.fp = self
        self._pieces = [b"\1\0\0\0" + len(each).to_bytes(4, "big") + each for each in pieces]
        self.go_on = threading.Event()

    def read1(self, _size):
        self.go_on.wait(10)
        return self._pieces.pop(0) if self._pieces else b""

    def settimeout(self, _seconds):
        pass

    shutdown = settimeout

    def close(self):
        pass


def followed(*pieces):
    from dockerlab.containers.tail import Tail

    raw = Raw(*pieces)
    stream = Stream(raw, stdin=None, limit=10)
    tail = Tail(stream)
    raw.go_on.set()
    assert tail.wait_end(10)
    stream.close()
    return stream, tail.now()


def test_lines_cut_anywhere_are_counted_once_and_the_last_ones_kept():
    text = "".join(f"{number} 줄\r\n" for number in range(1000)).encode() + b"rest"
    for size in (1, 7, 4096):
        stream, told = followed(*(text[at : at + size] for at in range(0, len(text), size)))
        assert (told.count, told.ended) == (1001, True)
        assert told.lines == (*(f"{number} 줄" for number in range(1001 - KEPT_LINES, 1000)), "rest")
        assert len(stream.content(STDOUT)) == 10, "what the tail hears is not kept twice"


def test_an_endless_line_takes_no_memory():
    _, told = followed(*[b"x" * 10_000] * 20)
    assert told.count == 1 and len(told.lines[0]) <= LONGEST_LINE


@pytest.mark.engine
def test_who_follows_later_hears_from_the_beginning_and_lets_go(tiny):
    from dockerlab import containers
    from dockerlab.views.log_view import follow

    with containers.start("tiny", ["sh", "-c", "echo '<first>'; echo last; exec sleep 60"]) as box:
        box.wait_output("last")
        view = follow(box)
        bundle = view._repr_mimebundle_()[0]
        assert "2줄" in bundle["text/html"] and "&lt;first&gt;\nlast" in bundle["text/html"]
        assert bundle["text/plain"] == repr(view)
        view.close()
        view.close()
        assert box.running
    following = [each for each in threading.enumerate() if each.name == "dockerlab-log-view"]
    for each in following:
        each.join(10)
    assert not any(each.is_alive() for each in following)
