"""What the layer explorer asks and is told: rows, filters, order, origins, contents; and its twins."""

import json
import re

import layered
import pytest
from layered import EVIL, container, evil, huge, small

from dockerlab.layering import File, Image, Layer
from dockerlab.views.layers.answers import Answers
from dockerlab.views.layers.explorer import LayerExplorer
from dockerlab.views.layers.figure import layers_figure, stack_sheets
from dockerlab.views.layers.file_text import readable
from dockerlab.views.layers.scope import ADDED, CHANGED, DELETED, WASTED
from dockerlab.views.layers.tree import SIZE, WASTE, FileTree, Query

MEGABYTE = 1_000_000
HARMFUL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\ud800-\udfff]")


def paths(tree, query, start=0, count=1000):
    return [row.file.path for row in tree.listing(query, start, count).rows]


def answers(*images):
    return Answers(images, [layered.read] * len(images))


def texts(thing):
    """Every string of an answer."""
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, dict):
        for one in thing.values():
            yield from texts(one)
    elif isinstance(thing, list | tuple):
        for one in thing:
            yield from texts(one)


def rows_of(told, column=2):
    return [row[column] for row in told["rows"]]


# --- the tree -------------------------------------------------------------------------------------
def test_closed_folders_hide_what_is_in_them_until_they_are_opened():
    tree = FileTree(small())
    assert paths(tree, Query()) == ["/app", "/bin", "/cache", "/etc", "/usr"]
    etc = tree.listing(Query()).rows[3]
    opened = Query(toggled=frozenset({etc.node}))
    assert paths(tree, opened)[3:6] == ["/etc", "/etc/motd", "/etc/os-release"]
    assert [row.level for row in tree.listing(opened).rows[3:6]] == [1, 2, 2]
    assert tree.listing(opened).rows[3].opened is True
    everything = Query(opened=True, toggled=frozenset({etc.node}))
    assert "/etc/motd" not in paths(tree, everything) and "/cache/deep/more.whl" in paths(tree, everything)


@pytest.mark.parametrize("order", ["name", "size", "waste"])
@pytest.mark.parametrize("flat", [False, True])
def test_a_range_of_rows_is_that_part_of_all_rows(order, flat):
    tree = FileTree(huge(3_000))
    query = Query(layer=2, opened=True, order=order, flat=flat)
    whole = tree.listing(query, 0, 10**6).rows
    assert len(whole) == tree.listing(query).total > 2_000
    assert len({row.node for row in whole}) == len(whole)
    for start, count in ((0, 1), (17, 100), (len(whole) - 3, 100), (len(whole) + 5, 10), (-4, 3)):
        assert tree.listing(query, start, count).rows == whole[max(start, 0) : max(start, 0) + count]


@pytest.mark.parametrize(
    ("layer", "mark", "expected"),
    [
        (2, ADDED, ["/app/euc.txt", "/app/main.py", "/app/raw.bin"]),
        (2, CHANGED, ["/etc/motd"]),
        (2, WASTED, ["/etc/motd"]),
        (3, DELETED, ["/cache/deep/more.whl", "/cache/flask.whl"]),
        (3, WASTED, ["/cache/deep/more.whl", "/cache/flask.whl"]),
        (1, WASTED, ["/cache/deep/more.whl", "/cache/flask.whl"]),
        (1, DELETED, []),
        (None, WASTED, ["/cache/deep/more.whl", "/cache/flask.whl", "/etc/motd"]),
        (None, DELETED, ["/cache/deep/more.whl", "/cache/flask.whl"]),
        (3, CHANGED | DELETED, ["/cache/deep/more.whl", "/cache/flask.whl"]),
    ],
)
def test_a_filter_keeps_what_happened_in_that_layer(layer, mark, expected):
    tree = FileTree(small())
    assert paths(tree, Query(layer=layer, marks=mark, flat=True)) == expected
    if mark in (ADDED, CHANGED, DELETED, WASTED):
        assert tree.counts(layer)[mark] == len(expected)


def test_the_tree_of_a_layer_is_the_image_up_to_it_and_what_it_deleted():
    image = small()
    tree = FileTree(image)
    for layer in range(4):
        seen = {path for path, (file, _) in image.tree(layer).items() if file.kind != "folder"}
        gone = set(image.tree(layer - 1)) - set(image.tree(layer)) if layer else set()
        gone = {path for path in gone if image.tree(layer - 1)[path][0].kind != "folder"}
        assert set(paths(tree, Query(layer=layer, flat=True))) == seen | gone


