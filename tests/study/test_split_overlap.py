"""The split audit: what two splits, or two corpora, have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.study.split_overlap import overlaps
from harness.study.utterance import Split, Utterance
from harness_adapters import meld


def said(split: Split, **facts: Any) -> Utterance:
    known = {"id": "x", "dialogue": f"d {split}", "turn": 0, "speaker": f"s {split}", "language": "en", "text": None}
    return Utterance(split=split, **{**known, **facts})


def test_splits_that_share_nothing_are_not_listed() -> None:
    assert overlaps({"meld": [said("train"), said("dev"), said("test")]}) == []
    assert overlaps({}) == overlaps({"meld": []}) == []


def test_what_two_splits_share_is_counted_once_each() -> None:
    rows = [
        said("train", speaker="Ross", text="Oh my god, no way!"),
        said("train", speaker="Ross", text="Oh my god, no way!"),
        said("train", speaker="Monica", text="I know, I know."),
        said("test", speaker="Ross", text="Oh my god, no way!"),
        said("test", speaker="Monica", text="Something else."),
        said("dev", speaker="Phoebe", dialogue="d test"),  # without a transcript: whether texts recur cannot be told
    ]
    assert overlaps({"meld": rows}) == [
        {"a": "meld train", "b": "meld test", "speakers": 2, "dialogues": 0, "texts": 1},
        {"a": "meld test", "b": "meld dev", "speakers": 0, "dialogues": 1, "texts": None},
    ]


def test_a_speaker_or_dialogue_means_nothing_in_another_corpus() -> None:
    a = [said("train", speaker="Ross", dialogue="1", text="The same long sentence.")]
    b = [said("test", speaker="Ross", dialogue="1", text="The same long sentence.")]
    assert overlaps({"meld": a, "m3ed": b}) == [
        {"a": "meld train", "b": "m3ed test", "speakers": None, "dialogues": None, "texts": 1}
    ]


def test_short_texts_and_missing_speakers_are_not_shared() -> None:
    rows = [said(split, speaker=None, text=text) for split in ("train", "test") for text in ("Okay.", "", None)]
    assert overlaps({"meld": rows}) == []


def test_speakers_whom_nobody_names_are_unknown_and_not_none_shared() -> None:
    rows = [said(split, dialogue="d", speaker=None, text="A sentence of five words.") for split in ("train", "test")]
    (pair,) = overlaps({"ch_sims": rows})
    assert (pair["speakers"], pair["dialogues"], pair["texts"]) == (None, 1, 1)


def test_a_text_of_a_few_words_is_not_shared_and_a_short_line_of_han_is() -> None:
    for text, shared in (
        ("Oh my god!", False),
        ("What are you doing?", True),
        ("你这是嫁入豪门啊！", True),
        ("对对对。", False),
    ):
        found = overlaps({"meld": [said(split, text=text) for split in ("train", "test")]})
        assert bool(found) is shared, text


def test_folds_are_compared_where_there_is_no_split() -> None:
    rows = [said("train", fold=fold, speaker="F", dialogue=fold) for fold in ("Ses01", "Ses02")]
    assert overlaps({"iemocap": rows}) == [
        {"a": "iemocap Ses01", "b": "iemocap Ses02", "speakers": 1, "dialogues": 0, "texts": None}
    ]


def test_meld_shares_speakers_between_its_official_splits(corpora_folder: Path) -> None:
    """Of the 100 speaker names of the official test CSV, 69 occur in the train CSV too."""
    found = {(pair["a"], pair["b"]): pair for pair in overlaps({"meld": meld.read(corpora_folder / "MELD").utterances})}
    assert found["meld train", "meld test"]["speakers"] == 69
    assert found["meld train", "meld test"]["dialogues"] == 0
