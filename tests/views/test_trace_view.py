"""How a trace is shown: the same facts in lanes, text, table, picture and widget, whatever is in it."""

import json
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerlab.tracing import LANES, Hop, Trace
from dockerlab.views import formatters
from dockerlab.views.traces import entries as trace_entries
from dockerlab.views.traces import lanes as trace_lanes
from dockerlab.views.traces import sheets as trace_sheets
from dockerlab.views.traces import words as trace_words
from dockerlab.views.traces.figure import trace_figure
from dockerlab.views.traces.html import trace_html
from dockerlab.views.traces.view import TraceView, story

ID = "4df813308231" + "0" * 52


def rest(start, seconds, method, path, status=200, **detail):
    told = {
        "connection": 1, "method": method, "path": f"/v1.45{path}", "status": status, "answered": seconds / 2,
        "sent": 10, "received": 20, "upgraded": False, "whole": True, "headers": {"x-registry-auth": "***"},
        "request": {"Image": "tiny"}, "answer": "",
    }  # fmt: skip
    waiting = detail.pop("waiting", False)
    return Hop("rest", start, seconds, f"{method} {path} → {status}", told | detail, waiting=waiting)


def event(start, kind, action, **attributes):
    detail = {"type": kind, "action": action, "id": ID, "container": ID, "attributes": attributes}
    return Hop("dockerd", start, 0.0, f"{kind} {action}", detail)


def process(start, seconds, role, pid, inside, program, namespaces):
    detail = {
        "role": role, "pid": pid, "parent": 1, "inside": inside, "command": [program], "becomes": [],
        "namespaces": namespaces, "cgroup": f"/docker/{ID}", "container": ID, "via": "proc",
    }  # fmt: skip
    what = f"{program} (PID {pid}, 안에서는 {inside[-1]})" if inside else f"{program} (PID {pid})"
    return Hop("process", start, seconds, what, detail, waiting=role != "container")


def client(total, command="docker run tiny echo hi", stdout="hi\n"):
    detail = {"arguments": command.split(), "exit_code": 0, "stdout": stdout, "stderr": ""}
    return Hop("client", 0.0, total, command, detail)


def trace_of(*hops, **more):
    ordered = tuple(sorted(hops, key=lambda hop: (hop.start, LANES.index(hop.lane))))
    return Trace("docker run tiny echo hi", ordered, **more)


@pytest.fixture
def trace():
    runc = {"arguments": ["create", "--bundle", "/b", ID], "bundle": "/b", "exit_code": 0, "container": ID}
    notice = {"namespace": "moby", "topic": "/tasks/start", "container": ID, "event": {"pid": 7}}
    return trace_of(
        client(0.3),
        rest(0.01, 0.02, "POST", "/containers/create", 201),
        rest(0.04, 0.2, "POST", f"/containers/{ID[:12]}/attach", 101, upgraded=True, waiting=True),
        event(0.03, "container", "create", image="tiny"),
        event(0.05, "network", "connect", name="bridge"),
        Hop("containerd", 0.15, 0.0, "/tasks/start", notice),
        Hop("runc", 0.06, 0.05, "runc create", runc),
        process(0.0, 0.3, "dockerd", 10, [], "dockerd", {"mnt": 1, "pid": 2}),
        process(0.06, 0.1, "shim", 20, [], "containerd-shim", {"mnt": 1, "pid": 2}),
        process(0.12, 0.1, "container", 30, [300, 1], "echo", {"mnt": 8, "pid": 9}),
        missing=("엔진의 이벤트가 중간에 끊겼습니다.",),
        notes=("containerd: 닿을 수 없습니다.",),
        bound=0.002,
    )


