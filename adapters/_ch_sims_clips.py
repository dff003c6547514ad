"""Find the clips of CH-SIMS: `<any folder>/<video_id>/<clip_id>.mp4`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from harness.api import AUDIO_SUFFIXES, VIDEO_SUFFIXES, Tree, clip_order


class _Found(NamedTuple):
    parent: str  # the folder of the folders of videos
    video: str
    clip: str
    path: str


class Clips:
    """The clips of the labelled videos, by video and clip id.

    Folders of features and faces are named as the videos too. The folder that holds most labelled clips is the
    release's; another one serves only for clips that are not there.

    Args:
        tree: the release.
        wanted: video id -> the clip ids that have a label.
    """

    def __init__(self, tree: Tree, wanted: Mapping[str, Collection[str]]) -> None:
        self._wanted = wanted
        videos, sounds = _find(tree, VIDEO_SUFFIXES), _find(tree, AUDIO_SUFFIXES)
        self._video, self._audio = _index(videos, wanted, VIDEO_SUFFIXES), _index(sounds, wanted, AUDIO_SUFFIXES)
        self._found = [*videos, *sounds]

    def video_of(self, video: str, clip: str) -> str | None:
        """Return a clip's path, None if it is not there; an id that lost its zeros is also tried with them."""
        return self._look_up(self._video, video, clip)

    def audio_of(self, video: str, clip: str) -> str | None:
        """Return a clip's audio file, or else its video, which has the sound."""
        return self._look_up(self._audio, video, clip) or self.video_of(video, clip)

    def surplus(self, used: Collection[str | None]) -> dict[str, str]:
        """Say of every clip that is not used why: a copy of one that is, or no label."""
        taken = [clip for clip in self._found if clip.path in used]
        names, homes = {(clip.video, clip.clip) for clip in taken}, {clip.parent for clip in taken}
        return {
            clip.path: "copy" if (clip.video, clip.clip) in names else "unlabelled"
            for clip in self._found
            if clip.path not in used and (clip.parent in homes or clip.video in self._wanted)
        }

    def _look_up(self, index: Mapping[str, Mapping[str, str]], video: str, clip: str) -> str | None:
        """Return the clip of this id, or of this id with its zeros if that is no other labelled clip's id."""
        stems, others = index.get(video, {}), self._wanted[video]
        full = [name for name in (clip.zfill(4), clip.zfill(5)) if clip.isdecimal() and name not in others]
        return next((stems[name] for name in (clip, *full) if name in stems), None)


def _find(tree: Tree, suffixes: Collection[str]) -> list[_Found]:
    clips = []
    for path in tree.files:
        folder, _, name = path.rpartition("/")
        parent, _, video = folder.rpartition("/")
        clip, dot, suffix = name.rpartition(".")
        if dot and video and suffix.lower() in suffixes:
            clips.append(_Found(parent, video, clip, path))
    return clips


def _index(clips: Sequence[_Found], wanted: Collection[str], suffixes: Sequence[str]) -> dict[str, dict[str, str]]:
    """Map video and clip ids to paths; of two folders the one with more clips of labelled videos comes first."""
    size = Counter(clip.parent for clip in clips if clip.video in wanted)
    index: dict[str, dict[str, str]] = {}

    def order(clip: _Found) -> tuple[object, ...]:
        return -size[clip.parent], clip.parent.count("/"), clip_order(clip.path, suffixes)

    for clip in sorted(clips, key=order):
        index.setdefault(clip.video, {}).setdefault(clip.clip, clip.path)
    return index
