"""Clips in every form that the decoders read are taken, and of one clip in several forms the one that lost least."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.api import AUDIO_SUFFIXES, VIDEO_SUFFIXES
from harness.core.plugins import find
from harness.corpora.synthetic.release import Plan, write
from harness.corpora.synthetic.world import World
from harness.study.utterance import Utterance

SMALL = World(utterances=40, dialogues=12, speakers=10)
PLACES: dict[str, Callable[[Utterance], str]] = {  # where a release has the clip of an utterance, without its suffix
    "meld": lambda row: f"{row.split}_splits/{row.id.partition('_')[2]}",
    "m3ed": lambda row: f"clips/A_{row.id}",
    "ch_sims": lambda row: "Raw/" + row.id.replace("$_$", "/"),
    "iemocap": lambda row: f"Session1/sentences/wav/{row.dialogue}/{row.id}",
    "emotiontalk": lambda row: f"clips/{row.id}",
}
VIDEO_TOO = {"meld", "ch_sims", "iemocap", "emotiontalk"}


@pytest.fixture(params=sorted(PLACES))
def corpus(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    write(Plan(SMALL), request.param, request.param, tmp_path / "release")
    return request.param, tmp_path / "release"


def clip(corpus: str, root: Path, suffixes: tuple[str, ...]) -> tuple[str | None, str | None]:
    """Return the sound and the picture of the first utterance when its clip lies there in these forms."""
    adapter = find("corpus", corpus)
    first = adapter.read(root).utterances[0]
    made = [root / f"{PLACES[corpus](first)}.{suffix}" for suffix in suffixes]
    for path in made:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    try:
        row = next(row for row in adapter.read(root).utterances if row.id == first.id)
        return tuple(path and path.rpartition(".")[2] for path in (row.audio, row.video))  # type: ignore[return-value]
    finally:
        for path in made:
            path.unlink()


def test_every_form_of_sound_is_taken(corpus: tuple[str, Path]) -> None:
    for suffix in (*AUDIO_SUFFIXES, "WAV"):
        assert clip(*corpus, (suffix,)) == (suffix, None)


def test_every_form_of_film_is_taken(corpus: tuple[str, Path]) -> None:
    if corpus[0] in VIDEO_TOO:
        for suffix in VIDEO_SUFFIXES:
            assert clip(*corpus, (suffix,))[1] == suffix


def test_of_two_forms_the_one_that_lost_less_is_taken(corpus: tuple[str, Path]) -> None:
    assert clip(*corpus, ("mp3", "wav", "opus"))[0] == "wav"
    assert clip(*corpus, ("mp3", "ogg"))[0] == "ogg"
    if corpus[0] in VIDEO_TOO:
        assert clip(*corpus, ("avi", "mp4")) == clip(*corpus, ("mp4",))
