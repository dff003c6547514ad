"""Read EmotionTalk's JSON tree: `<Modality>/json/<group>/<dialogue>/<speaker part>/<id>.json`, one file a label."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from harness.corpus import Vote
from harness.errors import ReleaseError

from ._emotiontalk_rows import VIEWS, Form, Name, Raw, parse_id, parse_label, parse_vote
from ._tables import find_below, read_json

_FILE_KEYS = ("file_path", "file_name", "file")  # the first is in the files, the second in the authors' README
_LABEL_KEY = "emotion_result"
_MEAN_KEY = "Continuous label_result"


def find_trees(root: Path) -> list[tuple[str, Path]]:
    """Find the `json` folders below `root` with the view each belongs to, by the nearest folder named after one."""
    trees = [(_view_of(folder, root), folder) for folder in find_below(root, "json") if folder.is_dir()]
    return [(view, folder) for view, folder in trees if view]


def read_trees(root: Path, trees: list[tuple[str, Path]], known: Collection[str]) -> Form:
    """Read every label below the given folders.

    Args:
        root: the release.
        trees: (view, folder) as found by `find_trees`.
        known: the label strings.

    Raises:
        ReleaseError: a file is damaged, contradicts its own name, or labels an utterance a second time.
    """
    rows: dict[str, Raw] = {}
    places: dict[tuple[str, str], Path] = {}
    transcripts: dict[str, dict[str, str]] = {}
    odd_speakers = 0
    for view, folder in trees:
        for path in _json_files(folder):
            record = _record(path)
            name = parse_id(path.stem, path)
            if (view, path.stem) in places:
                raise ReleaseError(
                    path, f"labels {path.stem} a second time", expected=f"only {places[view, path.stem]}"
                )
            places[view, path.stem] = path
            odd_speakers += not _same_speaker(record, name)
            if isinstance(content := record.get("content"), str):
                transcripts.setdefault(path.stem, {})[view] = content
            _fill(rows.setdefault(path.stem, Raw()), view, record, path, known)
    for utterance, by_view in transcripts.items():
        rows[utterance].text = by_view.get("text", next(iter(by_view.values())))
    views = [view for view in VIEWS if any(view == found for found, _ in trees)]
    return Form(
        variant=f"JSON tree ({', '.join(views)})",
        rows=rows,
        files=[folder.relative_to(root).as_posix() for _, folder in trees],
        notes=_notes(odd_speakers, transcripts),
    )


def _view_of(folder: Path, root: Path) -> str | None:
    parents = [part.lower() for part in (root.resolve().name, *folder.relative_to(root).parts[:-1])]
    return next((part for part in reversed(parents) if part in VIEWS), None)


def _json_files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.endswith(".json") and not name.startswith("."):
                yield Path(place, name)


def _record(path: Path) -> dict[str, Any]:
    record = read_json(path)
    if not isinstance(record, dict):
        raise ReleaseError(path, f"holds a value of type {type(record).__name__}", expected="one JSON object")
    if _LABEL_KEY not in record:
        raise ReleaseError(path, f"key {_LABEL_KEY!r} is missing", expected=f"it among {', '.join(record)}")
    named = next((record[key] for key in _FILE_KEYS if record.get(key)), None)
    if named is not None and PurePosixPath(str(named).replace("\\", "/")).stem != path.stem:
        raise ReleaseError(path, f"says that it is about {named!r}", expected=f"the utterance {path.stem}")
    return record


def _same_speaker(record: dict[str, Any], name: Name) -> bool:
    stated = record.get("speaker_id")
    return stated is None or str(stated).strip().zfill(2) == name.speaker


def _fill(raw: Raw, view: str, record: dict[str, Any], path: Path, known: Collection[str]) -> None:
    raw.labels[view] = parse_label(record[_LABEL_KEY], known, path)
    raw.votes[view] = []
    for annotator, vote in _voters(record.get("data"), path):
        label = parse_vote(vote.get("emotion"), path)
        if label:
            confidence = _number(vote.get("confidence_degree"), path, f"data.{annotator}.Confidence_degree")
            raw.votes[view].append(Vote(annotator, label, confidence))
        if view == "multimodal":
            raw.sentiment += _sentiment(vote, path, annotator)
    if _MEAN_KEY in record:
        raw.native[_MEAN_KEY] = _number(record[_MEAN_KEY], path, _MEAN_KEY)
    span = record.get("paragraphs")
    if span is not None:
        if not isinstance(span, dict):
            raise ReleaseError(path, f"'paragraphs' is of type {type(span).__name__}", expected="startTime and endTime")
        raw.start = _number(span.get("startTime"), path, "paragraphs.startTime")
        raw.end = _number(span.get("endTime"), path, "paragraphs.endTime")


def _voters(data: Any, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each annotator with what he or she said, keys in lower case; `data` is an object or a list."""
    if isinstance(data, list):
        data = {str(number): vote for number, vote in enumerate(data, 1)}
    if not isinstance(data, dict | None):
        raise ReleaseError(path, f"'data' is of type {type(data).__name__}", expected="annotator -> vote")
    for annotator, vote in (data or {}).items():
        if not isinstance(vote, dict):
            raise ReleaseError(path, f"'data.{annotator}' is of type {type(vote).__name__}", expected="an object")
        yield annotator, {key.lower(): value for key, value in vote.items()}


def _sentiment(vote: dict[str, Any], path: Path, annotator: str) -> list[float]:
    votes = []
    for key, value in vote.items():
        if "continuous" in key or key == "sentiment":
            number = _number(value, path, f"data.{annotator}.{key}")
            if number is not None and not -2 <= number <= 2:
                raise ReleaseError(path, f"'data.{annotator}.{key}' is {number:g}", expected="a vote from -2 to 2")
            votes += [] if number is None else [number]
    return votes


def _number(value: Any, path: Path, key: str) -> float | None:
    """Return a number that may be written as a string; a blank is None."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if number != number:
        raise ReleaseError(path, f"{key!r} is {str(value)[:80]!r}", expected="a number")
    return number


def _notes(odd_speakers: int, transcripts: dict[str, dict[str, str]]) -> list[str]:
    differing = sum(len(set(by_view.values())) > 1 for by_view in transcripts.values())
    notes = []
    if odd_speakers:
        notes.append(f"{odd_speakers} files name another speaker_id than the third field of their id; the id decides")
    if differing:
        notes.append(f"{differing} transcripts differ between the modalities; that of Text is used where there is one")
    return notes
