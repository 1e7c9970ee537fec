"""LayerExplorer in a real JupyterLab: 100,000 files, by mouse and by keyboard, in both themes (30 s)."""

from __future__ import annotations

import re

import labpage
import pytest

pytestmark = pytest.mark.browser
SOURCES = (
    "import sys\nsys.path.insert(0, '../../tests/views')\nimport layered\n"
    "from dockerlab.views.layers.explorer import LayerExplorer",
    "LayerExplorer([layered.huge()], [layered.read])",
    "LayerExplorer([layered.container(layered.small()), layered.small()], [layered.read] * 2)",
)
MOST_BYTES = 1_000_000


@pytest.fixture(scope="module")
def sight(lab, browser, root):
    """One page for the module, with what went over its sockets and its console."""
    path = labpage.write(root, "layers.ipynb", SOURCES)
    with labpage.window(browser, 1280, 1000) as page:
        page.frames_seen, page.errors_seen = [], []
        page.on("websocket", lambda socket: listen(socket, page.frames_seen))
        page.on("console", lambda said: said.type == "error" and page.errors_seen.append(said.text))
        page.on("pageerror", lambda error: page.errors_seen.append(str(error)))
        labpage.open_notebook(page, lab, path)
        labpage.command(page, "application:toggle-left-area")
        page.errors_seen.clear()
        labpage.run_all(page)
        page.locator(".layers .row.folder").nth(1).wait_for()
        yield page


def listen(socket, seen):
    socket.on("framesent", lambda data: seen.append(len(data)))
    socket.on("framereceived", lambda data: seen.append(len(data)))


def part(page, what, at=0):
    return page.locator(".layers").nth(at).locator(what)


def rows(page, at=0):
    """The rows that exist, in their order: (index, text)."""
    found = part(page, ".row:not(.empty)", at).evaluate_all(
        "all => all.map(one => [Number(one.getAttribute('aria-rowindex')), one.innerText])"
    )
    return sorted(found)


def active(page, at=0):
    """What the tree points at with aria-activedescendant."""
    return part(page, "[role=treegrid]", at).evaluate(
        "grid => document.getElementById(grid.getAttribute('aria-activedescendant'))?.innerText ?? ''"
    )


def chosen(page, at=0):
    return part(page, ".stack [aria-selected=true]", at).get_attribute("aria-label")


def settled(page, at, heading):
    """The layer is told about, and its files have come (which both begin at once)."""
    part(page, ".left .about h3", at).get_by_text(heading).wait_for()
    page.wait_for_function(
        "at => document.querySelectorAll('.layers .files')[at].getAttribute('aria-busy') === 'false'", arg=at
    )


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def test_the_stack_stands_with_the_read_write_layer_on_top(sight):
    levels = part(sight, ".level", 1).evaluate_all("all => all.map(one => [one.innerText, one.offsetTop])")
    highest, lowest = min(levels, key=lambda level: level[1]), max(levels, key=lambda level: level[1])
    assert "읽기·쓰기" in highest[0] and "전체" in lowest[0]
    heights = {text.split()[0]: top for text, top in levels}
    assert heights["3"] < heights["2"] < heights["1"] < heights["0"]
    assert "컨테이너를 실행하면" in part(sight, ".ghost", 0).inner_text()
    assert part(sight, ".ghost", 1).count() == 0


def test_a_hundred_thousand_files_scroll_with_a_screenful_of_elements(sight):
    page = sight
    part(page, "button", 0).get_by_text("모두 펼치기").click()
    grid = part(page, "[role=treegrid]")
    page.wait_for_function(
        "grid => Number(grid.getAttribute('aria-rowcount')) > 100000", arg=grid.element_handle()
    )
    for share in (0.5, 0.999, 0.25):
        grid.evaluate("(grid, share) => { grid.scrollTop = grid.scrollHeight * share; }", share)
        part(page, ".row:not(.empty)").first.wait_for()
        page.wait_for_function(
            "grid => { const rows = [...grid.querySelectorAll('.row')];"
            " const at = Math.floor(grid.scrollTop / 26) + 2;"
            " return rows.some(row => Number(row.getAttribute('aria-rowindex')) === at + 3)"
            " && !rows.some(row => row.matches('.empty')); }",
            arg=grid.element_handle(),
        )
        assert part(page, ".row").count() < 40
    part(page, "button", 0).get_by_text("모두 접기").click()
    page.wait_for_function("grid => grid.getAttribute('aria-rowcount') === '3'", arg=grid.element_handle())


def test_files_are_searched_filtered_and_sorted(sight):
    page = sight
    part(page, "input[type=search]").fill("d17/s3/file")
    part(page, ".status").get_by_text("찾은 파일").wait_for()
    found = part(page, ".status").inner_text()
    assert 0 < int(re.search(r"파일 ([\d,]+)개", found)[1].replace(",", "")) < 100
    part(page, "button.wasted").click()
    part(page, "[role=columnheader] button", 0).get_by_text("낭비").click()
    part(page, "button", 0).get_by_text("폴더 없이").click()
    page.wait_for_function(
        "rows => document.querySelector('.layers .row .file')?.textContent.startsWith('/usr/lib/d17/s3/')"
    )
    assert part(page, "[aria-sort=descending]").inner_text().startswith("낭비")
    assert all("낭비" in text for _, text in rows(page))
    part(page, "button", 0).get_by_text("폴더 없이").click()
    part(page, "button.wasted").click()
    part(page, "[role=columnheader] button", 0).get_by_text("이름").click()
    part(page, "input[type=search]").fill("")
    part(page, "button", 0).get_by_text("모두 접기").click()
    page.wait_for_function("document.querySelector('.layers .files').getAttribute('aria-rowcount') === '3'")


