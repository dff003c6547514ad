"""Train the replicates of one model, selected on source dev, on a CPU or a GPU alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from harness.core.errors import SettingError
from harness.features.matrix import Matrix
from harness.statistics.rare_classes import LEAST_SUPPORT, rare
from harness.study.labels import ClassSpace, Space
from harness.study.selected_settings import ONE_STANDARD_ERROR, name_of
from harness.training import normalisers, selection, settings_search
from harness.training.feature_rows import Examples, FeatureRows
from harness.training.selection import SelectedModel

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Trial:
    """A replicate to train: its seed, its settings, complete, and the resample of train dialogues (0: all as it is)."""

    seed: int
    settings: Mapping[str, Any]
    resample: int = 0


class TrainingData:
    """What the replicates of one fold are trained with.

    Args:
        train: rows the parameters and the normaliser are fitted on.
        dev: rows of the same corpus the settings or the epoch are selected on.
        recipe: its `normalise`.
        unlabelled: train rows of the target, on the footing of `train`, for a recipe whose settings name an
            `alignment`; then there is one such object, and one model, per target.
        rule: by which a setting or epoch is selected on dev (selection.py).

    Raises:
        SettingError: the recipe aligns and there is nothing to align with.
    """

    def __init__(
        self,
        train: Examples,
        dev: Examples,
        recipe: Mapping[str, Any],
        unlabelled: FeatureRows | None = None,
        rule: str = ONE_STANDARD_ERROR,
    ) -> None:
        if recipe.get("settings", {}).get("alignment") and not (unlabelled is not None and len(unlabelled)):
            raise SettingError("alignment needs train rows of the target, and there are none")
        self.train, self.dev, self.unlabelled, self.rule = train, dev, unlabelled, rule
        self.state = normalisers.fit_rows(recipe["normalise"], train.x)


def train(
    module: ModuleType, data: TrainingData, space: Space, recipe: Mapping[str, Any], trials: Sequence[Trial]
) -> list[SelectedModel]:
    """Train one replicate per trial; several at once only where `together` puts them.

    Args:
        module: a module of harness/fusion.
        data: what is learned from and selected on.
        space: the label space.
        recipe: `normalise` and `balanced`.
        trials: seeds and settings.
    """
    train, dev = data.train, data.dev
    weight = row_weights(train.y, space, bool(recipe["balanced"]))
    if selects(module):
        x, on = (side_by_side(recipe["normalise"], data.state, rows.x) for rows in (train, dev))
        on_dev = selection.DevRows(dev.y, dev.dialogues, space, data.rule)
        selected = [_select(module, x, train.y, on, on_dev, weight, space, trial.settings) for trial in trials]
    else:
        selected = _descend(module, data, weight, space, recipe, trials)
    state = _prefixed("norm", data.state)

    def whole(arrays: Arrays) -> Arrays:
        return {**state, **_prefixed("model", arrays)}

    return [
        replace(
            of, arrays=whole(of.arrays), tied=tuple(replace(other, arrays=whole(other.arrays)) for other in of.tied)
        )
        for of in selected
    ]


def selects(module: ModuleType) -> bool:
    """Tell whether a model has a fit of its own that chooses among candidates, instead of being a network."""
    return hasattr(module, "candidates")


def draws(module: ModuleType, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the settings a search tries; those of the recipe where there is none, or the model chooses by itself."""
    return [dict(settings)] if selects(module) else settings_search.draws(settings)


def drawn(module: ModuleType, settings: Mapping[str, Any], trial: Trial) -> dict[str, Any]:
    """Return the settings of a trial that a search drew."""
    return {} if selects(module) else searched(settings, trial.settings)


