"""The media files of a release: all there are, those that are no utterance's clip, and what else lies with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from harness.api import MEDIA_SUFFIXES, Tree, Utterance

from ._layout import ARCHIVES

SUPERSEDED = "superseded"  # another file of the same name, nearer to the root, is the clip
UNLABELLED = "unlabelled"  # named as an utterance is, and no annotation has it


def media_files(tree: Tree) -> list[str]:
    """Return every media file of a release."""
    return [path for path in tree.files if _is_media(path)]


def hidden_media(tree: Tree) -> int:
    """Count the media files whose names begin with a dot."""
    return sum(map(_is_media, tree.hidden))


def _is_media(path: str) -> bool:
    return path.rpartition(".")[2].lower() in MEDIA_SUFFIXES


def unused(tree: Tree, suffixes: Sequence[str], utterances: Iterable[Utterance]) -> Iterator[tuple[str, str]]:
    """Yield stem and path of every media file with one of the suffixes that is no utterance's sound or picture."""
    used = {path for row in utterances for path in (row.audio, row.video)}
    for path in tree.files:
        stem, dot, suffix = path.rpartition("/")[2].rpartition(".")
        if dot and suffix.lower() in suffixes and path not in used:
            yield stem, path


def backward_note(utterances: Iterable[Utterance]) -> list[str]:
    """Return the note that counts utterances whose end is not after their start; empty if there is none."""
    count = sum(row.start is not None and row.end is not None and row.end <= row.start for row in utterances)
    return [f"{count:,} utterances end at their start or before it: their times say no length"] if count else []


def archive_note(files: Iterable[str]) -> list[str]:
    """Return the note that counts the archives among the files of a release; they are not looked into."""
    archives = [path for path in files if path.lower().endswith(ARCHIVES)]
    return (
        [f"{len(archives):,} archives lie in the release and were not opened, such as {archives[0]}"]
        if archives
        else []
    )
