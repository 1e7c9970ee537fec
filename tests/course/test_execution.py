"""What `make notebooks` leaves in the file of a lesson."""

import nbformat

from dockerlab.course.execution import execute

WIDGET = "application/vnd.jupyter.widget-view+json"
SOURCE = f"""from IPython.display import display
display({{"{WIDGET}": {{"model_id": "gone"}}, "text/plain": "the twin"}}, raw=True)"""


def test_a_widget_leaves_its_twin_and_not_a_view_of_a_kernel_that_is_gone(tmp_path):
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks" / "99-widget.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SOURCE)]), path)
    execute(path)
    (output,) = nbformat.read(path, as_version=4).cells[0].outputs
    assert output.data == {"text/plain": "the twin"}
