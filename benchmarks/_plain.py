"""The plain loop that most code of the field has: `python -m benchmarks._plain FOLDER CORPUS MODEL EPOCHS BEGAN`.

A .npy file per utterance and modality is read at the start; then a DataLoader with batches of 32 utterances, Adam, a
fixed number of epochs, dev and test after each, one model after the other. The model, its sizes, the weights of the
classes and the standardisation are those of our side; only the loop is plain. Prints one line of JSON. After the first
model four more are trained with other seeds for a few epochs: their dev scores peak early, and show the spread.
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

from harness.core.plugins import find

BATCH, LR = 32, 1e-3
SEEDS, FEW = (1, 2, 3, 4, 5), 10
SLOTS = ("text", "audio", "video")
CLASSES = 7
SIZES = {"hidden": 128, "dropout": 0.3}  # of the models, on both sides


Row = tuple[dict[str, Tensor], int]
Loader = DataLoader[Row]


class Utterances(Dataset[Row]):
    """The utterances of one split, a tensor each."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: int) -> Row:
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
    found: dict[str, list[Row]] = {"train": [], "dev": [], "test": []}
    for at, (_, split, y) in enumerate(table):
        found[split].append(({slot: torch.from_numpy(rows[at]) for slot, rows in x.items()}, int(y)))
    return {split: Utterances(rows) for split, rows in found.items()}


def main(folder: Path, name: str, epochs: int, began: float) -> dict[str, Any]:
    """Train one model a seed; return seconds to the first batch, and seconds and UAR of each model and epoch."""
    parts = read(folder)
    loaders = {split: DataLoader(rows, BATCH, shuffle=split == "train") for split, rows in parts.items()}
    next(iter(loaders["train"]))
    first = time.time() - began
    trained = [train(loaders, name, min(epochs, FEW) if at else epochs, seed) for at, seed in enumerate(SEEDS)]
    return {"first": first, "models": trained}


def train(loaders: Mapping[str, Loader], name: str, epochs: int, seed: int) -> dict[str, list[float]]:
    """Train one model; return seconds, and UAR of dev and test, by epoch."""
    torch.manual_seed(seed)
    rows = loaders["train"].dataset.rows  # type: ignore[attr-defined]
    model = find("fusion", name).Model({slot: len(row) for slot, row in rows[0][0].items()}, CLASSES, SIZES)
    counts = np.bincount([y for _, y in rows], minlength=CLASSES)
    loss_of = nn.CrossEntropyLoss(torch.tensor(counts.sum() / (CLASSES * counts), dtype=torch.float32))
    optimiser = torch.optim.Adam(model.parameters(), lr=LR)
    found: dict[str, list[float]] = {"seconds": [], "dev": [], "test": []}
    for _ in range(epochs):
        start = time.perf_counter()
        model.train()
        for x, y in loaders["train"]:
            optimiser.zero_grad()
            loss_of(_scores(model, x), y).backward()
            optimiser.step()
        for split in ("dev", "test"):
            found[split].append(_uar(model, loaders[split]))
        found["seconds"].append(time.perf_counter() - start)
    return found


def _scores(model: nn.Module, x: Mapping[str, Tensor]) -> Tensor:
    scores: Tensor = model(x, torch.ones(len(next(iter(x.values()))), len(x), dtype=torch.bool))
    return scores


def _uar(model: nn.Module, loader: Loader) -> float:
    model.eval()
    hits, counts = np.zeros(CLASSES), np.zeros(CLASSES)
    with torch.no_grad():
        for x, y in loader:
            right = _scores(model, x).argmax(dim=1) == y
            counts += np.bincount(y, minlength=CLASSES)
            hits += np.bincount(y[right], minlength=CLASSES)
    return float(np.mean(hits[counts > 0] / counts[counts > 0]))


if __name__ == "__main__":
    where, corpus, fusion, many, start = sys.argv[1:]
    print(json.dumps(main(Path(where, "plain", corpus), fusion, int(many), float(start))))
