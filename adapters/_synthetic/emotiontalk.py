"""Write drawn utterances as EmotionTalk's JSON tree with its clips: four modality folders, votes, a translation."""

from __future__ import annotations

import csv
import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.api import MAIN_VIEW, Split
from harness.corpora.synthetic.making import Making, Place
from harness.corpora.synthetic.media import Take
from harness.corpora.synthetic.world import Drawn, World

from ..emotiontalk import EMOTION, SPLIT_OF_GROUP, VIEWS

_LABEL = {emotion: label for label, emotion in EMOTION.items()}
_SUFFIX = {"multimodal": "mp4", "text": "txt", "audio": "wav", "video": "mp4"}
RATE = 44100
DEFECTS = {
    "nested_folders": "the folder Audio holds a second folder Audio, and that the files",
    "dual_mono": "wavs of two equal channels",
    "transcript_tags": "transcripts with tags such as [over/] and [laughing]",
    "nested_archive": "an archive of clips (here it is empty) lies among the clips",
    "flipped_votes": "every continuous vote of +1 is written as -1",
}
LABEL_DEFECTS = ("flipped_votes",)
_TAGS = ("[over/]{}[/over]", "{}[laughing]", "[[/over]{}[interrupted]")
_CONFIDENCE = ("9", "8", "7", "6", "5")


def write(root: Path, drawn: Sequence[Drawn], making: Making | None = None) -> list[Take]:
    """Write a JSON file per utterance and modality and the translation below `root`; return the clips to be made."""
    making = making or Making("emotiontalk", World())
    audio = root / "Audio" / "Audio" if making.has("nested_folders") else root / "Audio"
    tagged = making.pick(drawn, "train", min(30, len(drawn) // 6), "transcript_tags")
    flipped = making.has("flipped_votes", sum(1 for row in drawn for vote in _sentiments(row.valence) if vote == 1))
    takes: list[Take] = []
    with (root / "translation_en.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("id", "text_en"))
        for at, (row, id_) in enumerate(_named(drawn)):
            table.writerow((id_, row.text["en"]))
            place = Path(id_[:6], id_.rsplit("_", 2)[0], id_.rsplit("_", 1)[0], id_)
            text = _transcript(row, tagged)
            for view in VIEWS:
                folder = audio if view == "audio" else root / view.capitalize()
                path = (folder / "json" / place).with_suffix(".json")
                path.parent.mkdir(parents=True, exist_ok=True)
                record = _record(row, view, place.with_suffix(f".{_SUFFIX[view]}").as_posix(), text, flipped)
                path.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
            if making.media:
                takes += _clips(root / "Multimodal", audio, place, row, making, at)
    if making.has("nested_archive"):
        folder = root / "Multimodal" / "mp4"
        folder.mkdir(exist_ok=True)
        with zipfile.ZipFile(folder / "mp4.zip", "w") as archive:
            archive.writestr(zipfile.ZipInfo("clip.mp4"), b"")
    return takes


def _transcript(row: Drawn, tagged: frozenset[Place]) -> str:
    text = row.text["zh"]
    return _TAGS[(row.dialogue + row.turn) % len(_TAGS)].format(text) if (row.dialogue, row.turn) in tagged else text


def _clips(films: Path, audio: Path, place: Path, row: Drawn, making: Making, at: int) -> list[Take]:
    both = at % 25 == 0 and making.has("dual_mono")
    wav = Take((audio / "wav" / place).with_suffix(".wav"), (row,), making.corpus, making.world, RATE, 2 if both else 1)
    film = Take((films / "mp4" / place).with_suffix(".mp4"), (row,), making.corpus, making.world, RATE)
    return [wav, film]


def _named(drawn: Sequence[Drawn]) -> Iterator[tuple[Drawn, str]]:
    """Give each utterance its id: a pair of speakers records in one group of its split, dialogues counted from 1."""
    groups: dict[tuple[Split, int, int], str] = {}
    dialogues: dict[int, str] = {}
    count: Counter[str] = Counter()
    for row in drawn:
        first, second = sorted((row.speaker, row.partner))
        official = [group for group, split in SPLIT_OF_GROUP.items() if split == row.split]
        taken = sum(split == row.split for split, _, _ in groups)
        group = groups.setdefault((row.split, first, second), official[taken % len(official)])
        if row.dialogue not in dialogues:
            count[group] += 1
            dialogues[row.dialogue] = f"{group}_{count[group]:02d}"
        yield row, f"{dialogues[row.dialogue]}_{row.speaker + 1:02d}_{row.turn + 1:03d}"


def _record(row: Drawn, view: str, file: str, text: str, flipped: bool) -> dict[str, Any]:
    label = _LABEL[row.emotion if view == MAIN_VIEW else row.views[view]]
    votes: dict[str, dict[str, str]] = {
        annotator: {"emotion": label, "Confidence_degree": confidence}
        for annotator, confidence in zip("ABCDE", _CONFIDENCE, strict=True)
    }
    record: dict[str, Any] = {
        "data": votes,
        "speaker_id": f"{row.speaker + 1:02d}",
        "emotion_result": label,
        "file_path": file,
    }
    if view == MAIN_VIEW:
        for vote, emotion in zip(votes.values(), row.votes.values(), strict=False):
            vote["emotion"] = _LABEL[emotion]
        for vote, sentiment in zip(votes.values(), _sentiments(row.valence), strict=True):
            vote["Continuous_label"] = str(-1 if flipped and sentiment == 1 else sentiment)
        record["Continuous label_result"] = round(2 * row.valence, 1)
    if view in ("text", "audio"):
        record["content"] = text
    if view == "audio":
        span = {"startTime": row.start, "endTime": row.end, "duration": round(row.end - row.start, 2)}
        record |= {"paragraphs": span, "sourceAttr": {"emo_cap": ""}}
    return record


def _sentiments(valence: float) -> list[int]:
    """Return five votes in -2..2 whose mean is twice the valence, one of them +1 wherever the sum allows it."""
    total = round(10 * valence)
    first = [1] if -7 <= total <= 9 else []
    rest = 5 - len(first)
    low, more = divmod(total - sum(first), rest)
    return first + [low + 1] * more + [low] * (rest - more)
