import pytest

from dockerlab.course.prediction import predict
from dockerlab.errors import UsageMistake


def test_numbers_are_set_side_by_side_with_their_ratio():
    outcome = predict("시작 시간", unit="s", 컨테이너=1, VM=60).against(VM=3.0, 컨테이너=0.5)
    assert [(line.name, line.ratio, line.right) for line in outcome.lines] == [
        ("컨테이너", 0.5, None),
        ("VM", 0.05, None),
    ]


def test_words_are_right_or_wrong():
    outcome = predict("커널", 컨테이너="같다", VM="같다").against(컨테이너=" 같다", VM="다르다")
    assert [line.right for line in outcome.lines] == [True, False]
    assert all(line.ratio is None for line in outcome.lines)


def test_zero_has_no_ratio():
    assert predict("q", a=0).against(a=3).lines[0].ratio is None


def test_prediction_cannot_be_changed_afterwards():
    prediction = predict("q", a=1)
    with pytest.raises(TypeError):
        prediction.values["a"] = 2


@pytest.mark.parametrize("values", [{}, {"a": None}, {"a": True}, {"a": [1]}])
def test_unusable_predictions_are_refused_kindly(values):
    with pytest.raises(UsageMistake) as caught:
        predict("q", **values)
    assert caught.value.todo


def test_other_names_are_refused():
    with pytest.raises(UsageMistake, match="이름"):
        predict("q", a=1).against(b=1)


def test_outcome_is_shown_in_the_units_of_the_question():
    from dockerlab.views import show

    outcome = predict("크기", unit="bytes", 이미지_tiny=5e6, VM="크다").against(이미지_tiny=1e7, VM="크다")
    shown = show(outcome)
    for expected in ("이미지 tiny", "5.00 MB", "10.0 MB", "2.0배", "맞음"):
        assert expected in shown
    assert "5.00 MB" in show(predict("크기", unit="bytes", 이미지=5e6))