def test_search_finds_any_part_of_a_path_whatever_its_case():
    tree = FileTree(small())
    assert paths(tree, Query(search="FLASK", flat=True)) == ["/cache/flask.whl", "/usr/py/flask.py"]
    assert paths(tree, Query(search="usr/py/fl", opened=True)) == ["/usr", "/usr/py", "/usr/py/flask.py"]
    assert tree.listing(Query(search="nothing like it")).total == 0


def test_large_files_come_first_and_folders_weigh_what_is_in_them():
    tree = FileTree(small())
    sizes = [row.size for row in tree.listing(Query(flat=True, order=SIZE)).rows]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] == 600_000
    assert paths(tree, Query(order=SIZE))[0] == "/usr"
    usr = tree.listing(Query(order=SIZE)).rows[0]
    assert usr.size == 680_000 and usr.file.path == "/usr"
    wasted = tree.listing(Query(flat=True, order=WASTE)).rows
    assert [row.waste for row in wasted[:3]] == [200_000, 50_000, 1_000]
    opened = tree.listing(Query(order=SIZE, opened=True)).rows
    assert [row.file.path for row in opened[:3]] == ["/usr", "/usr/libc.so", "/usr/py"]


def test_waste_adds_up_to_the_waste_of_the_image():
    image = huge(5_000)
    rows = FileTree(image).listing(Query(), 0, 10).rows
    assert sum(row.waste for row in rows) == image.wasted_bytes > 0


def test_a_hard_link_is_shown_with_its_size_but_weighs_nothing():
    image = Image("i", (Layer("a", "", (File("/d/a", size=100), File("/d/b", size=100, twin="/d/a"))),))
    rows = FileTree(image).listing(Query(opened=True)).rows
    assert [(row.file.path, row.size) for row in rows] == [("/d", 100), ("/d/a", 100), ("/d/b", 100)]


def test_folders_that_no_layer_wrote_down_are_there_also_when_deleted():
    layers = (Layer("a", "", (File("/x/y/z", size=5),)), Layer("b", "", (), whiteouts=("/x",)))
    rows = FileTree(Image("i", layers)).listing(Query(opened=True)).rows
    assert [row.file.path for row in rows] == ["/x", "/x/y", "/x/y/z"]
    assert all(row.marks & DELETED for row in rows)


def test_the_folder_around_a_row_is_found():
    tree = FileTree(small())
    query = Query(opened=True)
    rows = tree.listing(query).rows
    at = {row.file.path: (place, row.node) for place, row in enumerate(rows)}
    assert tree.parent(query, at["/usr/py/flask.py"][1]) == at["/usr/py"][0]
    assert tree.parent(query, at["/usr"][1]) is None


def test_an_image_without_layers_is_empty():
    told = answers(Image("i", ()))
    assert told.answer({"what": "rows"})["total"] == 0
    assert told.answer({"what": "stack"})["images"][0]["levels"] == []
    (sheet,) = stack_sheets([Image("i", ())])
    assert "레이어 0개" in sheet.caption
    assert layers_figure(Image("i", ())).png()


# --- the answers ----------------------------------------------------------------------------------
def test_a_file_tells_who_stored_it_who_hid_it_and_what_is_left_of_it():
    told = answers(small())
    (node,) = rows_of(told.answer({"what": "rows", "search": "motd", "flat": True}), 0)
    file = told.answer({"what": "file", "node": node})
    assert file["path"] == "/etc/motd"
    assert [each["layer"] for each in file["story"]] == [0, 2]
    assert "0번 레이어에 담긴 50.0 kB는 보이지 않지만 남아 있습니다" in file["story"][1]["sentence"]
    assert file["story"][1]["instruction"] == "COPY . /app"
    (node,) = rows_of(told.answer({"what": "rows", "search": "deep/more", "flat": True}), 0)
    story = told.answer({"what": "file", "node": node})["story"]
    assert [each["layer"] for each in story] == [1, 3] and "지웠습니다" in story[1]["sentence"]