class Page(HTMLParser):
    """The text of a page, and whether every element is closed."""

    def __init__(self, source):
        super().__init__()
        self.open, self.words, self.tags = [], [], set()
        self.feed(source)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_every_twin_tells_the_same(trace):
    told = story(trace)
    text = trace_sheets.trace_text(trace)
    page = "".join(Page(trace_html(trace)).words)
    assert [entry["label"] for entry in told["entries"]] == [e.label for e in trace_entries.entries(trace)]
    for entry in told["entries"]:
        assert entry["label"] in text and entry["label"] in page
        assert all(value in page for _, value in entry["facts"])
    for remark in (*trace.missing, *trace.notes):
        assert any(remark in each for each in told["remarks"])
        assert remark in text and remark in page
    for name, part in trace.split().items():
        assert trace_words.LANES[name] in text
        assert any(each["lane"] == name and each["share"] == part / trace.total for each in told["split"])
    assert trace_figure(trace).text == text
    assert "빠진 것이 있습니다" in text.splitlines()[0]


def test_the_picture_is_the_engines(trace):
    lanes = {lane["name"]: lane for lane in story(trace)["lanes"]}
    assert list(lanes) == ["클라이언트", "REST API", "dockerd", "containerd", "runc", "프로세스"]
    rooms = [room["name"] for room in lanes["dockerd"]["rooms"]]
    assert rooms == ["Images", "Containers", "Networks", "Volumes", "Plugins"]
    shown = {room["name"]: room["rows"] for room in lanes["dockerd"]["rooms"]}
    entries = story(trace)["entries"]
    assert [entries[at]["label"] for row in shown["Containers"] for at in row] == ["create"]
    assert [entries[at]["label"] for row in shown["Networks"] for at in row] == ["connect"]
    assert shown["Volumes"] == ((),)


def test_an_event_of_no_room_has_a_place_too():
    trace = trace_of(client(0.1), event(0.05, "daemon", "reload"))
    rooms = story(trace)["lanes"][2]["rooms"]
    assert rooms[-1]["name"] == "그 밖" and rooms[-1]["rows"] == ((1,),)
    assert story(trace)["entries"][1]["label"] == "daemon reload"


def test_a_process_is_told_from_both_sides(trace):
    sheet = trace_sheets.processes_sheet(trace)
    rows = {row[0].strip(): row for row in sheet.rows}
    assert list(rows) == ["dockerd", "containerd-shim", "echo"]
    assert rows["echo"][1:3] == ("30", "300 → 1")
    assert rows["echo"][4] == "mnt 8, pid 9"  # those that isolate
    assert rows["containerd-shim"][4] == "없음" and rows["dockerd"][4] == "(기준)"
    assert rows["echo"][5] == f"/docker/{ID[:12]}…"
    assert sheet.notes == ("이 컴퓨터의 /proc에서 읽었습니다.",)


def test_without_processes_there_is_no_table():
    trace = trace_of(client(0.1))
    assert "PID" not in trace_sheets.trace_text(trace)
    assert story(trace)["processes"]["rows"] == ()


def width(line):
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


def test_the_axis_of_the_text_is_straight(trace):
    lines = trace_sheets.trace_text(trace).splitlines()
    bars = [line for line in lines if line.count("|") == 2]
    assert len(bars) == len(trace.hops)
    assert len({width(line.partition("|")[0]) for line in bars}) == 1
    drawn = [line.split("|")[1] for line in bars]
    assert {len(each) for each in drawn} == {trace_sheets.AXIS}
    assert drawn[0] == "=" * trace_sheets.AXIS  # the command itself
    starts = [len(each) - len(each.lstrip()) for each in drawn]
    assert starts == sorted(starts)
    assert {letter for each in drawn for letter in each} == {" ", "=", "-", "*"}


@given(
    st.lists(
        st.tuples(st.floats(0, 5), st.floats(0, 5), st.text(max_size=40)), min_size=1, max_size=40
    )
)  # fmt: skip
def test_no_two_entries_of_a_row_begin_out_of_order_and_none_is_lost(spans):
    hops = [client(5.0), *(rest(start, took, "GET", f"/{name}") for start, took, name in spans)]
    shown = trace_entries.entries(trace_of(*hops))
    axis = trace_lanes.length(shown)
    drawn = trace_lanes.lanes(shown, axis)
    rows = [row for lane in drawn for room in lane.rooms for row in room.rows]
    assert sorted(at for row in rows for at in row) == list(range(len(shown)))
    assert all(list(row) == sorted(row) for row in rows)
    assert len(drawn[1].rooms[0].rows) <= trace_lanes.MOST_ROWS


