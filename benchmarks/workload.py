"""Pooled features in the sizes of real corpora: `python -m benchmarks.workload FOLDER --scale 0.1` writes them.

Audio 1024, text 768 and video 768 numbers an utterance, in the splits of EmotionTalk and MELD and with their shares of
the seven emotions. The features of a modality are mixed from 64 factors. What a class adds to the factors lets a linear
model reach a UAR near .5; some factors have a sign that tells nothing alone and something of the class together with
those of the other modalities, so that a model that multiplies modalities finds more. Some labels are wrong. The same
arguments give the same features.

In FOLDER lie the files of a study (data/, params.yaml), and what a plain loop over files reads (plain/): a .npy file
per utterance and modality, and ids, splits and classes in one table.
"""

import argparse
import csv
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import _study
from harness.study.labels import EMOTION7

SEED = 20261122
WIDTHS = {"text": 768, "audio": 1024, "video": 768}
SPLITS = ("train", "dev", "test")
TURNS = 10  # utterances of a dialogue
FACTORS = 64  # what the features of a modality are mixed from
MEANS, SHIFT, SPEAKER = 0.14, 0.25, 0.3  # of the factors, beside their own spread of 1
BITS, LOUD = 3, 3.0  # factors of a modality with a sign, and how far it moves them
KEPT = 0.85  # how often the product of two modalities' signs is the one of the class
NOISE = 0.5  # of each feature, beside the 1 of what is mixed
WRONG = 0.1  # share of labels drawn anew


@dataclass(frozen=True, slots=True)
class Size:
    """How large a corpus is: utterances of each split, its speakers, and the share of each class of emotion7."""

    splits: tuple[int, int, int]
    speakers: int
    shares: tuple[float, ...]


SIZES = {
    "emotalk": Size((15413, 1917, 1920), 19, (0.20, 0.10, 0.10, 0.09, 0.17, 0.06, 0.28)),
    "meld": Size((9989, 1109, 2610), 260, (0.174, 0.121, 0.068, 0.027, 0.111, 0.027, 0.472)),
}


@dataclass(frozen=True, slots=True)
class Made:
    """A made-up corpus: ids, split and class (n,) of every utterance, and its features by modality, (n, width)."""

    ids: list[str]
    splits: NDArray[np.str_]
    y: NDArray[np.int64]
    x: dict[str, NDArray[np.float32]]

    def part(self, split: str) -> NDArray[np.int64]:
        """Return the rows of a split."""
        return np.flatnonzero(self.splits == split)


def make(corpus: str, scale: float = 1.0) -> Made:
    """Make a corpus of SIZES, with `scale` times as many utterances."""
    size = SIZES[corpus]
    counts = [max(round(count * scale), 50) for count in size.splits]
    n, k = sum(counts), len(size.shares)
    shared = np.random.default_rng(SEED)  # of all corpora, so that a model carries over
    means = {slot: shared.normal(0, MEANS, (k, FACTORS)) for slot in WIDTHS}
    mixes = {slot: shared.normal(0, FACTORS**-0.5, (FACTORS, width)) for slot, width in WIDTHS.items()}
    codes = np.where(np.arange(k)[:, None] >> np.arange(BITS) & 1, 1, -1)
    own = np.random.default_rng([SEED, list(SIZES).index(corpus)])
    y = own.choice(k, n, p=np.array(size.shares) / sum(size.shares))
    speaker = own.integers(size.speakers, size=n)
    signs = _signs(own, codes[y], len(WIDTHS))
    x = {}
    for at, (slot, width) in enumerate(WIDTHS.items()):
        factors = own.standard_normal((n, FACTORS)) + own.normal(0, SHIFT, FACTORS) + means[slot][y]
        factors += own.normal(0, SPEAKER, (size.speakers, FACTORS))[speaker]
        factors[:, :BITS] += LOUD * signs[at]
        rows = (factors @ mixes[slot]).astype(np.float32)
        rows += NOISE * own.standard_normal((n, width), dtype=np.float32)
        x[slot] = rows
    wrong = own.random(n) < WRONG
    y[wrong] = own.choice(k, wrong.sum(), p=np.array(size.shares) / sum(size.shares))
    splits = np.repeat(SPLITS, counts)
    ids = [f"{split}_dia{at // TURNS}_utt{at % TURNS}" for at, split in enumerate(splits)]
    return Made(ids, splits, y, x)


def _signs(chance: np.random.Generator, code: NDArray[np.int64], modalities: int) -> list[NDArray[np.int64]]:
    """Return signs (n, BITS) of each modality: even alone, their product with the first's is mostly the class's."""
    first = chance.choice([-1, 1], code.shape)
    return [first] + [first * code * np.where(chance.random(code.shape) < KEPT, 1, -1) for _ in range(1, modalities)]


def write(folder: Path, corpus: str, made: Made) -> None:
    """Write a corpus and its features as a study holds them; nothing of it has to be extracted."""
    labels = [EMOTION7.classes[y] for y in made.y]
    _study.write_corpus(folder, corpus, made.ids, made.splits.tolist(), EMOTION7.name, labels)
    for slot, rows in made.x.items():
        _study.write_store(folder, corpus, slot, made.ids, rows)


def write_plain(folder: Path, corpus: str, made: Made) -> None:
    """Write a corpus as one .npy file per utterance and modality, and a table of ids, splits and classes."""
    for slot, rows in made.x.items():
        place = folder / "plain" / corpus / slot
        place.mkdir(parents=True, exist_ok=True)
        for name, row in zip(made.ids, rows, strict=True):
            np.save(place / f"{name}.npy", row, allow_pickle=False)
    with (folder / "plain" / corpus / "table.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(zip(made.ids, made.splits.tolist(), made.y.tolist(), strict=True))


def fill(folder: Path, scale: float = 1.0, corpora: Sequence[str] = tuple(SIZES)) -> list[str]:
    """Write corpora in both forms, and a params.yaml; return what was written."""
    lines = []
    for corpus in corpora:
        start = time.perf_counter()
        made = make(corpus, scale)
        write(folder, corpus, made)
        write_plain(folder, corpus, made)
        counts = "/".join(f"{len(made.part(split)):,}" for split in SPLITS)
        lines.append(f"{corpus}, {counts} utterances (written in {time.perf_counter() - start:.0f} s)")
    _study.write_params(folder, list(corpora), [EMOTION7.name], encoders=_study.encoders(list(WIDTHS)))
    return lines


def run(scale: float = 0.1) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        return [f"at a scale of {scale:g}, as stores and as one file per utterance:", *fill(Path(folder), scale)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the workload of the training benchmark.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=1.0, help="how many times as many utterances")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    print("\n".join(fill(given.folder, given.scale)))