def test_a_layer_tells_its_instruction_sizes_share_and_waste():
    told = answers(small()).answer({"what": "scope", "layer": 3})
    assert told["instruction"] == "RUN rm -r /cache"
    facts = dict(told["facts"])
    assert facts["레이어 tar"] == "1.02 kB" and facts["푼 파일"].startswith("0 B")
    assert facts["만든 낭비"].startswith("201 kB") and facts["지운 경로"] == "1개"
    hidden = dict(answers(small()).answer({"what": "scope", "layer": 1})["facts"])["가려진 것"]
    assert hidden.startswith("201 kB")


def test_a_container_has_its_read_write_layer_on_top():
    told = answers(container(small())).answer({"what": "stack"})["images"][0]["levels"]
    assert [level["kind"] for level in told] == ["읽기 전용"] * 4 + ["읽기·쓰기"]
    facts = dict(answers(container(small())).answer({"what": "scope", "layer": 4})["facts"])
    assert facts["종류"] == "읽기·쓰기" and "레이어 tar" not in facts and "diff id" not in facts


def test_two_images_count_what_they_share_once():
    one = small()
    own = Layer("sha256:" + "9" * 64, "RUN other", (File("/o", size=7_000),))
    other = Image("i", (*one.layers[:2], own), "other")
    told = answers(one, other).answer({"what": "stack"})
    assert [level["shared"] for level in told["images"][0]["levels"]] == [True, True, False, False]
    assert [level["common"] for level in told["images"][1]["levels"]] == [True, True, False]
    facts = dict(told["comparison"])
    assert facts["함께 쓰는 레이어"] == "2개"
    assert facts["디스크에는"].startswith("999 kB") and facts["아낀 것"] == "931 kB"
    alone = dict(answers(one, other).answer({"what": "scope", "image": 1, "layer": 0})["facts"])
    assert alone["이 이미지만 쓰는 크기"].startswith("0 B")
    assert "이 이미지만 쓰는 크기" not in dict(answers(one).answer({"what": "scope", "layer": 0})["facts"])


def test_an_image_beside_itself_shares_every_layer():
    image = small()
    told = answers(image, image).answer({"what": "stack"})
    assert all(level["common"] and level["shared"] for level in told["images"][0]["levels"])


@pytest.mark.parametrize(
    ("path", "text", "read_as"),
    [
        ("/app/main.py", "print('안녕')\n<script>window.hacked=1</script>\n", "UTF-8"),
        ("/app/euc.txt", "한글 파일", "EUC-KR(CP949)"),
        ("/app/raw.bin", "000000  00 01 02", "이진"),
    ],
)
def test_contents_are_read_as_what_they_are(path, text, read_as):
    told = answers(small())
    (node,) = rows_of(told.answer({"what": "rows", "search": path, "flat": True}), 0)
    content = told.answer({"what": "content", "node": node})
    assert content["text"].startswith(text) and read_as in content["said"]


def test_a_refused_content_is_three_sentences_and_no_control_characters():
    told = answers(small())
    (node,) = rows_of(told.answer({"what": "rows", "search": "motd", "flat": True}), 0)
    error = told.answer({"what": "content", "node": node})["error"]
    assert len(error) == 3 and "\\x1b" in error[0] and not HARMFUL.search("".join(error))


@pytest.mark.parametrize(
    ("data", "cut", "read_as"),
    [
        (b"", False, "UTF-8"),
        ("가나다".encode()[:-1], True, "UTF-8"),
        ("가나다".encode("cp949")[:-1], True, "EUC-KR(CP949)"),
        ("가나다".encode()[:-1], False, "이진"),
        (b"\x7fELF\0\0", False, "이진"),
        (bytes(range(1, 32)), False, "이진"),
        (b"a\tb\r\n\x1b[31mred", False, "UTF-8"),
        ("\u202egpj".encode(), False, "UTF-8"),
    ],
)
def test_bytes_become_harmless_text(data, cut, read_as):
    told = readable(data, cut)
    assert told.read_as == read_as
    assert not HARMFUL.search(told.text)


# --- hostile names and large images ---------------------------------------------------------------
def test_hostile_names_are_shown_and_never_sent_raw():
    told = answers(evil())
    rows = told.answer({"what": "rows", "opened": True})
    assert len(rows["rows"]) == len(EVIL) + 1
    everything = [rows, told.answer({"what": "stack"}), told.answer({"what": "scope", "layer": 0})]
    everything += [told.answer({"what": "file", "node": node}) for node in rows_of(rows, 0)]
    for text in texts(everything):
        assert not HARMFUL.search(text), text
        text.encode("utf-8")  # bytes that are no UTF-8 would break the message
    assert "\\xc7\\xd1\\xb1\\xdb" in rows_of(rows) and "gpj.\\u202etxt" in rows_of(rows)


