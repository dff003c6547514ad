"""Every defect of the real releases, put into a made-up one alone and counted again by `prepare`; then all at once.

What `SYNTHETIC.json` says was put in is held against the card, and no defect may change how many utterances there are
or what their labels say.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from synth_sample import CORPORA, GUARD, N, alone, clean_of, made, speakers, truth_of

from harness.core.plugins import find
from harness.corpora.media.clips import clip_of
from harness.corpora.media.frames import read_frames
from harness.corpora.media.sound import read_sound
from harness.study.utterance import Modality


@pytest.mark.parametrize("corpus", CORPORA)
def test_without_defects_nothing_is_counted(corpus: str) -> None:
    clean = made(corpus)
    assert clean.counts == {}
    assert (clean.card["kept"], clean.card["dropped"], clean.card["flags"]) == (N, {}, {})
    for modality in ("audio", "video") if corpus != "m3ed" else ("audio",):
        assert clean.media(modality, "states") == clean.media(modality, "flags") == {}
    assert clean.card["media"]["surplus"] == ({"dialogue_recording": 20} if corpus == "iemocap" else {})
    assert clean.card["media"]["hidden"] == 0
    assert [note for note in clean.card["notes"] if "vote check passed" not in note] == []


@pytest.mark.parametrize(
    ("corpus", "defect"), [(corpus, name) for corpus in CORPORA for name in find("synthetic layout", corpus).DEFECTS]
)
def test_each_defect_alone_is_there_and_leaves_utterances_and_labels_alone(corpus: str, defect: str) -> None:
    one = alone(corpus, defect)
    clean = clean_of(one, corpus)
    assert list(one.counts) == [defect]
    assert one.counts[defect] > 0
    if defect not in find("synthetic layout", corpus).LABEL_DEFECTS:
        assert truth_of(one.release) == truth_of(clean.release)
    assert speakers(one.release) == speakers(clean.release)
    before = {path.relative_to(clean.root): path.read_bytes() for path in clean.files("*") if path.is_file()}
    after = {path.relative_to(one.root): path.read_bytes() for path in one.files("*") if path.is_file()}
    for facts in (before, after):
        del facts[next(path for path in facts if path.name == "SYNTHETIC.json")]
    assert before != after


@pytest.mark.parametrize("corpus", CORPORA)
def test_each_defect_has_a_test_that_holds_its_count(corpus: str) -> None:
    file = "test_defects_meld.py" if corpus == "meld" else "test_defects_others.py"
    tests = Path(__file__).with_name(file).read_text(encoding="utf-8").split("\n\n\n")
    of_corpus = [test for test in tests if f"def test_{corpus}_" in test]
    for defect in find("synthetic layout", corpus).DEFECTS:
        assert any(f'"{defect}"' in test for test in of_corpus), defect


@pytest.mark.parametrize("corpus", CORPORA)
def test_all_at_once_are_what_each_is_alone(corpus: str) -> None:
    writer = find("synthetic layout", corpus)
    together, clean = made(corpus, "all"), made(corpus)
    assert set(together.counts) == set(writer.DEFECTS) - set(writer.LABEL_DEFECTS)
    assert truth_of(together.release) == truth_of(clean.release)
    for defect, count in together.counts.items():
        expected = alone(corpus, defect).counts[defect]
        assert count == expected or (
            defect == "six_channels" and 0 < count < expected
        )  # others are put into the same clips


@pytest.mark.parametrize("corpus", ["meld", "iemocap"])
def test_what_the_survey_calls_ok_can_be_decoded(corpus: str) -> None:
    found = made(corpus, "all")
    utterances = {row.id: row for row in found.release.utterances}
    for row in [row for row in found.rows if row["state"] == "ok"][::5]:
        clip = clip_of(found.root, utterances[row["id"]], Modality(row["modality"]))
        assert clip is not None
        given = read_sound(clip, 16_000, GUARD) if row["modality"] == "audio" else read_frames(clip, 5, GUARD)
        assert len(given) > 0
