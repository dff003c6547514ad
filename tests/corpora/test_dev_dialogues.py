"""The dev part of a corpus divided by folds: the next fold, or a tenth of the dialogues of all others."""

from __future__ import annotations

import pytest

from harness.core.errors import SettingError
from harness.corpora.dev_dialogues import marked
from harness.study import splits
from harness.study.utterance import Utterance

SESSIONS = [
    Utterance(
        f"s{session}d{dialogue}u{turn}", "train", f"s{session}d{dialogue}", turn, None, "en", "x", fold=f"Ses{session}"
    )
    for session in range(1, 6)
    for dialogue in range(20)
    for turn in range(3)
]


def test_no_session_is_kept_from_training() -> None:
    rows = marked("iemocap", SESSIONS)
    assert {row.id for row in rows} == {row.id for row in SESSIONS}
    where = {row.id: (row.fold, row.dialogue) for row in rows}
    for fold in splits.folds(rows):
        assert len(fold.test) == 60
        assert (
            {where[name][0] for name in fold.train}
            == {where[name][0] for name in fold.dev}
            == {f"Ses{session}" for session in range(1, 6)} - {fold.name}
        )
        assert len({where[name][1] for name in fold.dev}) == 8
        assert not {where[name][1] for name in fold.dev} & {where[name][1] for name in fold.train}
        assert len(fold.train) + len(fold.dev) + len(fold.test) == len(rows)


def test_the_default_keeps_the_next_session_for_dev() -> None:
    first = splits.folds(SESSIONS)[0]
    assert {name[:2] for name in first.dev} == {"s2"}
    assert {name[:2] for name in first.train} == {"s3", "s4", "s5"}


def test_as_a_target_and_for_a_transductive_step_all_of_it_counts() -> None:
    rows = marked("iemocap", SESSIONS)
    assert set(splits.target_rows(rows).values()) == {"test"}
    assert len(splits.adaptation_rows(rows)) == len(rows)


def test_a_corpus_with_an_official_split_is_refused() -> None:
    with pytest.raises(SettingError, match=r"corpora\.meld\.dev: dialogues is for a corpus that is divided by folds"):
        marked("meld", [Utterance("a", "train", "d", 0, None, "en", "x")])
