"""Intervals over speakers and dialogues: they cover where speakers differ, and do not shrink where they do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.core.plugins import find
from harness.evaluation.matrix import scoring
from harness.evaluation.matrix.speaker_spread import SpeakerSpread, spread_over_speakers
from harness.statistics import speakers
from harness.statistics.speakers import Crossed
from harness.study.labels import EMOTION4

UAR, SETTINGS = find("metric", "uar"), {"resamples": 300, "seed": 1, "level": 0.95}


def drawn(chance: Any, sd_speaker: float, sd_dialogue: float = 0.4) -> tuple[scoring.ScoredRows, dict[str, str | None]]:
    """Five pairs of speakers in 120 dialogues, as in the sessions of IEMOCAP."""
    dialogue = np.repeat(np.arange(120), 20)
    who = 2 * (dialogue % 5) + chance.integers(0, 2, len(dialogue))
    truth = chance.integers(0, 4, len(dialogue))
    skill = 0.4 + chance.normal(0, sd_speaker, 10)[who] + chance.normal(0, sd_dialogue, 120)[dialogue]
    right = chance.random(len(dialogue)) < 1 / (1 + np.exp(-skill))
    said = np.where(right, truth, (truth + chance.integers(1, 4, len(dialogue))) % 4)
    names = [str(at) for at in range(len(dialogue))]
    scored = scoring.ScoredRows(truth, np.eye(4, dtype=np.float32)[said][None], dialogue, len(truth), (1,), names)
    return scored, {name: f"s{of}" for name, of in zip(names, who, strict=True)}


def intervals(chance: Any, sd_speaker: float) -> tuple[tuple[float, float], tuple[float, float]]:
    scored, who = drawn(chance, sd_speaker)
    (value,) = scoring.values(scored, EMOTION4, ["uar"], scored.draws(SETTINGS))
    spread = spread_over_speakers(scored, who, EMOTION4, UAR, SETTINGS, value.resamples)
    assert spread.crossed is not None
    by_dialogue = scoring.interval(value.resamples, scored.dialogues, 0.95)
    both = speakers.interval(float(value.replicates[0]), spread.crossed, spread.groups, 0.95)
    return by_dialogue, both  # type: ignore[return-value]


@pytest.mark.parametrize(("sd_speaker", "by_dialogue"), [(0.0, (0.85, 1.0)), (0.4, (0.3, 0.75))])
def test_they_cover_other_speakers_where_dialogues_alone_do_not(
    sd_speaker: float, by_dialogue: tuple[float, float]
) -> None:
    chance = np.random.default_rng(3)
    skill = np.random.default_rng(9).normal(0, np.hypot(sd_speaker, 0.4), 400_000)
    true = float(np.mean(1 / (1 + np.exp(-(0.4 + skill)))))
    found = [intervals(chance, sd_speaker) for _ in range(60)]
    held = np.mean([[low <= true <= high for low, high in both] for both in found], axis=0)
    assert by_dialogue[0] <= held[0] <= by_dialogue[1]
    assert held[1] >= 0.88
    widths = np.mean([[high - low for low, high in both] for both in found], axis=0)
    assert widths[1] > widths[0]
    assert sd_speaker or widths[1] < 1.5 * widths[0], "without an effect of speakers it is little wider"


def test_few_or_unknown_speakers_have_none_and_are_counted() -> None:
    scored, who = drawn(np.random.default_rng(1), 0.2)
    resamples = np.zeros(300)
    nine = {name: f"s{int(of[1:]) % 9}" for name, of in who.items()}  # type: ignore[index]
    few = spread_over_speakers(scored, nine, EMOTION4, UAR, SETTINGS, resamples)
    assert (few.count, few.few, few.crossed) == (9, 9, None)
    unknown = spread_over_speakers(scored, {**who, "17": None}, EMOTION4, UAR, SETTINGS, resamples)
    assert (unknown.count, unknown.few, unknown.crossed) == (None, None, None)
    assert SpeakerSpread(None).few is None


def test_six_leads_count_as_six_however_many_others_say_a_word() -> None:
    rows = speakers.numbered([f"lead {at % 6}" for at in range(600)] + [f"other {at}" for at in range(20)])
    assert speakers.effective(rows) == pytest.approx(6.4, abs=0.1)
    assert speakers.effective(np.arange(50)) == pytest.approx(50)


def test_the_variance_is_that_of_both_less_what_they_share_and_never_less_than_one_of_them() -> None:
    chance = np.random.default_rng(2)
    a, b, c = (chance.normal(0, sd, 20000) for sd in (0.03, 0.04, 0.02))
    assert Crossed(a, b, c).deviation == pytest.approx(np.sqrt(0.03**2 + 0.04**2 - 0.02**2), rel=0.02)
    assert Crossed(a, c, b).deviation == pytest.approx(0.03, rel=0.02)
    assert Crossed(a, np.full(10, np.nan), c).deviation is None
    same = Crossed(a, b, c).minus(Crossed(a, b, c))
    assert same.deviation == 0
    assert speakers.interval(0.5, Crossed(a, b, c), 1.0, 0.95) == (None, None)
