"""Write drawn utterances in the layout of MELD.Raw: three tables, a folder of clips a split, and the translation."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from harness.api import SPLITS, Split
from harness.corpora.synthetic.making import Making
from harness.corpora.synthetic.media import STUB, Take
from harness.corpora.synthetic.world import Drawn, World

LABEL = {
    "happy": "joy",
    "surprise": "surprise",
    "sad": "sadness",
    "disgust": "disgust",
    "anger": "anger",
    "fear": "fear",
    "neutral": "neutral",
}
TABLE: Mapping[Split, str] = {
    "train": "train/train_sent_emo.csv",
    "dev": "dev_sent_emo.csv",
    "test": "test_sent_emo.csv",
}
CLIPS: Mapping[Split, str] = {
    "train": "train/train_splits",
    "dev": "dev/dev_splits_complete",
    "test": "test/output_repeated_splits_test",
}
RATE = 48000
LOW_RATE = 8000  # of the overlong clip, which would cost more than all others
DEFECTS = {
    "six_channels": "the sound of most clips has six channels, the voice in the centre; of the others two",
    "corrupt_clip": "a train clip has lost its index (no moov atom)",
    "absent_clip": "a dev clip is not there",
    "wrong_cut": "test clips are cut too early, and stand there again whole as final_videos_test...",
    "overlong": "a test clip lasts five minutes",
    "too_short": "train clips last less than a tenth of a second",
    "apple_stubs": "AppleDouble stubs (._x.mp4, 212 bytes) lie among the test clips",
    "unlabelled_clips": "dev clips belong to no row of the table",
    "c1_controls": "quote marks of the train table are C1 control characters",
}
LABEL_DEFECTS = ()
_COLUMNS = (
    *("Sr No.", "Utterance", "Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID"),
    *("Season", "Episode", "StartTime", "EndTime"),
)
_TRANSLATION = ("split", "Dialogue_ID", "Utterance_ID", "clip", "text_zh", "text_en", "zh_suspect")


def write(root: Path, drawn: Sequence[Drawn], making: Making | None = None) -> list[Take]:
    """Write the tables below `root` and return the clips to be made; every drawn dialogue is an episode of its own."""
    making = making or Making("meld", World())
    numbers = _dialogue_numbers(drawn)
    quoted = making.pick(drawn, "train", min(20, len(drawn) // 10), "c1_controls")
    for split in SPLITS:
        rows = [row for row in drawn if row.split == split]
        _write(
            root / TABLE[split],
            _COLUMNS,
            [_line(serial, row, numbers[row.dialogue], quoted) for serial, row in enumerate(rows, 1)],
        )
    _write(root / "translation_zh.csv", _TRANSLATION, [_translation(row, numbers[row.dialogue]) for row in drawn])
    return list(_clips(root, drawn, numbers, making)) if making.media else []


def _clips(root: Path, drawn: Sequence[Drawn], numbers: Mapping[int, int], making: Making) -> Iterator[Take]:
    damages = {
        **dict.fromkeys(making.pick(drawn, "train", 1, "corrupt_clip"), "no_moov"),
        **dict.fromkeys(making.pick(drawn, "train", 3, "too_short"), "too_short"),
        **dict.fromkeys(making.pick(drawn, "test", 1, "overlong"), "overlong"),
        **dict.fromkeys(making.pick(drawn, "test", 5, "wrong_cut"), "wrong_cut"),
    }
    absent = making.pick(drawn, "dev", 1, "absent_clip")
    six = making.has("six_channels", 0)
    for at, row in enumerate(drawn):
        place = row.dialogue, row.turn
        if place in absent:
            continue
        damage = damages.get(place, "")
        channels, rate = (1, LOW_RATE) if damage == "overlong" else (6 if six and at % 8 else 2, RATE)
        making.counts["six_channels"] += channels == 6 and damage != "no_moov"  # of those that can be read
        folder, name = root / CLIPS[row.split], f"dia{numbers[row.dialogue]}_utt{row.turn}.mp4"
        yield Take(folder / name, (row,), making.corpus, making.world, rate, channels, damage)
        if damage == "wrong_cut":
            yield Take(folder / f"final_videos_test{name}", (row,), making.corpus, making.world, rate, channels)
    yield from _strays(root, drawn, numbers, making)


def _strays(root: Path, drawn: Sequence[Drawn], numbers: Mapping[int, int], making: Making) -> Iterator[Take]:
    """Yield clips without a row, and write stubs that are no clips."""
    dev = [row for row in drawn if row.split == "dev"]
    if making.has("unlabelled_clips", 4):
        for row in dev[:4]:
            path = root / CLIPS["dev"] / f"dia{max(numbers.values()) + 1}_utt{row.turn}{row.dialogue}.mp4"
            yield Take(path, (row,), making.corpus, making.world, RATE, 2)
    if making.has("apple_stubs", 4):
        for number in range(4):
            _place(root / CLIPS["test"] / f"._dia{number}_utt0.mp4").write_bytes(STUB)


def _dialogue_numbers(drawn: Sequence[Drawn]) -> dict[int, int]:
    """Number the dialogues from 0 in each split, as the release does."""
    numbers: dict[int, int] = {}
    for split in SPLITS:
        dialogues = dict.fromkeys(row.dialogue for row in drawn if row.split == split)
        numbers |= {dialogue: number for number, dialogue in enumerate(dialogues)}
    return numbers


def _line(serial: int, row: Drawn, number: int, quoted: frozenset[tuple[int, int]]) -> list[object]:
    sentiment = "positive" if row.valence > 0 else "negative" if row.valence < 0 else "neutral"
    text = f"\x93{row.text['en']}\x94" if (row.dialogue, row.turn) in quoted else row.text["en"]
    return [
        *(serial, text, f"Speaker {row.speaker}", LABEL[row.emotion], sentiment, number, row.turn),
        *(1, row.dialogue + 1, _clock(row.start), _clock(row.end)),
    ]


def _translation(row: Drawn, number: int) -> list[object]:
    return [row.split, number, row.turn, f"dia{number}_utt{row.turn}", row.text["zh"], row.text["en"], ""]


def _clock(seconds: float) -> str:
    millis = round(seconds * 1000)
    return f"{millis // 3_600_000:02d}:{millis // 60_000 % 60:02d}:{millis // 1000 % 60:02d},{millis % 1000:03d}"


def _write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with _place(path).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


def _place(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
