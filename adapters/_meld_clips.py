"""Find the clip of a MELD utterance: names repeat over the splits, and some test clips were cut twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.corpus import Split

from ._tables import find_below, media_index

FOLDERS: Mapping[Split, tuple[str, ...]] = {
    "train": ("train_splits", "train"),
    "dev": ("dev_splits_complete", "dev"),
    "test": ("output_repeated_splits_test", "test"),
}
RECUT = "final_videos_test"  # prefix of the test clips the authors cut anew; the ones without it are often wrong
AUDIO = ("wav", "flac")
VIDEO = ("mp4",)


@dataclass(frozen=True, slots=True)
class Clips:
    """The clips of one split: stem such as `dia0_utt0` -> path relative to the release."""

    audio: Mapping[str, str]
    video: Mapping[str, str]

    def video_of(self, stem: str) -> str | None:
        """Return the video of an utterance, the one cut anew if there are two."""
        return self.video.get(RECUT + stem) or self.video.get(stem)

    def audio_of(self, stem: str) -> str | None:
        """Return the audio file of an utterance, or else its video, which has the sound."""
        return self.audio.get(RECUT + stem) or self.audio.get(stem) or self.video_of(stem)


def find_clips(root: Path, split: Split) -> Clips:
    """Look for the clips of one split below `root`; without media both maps are empty."""
    return Clips(_index(root, split, AUDIO), _index(root, split, VIDEO))


def _index(root: Path, split: Split, suffixes: Sequence[str]) -> dict[str, str]:
    for name in FOLDERS[split]:
        for folder in find_below(root, name):
            if clips := media_index(folder, suffixes):
                return {stem: (folder / path).relative_to(root).as_posix() for stem, path in clips.items()}
    return {}
