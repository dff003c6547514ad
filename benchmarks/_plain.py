"""The plain loop that most code of the field has: `python -m benchmarks._plain FOLDER CORPUS MODEL EPOCHS SEED BEGAN`.

A .npy file per utterance and modality is read at the start; then a DataLoader with batches of 32 utterances, Adam, a
fixed number of epochs, dev and test after each, one model after the other. The model, its sizes, the weights of the
classes and the standardisation are those of our side; only the loop is plain. Prints one line of JSON.
"""

import csv
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from harness.plugins import find

BATCH, LR = 32, 1e-3
SLOTS = ("text", "audio", "video")
CLASSES = 7
SIZES = {"hidden": 128, "dropout": 0.3}  # of the models, on both sides


class Utterances(Dataset[tuple[dict[str, Tensor], int]]):
    """The utterances of one split, a tensor each."""

    def __init__(self, rows: list[tuple[dict[str, Tensor], int]]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: int) -> tuple[dict[str, Tensor], int]:
        return self.rows[at]


def read(folder: Path) -> dict[str, Utterances]:
    """Read every file of every split, and standardise by the train split."""
    with (folder / "table.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file))
    x = {slot: np.stack([np.load(folder / slot / f"{name}.npy") for name, _, _ in table]) for slot in SLOTS}
    train = np.array([split == "train" for _, split, _ in table])
    for rows in x.values():
        rows -= rows[train].mean(axis=0)
        rows /= rows[train].std(axis=0)
    found: dict[str, list[tuple[dict[str, Tensor], int]]] = {"train": [], "dev": [], "test": []}
    for at, (_, split, y) in enumerate(table):
        found[split].append(({slot: torch.from_numpy(rows[at]) for slot, rows in x.items()}, int(y)))
    return {split: Utterances(rows) for split, rows in found.items()}


def main(folder: Path, name: str, epochs: int, seed: int, began: float) -> dict[str, Any]:
    """Train one model; return seconds to the first batch and of each epoch, and UAR of dev and test by epoch."""
    torch.manual_seed(seed)
    parts = read(folder)
    loaders = {split: DataLoader(rows, BATCH, shuffle=split == "train") for split, rows in parts.items()}
    next(iter(loaders["train"]))
    first = time.time() - began
    widths = {slot: len(row) for slot, row in parts["train"][0][0].items()}
    model = find("fusion", name).Model(widths, CLASSES, SIZES)
    counts = np.bincount([y for _, y in parts["train"].rows], minlength=CLASSES)
    loss_of = nn.CrossEntropyLoss(torch.tensor(counts.sum() / (CLASSES * counts), dtype=torch.float32))
    optimiser = torch.optim.Adam(model.parameters(), lr=LR)
    seconds, dev, test = [], [], []
    for _ in range(epochs):
        start = time.perf_counter()
        model.train()
        for x, y in loaders["train"]:
            optimiser.zero_grad()
            loss_of(_scores(model, x), y).backward()
            optimiser.step()
        dev.append(_uar(model, loaders["dev"]))
        test.append(_uar(model, loaders["test"]))
        seconds.append(time.perf_counter() - start)
    return {"first": first, "seconds": seconds, "dev": dev, "test": test}


def _scores(model: nn.Module, x: Mapping[str, Tensor]) -> Tensor:
    scores: Tensor = model(x, torch.ones(len(next(iter(x.values()))), len(x), dtype=torch.bool))
    return scores


def _uar(model: nn.Module, loader: DataLoader[tuple[dict[str, Tensor], int]]) -> float:
    model.eval()
    hits, counts = np.zeros(CLASSES), np.zeros(CLASSES)
    with torch.no_grad():
        for x, y in loader:
            right = _scores(model, x).argmax(dim=1) == y
            counts += np.bincount(y, minlength=CLASSES)
            hits += np.bincount(y[right], minlength=CLASSES)
    return float(np.mean(hits[counts > 0] / counts[counts > 0]))


if __name__ == "__main__":
    where, corpus, fusion, *numbers = sys.argv[1:]
    print(json.dumps(main(Path(where, "plain", corpus), fusion, int(numbers[0]), int(numbers[1]), float(numbers[2]))))