@pytest.mark.parametrize("total", [0.0, 1e-6, 0.0123, 0.363, 1.0, 59.9, 7200.0])
def test_an_axis_has_a_few_round_ticks(total):
    ticks = trace_lanes.ticks(total)
    assert ticks[0] == 0 and ticks[-1] <= total and 1 <= len(ticks) <= 8
    if total:
        step = float(f"{ticks[1]:.6e}")
        assert f"{step:e}"[0] in "125" and len(ticks) >= 3


def test_what_would_be_a_page_or_a_terminals_command_is_only_text():
    nasty = "<script>alert(1)</script>\x1b[2J&amp;"
    trace = trace_of(client(0.1, f"docker run {nasty}", stdout=nasty), rest(0.0, 0.1, "GET", f"/{nasty}"))
    page = Page(trace_html(trace))
    assert "script" not in page.tags
    assert "<script>alert(1)</script>\\x1b[2J&amp;" in "".join(page.words)
    assert "\x1b" not in trace_sheets.trace_text(trace) + trace_html(trace) + json.dumps(story(trace))


def test_a_huge_trace_stays_a_small_message():
    body = "가" * 60_000
    hops = [rest(at / 1e4, 1e-4, "POST", f"/{at}", request=body, answer=body) for at in range(10_000)]
    hops[3] = rest(3e-4, 1e-4, "POST", "/" + "가" * 100_000)
    trace = trace_of(client(2.0, stdout="o" * 10**7), *hops)
    told = story(trace)
    assert len(told["entries"]) == trace_entries.MOST
    assert any(each["blocks"] for each in told["entries"]) and not told["entries"][-1]["blocks"]
    assert len(json.dumps(told, ensure_ascii=False).encode()) < 10**6
    assert any("10,001가지" in each for each in told["remarks"])
    assert "10,001가지" in trace_sheets.trace_text(trace)


def test_a_cut_body_says_where_the_rest_is():
    hop = rest(0.0, 0.1, "POST", "/x", request="a" * 5000, answer={"message": "없음"})
    blocks = dict(trace_entries.entries(trace_of(client(0.1), hop))[1].blocks)
    assert blocks["요청 본문"].startswith("a" * 4000) and "1,000글자" in blocks["요청 본문"]
    assert blocks["응답 본문"] == '{\n  "message": "없음"\n}'
    assert blocks["요청 헤더"] == "x-registry-auth: ***"


def test_the_widget_has_a_fixed_name_and_twins_for_where_it_cannot_live(trace):
    view = TraceView(trace)
    assert repr(view) == "TraceView('docker run tiny echo hi')"
    data, _ = view._repr_mimebundle_()
    assert set(data) == {
        "application/vnd.jupyter.widget-view+json", "text/plain", "text/html", "image/png",
    }  # fmt: skip
    assert data["image/png"].startswith(b"\x89PNG")
    assert data["text/plain"] == trace_sheets.trace_text(trace)
    assert not any(name.startswith("_") for name in story(trace))


def test_the_picture_is_the_same_bytes_each_time(trace):
    assert trace_figure(trace).png() == trace_figure(trace).png()


def test_a_notebook_shows_widget_and_table_a_terminal_text(trace):
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell.instance()
    try:
        formatters.register(shell)
        with capture_output() as captured:
            shell.display_formatter.format(trace)
        widget, table = (output.data for output in captured.outputs)
        assert "application/vnd.jupyter.widget-view+json" in widget and "image/png" in widget
        assert "text/html" not in widget  # GitHub would show it instead of the picture
        assert table["text/html"].startswith("<details>")
        assert table["text/plain"] == formatters.show(trace) == trace_sheets.trace_text(trace)
    finally:
        InteractiveShell.clear_instance()
