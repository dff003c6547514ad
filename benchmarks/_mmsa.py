"""MMSA's LMF and TFN on features in its own format, against `transfer` on the same frames in our stores."""

import json
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import _study
from benchmarks._watch import BOTH_CORES, Watched, python, watch
from harness.core import paths
from harness.features.matrix import Ragged
from harness.study import predictions
from harness.study.labels import VALENCE
from harness.training import model_files

SHAPES = {"text": (39, 768), "audio": (400, 33), "video": (55, 709)}  # frames at most, width
NAMES = {"text": "text", "audio": "audio", "video": "vision"}  # of the slots, as MMSA calls them
PARTS = {"train": ("train", 1368), "valid": ("dev", 456), "test": ("test", 457)}
CORPUS, SEED, BLUR, MEAN = "sims", 20261122, 0.6, 0.05
SEEDS = (1, 2, 3, 4, 5)
EPOCHS = {"lmf": 0, "tfn": 2}  # after which MMSA is cut short
AS_LARGE = "tfn_as_large"  # with MMSA's width of 102 numbers a modality: 36 million parameters
STOP = 9  # epochs that MMSA trains at least: it waits for 8 without progress
SHARED = {"weight_decay": 0.005, "epochs": 100, "patience": 8}
OURS = {  # recipe -> (model, settings)
    "lmf": ("lmf", {"hidden": 64, "rank": 4, "dropout": 0.2, "lr": 0.002, "batch": 64, **SHARED}),
    "tfn": ("tfn", {"hidden": 32, "dropout": 0.4, "lr": 0.0005, "batch": 32, **SHARED}),
    AS_LARGE: ("tfn", {"size": 102, "hidden": 32, "dropout": 0.4, "lr": 0.0005, "batch": 32, **SHARED, "epochs": 2}),
    "mfn": ("mfn", {"dropout": 0.2, "lr": 0.002, "batch": 64, **SHARED}),
}


@dataclass(frozen=True, slots=True)
class Split:
    """One split: the label of every utterance, and its frames by slot, (n, frames, width), zero after its length."""

    y: NDArray[np.float32]
    x: dict[str, NDArray[np.float32]]
    lengths: dict[str, NDArray[np.int64]]