def searched(settings: Mapping[str, Any], of: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a search chooses of the settings `of` a network, where `settings` are those of the recipe."""
    return {key: of[key] for key in settings_search.drawn_keys(settings)}


def together(module: ModuleType, trials: Sequence[Trial], batched: bool) -> list[tuple[Trial, ...]]:
    """Group the trials that are trained as one batch.

    Where `batched` is True, those that differ in seed, learning rate and weight decay only, if the model allows it. One
    that is aligned with a target is alone.
    """
    alone = selects(module) or not module.BATCHED or any(trial.settings.get("alignment") for trial in trials)
    if alone or not batched:
        return [(trial,) for trial in trials]
    from harness.training.network_batched import FREE

    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        shared = {key: value for key, value in trial.settings.items() if key not in FREE}
        groups.setdefault(repr(sorted(shared.items())), []).append(trial)
    return [tuple(group) for group in groups.values()]


def made_on(module: ModuleType, trials: int) -> dict[str, Any]:
    """Return on which device this process trains a model, with which torch, and how many replicates as one batch.

    The machine is not named: equal machines make equal files.
    """
    if selects(module):
        return {"device": "cpu"}
    import torch

    from harness.training.network import device

    of = device()
    name = torch.cuda.get_device_name(of) if of.type == "cuda" else of.type
    cuda = {"cuda": torch.version.cuda} if of.type == "cuda" else {}
    return {"device": name, "torch": str(torch.__version__), **cuda, "batched": trials}


def side_by_side(normalise: str, state: Arrays, x: FeatureRows) -> Matrix:
    """Return the normalised features of all slots as one matrix, zero where a slot is absent."""
    parts = [normalisers.apply_slot(normalise, state, x, slot) for slot in x.parts]
    if any(sparse.issparse(part) for part in parts):
        return sparse.csr_matrix(sparse.hstack(parts, format="csr"))
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def _descend(
    module: ModuleType,
    data: TrainingData,
    weight: NDArray[np.float64],
    space: Space,
    recipe: Mapping[str, Any],
    trials: Sequence[Trial],
) -> list[SelectedModel]:
    from harness.training import network

    train, dev = data.train, data.dev
    feeds = [feed_of(module, part.x, recipe, data.state, trials[0].settings) for part in (train, dev)]
    fitted = network.Taught(feeds[0], train.y, weight)
    on_dev = selection.DevRows(dev.y, dev.dialogues, space, data.rule)
    if len(trials) == 1:
        alone, other = trials[0].settings, None
        if alone.get("alignment") and data.unlabelled is not None:
            other = feed_of(module, data.unlabelled, recipe, data.state, alone)
        return [network.train(module, fitted, feeds[1], on_dev, space, alone, trials[0].seed, other)]
    from harness.training import network_batched

    settings, seeds = [trial.settings for trial in trials], [trial.seed for trial in trials]
    return network_batched.train(module, fitted, feeds[1], on_dev, space, settings, seeds)


def feed_of(
    module: ModuleType, x: FeatureRows, recipe: Mapping[str, Any], state: Arrays, settings: Mapping[str, Any]
) -> Any:
    """Return the features of rows as a network is given them: normalised, on the device of this process."""
    from harness.training.batches import Feed
    from harness.training.network import device

    return Feed(x, recipe["normalise"], state, module.LEVEL, steps_of(settings), device())


def steps_of(settings: Mapping[str, Any]) -> int:
    """Return how many frames of an utterance a model of frames sees at most."""
    from harness.training.batches import STEPS

    return int(settings.get("steps", STEPS))


def dev_score(scores: NDArray[np.float32], y: NDArray[Any], space: Space) -> float:
    """Return what selection maximises: UAR for classes, CCC for a scale."""
    return selection.DevRows(y, None, space).score(scores)


def row_weights(y: NDArray[Any], space: Space, balanced: bool) -> NDArray[np.float64]:
    """Return a weight per row, 1 on average: 1 without balance, else so that every class counts alike.

    Classes count alike where they have enough rows; one that has fewer than others counts as if it had ten, or two rows
    would decide as much of a model as thousands.
    """
    if not balanced or not isinstance(space, ClassSpace):
        return np.ones(len(y))
    counts = np.bincount(y, minlength=len(space.classes))
    enough = np.where(rare(counts, LEAST_SUPPORT), LEAST_SUPPORT, np.maximum(counts, 1))
    of_rows = (1 / enough)[y]
    weight: NDArray[np.float64] = of_rows * (len(y) / of_rows.sum())
    return weight


def _select(
    module: ModuleType,
    x: Matrix,
    y: NDArray[Any],
    dev: Matrix,
    on_dev: selection.DevRows,
    weight: NDArray[np.float64],
    space: Space,
    settings: Mapping[str, Any],
) -> SelectedModel:
    """Fit every candidate, the weakest first and each from the one before, and select one on source dev."""
    fitted: list[Arrays] = []
    said: list[NDArray[np.float32]] = []
    candidates = module.candidates(settings)
    for candidate in candidates:
        fitted.append(module.fit(x, y, weight, space, candidate, fitted[-1] if fitted else None))
        said.append(module.predict(fitted[-1], dev, space))
    scores = [on_dev.score(of_candidate) for of_candidate in said]
    error = on_dev.error(said[int(np.argmax(scores))])
    at, others = selection.chosen(scores, error, on_dev.rule)
    tied = [
        selection.Tied(name_of(candidates[place]), fitted[place], scores[place], candidates[place]) for place in others
    ]
    return SelectedModel(fitted[at], scores[at], candidates[at], error, tuple(tied))


def _prefixed(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def part_of(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """Return the arrays of a replicate that belong to its normaliser (`norm`) or its model (`model`)."""
    return {name.removeprefix(f"{prefix}."): a for name, a in arrays.items() if name.startswith(f"{prefix}.")}
