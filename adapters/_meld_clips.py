"""Find the clip of a MELD utterance: names repeat over the splits, and some test clips were cut twice."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from harness.api import AUDIO_SUFFIXES, MEDIA_SUFFIXES, SPLITS, VIDEO_SUFFIXES, Split, Tree, clip_order

SPLIT_OF_FOLDER: Mapping[str, Split] = {
    "train_splits": "train",
    "train": "train",
    "dev_splits_complete": "dev",
    "dev": "dev",
    "output_repeated_splits_test": "test",
    "test": "test",
}
RECUT = "final_videos_test"  # prefix of the test clips the authors cut anew; the ones without it are often wrong
_NAME = re.compile(rf"({RECUT})?(dia[0-9]+_utt[0-9]+)\.([a-z0-9]+)", re.IGNORECASE)


class Found(NamedTuple):
    """One clip; `split` is that of its folder, None where no folder on the way to it names one."""

    split: Split | None
    stem: str  # dia0_utt0
    recut: bool
    sound: bool  # an audio file
    path: str


class Clips:
    """Every clip of a release by split, stem, cut and kind; of two copies the shorter path counts."""

    def __init__(self, tree: Tree) -> None:
        self.found = list(_find(tree))
        self._path: dict[tuple[Split | None, str, bool, bool], str] = {}
        for clip in sorted(self.found, key=lambda clip: clip_order(clip.path, (*AUDIO_SUFFIXES, *VIDEO_SUFFIXES))):
            self._path.setdefault((clip.split, clip.stem, clip.recut, clip.sound), clip.path)

    def video_of(self, split: Split, stem: str) -> str | None:
        """Return the video of an utterance, the one cut anew if there are two."""
        return self._first(split, stem, [(True, False), (False, False)])

    def audio_of(self, split: Split, stem: str) -> str | None:
        """Return the audio file of an utterance, or else its video, which has the sound; a new cut comes first."""
        return self._first(split, stem, [(True, True), (True, False), (False, True), (False, False)])

    def surplus(self, wanted: Mapping[Split, Collection[str]], used: Collection[str | None]) -> dict[str, str]:
        """Say of every clip that is not used why.

        Args:
            wanted: split -> the stems that its table names.
            used: the paths that utterances have.
        """
        return {clip.path: self._reason(clip, wanted) for clip in self.found if clip.path not in used}

    def without(self) -> list[Split]:
        """Return the splits of which no clip is there."""
        there = {clip.split for clip in self.found}
        return [split for split in SPLITS if split not in there]

    def _first(self, split: Split, stem: str, kinds: Sequence[tuple[bool, bool]]) -> str | None:
        paths = (self._path.get((split, stem, recut, sound)) for recut, sound in kinds)
        return next((path for path in paths if path), None)

    def _reason(self, clip: Found, wanted: Mapping[Split, Collection[str]]) -> str:
        if clip.split is None:
            return "unknown_split"
        if clip.stem not in wanted[clip.split]:
            return "unlabelled"
        anew = self._first(clip.split, clip.stem, [(True, True), (True, False)])
        return "superseded" if anew and not clip.recut else "copy"


def _find(tree: Tree) -> Iterator[Found]:
    for path in tree.files:
        *folders, name = path.split("/")
        match = _NAME.fullmatch(name)
        if match and match[3].lower() in MEDIA_SUFFIXES:
            named = (
                SPLIT_OF_FOLDER[folder.lower()] for folder in reversed(folders) if folder.lower() in SPLIT_OF_FOLDER
            )
            split: Split | None = "test" if match[1] else next(named, None)
            yield Found(split, match[2].lower(), bool(match[1]), match[3].lower() in AUDIO_SUFFIXES, path)
