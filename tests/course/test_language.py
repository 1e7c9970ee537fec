"""The lint of the course's Korean: each mistake is found, good prose passes, and the course is good prose."""

from pathlib import Path

import pytest

from dockerlab.course import quiz
from dockerlab.course.glossary import glossary, plain_words, terms
from dockerlab.course.language import problems
from dockerlab.errors import UsageMistake

ROOT = Path(__file__).resolve().parents[2]
QUIZZES = [found for file in sorted(quiz.FOLDER.glob("*.toml")) for found in quiz.load(file).values()]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Docker 는 엔진입니다.", "apart: Docker 는"),
        ("`docker run` 을 칩니다.", "apart: ¤ 을"),
        ("**컨테이너**(container) 는 프로세스입니다.", "apart"),
        ("Docker은 엔진입니다.", "wrong particle: Docker은"),
        ("VM를 부팅합니다.", "wrong particle: VM를"),
        ("컨테이너는 프로세스다.", "ending: 프로세스다."),
        ("컨테이너를 시작한다. 그다음입니다.", "ending: 시작한다."),
        ("이렇게 하면 돼요.", "ending: 돼요."),
        ("그렇죠?", "ending: 그렇죠?"),
        ("가상머신을 부팅합니다.", "가상 머신 for 가상머신"),
        ("이름공간을 나눕니다.", "네임스페이스 for 이름공간"),
        ("이것은 container입니다.", "English that nobody explains: container"),
        ("컨테이너는 147 ms 만에 시작했습니다.", "no cell measures: 147 ms"),
        ("크기는 5.83 MB입니다.", "no cell measures: 5.83 MB"),
        ("VM은 2.4배 느립니다.", "no cell measures: 2.4배"),
    ],
)
def test_each_mistake_is_found(text, told):
    assert any(told in problem for problem in problems(text)), problems(text)


@pytest.mark.parametrize(
    "text",
    [
        "Docker는 **컨테이너**(container)를 실행합니다. 왜 그럴까요? 직접 봅시다.",
        "`docker run`을 치면 [공식 문서](https://docs.docker.com/engine/)처럼 됩니다.",
        "> 책: VM은 **분 단위**이다. 5.8 GB이다.",
        "| VM은 2.4배 느리다. | container |\n|---|---|",
        "“컨테이너는 가벼운 VM이다”라는 말은 틀렸습니다. ‘고정 할당이다.’라고도 합니다.",
        "```\nthe container starts in 147 ms.\n```",
        "메모리를 64 MB로, 시간을 30초로 제한합니다. 95 % 구간을 봅니다.",
        "블록 장치(block device)와 OOM killer, namespaces(7), `--memory`, /etc/passwd를 봅니다.",
        "약 25분 · 다음: [04. Docker의 구조](04-docker-architecture.ipynb)",
        "파일이 필요. 그래서 만듭니다.",
        "Dockerfile로 만들고 VM으로 옮깁니다.",
    ],
)
def test_good_prose_passes(text):
    assert problems(text) == []


@pytest.mark.parametrize("found", QUIZZES, ids=lambda each: each.name)
def test_quizzes_are_good_prose(found):
    wrong = []
    for question in found.questions:
        said = [question.ask, question.why, *(rule.why for rule in question.rules)]
        said += [text for choice in question.choices for text in (choice.text, choice.why)]
        # A question may suppose a number; only prose claims one.
        wrong += [f"{question.name}: {each}" for text in said for each in problems(text, measured=False)]
    assert not wrong


def test_the_readme_is_good_prose():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    english = text[text.index("> **In English.**") : text.index("컨테이너는 정말")]
    assert problems(text.replace(english, "")) == []


def test_the_glossary_names_each_thing_once_and_explains_it_in_one_sentence():
    names = [term.korean for term in terms()]
    assert len(set(names)) == len(names) and len(names) > 20
    for term in terms():
        assert term.line.endswith("다.") and problems(term.line) == []
        assert term.korean not in term.instead
    assert all(word.strip() == word and word for word in plain_words())


def test_the_glossary_is_searched_in_both_languages():
    assert [term.korean for term in glossary("layer").terms] == ["레이어", "읽기·쓰기 레이어"]
    assert glossary("레이어").terms and glossary().terms == terms()
    with pytest.raises(UsageMistake):
        glossary("쿠버네티스")
