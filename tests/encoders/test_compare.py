"""openSMILE's ComParE and eGeMAPS against openSMILE itself, asked without our code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from voices import RATE, voice

from harness.core.plugins import find

opensmile = pytest.importorskip("opensmile")
SOUNDS = [voice(120, 1.0), voice(220, 0.43)]
SETS = {"compare": ("ComParE_2016", 6373, 65), "egemaps": ("eGeMAPSv02", 88, 25)}
both = pytest.mark.parametrize("name", SETS)


def own(name: str, level: str) -> list[Any]:
    smile = opensmile.Smile(feature_set=SETS[name][0], feature_level=level)
    return [smile.process_signal(sound, RATE).to_numpy() for sound in SOUNDS]


@both
def test_functionals_are_opensmiles_own(name: str) -> None:
    made = find("encoder", name).encoder()
    assert_array_equal(made.encode(SOUNDS), np.concatenate(own(name, "func")))
    assert made.width == SETS[name][1]


@both
def test_frames_are_means_of_opensmiles_own_descriptors(name: str) -> None:
    made = find("encoder", name).encoder(level="frames", every=0.05).encode(SOUNDS)
    for at, frames in enumerate(own(name, "lld")):
        groups = [frames[start : start + 5].mean(axis=0) for start in range(0, len(frames), 5)]
        assert_allclose(made.take([at]).values, groups, rtol=1e-5, atol=1e-6)
    assert made.shape == (2, SETS[name][2])
