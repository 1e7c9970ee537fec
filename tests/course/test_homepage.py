"""The page that `dockerlab lab` opens first: the way on, and links that lead somewhere."""

import re

import dockerlab as lab
from dockerlab import home
from dockerlab.course.homepage import FILE, homepage
from dockerlab.course.language import problems
from dockerlab.exercises.standing import standings


def test_a_new_learner_is_led_to_the_first_lesson():
    page = homepage(lab.lessons(), standings())
    assert "다음 수업은 [시작하기](notebooks/00-start.ipynb)입니다." in page
    assert page.count("| 아직 |") == len(lab.lessons().standings) + len(standings()) and problems(page) == []


def test_a_returning_learner_is_led_to_where_they_were():
    lab.lesson("04")
    page = homepage(lab.lessons(), standings())
    assert "이어서 할 수업은 [Docker의 구조](notebooks/04-docker-architecture.ipynb)입니다." in page


def test_its_links_lead_to_lessons(root):
    links = re.findall(r"\]\(([^)]+)\)", homepage(lab.lessons(), standings()))
    assert len(set(links)) == len(lab.lessons().standings) + len(standings()) + 1
    assert all((root / link).is_file() for link in links)


def test_it_is_put_into_the_course_folder_and_nowhere_else(tmp_path):
    assert home._first_page(tmp_path) == "" and not list(tmp_path.iterdir())
    (tmp_path / "notebooks").mkdir()
    assert home._first_page(tmp_path) == FILE and (tmp_path / FILE).is_file()


def test_a_folder_that_cannot_be_written_shows_the_readme(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "README.md").write_text("# 읽어 주십시오")
    (tmp_path / FILE).mkdir()  # nobody, not even root, can write a file there
    assert home._first_page(tmp_path) == "README.md"
