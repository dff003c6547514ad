"""Frame-level features of the encoders that need no download."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from voices import RATE, voice

from harness.core.errors import SettingError
from harness.core.plugins import find
from harness.encoders._frames import averaged
from harness.features.matrix import Ragged

SOUNDS = [voice(120, 1.0), voice(220, 0.43), voice(180, 1.7, 0.3)]
OF_SOUND = ["logmel", "egemaps", "compare"]


def made(name: str, **options: Any) -> Any:
    return find("encoder", name).encoder(**options)


def test_averages_of_every_few_frames_and_of_what_is_left() -> None:
    frames = np.arange(14, dtype=np.float32).reshape(7, 2)
    assert_allclose(averaged(frames, 3), [[2, 3], [8, 9], [12, 13]])
    assert_array_equal(averaged(frames, 1), frames)
    assert averaged(frames[:0], 3).shape == (0, 2)


@pytest.mark.parametrize("name", OF_SOUND)
def test_frames_of_a_sound_depend_on_it_alone_and_are_as_many_as_it_is_long(name: str) -> None:
    whole = made(name, level="frames").encode(iter(SOUNDS))
    assert isinstance(whole, Ragged)
    for at, sound in enumerate(SOUNDS):
        alone = made(name, level="frames").encode([sound])
        assert_array_equal(alone.values, whole.take([at]).values)
        assert whole.lengths[at] == pytest.approx(len(sound) / RATE / 0.1, abs=1.5)
    assert made(name, level="frames").encode([]).shape == (0, whole.shape[1])


def test_frames_of_logmel_are_the_tracks_whose_means_the_row_holds() -> None:
    row = made("logmel").encode(SOUNDS[:1])[0]
    frames = made("logmel", level="frames", every=0.01).encode(SOUNDS[:1])
    assert_allclose(frames.values.mean(axis=0), row[:43], rtol=1e-4, atol=1e-4)
    assert_allclose(frames.values.std(axis=0), row[43:86], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", [*OF_SOUND, "e5", "face"])
def test_an_unknown_level_is_one_clear_line(name: str) -> None:
    with pytest.raises(SettingError, match=f"encoder {name}: level is 'frame'; it is utterance or frames"):
        made(name, level="frame")


def test_words_of_e5_are_embedded_one_by_one() -> None:
    texts = ["我们 今天很开心", "今天", "!"]
    found, alone = made("e5", level="frames").encode(texts, "zh"), made("e5").encode(["我们", "今天"], "zh")
    words = list(find("encoder", "ngrams").tokens_of("zh")(texts[0]))
    assert found.lengths.tolist() == [len(words), 1, 1]
    assert_array_equal(found.values[words.index("今天")], alone[1])
    assert_array_equal(found.take([1]).values[0], alone[1])
    assert_array_equal(found.values[0], alone[0])


@pytest.mark.parametrize("name", OF_SOUND)
@pytest.mark.parametrize("every", [0, 0.004, -1, "0.1"])
def test_less_than_a_frame_is_one_clear_line(name: str, every: Any) -> None:
    with pytest.raises(SettingError, match=f"encoder {name}: every is {every!r}; it is seconds, 0.01 or more"):
        made(name, level="frames", every=every)
