"""Find the clips of CH-SIMS: `<any folder>/<video_id>/<clip_id>.mp4`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ._tables import find_below, media_index


class Clips:
    """The media of the given videos below `root`, by video and clip id; without any, every look-up gives None."""

    def __init__(self, root: Path, videos: Iterable[str]) -> None:
        videos = list(videos)
        self._video = _index(root, videos, ("mp4",))
        self._audio = _index(root, videos, ("wav", "flac"))

    def video_of(self, video: str, clip: str) -> str | None:
        """Return a clip's path relative to the release; an id that lost its zeros is also tried with them."""
        return _look_up(self._video.get(video, {}), clip)

    def audio_of(self, video: str, clip: str) -> str | None:
        """Return a clip's audio file, or else its video, which has the sound."""
        return _look_up(self._audio.get(video, {}), clip) or self.video_of(video, clip)


def _look_up(stems: Mapping[str, str], clip: str) -> str | None:
    names = (clip, clip.zfill(4), clip.zfill(5)) if clip.isdigit() else (clip,)
    return next((stems[name] for name in names if name in stems), None)


def _index(root: Path, videos: list[str], suffixes: tuple[str, ...]) -> dict[str, dict[str, str]]:
    parent = _parent(root, videos, suffixes)
    if parent is None:
        return {}
    return {
        video: {
            stem: (parent / video / path).relative_to(root).as_posix()
            for stem, path in media_index(parent / video, suffixes).items()
        }
        for video in videos
    }


def _parent(root: Path, videos: list[str], suffixes: tuple[str, ...]) -> Path | None:
    """Return the nearest folder whose video folders hold clips: those of features have the same names."""
    for video in videos:
        for folder in find_below(root, video):
            if media_index(folder, suffixes):
                return folder.parent
    return None
