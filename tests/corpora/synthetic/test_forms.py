"""The files of made-up releases: the forms of the real ones, as long as they should be, and the same bytes again."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest
from synth_sample import CORPORA, GUARD, WORLD, N, made

from harness.corpora.media.clips import Clip
from harness.corpora.media.sound import read_sound
from harness.corpora.synthetic.release import Plan, one_after_another, write
from harness.verbs.synth import side_by_side

PCM, AAC = {"codecs": {"pcm_s16le": N}}, {"codecs": {"aac": N}}
H264, MPEG4 = {"codecs": {"h264": N}, "sizes": {"64x64": N}}, {"codecs": {"mpeg4": N}, "sizes": {"128x64": N}}


@pytest.mark.parametrize(
    ("corpus", "sound", "rate", "channels", "picture"),
    [
        ("meld", AAC, 48_000, 2, H264),
        ("ch_sims", AAC, 44_100, 2, H264),
        ("m3ed", PCM, 16_000, 1, None),
        ("iemocap", PCM, 16_000, 1, MPEG4),
        ("emotiontalk", PCM, 44_100, 1, H264),
    ],
)
def test_clips_have_the_form_of_the_real_ones(
    corpus: str, sound: dict[str, object], rate: int, channels: int, picture: dict[str, object] | None
) -> None:
    media = made(corpus).card["media"]
    assert (sound | {"rates": {str(rate): N}, "channels": {str(channels): N}}).items() <= media["audio"].items()
    if picture is None:
        assert media["video"] == "none linked"
    else:
        assert (picture | {"fps": {"10": N}}).items() <= media["video"].items()


@pytest.mark.parametrize("corpus", [name for name in CORPORA if name != "ch_sims"])  # which states no times
def test_clips_last_as_long_as_the_annotation_says(corpus: str) -> None:
    of = made(corpus)
    stated = {row.id: (row.end or 0) - (row.start or 0) for row in of.release.utterances}
    for row in of.rows:
        assert row["seconds"] == pytest.approx(stated[row["id"]], abs=0.11)


def test_six_channels_have_the_voice_in_the_centre() -> None:
    of = made("meld", "six_channels")
    path = next(row["path"] for row in of.rows if row["modality"] == "audio" and row["channels"] == 6)
    with av.open(str(of.root / path)) as film:
        assert film.streams.audio[0].layout.name == "5.1"
        sound = np.concatenate([frame.to_ndarray() for frame in film.decode(audio=0)], axis=1)
    power = (sound**2).mean(axis=1)
    assert power[2] > 20 * np.delete(power, 2).max()


def test_the_same_voice_is_in_the_wav_and_in_the_film() -> None:
    of = made("emotiontalk")
    for row in of.release.utterances[:4]:
        wav, film = (read_sound(Clip(of.root / str(path)), 16_000, GUARD) for path in (row.audio, row.video))
        n = min(len(wav), len(film))
        assert np.corrcoef(wav[:n], film[:n])[0, 1] > 0.9


@pytest.mark.parametrize("corpus", CORPORA)
def test_a_world_is_the_same_bytes_again(corpus: str, tmp_path: Path) -> None:
    render = partial(side_by_side, 2, "test") if corpus == "meld" else one_after_another
    write(Plan(WORLD, True, "all"), corpus, corpus, tmp_path / "again", render=render)
    assert digests(tmp_path / "again") == digests(made(corpus, "all").root)


def digests(root: Path) -> dict[str, str]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