def test_the_twins_of_a_hostile_image_are_harmless_too():
    bundle = LayerExplorer([evil()], [layered.read])._repr_mimebundle_()[0]
    assert "<b>" not in bundle["text/html"] and "&lt;i&gt;evil" in bundle["text/html"]
    assert "\x1b" not in bundle["text/plain"] + bundle["text/html"]
    assert bundle["image/png"].startswith(b"\x89PNG")


def test_no_answer_of_a_large_or_hostile_image_is_large():
    long = tuple(File(f"/{at}" + "/" + "\x1b" * 4000, size=1) for at in range(201))
    layers = tuple(Layer(f"sha256:{at:064}", "RUN \x01" + "가" * 50_000, long) for at in range(60))
    for told in (answers(huge(20_000)), answers(Image("i", layers), Image("j", layers))):
        for more in ({}, {"flat": True}, {"layer": 1}):
            asked = {"what": "rows", "opened": True, "count": 10**9, **more}
            rows = told.answer(asked)
            assert len(json.dumps(rows)) < MEGABYTE
            assert len(rows["rows"]) <= 200 < rows["total"]
        for what in ("stack", "scope", "file"):
            assert len(json.dumps(told.answer({"what": what, "layer": 1, "node": 1}))) < MEGABYTE


def test_a_question_about_another_image_is_refused():
    for wrong in ({"image": 1}, {"layer": 4}, {"layer": -1}):
        with pytest.raises(IndexError):
            answers(small()).answer({"what": "rows", **wrong})


# --- the widget and its twins ---------------------------------------------------------------------
def test_the_widget_carries_no_tree_and_has_a_fixed_name():
    explorer = LayerExplorer([huge(2_000)], [layered.read])
    assert repr(explorer) == "LayerExplorer(huge:1)"
    state = {name: value for name, value in explorer.get_state().items() if not name.startswith("_")}
    assert "file1.py" not in str(state) and len(str(state)) < 1_000


def test_an_asked_widget_answers_to_the_view_that_asked(monkeypatch):
    explorer = LayerExplorer([small()], [layered.read])
    sent = []
    monkeypatch.setattr(explorer, "send", sent.append)
    explorer._handle_custom_msg({"from": "me", "ask": 7, "what": "stack"}, [])
    assert sent[0]["to"] == "me" and sent[0]["ask"] == 7 and len(sent[0]["images"][0]["levels"]) == 4


def test_the_twins_say_what_the_widget_says():
    image = container(small())
    bundle = LayerExplorer([image], [layered.read])._repr_mimebundle_()[0]
    assert set(bundle) == {
        "text/plain", "text/html", "image/png", "application/vnd.jupyter.widget-view+json",
    }  # fmt: skip
    for level in answers(image).levels[0]:
        for twin in (bundle["text/plain"], bundle["text/html"]):
            begins = re.compile(rf"(<th[^>]*>)?{level.number}\b")
            row = next(line for line in re.split("<tr>|\n", twin) if begins.match(line))
            assert level.kind in row and level.brief in row and f"{level.part:.1%}" in row
    assert "효율 68.8%, 낭비 311 kB" in bundle["text/plain"]
    assert "가림" in bundle["text/plain"]


def test_the_picture_has_the_same_words_for_who_cannot_see_it():
    drawing = layers_figure(small(), container(small()))
    assert "디스크에는" in drawing.text and "RUN pip install flask" in drawing.text
    assert drawing.png() == layers_figure(small(), container(small())).png()


def test_a_high_stack_is_drawn_with_its_middle_left_out():
    layers = (Layer(f"sha256:{at:064}", f"RUN step {at}", (File(f"/{at}", size=at),)) for at in range(120))
    figure = layers_figure(Image("i", tuple(layers), "high")).figure
    words = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert any("레이어 105개 더" in word for word in words)
    assert any("RUN step 119" in word for word in words) and any("RUN step 0" in word for word in words)
    assert figure.get_figheight() < 12


def test_a_name_with_dollars_is_no_formula():
    assert layers_figure(Image("i", evil().layers, "$x^2$ $\\bad$")).png()