def test_everything_is_reached_by_keyboard_alone(sight):
    page, before = sight, labpage.count_cells(sight)
    part(page, ".stack", 1).focus()
    press(page, "Home")
    assert chosen(page, 1).startswith("읽기·쓰기 레이어")
    part(page, ".about h3", 1).get_by_text("읽기·쓰기 레이어").wait_for()
    press(page, "ArrowDown", "ArrowDown")
    assert chosen(page, 1).startswith("2번 레이어, 읽기 전용, 두 이미지가 함께 씀, COPY . /app")
    part(page, ".about pre", 1).get_by_text("COPY . /app").wait_for()
    press(page, "End", "ArrowRight")
    assert chosen(page, 1).startswith("이미지 small:1 전체")
    press(page, "ArrowUp", "ArrowDown")  # the shared layers are walked through without changing sides
    assert chosen(page, 1).startswith("이미지 small:1 전체")
    settled(page, 1, "이미지 small:1 전체")
    press(page, "ArrowLeft", "Home", "ArrowDown", "ArrowDown")
    settled(page, 1, "2번 레이어")
    for letter in "abdx":  # commands of JupyterLab: new cells, delete, cut
        press(page, letter)
    while page.evaluate("document.activeElement.getAttribute('role')") != "treegrid":
        press(page, "Tab")
    press(page, "Home")
    page.wait_for_function(
        "document.querySelectorAll('.layers')[1].querySelector('.row.folder .file').textContent === 'app'"
    )
    press(page, "ArrowRight")
    part(page, ".row .file", 1).get_by_text("main.py").wait_for()
    press(page, "ArrowRight", "ArrowDown")
    assert active(page, 1).startswith("main.py")
    press(page, "Enter")
    part(page, ".content pre", 1).wait_for()
    assert part(page, ".content pre", 1).inner_text().startswith("print('안녕')\n<script>")
    assert "2번 레이어가 더했습니다" in part(page, ".story", 1).inner_text()
    press(page, "ArrowLeft")
    page.wait_for_function("!document.querySelectorAll('.layers')[1].querySelector('.content pre')")
    assert "app" in active(page, 1).split("\n")[0]
    press(page, " ")
    page.wait_for_function(
        "document.querySelectorAll('.layers')[1].querySelectorAll('.row .file').length < 8"
    )
    press(page, "End")
    assert "usr" in active(page, 1)
    assert labpage.count_cells(page) == before


def test_keys_pressed_before_the_rows_have_come_are_not_lost(sight):
    page = sight
    # In one turn of the browser: no answer of the kernel can come in between.
    keys = ["End", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"]
    part(page, "[role=treegrid]").evaluate(
        "(grid, keys) => { for (const key of keys)"
        " grid.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })); }",
        keys,  # /usr, open, lib, open, its first folder, open, the first folder in it
    )
    page.wait_for_function(
        "() => { const grid = document.querySelector('.layers .files');"
        " const row = document.getElementById(grid.getAttribute('aria-activedescendant'));"
        " return row?.ariaLevel === '4' && !row.matches('.empty'); }"
    )
    assert active(page).startswith("▸s0")
    assert part(page, ".row[aria-expanded=true]").count() == 3
    part(page, "button", 0).get_by_text("모두 접기").click()
    page.wait_for_function("document.querySelector('.layers .files').getAttribute('aria-rowcount') === '3'")


def test_hostile_names_and_contents_stay_text(sight):
    page = sight
    part(page, "input[type=search]").fill("/evil")
    part(page, ".row .file").get_by_text("<img src=x").wait_for()
    assert "\\xc7\\xd1\\xb1\\xdb" in "".join(text for _, text in rows(page))
    assert page.evaluate("window.hacked") is None
    assert part(page, ".row img, .row svg, .row script").count() == 0
    part(page, "input[type=search]").fill("")
    page.wait_for_function("document.querySelector('.layers .files').getAttribute('aria-rowcount') !== '11'")


@pytest.mark.parametrize(("theme", "level"), [("Light", 1), ("Dark", 2)])
def test_nothing_of_it_is_hard_to_see(sight, screenshots, theme, level):
    page = sight
    labpage.change_theme(page, theme)
    for at, file, told in ((0, "file16.py", "[role=alert]"), (1, "main.py", "pre")):
        part(page, ".level", at).nth(level).click()
        settled(page, at, f"{3 + at - level}번 레이어")
        part(page, "input[type=search]", at).fill(f"/{file}")
        part(page, ".status", at).get_by_text("찾은 파일").wait_for()
        part(page, ".row.file .file", at).get_by_text(file).first.click()
        part(page, ".story li", at).first.wait_for()
        part(page, ".content button", at).click()
        part(page, f".content {told}", at).wait_for()
        name = f"layers-{at + 1}-{theme.lower()}.png"
        page.locator(".layers").nth(at).screenshot(path=screenshots / name)
    assert labpage.violations(page, ".layers") == []


def test_nothing_large_went_over_the_wire_and_nothing_broke(sight):
    assert max(sight.frames_seen) < MOST_BYTES
    assert not sight.errors_seen
