"""Rows and feeds: what a model is given of several modalities, with what is missing, and of frames."""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from harness.core.errors import SettingError
from harness.features.matrix import Ragged
from harness.fusion._fused import Frames
from harness.training import normalisers
from harness.training.batches import FRAMES, UTTERANCE, Feed
from harness.training.feature_rows import ABSENT, FeatureRows

CHANCE = np.random.default_rng(11)
TEXT = CHANCE.normal(3, 2, (5, 4)).astype(np.float32)
LENGTHS = (3, 1, 7, 2)
SOUND = Ragged.of([CHANCE.normal(size=(n, 2)).astype(np.float32) for n in LENGTHS], 2)
COUNTS = sparse.csr_matrix(CHANCE.poisson(1, (5, 6)).astype(np.float32))
# Six utterances; the third has no sound, the fourth no text.
ROWS = FeatureRows(
    {"text": TEXT, "audio": SOUND},
    {"text": np.array([4, 0, 1, ABSENT, 2, 3]), "audio": np.array([0, 1, ABSENT, 2, 3, 2])},
)


def test_rows_say_what_is_there() -> None:
    assert len(ROWS) == 6
    assert ROWS.widths == {"text": 4, "audio": 2}
    assert_array_equal(ROWS.present, [[1, 1], [1, 1], [1, 0], [0, 1], [1, 1], [1, 1]])


def test_rows_are_taken_and_masked_without_being_read() -> None:
    some = ROWS.take([3, 0])
    assert_array_equal(some.places["text"], [ABSENT, 4])
    assert some.parts is ROWS.parts
    keep = np.ones((6, 2), dtype=bool)
    keep[0] = [True, False]
    masked = ROWS.masked(keep)
    assert_array_equal(masked.present[0], [True, False])
    assert_array_equal(masked.present[1:], ROWS.present[1:])
    assert ROWS.present[0].all(), "masking changed the rows it was made from"


def test_what_is_found_is_spread_with_zeros_where_it_is_absent() -> None:
    found = ROWS.features_of("text")
    assert_array_equal(found, TEXT[[4, 0, 1, 2, 3]])
    spread = ROWS.spread("text", found)
    assert_array_equal(spread[3], np.zeros(4))
    assert_array_equal(spread[[0, 1, 2, 4, 5]], found)
    counts = FeatureRows({"text": COUNTS}, {"text": np.array([2, ABSENT, 0])})
    assert_array_equal(
        counts.spread("text", counts.features_of("text")).toarray(), COUNTS.toarray()[[2, 1, 0]] * [[1], [0], [1]]
    )


def test_everything_in_order_is_the_matrix_itself() -> None:
    assert FeatureRows.of(text=TEXT).features_of("text") is TEXT


def test_each_slot_has_its_own_statistics_and_frames_count_one_by_one() -> None:
    state = normalisers.fit_rows("source_std", ROWS)
    assert_allclose(state["text.mean"], TEXT[[4, 0, 1, 2, 3]].mean(axis=0), rtol=1e-6)
    frames = np.concatenate([SOUND.take([at]).values for at in (0, 1, 2, 3, 2)])
    assert_allclose(state["audio.mean"], frames.mean(axis=0), atol=1e-6)
    assert_allclose(state["audio.scale"], frames.std(axis=0), rtol=1e-5)


def test_in_a_mixture_the_sparse_slot_is_weighted_by_tfidf() -> None:
    rows = FeatureRows.of(text=COUNTS, audio=TEXT)
    state = normalisers.fit_rows("source_std", rows)
    assert {"text.idf", "text.columns", "audio.mean", "audio.scale"} == set(state)
    assert_allclose(
        normalisers.apply_slot("source_std", state, rows, "text").toarray(),
        normalisers.apply("tfidf", normalisers.fit("tfidf", COUNTS), COUNTS).toarray() * 2,  # sqrt of 4 dense features
    )
    assert set(normalisers.fit_own("target_std", rows)) == {"audio.mean", "audio.scale"}
    with pytest.raises(SettingError, match="tfidf does not suit dense"):
        normalisers.fit_rows("tfidf", rows)


def test_a_slot_no_train_row_has_cannot_be_standardised() -> None:
    with pytest.raises(SettingError, match="no train row has this modality"):
        normalisers.fit_rows("source_std", ROWS.masked(np.array([[True, False]] * 6)))


def feed(level: str, steps: int = 50, normalise: str = "source_std") -> Feed:
    return Feed(ROWS, normalise, normalisers.fit_rows(normalise, ROWS), level, steps)


def test_a_batch_holds_normalised_features_and_zeros_where_a_slot_is_absent() -> None:
    rows = FeatureRows({"text": TEXT}, {"text": ROWS.places["text"]})
    state = normalisers.fit_rows("source_std", rows)
    x, present = Feed(rows, "source_std", state).batch(torch.tensor([5, 3, 0]))
    expected = normalisers.apply_slot("source_std", state, rows, "text")[[5, 3, 0]]
    assert_allclose(x["text"].numpy(), expected, atol=1e-5)
    assert not x["text"][1].any()
    assert_array_equal(present, [[True], [False], [True]])


@pytest.mark.parametrize("steps", [50, 7, 3, 1])
def test_frames_come_padded_and_long_ones_averaged_into_equal_parts(steps: int) -> None:
    which = [3, 0, 2, 1]  # 7 frames, 3, absent, 1
    x, present = feed(FRAMES, steps, "none").batch(torch.tensor(which))
    sound = x["audio"]
    assert isinstance(sound, Frames)
    assert_array_equal(sound.lengths, [min(7, steps), min(3, steps), 0, 1])
    for row, at in enumerate([2, 0, None, 1]):
        length = int(sound.lengths[row])
        assert not sound.values[row, length:].any(), "padding is not zero"
        if at is not None:
            frames = SOUND.take([at]).values
            cuts = [k * len(frames) // length for k in range(length + 1)]
            means = [frames[a:b].mean(axis=0) for a, b in itertools.pairwise(cuts)]
            assert_allclose(sound.values[row, :length], means, atol=1e-6)
    assert_array_equal(present[:, 1], [True, True, False, True])


def test_a_dense_slot_is_one_frame_at_frame_level() -> None:
    x, _ = feed(FRAMES, normalise="none").batch(torch.tensor([0, 3]))
    assert x["text"].values.shape == (2, 1, 4)
    assert_array_equal(x["text"].lengths, [1, 0])


def test_the_store_is_not_copied_and_nobody_is_warned(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", TEXT)
    stored = np.load(tmp_path / "x.npy", mmap_mode="r")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = Feed(FeatureRows.of(text=stored), "none", {})
    assert made.slots["text"].values.data_ptr() == stored.ctypes.data


def test_half_precision_is_read_as_float32() -> None:
    x, _ = Feed(FeatureRows.of(text=TEXT.astype(np.float16)), "none", {}).batch(torch.arange(5))
    assert x["text"].dtype == torch.float32
    assert_allclose(x["text"], TEXT, rtol=1e-3)


def test_sparse_features_are_refused() -> None:
    with pytest.raises(SettingError, match="take `fusion: linear` for n-grams"):
        Feed(FeatureRows.of(text=COUNTS), "none", {}, UTTERANCE)
