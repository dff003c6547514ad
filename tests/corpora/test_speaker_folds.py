"""A corpus divided by its speakers: no speaker and no dialogue in two folds, and what cannot be divided says why."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.core.errors import SettingError
from harness.corpora.speaker_folds import divided
from harness.study import splits
from harness.study.utterance import Utterance


def talk(*dialogues: str, rows: int = 4) -> list[Utterance]:
    """Dialogues of speakers, each speaker a letter, who take turns."""
    return [
        Utterance(f"{at}_{turn}", "test", f"d{at}", turn, speakers[turn % len(speakers)], "zh", "x")
        for at, speakers in enumerate(dialogues)
        for turn in range(rows)
    ]


def test_speakers_whom_dialogues_join_are_in_one_fold() -> None:
    utterances = talk("ab", "bc", "de", "fg", "de", "fg", "fg")
    rows, note = divided("x", utterances)
    assert {(row.speaker, row.fold) for row in rows} == {
        *((speaker, "speakers1") for speaker in "abc"),
        *((speaker, "speakers2") for speaker in "de"),
        *((speaker, "speakers3") for speaker in "fg"),
    }
    assert {row.split for row in rows} == {"train"}
    assert [row.id for row in rows] == [row.id for row in utterances]
    assert note.endswith("(speakers1: a, b, c; speakers2: d, e; speakers3: f, g)")
    for fold in splits.folds(rows):
        who = {row.id: row.speaker for row in rows}
        parts = [{who[name] for name in part} for part in (fold.train, fold.dev, fold.test)]
        assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]


def test_many_groups_fill_five_folds_evenly() -> None:
    rows, _ = divided("x", talk(*(chr(200 + at) for at in range(40))))
    counts = [sum(row.fold == f"speakers{number}" for row in rows) for number in range(1, 6)]
    assert counts == [32] * 5


def test_the_order_of_rows_decides_nothing() -> None:
    utterances = talk("ab", "cd", "e", "f", "gh", "i", "jk", rows=3)
    forward, back = ({row.id: row.fold for row in divided("x", of)[0]} for of in (utterances, utterances[::-1]))
    assert forward == back


@pytest.mark.parametrize(
    ("utterances", "message"),
    [
        (
            talk("ab", "bc", "de"),
            r"corpora\.x\.split: speakers needs 3 groups .* join the 5 speakers of x into 2; write",
        ),
        (
            [*talk("a", "b", "c"), Utterance("u", "train", "d9", 0, None, "zh", "x")],
            "1 of 13 utterances have no speaker; write `split: official`",
        ),
    ],
)
def test_what_cannot_be_divided_says_why(utterances: list[Utterance], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        divided("x", utterances)


@pytest.mark.skipif("EMOTRANSFER_CORPORA" not in os.environ, reason="needs the real annotations")
def test_the_nineteen_speakers_of_emotiontalk_make_five_folds() -> None:
    from adapters.emotiontalk import read

    rows, _ = divided("emotiontalk", read(Path(os.environ["EMOTRANSFER_CORPORA"]) / "EmotionTalk").utterances)
    folds = splits.folds(rows)
    assert len(folds) == 5
    assert sum(len(fold.test) for fold in folds) == len(rows)
    speakers = {row.id: row.speaker for row in rows}
    assert sorted(len({speakers[name] for name in fold.test}) for fold in folds) == [2, 2, 2, 4, 9]
