"""The contract of every encoder of sound, and what each of them hears."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from voices import RATE, Sound, voice

from harness.core.errors import SettingError
from harness.core.plugins import find, names
from harness.encoders import logmel

BY_ID = ("hf_speech",)  # which test_hf_speech.py tries on tiny models
OF_SOUND = [name for name in names("encoder") if find("encoder", name).MODALITY == "audio" and name not in BY_ID]
every_encoder = pytest.mark.parametrize("name", OF_SOUND)


SOUNDS = [voice(120), voice(220, 0.4), voice(180, 2.0, 0.3), voice(300, 0.7, seed=3), np.zeros(RATE, np.float32)]


@cache
def made(name: str) -> Any:
    return find("encoder", name).encoder()


def test_one_of_them_needs_no_extra() -> None:
    assert "logmel" in OF_SOUND


@every_encoder
def test_an_encoder_says_what_sound_it_takes(name: str) -> None:
    module = find("encoder", name)
    assert module.RATE in (8000, 16000, 22050, 24000, 44100, 48000)
    assert 0 < module.SHORTEST < 1
    made(name).encode([voice(150, module.SHORTEST)])


@every_encoder
def test_a_row_depends_on_its_own_sound_alone(name: str) -> None:
    whole = made(name).encode(SOUNDS)
    assert_array_equal(np.concatenate([made(name).encode([one]) for one in SOUNDS]), whole)
    assert_array_equal(made(name).encode(SOUNDS[::-1])[::-1], whole)
    assert_array_equal(find("encoder", name).encoder().encode(SOUNDS), whole)


@every_encoder
def test_rows_are_finite_float32_of_one_width_and_none_is_no_row(name: str) -> None:
    rows, none = made(name).encode(SOUNDS), made(name).encode([])
    assert rows.dtype == none.dtype == np.float32
    assert rows.shape[1] == none.shape[1]
    assert len(none) == 0
    assert np.isfinite(rows).all()


@every_encoder
def test_two_voices_differ(name: str) -> None:
    rows = made(name).encode([voice(120), voice(240), voice(120, seed=9)])
    scale = np.abs(rows).max(axis=0) + 1e-9
    far, near = (np.abs((rows[0] - other) / scale).mean() for other in rows[1:])
    assert far > (1.2 if name == "compare" else 3) * near  # most of its 6,373 follow the noise


def track(row: Sound, statistic: int) -> Sound:
    return row[statistic * logmel.TRACKS : (statistic + 1) * logmel.TRACKS]


@pytest.mark.parametrize("hertz", [90, 160, 250, 380])
def test_logmel_finds_the_pitch(hertz: float) -> None:
    row = made("logmel").encode([voice(hertz)])[0]
    assert np.exp(track(row, 0)[-1]) == pytest.approx(hertz, rel=0.02)
    assert track(row, 1)[-1] < 0.05, "a steady tone has no spread of pitch"


def test_logmel_hears_level_and_the_spread_of_pitch() -> None:
    soft, loud, wide = made("logmel").encode(
        [voice(150, level=0.05), voice(150, level=0.2), np.concatenate([voice(110), voice(260)])]
    )
    assert track(loud, 0)[0] - track(soft, 0)[0] == pytest.approx(np.log(16), abs=0.1)  # energy: four times the level
    assert np.exp(track(wide, 2)[-1]) == pytest.approx(110, rel=0.05)  # 10th percentile
    assert np.exp(track(wide, 3)[-1]) == pytest.approx(260, rel=0.05)  # 90th


def test_logmel_bands_follow_the_spectrum() -> None:
    """A tone's energy lies in the band whose mel centre is nearest, by the mel formula itself."""
    time = np.arange(RATE) / RATE
    for hertz in (400, 1000, 3000):
        row = made("logmel").encode([np.sin(2 * np.pi * hertz * time).astype(np.float32) * 0.1])[0]
        low, high, tone = (1127 * np.log(1 + f / 700) for f in (20, RATE / 2, hertz))
        nearest = (tone - low) / (high - low) * 41 - 1
        assert abs(int(track(row, 0)[1:41].argmax()) - nearest) <= 1


def test_egemaps_are_opensmiles_own() -> None:
    opensmile = pytest.importorskip("opensmile")
    smile = opensmile.Smile(feature_set="eGeMAPSv02", feature_level="func")
    expected = np.concatenate([smile.process_signal(one, RATE).to_numpy() for one in SOUNDS])
    assert_array_equal(made("egemaps").encode(SOUNDS), expected)
    names_of = list(smile.feature_names)
    pitch = made("egemaps").encode([voice(220)])[0][names_of.index("F0semitoneFrom27.5Hz_sma3nz_amean")]
    assert pitch == pytest.approx(12 * np.log2(220 / 27.5), abs=0.5)


def test_without_its_package_egemaps_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opensmile", None)  # makes `import opensmile` fail
    with pytest.raises(SettingError, match=r"needs the package opensmile.*use the encoder logmel instead"):
        find("encoder", "egemaps").encoder()
