"""How much a cell varies over speakers as well as dialogues of its target, where speakers are known and enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np

from harness.evaluation.matrix import scoring
from harness.statistics import speakers, sums
from harness.statistics.speakers import SPEAKERS, Crossed
from harness.study.labels import Space


@dataclass(frozen=True, slots=True)
class SpeakerSpread:
    """The speakers of a cell's rows, and the primary metric in resamples of them.

    Args:
        count: of speakers; None where a row has no known speaker.
        groups: effective number of speakers or of dialogues, whichever is smaller.
        crossed: the resamples; None where the speakers are too few to stand for others.
    """

    count: int | None
    groups: float = 0.0
    crossed: Crossed | None = None

    @property
    def few(self) -> int | None:
        """Return the number of speakers where they are too few to stand for others, else None."""
        return self.count if self.count is not None and self.count < SPEAKERS else None


def spread_over_speakers(
    scored: scoring.ScoredRows,
    of: Mapping[str, str | None],
    space: Space,
    metric: ModuleType,
    settings: Mapping[str, Any],
    by_dialogue: scoring.Floats,
) -> SpeakerSpread:
    """Resample the speakers of a cell, and its dialogues and speakers crossed.

    Args:
        scored: the cell.
        of: id -> speaker.
        space: the label space.
        metric: the primary one.
        settings: `statistics` of params.yaml.
        by_dialogue: the metric in the resamples of the dialogues.
    """
    who = [of[name] for name in scored.ids]
    if not who or None in who:
        return SpeakerSpread(None)
    by_speaker = speakers.numbered(who)
    count = int(by_speaker.max()) + 1
    groups = min(speakers.effective(by_speaker), speakers.effective(scored.clusters))
    if count < SPEAKERS:
        return SpeakerSpread(count, groups)
    both = speakers.numbered(list(zip(scored.clusters.tolist(), by_speaker.tolist(), strict=True)))
    resampled = (
        _resampled(replace(scored, clusters=clusters), space, metric, settings) for clusters in (by_speaker, both)
    )
    return SpeakerSpread(count, groups, Crossed(by_dialogue, *resampled))


def _resampled(
    scored: scoring.ScoredRows, space: Space, metric: ModuleType, settings: Mapping[str, Any]
) -> scoring.Floats:
    values: scoring.Floats = sums.resampled(scoring.statistic(scored, space, metric), scored.draws(settings), metric)
    return np.asarray(values)
