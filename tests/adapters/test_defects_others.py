"""The defects of M3ED, IEMOCAP, EmotionTalk and CH-SIMS, each put in alone: what is counted is what was put in."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from synth_sample import N, made, sound_of


def test_m3ed_zero_length() -> None:
    one = made("m3ed", "zero_length")
    assert one.media("audio", "states") == {"empty": one.counts["zero_length"]}


def test_m3ed_swapped_letter() -> None:
    one = made("m3ed", "swapped_letter")
    assert one.noted("name the other speaker") == one.counts["swapped_letter"]
    assert one.media("audio", "ok") == N


def test_m3ed_id_gaps() -> None:
    one = made("m3ed", "id_gaps")
    numbers: dict[str, list[int]] = {}
    for row in one.release.utterances:
        numbers.setdefault(row.dialogue, []).append(int(row.id.rpartition("_")[2]))
    gaps = [found for found in numbers.values() if found != list(range(1, len(found) + 1))]
    assert len(gaps) == one.counts["id_gaps"]
    assert all(found == sorted(found) for found in gaps)
    assert one.media("audio", "ok") == N


def test_m3ed_placeholder_name() -> None:
    one, clean = made("m3ed", "placeholder_name", media=False), made("m3ed", media=False)
    names = {row.speaker for row in clean.release.utterances} ^ {row.speaker for row in one.release.utterances}
    assert sum("_p1" in str(name) for name in names) == 1  # the other one, behind blanks, is the name it always was
    assert len(names) == one.counts["placeholder_name"] == 2


def test_m3ed_misspelt_votes() -> None:
    one, clean = made("m3ed", "misspelt_votes", media=False), made("m3ed", media=False)
    before, after = (
        [vote for row in of.release.annotations for vote in row.votes["multimodal"]] for of in (clean, one)
    )
    assert sum(a != b for a, b in zip(before, after, strict=True)) == one.counts["misspelt_votes"]
    assert [row.soft for row in one.release.annotations] == [row.soft for row in clean.release.annotations]


def test_iemocap_apple_stubs() -> None:
    one = made("iemocap", "apple_stubs", media=False)
    stubs = one.files("._*.txt")
    assert len(stubs) == one.counts["apple_stubs"]
    assert all(path.parent.name == "EmoEvaluation" for path in stubs)


def test_iemocap_bare_lines() -> None:
    one = made("iemocap", "bare_lines", media=False)
    assert one.noted("name no turn") == one.counts["bare_lines"]


def test_iemocap_repeated_turns() -> None:
    one, clean = made("iemocap", "repeated_turns", media=False), made("iemocap", media=False)
    assert one.noted("repeat a turn name") == one.counts["repeated_turns"]
    assert [row.text for row in one.release.utterances] == [row.text for row in clean.release.utterances]


def test_iemocap_missing_attributes() -> None:
    one = made("iemocap", "missing_attributes", media=False)
    given = Counter(len(row.votes["valence"]) for row in one.release.annotations)
    assert given == {5: N - one.counts["missing_attributes"], 2: one.counts["missing_attributes"]}


def test_iemocap_no_sentence() -> None:
    one, clean = made("iemocap", "no_sentence"), made("iemocap")
    whole = [at for at, row in enumerate(one.release.utterances) if "audio" in row.parts]
    assert len(whole) == one.counts["no_sentence"]
    assert one.media("audio", "channels") == {"1": N - len(whole), "2": len(whole)}
    for at in whole:
        cut, own = sound_of(one, at), sound_of(clean, at)
        assert len(cut) == pytest.approx(len(own), abs=2)
        n = min(len(cut), len(own))
        assert np.corrcoef(cut[:n], own[:n])[0, 1] > 0.99


def test_emotiontalk_nested_folders() -> None:
    one = made("emotiontalk", "nested_folders")
    assert (one.root / "Audio/Audio/wav").is_dir()
    assert not (one.root / "Audio/wav").exists()
    assert one.media("audio", "ok") == one.media("video", "ok") == N


def test_emotiontalk_dual_mono() -> None:
    one = made("emotiontalk", "dual_mono")
    assert one.media("audio", "flags") == {"dual_mono": one.counts["dual_mono"]}
    assert one.media("audio", "channels")["2"] == one.counts["dual_mono"]


def test_emotiontalk_transcript_tags() -> None:
    one, clean = made("emotiontalk", "transcript_tags", media=False), made("emotiontalk", media=False)
    tagged = [row for row in one.release.utterances if row.flags]
    assert len(tagged) == one.counts["transcript_tags"]
    assert set(one.card["flags"]) == {"overlap", "laughing", "interrupted"}
    assert [row.text for row in one.release.utterances] == [row.text for row in clean.release.utterances]


def test_emotiontalk_nested_archive() -> None:
    one = made("emotiontalk", "nested_archive", media=False)
    assert one.noted("archives lie in the release") == one.counts["nested_archive"] == len(one.files("*.zip"))


def test_emotiontalk_flipped_votes_leave_valence_out() -> None:
    one, clean = made("emotiontalk", "flipped_votes", media=False), made("emotiontalk", media=False)
    assert one.counts["flipped_votes"] > 10
    assert all(row.shared["valence"].value is None for row in one.release.annotations)
    assert any(row.shared["valence"].value is not None for row in clean.release.annotations)
    emotions = [[row.shared["emotion7"] for row in of.release.annotations] for of in (one, clean)]
    assert emotions[0] == emotions[1]


def test_ch_sims_stripped_ids() -> None:
    one = made("ch_sims", "stripped_ids")
    assert ",0001," not in (one.root / "label.csv").read_text(encoding="utf-8")
    assert one.counts["stripped_ids"] == one.media("audio", "ok") == one.media("video", "ok") == N


def test_ch_sims_surplus_clips() -> None:
    one = made("ch_sims", "surplus_clips")
    assert one.card["media"]["surplus"] == {"unlabelled": one.counts["surplus_clips"]}


@pytest.mark.parametrize(("defect", "head"), [("headerless", b"video_0001,"), ("bom", b"\xef\xbb\xbfvideo_id,")])
def test_ch_sims_heads_of_the_table(defect: str, head: bytes) -> None:
    one, clean = made("ch_sims", defect, media=False), made("ch_sims", media=False)
    assert (one.root / "label.csv").read_bytes().startswith(head)
    assert one.release.utterances == clean.release.utterances
