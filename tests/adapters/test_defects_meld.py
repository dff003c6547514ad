"""The defects of MELD, each put in alone: what the card counts is what `SYNTHETIC.json` says."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from synth_sample import GUARD, N, heard, hit, made, sound_of, stated


def test_meld_corrupt_clip() -> None:
    one = made("meld", "corrupt_clip")
    for modality in ("audio", "video"):
        assert one.media(modality, "states") == {"unreadable": one.counts["corrupt_clip"]}
    assert "moov" in next(row["problem"] for row in one.rows if row["state"] == "unreadable")


def test_meld_absent_clip() -> None:
    one = made("meld", "absent_clip")
    assert one.media("audio", "states") == one.media("video", "states") == {"missing": one.counts["absent_clip"]}


def test_meld_six_channels() -> None:
    one = made("meld", "six_channels")
    assert one.media("audio", "channels") == {"6": one.counts["six_channels"], "2": N - one.counts["six_channels"]}
    assert one.counts["six_channels"] > 0.8 * N
    assert all(np.abs(sound_of(one, at)).max() > 0.01 for at in range(5))


def test_meld_wrong_cut() -> None:
    one = made("meld", "wrong_cut")
    count = one.counts["wrong_cut"]
    assert one.card["media"]["surplus"] == {"superseded": count}
    again = [at for at, row in enumerate(one.release.utterances) if "final_videos_test" in str(row.audio)]
    assert len(again) == count
    assert one.media("audio", "flags") == {}
    for at in again:
        assert heard(one, at) == pytest.approx(stated(one, at), abs=0.05)


def test_meld_overlong() -> None:
    one = made("meld", "overlong")
    assert one.media("audio", "flags") == {"long": 1, "length_differs": 1}
    assert one.media("video", "flags")["long"] == one.counts["overlong"] == 1
    (at,) = hit(one, "long")
    assert max(found["seconds"] for found in one.rows) > 300
    assert heard(one, at) <= stated(one, at) + GUARD.slack + 0.01
    assert (one.root / str(one.release.utterances[at].audio)).stat().st_size < 300_000


def test_meld_too_short() -> None:
    one = made("meld", "too_short")
    assert one.media("audio", "flags")["short"] == one.media("video", "flags")["short"] == one.counts["too_short"]
    assert all(0 < heard(one, at) < 0.1 for at in hit(one, "short"))


def test_meld_apple_stubs() -> None:
    one = made("meld", "apple_stubs")
    assert one.card["media"]["hidden"] == one.counts["apple_stubs"] == len(one.files("._*.mp4"))
    assert {path.stat().st_size for path in one.files("._*.mp4")} == {212}
    assert one.card["media"]["surplus"] == {}


def test_meld_unlabelled_clips() -> None:
    one = made("meld", "unlabelled_clips")
    assert one.card["media"]["surplus"] == {"unlabelled": one.counts["unlabelled_clips"]}


def test_meld_c1_controls() -> None:
    one = made("meld", "c1_controls", media=False)
    quoted = [row.text for row in one.release.utterances if row.text and row.text.startswith("\u201c")]
    assert len(quoted) == one.counts["c1_controls"]
    assert all(text.endswith("\u201d") for text in quoted)
    assert one.noted("C1 control characters") == 2 * one.counts["c1_controls"]


def test_meld_ids_restart_in_each_split() -> None:
    names = Counter(path.name for path in made("meld").files("dia0_utt0.mp4"))
    assert names == {"dia0_utt0.mp4": 3}
    assert len({row.id for row in made("meld").release.utterances}) == N
