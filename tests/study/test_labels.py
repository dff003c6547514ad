"""Label spaces: a label is a value or a reason, never both and never neither."""

from __future__ import annotations

import math

import pytest

from harness.core.errors import NameUnknownError
from harness.study.labels import (
    EMOTION4,
    EMOTION7,
    POLARITY3,
    POLARITY_OF_EMOTION,
    SPACES,
    VALENCE,
    ClassSpace,
    ScaleSpace,
    Shared,
    absent,
    outside,
    share_emotion,
    share_number,
    share_polarity_of,
    sign_polarity,
    space,
)


@pytest.mark.parametrize("name", SPACES)
def test_a_space_is_found_by_its_own_name(name: str) -> None:
    assert space(name) is SPACES[name]
    assert space(name).name == name


def test_an_unknown_space_names_the_nearest_and_all() -> None:
    with pytest.raises(NameUnknownError, match=r"'emotion5'.*did you mean 'emotion.'.*emotion4, emotion7, polarity3"):
        space("emotion5")


def test_the_spaces_are_what_the_published_tables_use() -> None:
    assert set(EMOTION7.classes) == {"happy", "surprise", "sad", "disgust", "anger", "fear", "neutral"}
    assert set(EMOTION4.classes) == {"happy", "sad", "neutral", "anger"} < set(EMOTION7.classes)
    assert set(POLARITY3.classes) == {"negative", "neutral", "positive"}
    assert (VALENCE.low, VALENCE.high) == (-1, 1)
    for found in SPACES.values():
        assert isinstance(found, ScaleSpace) or len(set(found.classes)) == len(found.classes)


@pytest.mark.parametrize(("value", "reason"), [(None, None), ("happy", "no_majority"), (0.0, "blank")])
def test_a_label_with_neither_or_both_is_refused(value: str | float | None, reason: str | None) -> None:
    with pytest.raises(ValueError, match="either a value or a reason"):
        Shared(value, reason)


def test_zero_is_a_value_and_not_an_absent_label() -> None:
    assert Shared(0.0) == Shared(0.0, None)


@pytest.mark.parametrize("emotion", EMOTION7.classes)
def test_an_emotion_lies_in_emotion7_and_in_emotion4_only_if_it_has_the_class(emotion: str) -> None:
    shared = share_emotion("as published", emotion)
    assert shared["emotion7"] == Shared(emotion)
    expected = Shared(emotion) if emotion in ("happy", "sad", "neutral", "anger") else outside("as published")
    assert shared["emotion4"] == expected


def test_a_native_label_that_means_no_class_is_outside_by_its_published_name() -> None:
    assert share_emotion("fru", None) == {
        space: Shared(None, "outside_space:fru") for space in ("emotion7", "emotion4")
    }


def test_polarity_of_an_emotion_leaves_out_surprise_alone() -> None:
    assert set(EMOTION7.classes) - set(POLARITY_OF_EMOTION) == {"surprise"}
    assert share_polarity_of("surprised", "surprise") == outside("surprised")
    assert share_polarity_of("xxx", None) == outside("xxx")
    signs = {emotion: share_polarity_of(emotion, emotion).value for emotion in POLARITY_OF_EMOTION}
    assert signs == {
        "happy": "positive",
        "neutral": "neutral",
        **dict.fromkeys(("sad", "anger", "disgust", "fear"), "negative"),
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (-1.0, Shared(-1.0)),
        (1, Shared(1.0)),
        (0, Shared(0.0)),
        (1.0001, outside("1.0001")),
        (-2, outside("-2")),
        (None, absent("blank")),
        (math.nan, absent("blank")),
    ],
)
def test_a_number_enters_a_scale_unless_it_lies_outside(value: float | None, expected: Shared) -> None:
    shared = share_number(value)
    assert shared == expected
    assert shared.value is None or isinstance(shared.value, float)


def test_a_scale_of_another_width() -> None:
    assert share_number(4.5, ScaleSpace("stars", 1, 5)) == Shared(4.5)
    assert share_number(None, reason="not_annotated") == absent()


@pytest.mark.parametrize(
    ("value", "expected"),
    [(-0.2, "negative"), (0.0, "neutral"), (-0.0, "neutral"), (1e-9, "positive")],
)
def test_polarity_of_a_number_is_its_sign(value: float, expected: str) -> None:
    assert sign_polarity(value) == Shared(expected)


@pytest.mark.parametrize("value", [None, math.nan])
def test_a_blank_number_has_no_polarity(value: float | None) -> None:
    assert sign_polarity(value) == absent("blank")
    assert sign_polarity(value, "not_annotated") == absent()


def test_a_class_space_keeps_the_order_it_was_given() -> None:
    assert ClassSpace("x", ("b", "a")).classes == ("b", "a")
