"""Write drawn utterances in the layout of IEMOCAP: labels, transcripts, sentences and recordings of five sessions.

Fold n is session n; impro and script dialogues alternate, and so does the marker letter in their names, whose actor is
on the left half of the dialogue's picture. A Chinese translation, `translation_zh.csv`, lies at the root.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.corpora.synthetic.making import Making, Place
from harness.corpora.synthetic.media import STUB, Take
from harness.corpora.synthetic.world import Drawn, World

LABEL = {
    "happy": ("hap", "exc"),  # in turns
    "surprise": ("sur",),
    "sad": ("sad",),
    "disgust": ("dis",),
    "anger": ("ang",),
    "fear": ("fea",),
    "neutral": ("neu",),
}
CATEGORY = {
    "happy": "Happiness",
    "surprise": "Surprise",
    "sad": "Sadness",
    "disgust": "Disgust",
    "anger": "Anger",
    "fear": "Fear",
    "neutral": "Neutral state",
}
LETTER = {"female": "F", "male": "M"}
DEFECTS = {
    "apple_stubs": "AppleDouble stubs (._x.txt) lie among the label files",
    "bare_lines": "transcripts hold lines that name no turn",
    "repeated_turns": "transcripts name a turn twice",
    "missing_attributes": "turns lack attribute ratings: one evaluator left the valence blank, two gave none",
    "no_sentence": "turns have no wav of their own, only the recording of their dialogue",
}
LABEL_DEFECTS = ()
_RATERS = 5  # as many whole numbers as it takes for their mean to give 3 + 2 * valence, a multiple of .4


def write(root: Path, drawn: Sequence[Drawn], making: Making | None = None) -> list[Take]:
    """Write labels, transcripts and the translation below `root`, and return the sound and films to be made."""
    making = making or Making("iemocap", World())
    names = _turn_names(drawn)
    dialogues: dict[tuple[int, str], list[tuple[str, Drawn]]] = {}
    for name, row in zip(names, drawn, strict=True):
        dialogues.setdefault((row.fold, name.rpartition("_")[0]), []).append((name, row))
    unrated = making.pick(drawn, "train", 5, "missing_attributes")
    bare, repeated = making.has("bare_lines", len(dialogues)), making.has("repeated_turns", len(dialogues))
    for (fold, dialogue), turns in dialogues.items():
        folder = root / f"Session{fold}" / "dialog"
        blocks = [
            "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n",
            *(_block(*turn, unrated) for turn in turns),
        ]
        _write(folder / "EmoEvaluation" / f"{dialogue}.txt", "\n".join(blocks))
        lines = [_transcript(*turn) for turn in turns]
        lines += [lines[0]] * repeated + ["F: (they leave the room)\n"] * bare
        _write(folder / "transcriptions" / f"{dialogue}.txt", "".join(lines))
    for fold, dialogue in list(dialogues)[: 3 * making.has("apple_stubs", 3)]:
        (root / f"Session{fold}" / "dialog" / "EmoEvaluation" / f"._{dialogue}.txt").write_bytes(STUB)
    with (root / "translation_zh.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [[name, row.text["zh"]] for name, row in zip(names, drawn, strict=True)]
        csv.writer(file).writerows([["id", "text_zh"], *rows])
    return list(_takes(root, drawn, dialogues, making)) if making.media else []


def _takes(
    root: Path, drawn: Sequence[Drawn], dialogues: dict[tuple[int, str], list[tuple[str, Drawn]]], making: Making
) -> Iterator[Take]:
    """Yield a wav a turn, and a stereo wav and a film a dialogue."""
    silent = making.pick(drawn, "test", 6, "no_sentence")
    for (fold, dialogue), turns in dialogues.items():
        session = root / f"Session{fold}"
        rows = tuple(row for _, row in turns)
        marked = next(who for row in rows for who, letter in _letters(row) if letter == dialogue[5])
        for name, row in turns:
            if (row.dialogue, row.turn) not in silent:
                path = session / "sentences" / "wav" / dialogue / f"{name}.wav"
                yield Take(path, (row,), making.corpus, making.world)
        wav, film = (
            session / "dialog" / "wav" / f"{dialogue}.wav",
            session / "dialog" / "avi" / "DivX" / f"{dialogue}.avi",
        )
        yield Take(wav, rows, making.corpus, making.world, channels=2, left=marked)
        yield Take(film, rows, making.corpus, making.world, left=marked)


def _letters(row: Drawn) -> list[tuple[int, str]]:
    """Return both speakers of a turn with their letters; they are a woman and a man."""
    own = LETTER[row.gender]
    return [(row.speaker, own), (row.partner, "FM".replace(own, ""))]


def _turn_names(drawn: Sequence[Drawn]) -> list[str]:
    """Name the turns; the two speakers of a dialogue count separately, each from 000."""
    order = {fold: list(dict.fromkeys(row.dialogue for row in drawn if row.fold == fold)) for fold in range(1, 6)}
    count: Counter[str] = Counter()
    names = []
    for row in drawn:
        speaker = f"{_dialogue_name(row.fold, order[row.fold].index(row.dialogue))}_{LETTER[row.gender]}"
        names.append(f"{speaker}{count[speaker]:03d}")
        count[speaker] += 1
    return names


def _dialogue_name(fold: int, number: int) -> str:
    performance = f"impro{number // 2 + 1:02d}" if number % 2 == 0 else f"script{number // 2 + 1:02d}_1"
    return f"Ses0{fold}{'FM'[number // 2 % 2]}_{performance}"


def _block(name: str, row: Drawn, unrated: frozenset[Place]) -> str:
    """Return an utterance's lines; three evaluators name a category, five rate the attributes."""
    labels = LABEL[row.emotion]
    total = round(_RATERS * (3 + 2 * row.valence))
    ratings = [total // _RATERS + (rater < total % _RATERS) for rater in range(_RATERS)]
    valences = [f"val {rating}" for rating in ratings]
    if (row.dialogue, row.turn) in unrated:
        valences = ["val ", *valences[1:-2]]
    lines = [
        f"[{row.start:.4f} - {row.end:.4f}]\t{name}\t{labels[row.turn % len(labels)]}\t"
        f"[{total / _RATERS:.4f}, 3.0000, 3.0000]",
        *(f"C-E{number}:\t{CATEGORY[emotion]};\t()" for number, emotion in enumerate(row.votes.values(), 2)),
        f"C-{LETTER[row.gender]}1:\t{CATEGORY[row.emotion]};\t()",
        *(f"A-E{number}:\t{valence}; act 3; dom  3;\t()" for number, valence in enumerate(valences, 1)),
    ]
    return "\n".join(lines) + "\n"


def _transcript(name: str, row: Drawn) -> str:
    return f"{name} [{row.start:08.4f}-{row.end:08.4f}]: {row.text['en']}\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
