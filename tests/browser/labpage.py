"""A notebook in the JupyterLab of a browser: made, opened, run, put into a theme, looked at by axe-core.

The page has to be one whose application JupyterLab exposes (``window.jupyterapp``), as the fixture ``lab``
lets it: nothing else says when a notebook is ready.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from nbformat import v4, writes

THEMES = ("Light", "Dark")
# Without it JupyterLab asks which kernel to start, and waits.
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
READY = """async () => {
    const context = window.jupyterapp.shell.currentWidget.context;
    await context.ready;
    await context.sessionContext.ready;
}"""
END = "window.jupyterapp?.shell?.currentWidget?.context?.sessionContext?.shutdown()"
RUN = """async ([which, source]) => {
    const { content } = window.jupyterapp.shell.currentWidget;
    const at = content.widgets.findIndex((cell, at) => which === at || which === cell.model.id);
    const cell = content.widgets[at];
    if (source !== null) cell.model.sharedModel.setSource(source);
    content.activeCellIndex = at;
    content.deselectAll();
    await window.jupyterapp.commands.execute('notebook:run-cell');
    return cell.model.outputs.toJSON();
}"""
CODE = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .filter(cell => cell.model.type === 'code')
    .map(({ model }) => ({ id: model.id, source: model.sharedModel.getSource(), ran: model.executionCount,
                           tags: model.getMetadata('tags') ?? [], outputs: model.outputs.toJSON() }))"""


@contextmanager
def window(browser, width, height, **wishes):
    """A page of its own. It asks for English: the Korean interface must come from the course's settings."""
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-US", **wishes)
    page = context.new_page()
    page.set_default_timeout(60_000)
    try:
        yield page
        page.evaluate(END)  # the kernel of the notebook that is open
    finally:
        context.close()


def write(root, name, cells) -> str:
    """A notebook of code cells, told as their sources, or of any cells; its path below the repository."""
    made = [v4.new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    return place(root, name, writes(v4.new_notebook(cells=made, metadata=KERNEL)))


def place(root, name, text) -> str:
    """A file beside the lessons, since the lab serves the repository."""
    path = Path("build", "browser", name)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")
    return path.as_posix()


def inside(lab, path) -> str:
    """The address of something in the lab whose own address is ``lab``, in a workspace that is empty."""
    parts = urlsplit(lab)
    return f"{parts.scheme}://{parts.netloc}{path}?token={parse_qs(parts.query)['token'][0]}&reset"


def open_notebook(page, lab, path):
    """Open a notebook and wait until its kernel is there."""
    page.goto(inside(lab, f"/lab/tree/{path}"))
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context")
    page.evaluate(READY)


def command(page, name, **arguments):
    """A command of JupyterLab's, awaited."""
    page.evaluate("told => window.jupyterapp.commands.execute(...told)", [name, arguments])


def run(page, which, source=None) -> list[dict]:
    """Run one cell, named by its place or id, and give its outputs."""
    return page.evaluate(RUN, [which, source])


def run_all(page):
    command(page, "notebook:run-all-cells")


def code_cells(page) -> list[dict]:
    """The code cells: id, source, ran (the number), tags, outputs."""
    return page.evaluate(CODE)


def count_cells(page) -> int:
    return page.evaluate("window.jupyterapp.shell.currentWidget.content.widgets.length")


def change_theme(page, theme):
    """``Light`` or ``Dark``, and no splash is before it any more."""
    command(page, "apputils:change-theme", theme=f"JupyterLab {theme}")
    page.wait_for_function(
        "light => document.body.dataset.jpThemeLight === light", arg=str(theme == "Light").lower()
    )
    page.locator("#jupyterlab-splash").wait_for(state="detached")


def violations(page, *within) -> list[tuple[str, str, list[str]]]:
    """What axe-core finds in these parts of the page, or in all of it: its weight, the rule and where."""
    from axe_playwright_python.sync_playwright import Axe

    which = {"context": {"include": [[part] for part in within]}} if within else {}
    told = Axe().run(page, **which).response
    assert told["passes"], "nothing was looked at"
    return [
        (each["impact"], each["id"], [node["html"][:200] for node in each["nodes"][:3]])
        for each in told["violations"]
    ]