def make(scale: float) -> dict[str, Split]:
    """Make frames whose mean tells something of the label in every modality, by MMSA's name of the split."""
    chance = np.random.default_rng(SEED)
    axes = {slot: chance.normal(0, MEAN, width).astype(np.float32) for slot, (_, width) in SHAPES.items()}
    found = {}
    for part, (_, count) in PARTS.items():
        n = max(round(count * scale), 20)
        y = (np.round(chance.uniform(-1, 1, n) * 5) / 5).astype(np.float32)
        x, lengths = {}, {}
        for slot, (frames, width) in SHAPES.items():
            lengths[slot] = chance.integers(frames // 4, frames, n, endpoint=True)
            rows = chance.standard_normal((n, frames, width), dtype=np.float32)
            rows += (y + chance.normal(0, BLUR, n)).astype(np.float32)[:, None, None] * axes[slot]
            rows[np.arange(frames) >= lengths[slot][:, None]] = 0
            x[slot] = rows
        found[part] = Split(y, x, lengths)
    return found


def write_pickle(path: Path, made: Mapping[str, Split]) -> None:
    """Write the file that MMSA reads."""
    whole = {}
    for part, split in made.items():
        n = len(split.y)
        told = {f"regression_labels{suffix}": split.y for suffix in ("", "_T", "_A", "_V")}
        frames = {NAMES[slot]: rows for slot, rows in split.x.items()}
        lengths = {f"{NAMES[slot]}_lengths": split.lengths[slot].tolist() for slot in ("audio", "video")}
        whole[part] = {"raw_text": np.array([""] * n), "id": _ids(part, n), **told, **frames, **lengths}
    with path.open("wb") as file:
        pickle.dump(whole, file, protocol=4)


def write_study(folder: Path, made: Mapping[str, Split]) -> None:
    """Write the same frames, without what fills them up, as a corpus with stores and a recipe for each model."""
    ids = [name for part, split in made.items() for name in _ids(part, len(split.y))]
    splits = [PARTS[part][0] for part, split in made.items() for _ in split.y]
    labels = [float(y) for split in made.values() for y in split.y]
    _study.write_corpus(folder, CORPUS, ids, splits, VALENCE.name, labels)
    for slot, (_, width) in SHAPES.items():
        frames = [row[:n] for split in made.values() for row, n in zip(split.x[slot], split.lengths[slot], strict=True)]
        _study.write_store(folder, CORPUS, slot, ids, Ragged.of(frames, width))
    slots = list(SHAPES)
    recipes = {name: _study.recipe(slots, model, settings, balanced=False) for name, (model, settings) in OURS.items()}
    sections = {"encoders": _study.encoders(slots), "recipes": recipes, "training": {"seeds": list(SEEDS)}}
    _study.write_params(folder, [CORPUS], [VALENCE.name], **sections)


def _ids(part: str, n: int) -> list[str]:
    return [f"{part}_dia{at // 10}_utt{at % 10}" for at in range(n)]


def compare(folder: Path, theirs: str, scale: float = 1.0) -> Iterator[str]:
    """Yield both sides' times and scores.

    Args:
        folder: where all is written.
        theirs: the Python that has MMSA.
        scale: how many times as many utterances.
    """
    made = make(scale)
    path = folder / "sims.pkl"
    write_pickle(path, made)
    write_study(folder, made)
    del made
    script = str(Path(__file__).with_name("_mmsa_run.py"))
    times, paces = {}, {}
    for model, largest in EPOCHS.items():
        ran = watch([theirs, script, str(path), model, str(folder), str(largest)], folder, BOTH_CORES)
        said = json.loads(ran.out.strip().splitlines()[-1])
        times[model] = said["seconds"] + np.mean(said["epochs"]) * (STOP - largest) * bool(largest)
        paces[model] = float(np.mean(said["epochs"]))
        yield _theirs(model, ran, said, times[model], largest)
    for recipe, (model, _) in OURS.items():
        ran = watch([*python("harness"), "transfer", recipe], folder)
        same = recipe == AS_LARGE
        yield _epochs(recipe, ran, paces[model]) if same else _ours(folder, recipe, ran, times.get(model))


def _theirs(model: str, ran: Watched, said: Any, seconds: float, cut: int) -> str:
    pace, done = np.mean(said["epochs"]), len(said["epochs"])
    how = f"at least, from {cut} of the {STOP} epochs it trains at least" if cut else f"stopped after {done} epochs"
    return (
        f"MMSA {model}: {seconds:.0f} s a model ({how}; imports {said['imports']:.1f} s, reading {said['read']:.1f} s, "
        f"{pace:.1f} s an epoch), {ran.peak:.0f} MB; {said['test'] or 'not tested'}"
    )


def _ours(folder: Path, recipe: str, ran: Watched, theirs: float | None) -> str:
    trained = model_files.read(folder / paths.model(recipe, CORPUS, VALENCE.name)).replicates
    epochs = [one.chosen["epoch"] for one in trained]
    found = predictions.read(folder / paths.prediction(recipe, CORPUS, VALENCE.name, CORPUS), VALENCE)
    truth = _truth(folder)
    told = []
    for one in found:
        rows = [at for at, split in enumerate(one.splits) if split == "test"]
        y, scores = np.array([truth[one.ids[at]] for at in rows]), one.scores[rows, 0]
        told.append((np.abs(y - scores).mean(), np.corrcoef(y, scores)[0, 1]))
    error, correlation = np.mean(told, axis=0)
    mine = ran.wall / len(epochs)
    ratio = f"ratio {theirs / mine:.1f}" if theirs else "no counterpart"
    return (
        f"ours {recipe}: {mine:.1f} s a model ({len(epochs)} in {ran.wall:.1f} s, start-up included, best epochs "
        f"{', '.join(map(str, epochs))}), {ran.peak:.0f} MB; {ratio}; test MAE {error:.4f}, Corr {correlation:.4f}"
    )


def _epochs(recipe: str, ran: Watched, theirs: float) -> str:
    """Compare epochs of a network of MMSA's own size: to train it to its end takes ten minutes a model."""
    epochs = len(SEEDS) * int(OURS[recipe][1]["epochs"])
    mine = ran.wall / epochs
    return f"ours {recipe}: {mine:.1f} s an epoch ({epochs} in {ran.wall:.0f} s), MMSA {theirs:.1f}; {ran.peak:.0f} MB"


def _truth(folder: Path) -> dict[str, float]:
    with (folder / paths.labels(CORPUS)).open(encoding="utf-8") as file:
        return {row["id"]: row[VALENCE.name] for row in map(json.loads, file)}
