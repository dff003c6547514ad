"""Read EmotionTalk's JSON tree: `<Modality>/json/<group>/<dialogue>/<speaker part>/<id>.json`, one file per label."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from harness.api import MAIN_VIEW, Pairs, ReleaseError, Tree, Vote, read_json

from ._emotiontalk_rows import VIEWS, Form, Name, Raw, parse_id, parse_label, parse_vote
from ._layout import decimal

_FILE_KEYS = ("file_path", "file_name", "file")  # the first is in the files, the second in the authors' README
_LABEL_KEY = "emotion_result"
_MEAN_KEY = "Continuous label_result"


def find_trees(tree: Tree) -> list[tuple[str, str]]:
    """Find the `json` folders with the view each belongs to, by the nearest folder named after one."""
    trees = [(_view_of(folder, tree), folder) for folder in tree.find_folders("json")]
    return [(view, folder) for view, folder in trees if view]


def read_trees(tree: Tree, trees: list[tuple[str, str]], known: Collection[str]) -> Form:
    """Read every label below the given folders.

    Args:
        tree: the release.
        trees: (view, folder) as found by `find_trees`.
        known: the label strings.

    Raises:
        ReleaseError: a file is damaged, contradicts its own name, or labels an utterance a second time.
    """
    rows: dict[str, Raw] = {}
    places: dict[tuple[str, str], Path] = {}
    transcripts: dict[str, dict[str, str]] = {}
    odd = _Odd()
    for view, folder in trees:
        for path in (tree.path(file) for file in tree.below(folder) if file.endswith(".json")):
            id_ = path.stem
            name = parse_id(id_, path)
            record = _record(path, odd)
            if (view, id_) in places:
                raise ReleaseError(path, f"labels {id_} a second time", expected=f"only {places[view, id_]}")
            places[view, id_] = path
            odd.speakers += not _same_speaker(record, name)
            if isinstance(content := record.get("content"), str):
                transcripts.setdefault(id_, {})[view] = content
            _fill(rows.setdefault(id_, Raw()), view, record, path, known)
    for utterance, by_view in transcripts.items():
        rows[utterance].text = by_view.get("text", next(iter(by_view.values())))
    odd.transcripts = sum(len(set(by_view.values())) > 1 for by_view in transcripts.values())
    views = [view for view in VIEWS if any(view == tree_view for tree_view, _ in trees)]
    return Form(
        variant=f"JSON tree ({', '.join(views)})", rows=rows, files=[folder for _, folder in trees], notes=odd.notes()
    )


@dataclass(slots=True)
class _Odd:
    """How many files hold what a reader should know."""

    speakers: int = 0
    transcripts: int = 0
    keys: int = 0

    def once(self, pairs: Pairs) -> dict[str, Any]:
        """Make an object of its keys and values, and count it if it says a key twice."""
        record = dict(pairs)
        self.keys += len(record) < len(pairs)
        return record

    def notes(self) -> list[str]:
        """Say what was counted."""
        counted = (
            (self.speakers, "files name another speaker_id than the third field of their id; the id decides"),
            (self.transcripts, "transcripts differ between the modalities; that of Text is used where there is one"),
            (self.keys, "objects in the files say a key twice; the last one counts"),
        )
        return [f"{count:,} {what}" for count, what in counted if count]


def _view_of(folder: str, tree: Tree) -> str | None:
    parents = [part.lower() for part in (tree.root.resolve().name, *folder.split("/")[:-1])]
    return next((part for part in reversed(parents) if part in VIEWS), None)


def _record(path: Path, odd: _Odd) -> dict[str, Any]:
    record = read_json(path, odd.once)
    if not isinstance(record, dict):
        raise ReleaseError(path, f"holds a value of type {type(record).__name__}", expected="one JSON object")
    if _LABEL_KEY not in record:
        raise ReleaseError(path, f"key {_LABEL_KEY!r} is missing", expected=f"it among {', '.join(record)}")
    named = next((record[key] for key in _FILE_KEYS if record.get(key)), None)
    if named is None:
        return record
    if not isinstance(named, str):  # it is compared, and never opened
        raise ReleaseError(path, f"its file name is of type {type(named).__name__}", expected="a string")
    if PurePosixPath(named.replace("\\", "/")).stem != path.stem:
        raise ReleaseError(path, f"says that it is about {named!r}", expected=f"the utterance {path.stem}")
    return record


def _same_speaker(record: dict[str, Any], name: Name) -> bool:
    stated = record.get("speaker_id")
    if isinstance(stated, int):
        stated = str(stated)
    return stated is None or (isinstance(stated, str) and stated.strip().zfill(2) == name.speaker)


def _fill(raw: Raw, view: str, record: dict[str, Any], path: Path, known: Collection[str]) -> None:
    raw.labels[view] = parse_label(record[_LABEL_KEY], known, path)
    raw.votes[view] = []
    for annotator, vote in _voters(record.get("data"), path):
        label = parse_vote(vote.get("emotion"), path)
        if label:
            confidence = _number(vote.get("confidence_degree"), path, f"data.{annotator}.Confidence_degree")
            raw.votes[view].append(Vote(annotator, label, confidence))
        sentiment = _sentiment(vote, path, annotator) if view == MAIN_VIEW else None
        if sentiment is not None:
            raw.sentiment[annotator] = sentiment
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


def _sentiment(vote: dict[str, Any], path: Path, annotator: str) -> float | None:
    """Return what an annotator answered to the continuous question; two different answers are a ReleaseError."""
    mean_vote: float | None = None
    for key, value in vote.items():
        if "continuous" not in key and key != "sentiment":
            continue
        number = _number(value, path, f"data.{annotator}.{key}")
        if number is not None and not -2 <= number <= 2:
            raise ReleaseError(path, f"'data.{annotator}.{key}' is {number:g}", expected="a vote from -2 to 2")
        if None not in (number, mean_vote) and number != mean_vote:
            raise ReleaseError(path, f"'data.{annotator}' holds two continuous votes", expected="one")
        mean_vote = mean_vote if number is None else number
    return mean_vote


def _number(value: Any, path: Path, key: str) -> float | None:
    """Return a number that may be written as a string; a blank is None."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    number = decimal(str(value)) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    if number is None:
        shown = repr(str(value)) if isinstance(value, str | int) else f"of type {type(value).__name__}"
        raise ReleaseError(path, f"{key!r} is {shown}", expected="a number")
    return number
