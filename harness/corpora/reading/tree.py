"""Walk the files of a release once, staying inside it and coming to an end.

Dot files are left out (AppleDouble stubs look like annotation and are not), so is what is no regular file. A link is
followed where it leads to a place inside the release, and outside only below a folder that `EMOTRANSFER_LINKS` names
(separated by colons): what a release points to must not be able to pull in the rest of a machine. What was left out
is counted in `notes`.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from harness.core.plain_text import can_be_name

ALLOWED = "EMOTRANSFER_LINKS"
DEEPEST = 12  # folders below the root; no release has more than seven
CIRCLE = "links lead in a circle"
NEAR = 4  # folders below the root in which a release's own marker files are looked for


class Tree:
    """The visible files and folders below `root`, as sorted paths relative to it with forward slashes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: list[str] = []
        self.folders: list[str] = []
        self.hidden: list[str] = []  # dot files: `._x.mp4` and the like
        self._left_out: dict[str, list[str]] = defaultdict(list)
        self._inside = os.path.realpath(root)
        self._allowed = [os.path.realpath(folder) for folder in os.environ.get(ALLOWED, "").split(os.pathsep) if folder]
        self._linked: set[str] = set()
        self._walk()
        self.files.sort()
        self.folders.sort()
        self._files_named = _by_name(self.files)
        self._folders_named = _by_name(self.folders)
        self._known = frozenset(self.files)

    def __contains__(self, path: str) -> bool:
        return path in self._known

    @property
    def notes(self) -> list[str]:
        """Say what was left out of the walk, one line per kind with its first example."""
        return [f"{len(paths):,} {what}, such as {paths[0]}" for what, paths in sorted(self._left_out.items())]

    def path(self, relative: str) -> Path:
        """Return the full path of a file or folder of this tree."""
        return self.root / relative

    def find(self, name: str, depth: int = NEAR) -> list[str]:
        """Return the files of this name, or matching this pattern, at most `depth` folders below the root.

        Nearer ones come first. Where no file has the name, those count that have it in other letters: capitals change
        on the way through some systems.
        """
        return _near(self._files_named, name, depth)

    def find_folders(self, name: str, depth: int = NEAR) -> list[str]:
        """Return the folders of this name, or matching this pattern, nearer ones first."""
        return _near(self._folders_named, name, depth)

    def below(self, folder: str) -> Iterator[str]:
        """Yield the files anywhere below a folder ("" is the root)."""
        start = f"{folder}/" if folder else ""
        for position in range(bisect_left(self.files, start), len(self.files)):
            if not self.files[position].startswith(start):
                return
            yield self.files[position]

    def media(self, suffixes: Sequence[str], folder: str = "") -> dict[str, str]:
        """Map each media file's stem below a folder to its path; of files with one stem the first by `clip_order`."""
        index: dict[str, str] = {}
        for path in self.below(folder):
            stem, dot, suffix = path.rpartition("/")[2].rpartition(".")
            if dot and stem and suffix.lower() in suffixes:
                known = index.setdefault(stem, path)
                if known is not path:
                    index[stem] = min(known, path, key=lambda clip: clip_order(clip, suffixes))
        return index

    def _walk(self) -> None:
        waiting: list[tuple[str, tuple[str, ...]]] = [("", (self._inside,))]  # folder, real folders on the way to it
        while waiting:
            folder, way = waiting.pop()
            try:
                with os.scandir(f"{self._inside}/{folder}") as listing:
                    entries = sorted(listing, key=lambda entry: entry.name)
            except OSError as error:
                self._left_out[f"folders cannot be read ({error.strerror})"].append(folder or ".")
                continue
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                self._enter(entry, path, way, waiting)

    def _enter(
        self, entry: os.DirEntry[str], path: str, way: tuple[str, ...], waiting: list[tuple[str, tuple[str, ...]]]
    ) -> None:
        if not can_be_name(entry.name):
            self._left_out["files have names that are no text"].append(ascii(path))
        elif entry.name.startswith("."):
            self.hidden.append(path)
        elif entry.is_symlink() and (why := self._refusal(entry, way)):
            self._left_out[why].append(path)
        elif entry.is_dir():
            real = os.path.realpath(entry.path) if entry.is_symlink() else os.path.join(way[-1], entry.name)
            if len(way) > DEEPEST:
                self._left_out[f"folders lie more than {DEEPEST} levels deep"].append(path)
            elif real in way:  # by a link to itself, or to a folder around the release
                self._left_out[CIRCLE].append(path)
            else:
                self.folders.append(path)
                waiting.append((path, (*way, real)))
        elif entry.is_file():
            self.files.append(path)
        else:
            self._left_out["entries are neither files nor folders"].append(path)

    def _refusal(self, entry: os.DirEntry[str], way: tuple[str, ...]) -> str | None:
        """Return why a link is not followed, or None."""
        real = os.path.realpath(entry.path)
        if not os.path.exists(real):
            return "links lead nowhere"
        if not any(_is_below(real, folder) for folder in (self._inside, *self._allowed)):
            return f"links lead out of the release and were not followed (name their folder in {ALLOWED} if they may)"
        if not entry.is_dir() or real in way:
            return None
        if real in self._linked:  # once is enough, or a few links to each other make a tree without end
            return "links lead to a folder that another link leads to"
        self._linked.add(real)
        return None


def clip_order(path: str, suffixes: Sequence[str]) -> tuple[int, int, str]:
    """Return a key that sorts copies of one clip: the shorter path comes first, then the earlier suffix."""
    stem, _, suffix = path.rpartition(".")
    return len(stem), suffixes.index(suffix.lower()), path


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _by_name(paths: Sequence[str]) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for path in paths:
        named.setdefault(path.rpartition("/")[2], []).append(path)
    return named


def _near(named: dict[str, list[str]], name: str, depth: int) -> list[str]:
    if any(sign in name for sign in "*?["):
        paths_of_name = [path for file_name, paths in named.items() if fnmatchcase(file_name, name) for path in paths]
    else:
        paths_of_name = named.get(name) or [
            path for file_name, paths in named.items() if file_name.lower() == name.lower() for path in paths
        ]
    near = [path for path in paths_of_name if path.count("/") <= depth]
    return sorted(near, key=lambda path: (path.count("/"), path))
