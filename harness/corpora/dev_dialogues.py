"""Mark a tenth of the dialogues of a corpus that is divided by folds as dev, so that no fold is kept from training.

Leaving a session out of IEMOCAP with a session for dev trains on three; most papers train on four and select on a part
of these. Which dialogues are dev depends on their names alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from zlib import crc32

from harness.core.errors import SettingError
from harness.study import splits
from harness.study.utterance import Utterance

SHARE = 10  # one dialogue of so many


def marked(corpus: str, utterances: Sequence[Utterance]) -> list[Utterance]:
    """Return the utterances with the split `dev` where their dialogue is one of the tenth.

    Args:
        corpus: its row in params.yaml, for errors.
        utterances: of the release.

    Raises:
        SettingError: the corpus is not divided by folds.
    """
    if not splits.has_folds(utterances):
        raise SettingError(
            f"corpora.{corpus}.dev: dialogues is for a corpus that is divided by folds, and {corpus} has an official "
            "split; leave it out"
        )
    chosen: set[str] = set()
    for fold in sorted({str(row.fold) for row in utterances}):
        names = {row.dialogue for row in utterances if row.fold == fold}
        ordered = sorted(names, key=lambda name: (crc32(name.encode()), name))
        chosen.update(ordered[: max(round(len(ordered) / SHARE), 1)])
    return [replace(row, split="dev" if row.dialogue in chosen else "train") for row in utterances]
