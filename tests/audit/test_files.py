"""Sizes, duplicates and overlap: what was planted is found, what is clean is not flagged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from audit_sample import corpus, label, said

from harness.audit.audited_corpus import AuditedCorpus
from harness.audit.counts import counts, lengths, spread
from harness.audit.duplicates import duplicates, same_clips
from harness.audit.findings_files import findings
from harness.audit.overlap import between_corpora, between_splits
from harness.study.split_overlap import bare_id, is_long, size_of
from harness.study.utterance import MediaPart, Utterance

LINE = "I would not say that again, ever."


def of(*rows: Utterance) -> AuditedCorpus:
    return corpus([(row, label("happy")) for row in rows])


def found_in(made: AuditedCorpus) -> list[str]:
    facts = {"splits": between_splits(made), "counts": counts(made), "duplicates": duplicates(made)}
    return [text for _, _, text in findings(facts)]


def clean(number: int) -> list[Utterance]:
    """`number` utterances a split, each with its own speaker, dialogue and words."""
    return [
        said(f"u-{split}-{at}", split, speaker=f"{split}{at}", dialogue=f"{split}{at}", text=f"{split} says {at} words")
        for split in ("train", "dev", "test")
        for at in range(number)
    ]


def test_a_clean_corpus_is_not_flagged() -> None:
    assert found_in(of(*clean(12))) == []


def test_planted_leaks_are_found() -> None:
    rows = clean(12)
    rows[30] = replace(rows[30], speaker="dev3", dialogue="train1", text=rows[0].text)
    made = of(*rows)
    found = found_in(made)
    assert "dev and test share 1 speaker (dev3), who say 8.3 % of test; train shares none with test." in found
    assert any(
        "0 of 35 dialogues (videos) have utterances in all of train, dev and test, 1 in more" in f for f in found
    )
    assert "5.6 % of long transcripts recur word for word in another split." in found
    pairs = {(pair["a"], pair["b"]): pair for pair in between_splits(made)["pairs"]}
    assert [pairs["train", "test"][kind] for kind in ("speakers", "dialogues", "texts", "ids")] == [0, 1, 1, 0]
    assert pairs["train", "test"]["of"]["dialogues"] == 12


def test_ids_that_restart_in_every_split_are_found() -> None:
    rows = [said(f"{split}_dia{at}_utt0", split) for split in ("train", "test") for at in range(3)]
    ids = duplicates(of(*rows))["ids"]
    assert (ids["repeated"], ids["rows"], ids["prefixed"]) == (3, 6, True)
    assert bare_id("trainspotting_1") == "trainspotting_1", "a word that begins like a split is no split"
    assert duplicates(of(said("a_1"), said("b_1", "test")))["ids"]["repeated"] == 0


def test_rows_that_repeat_are_counted_once_too_many() -> None:
    twice = {"text": "Hey!", "start": 1.0, "end": 2.0}
    rows = [said("1", **twice), said("2", **twice), said("3", **twice), said("4", **{**twice, "speaker": "other"})]
    found = duplicates(of(*rows, said("5", text="Hey!"), said("6", text="Hey!")))
    assert found["rows"] == {"checked": 4, "surplus": 2, "examples": [["1", "2"], ["1", "3"]]}
    assert (found["texts"]["repeated"], found["texts"]["surplus"], found["texts"]["long_repeated"]) == (6, 5, 0)


def test_two_parts_of_one_file_are_two_clips() -> None:
    one = {"video": "a.avi", "audio": "a.wav"}
    halves = [said(str(at), **one, parts={"video": MediaPart(0, 1, half)}) for at, half in enumerate(("left", "right"))]
    assert same_clips(halves) == {"audio": 1, "video": 0}


def test_lines_read_in_several_sessions_show_by_stratum() -> None:
    rows = [
        said(f"{fold}{kind}{at}", fold=fold, speaker=fold, dialogue=f"{fold}{kind}", strata={"performance": kind},
             text=LINE if kind == "scripted" else f"{fold} says its own {at} words")
        for fold in ("S1", "S2", "S3") for kind in ("scripted", "improvised") for at in range(2)
    ]  # fmt: skip
    made = of(*rows)
    assert duplicates(made)["strata"]["performance"] == {
        "scripted": {"long": 6, "across": 6},
        "improvised": {"long": 6, "across": 0},
    }
    assert any(text.startswith("100 % of long scripted transcripts recur in another fold") for text in found_in(made))


def test_a_corpus_inside_another_is_found_with_what_is_equal() -> None:
    small = of(*clean(3))
    rows = [replace(row, text="another text altogether") if row.id == "u-test-0" else row for row in clean(5)]
    large = corpus([(row, label("sad" if row.id == "u-dev-1" else "happy")) for row in rows], name="large")
    pair = between_corpora([small, large])[0]
    assert pair["same_family"]
    assert pair["contained"] == {
        "small": "made_up", "large": "large", "utterances": 9, "recur": 9, "equal_label": 8, "equal_split": 9,
        "equal_text": 8,
    }  # fmt: skip
    other = corpus([(said("x", text=LINE), label("happy"))], name="other", family="other")
    assert between_corpora([small, other])[0] == {
        "a": "made_up", "b": "other", "same_family": False, "texts": 0, "ids": 0, "contained": None,
    }  # fmt: skip
    assert between_corpora([small]) == []


@pytest.mark.parametrize(
    ("text", "size", "long"),
    [
        ("What are you doing?", 4, True),
        ("Oh my god!", 3, False),
        ("你这是嫁入豪门啊！", 8, True),
        ("对对对。", 3, False),
        ("OK，我知道了，没关系的", 10, True),
        (None, None, False),
    ],
)
def test_a_text_is_measured_in_words_or_characters_by_its_script(text: str | None, size: int, long: bool) -> None:
    assert is_long(text) is long
    assert text is None or size_of(text) == size


def test_lengths_are_those_of_clips_where_they_were_probed_and_believed() -> None:
    rows = [said(str(at), start=0.0, end=2.0, audio=f"{at}.wav") for at in range(4)]
    rows[3] = replace(rows[3], parts={"audio": MediaPart(0, 2)})
    media = [
        {"id": "0", "modality": "audio", "state": "ok", "seconds": 2.5, "flags": []},
        {"id": "1", "modality": "audio", "state": "ok", "seconds": 300.0, "flags": ["long"]},
        {"id": "2", "modality": "audio", "state": "unreadable", "seconds": None, "flags": []},
        {"id": "3", "modality": "audio", "state": "ok", "seconds": 250.0, "flags": []},
        {"id": "0", "modality": "video", "state": "ok", "seconds": 2.6, "flags": ["dual_mono"]},
    ]
    made = of(*rows)
    vars(made).update(media=media)
    assert lengths(made) == {"0": (2.5, "audio"), "1": (2.0, "span"), "2": (2.0, "span"), "3": (2.0, "span")}
    found = counts(made)
    assert found["all"]["hours"] == pytest.approx(8.5 / 3600)
    assert found["length_source"] == {"audio": 1, "span": 3}
    assert found["media"]["audio"]["states"] == {"ok": 3, "unreadable": 1}
    assert "1 of 4 audio clips cannot be used (unreadable 1)." in found_in(made)


def test_counts_by_split_add_up() -> None:
    rows = [replace(row, gender="female" if at % 2 else None) for at, row in enumerate(clean(4))]
    found = counts(of(*rows))
    assert {name: part["utterances"] for name, part in found["groups"].items()} == {"train": 4, "dev": 4, "test": 4}
    assert found["all"]["utterances"] == found["all"]["speakers"] == found["all"]["with_text"] == 12
    assert found["all"]["gender"] == found["all"]["speakers_by_gender"] == {"unknown": 6, "female": 6}
    assert found["all"]["hours"] is found["all"]["seconds"] is None
    assert found["size_unit"] == "words"
    assert spread([1.0, 2.0, 3.0])["p50"] == 2.0  # type: ignore[index]
    assert spread([]) is None
