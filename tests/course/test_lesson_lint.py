"""What a lesson of the course has, beyond what every notebook has: its name, its way, its record."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from dockerlab.course import navigation
from dockerlab.course.lessons import all_lessons, find
from dockerlab.course.lint import problems

LESSON = find("03")
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
TITLE = "# 03. 컨테이너와 가상 머신: 재어 보기\n\n글입니다.\n\n## 첫 `제목`\n"


def lesson(*code, title=TITLE, put=True):
    cells = [new_markdown_cell(title), new_code_cell('lab.lesson("03")', execution_count=1)]
    cells += [new_code_cell(source, execution_count=at) for at, source in enumerate(code, 2)]
    cells.append(new_markdown_cell("## 끝\n\n끝입니다."))
    if put:
        navigation.put(cells, LESSON)
    return new_notebook(cells=cells, metadata=KERNEL)


@pytest.fixture
def check(tmp_path):
    def check(content):
        path = tmp_path / LESSON.file
        nbformat.write(content, path)
        return problems(path)

    return check


def test_a_good_lesson_has_no_problem(check):
    content = lesson("x = %docker version\n!ls -l \\\n  /", "%%docker app\ndef f(): ...", 'text = "def f():"')
    assert check(content) == []
    first, last = content.cells[0].source, content.cells[-1].source
    assert "약 60분 · 이전: [02." in first and "차례: [첫 제목](#첫-제목) · [끝](#끝)" in first
    assert "다음: [04. " in last and "차례" not in last
    navigation.put(content.cells, LESSON)
    assert (content.cells[0].source, content.cells[-1].source) == (first, last)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (lesson(put=False), "links or contents are old"),
        (lesson(title="# 03. 다른 제목"), "lessons.toml"),
        (lesson("x = 1\ndef f():\n    return x"), "a function or a class is defined"),
        (lesson("lab.predict('가', x=1)\nlab.predict('가', x=2)"), "asked twice"),
        (lesson("lab.predict('가', x=1)", "lab.predict(\n    '가', y=1)"), "asked twice"),
    ],
)
def test_each_problem_of_a_lesson_is_found(check, content, problem):
    assert any(problem in found for found in check(content)), check(content)


def test_a_lesson_that_does_not_say_which_it_is_is_found(check):
    content = lesson()
    content.cells[1].source = 'lab.lesson("04")'
    assert any('lab.lesson("03")' in found for found in check(content))


def test_only_the_links_change_when_the_list_of_lessons_does(tmp_path):
    nbformat.write(lesson("x = 1", put=False), tmp_path / LESSON.file)
    navigation.main([str(tmp_path)])
    assert problems(tmp_path / LESSON.file) == []


def test_the_readme_lists_every_lesson(root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    for each in all_lessons():
        row = f"| {each.number} | [{each.title}](notebooks/{each.file}) | {each.asks} |"
        assert row in readme
