"""A cluster with a clock of its own: how busy its slots are while a study is trained, without waiting for anything.

The queue, the loop that hands pieces out and the rules for seeds and resamples are the project's own; only the
processes are pretended. A slot is a core, and on a cluster with GPUs a core and a quarter of one.

The study has 20 recipes, half of them networks and two of these heavy (frames over time), trained on five corpora, of
which one has five folds, in four label spaces with five seeds. How long a piece takes is drawn: the median of its
recipe, times the size of its cell row, which the harness guesses in advance, times a chance that it cannot know, such
as an early stop. Seconds on a GPU follow the predictions that no GPU has confirmed yet (docs/benchmarks.md).
"""

import heapq
import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.engine import Counts, Engine
from harness.core.engine_settings import EngineSettings
from harness.core.pieces import RESULTS, Needs, Outcome, Piece
from harness.training.matrix_rows import EPOCHS, is_batched, resamples_together

STAGE_START = 8.0  # seconds until a stage has read what it needs to hand out its first piece
WORKER_START = {False: 4.0, True: 8.0}  # seconds until a process has its libraries, and its context on a GPU
RECIPES, NETWORKS, HEAVY = 20, 10, 2
FOLDS = {"iemocap": 5, "meld": 1, "m3ed": 1, "ch_sims": 1, "emotiontalk": 1}
SPACES = ("emotion7", "emotion4", "polarity3", "valence")
SEEDS, RESAMPLES = 5, 10
LIGHT_SECONDS, HEAVY_SECONDS, LINEAR_SECONDS, PREDICT_SECONDS = 10.0, 60.0, 8.0, 1.5  # medians, on a core
LIGHT_GAIN, HEAVY_GAIN = 1.5, 4.0  # how many times faster a GPU trains one seed
BATCH_GAIN = 2.0  # how many times faster it trains five seeds as one batch than one after the other
OF_CELL, OF_PIECE, OF_RECIPE = 0.6, 0.5, 0.5  # standard deviations of the logarithm of seconds
SELECTED = 0.2  # of the time of a linear model, once its settings are selected


def never(seconds: float) -> None:
    """Stand for the work of a piece, whose job is how many seconds it takes: nobody calls it."""
    raise AssertionError(f"{seconds} s of pretended work were begun")


class SlotWorkers:
    """Slots that take pieces on a clock that jumps from one end to the next.

    Like those of Ray (harness/core/engines/ray.py), they are handed some pieces more than run, begin them in the order
    in which they came, and keep their processes.
    """

    def __init__(self, slots: int, has_gpus: bool) -> None:
        self.count, self.has_gpus = slots, has_gpus
        self.now = self.worked = 0.0
        self._waiting: list[Piece] = []
        self._ends: list[tuple[float, int, Piece]] = []
        self._handed: Counter[Needs] = Counter()
        self._idle: Counter[Needs] = Counter()
        self._number = itertools.count()

    def gpus(self) -> float:
        """Return how many GPUs there are: a quarter of one for each slot."""
        return self.count / 4 if self.has_gpus else 0.0

    def cpus_beside(self, gpus: float) -> int:
        """Return the cores of so many GPUs."""
        return max(int(4 * gpus), 1)

    def slots(self, needs: Needs) -> int:
        """Return how many such pieces run at once."""
        del needs  # each takes one slot
        return self.count

    def has_room(self, needs: Needs) -> bool:
        """Tell whether so few such pieces are handed over that slots would soon be idle."""
        return self._handed[needs] < self.count + max(2, self.count // 4)

    def submit(self, piece: Piece, number: int) -> None:
        """Take a piece, and begin it where a slot is free."""
        del number
        self._handed[piece.needs] += 1
        self._waiting.append(piece)
        self._begin()

    def wait(self, label: str) -> list[tuple[Piece, Outcome]]:
        """Go to the next end of a piece, and return it."""
        del label
        self.now, _, piece = heapq.heappop(self._ends)
        self._handed[piece.needs] -= 1
        self._idle[piece.needs] += 1
        self._begin()
        return [(piece, Outcome(seconds=piece.job))]

    def running(self) -> int:
        """Return how many pieces have not ended."""
        return len(self._ends) + len(self._waiting)

    def seen(self, path: Path) -> None:
        """Do nothing: no file is written."""

    def gpu_use(self) -> dict[str, float]:
        """Return nothing."""
        return {}

    def close(self) -> None:
        """Do nothing: no process runs."""

    def end(self, interrupted: bool = False) -> None:
        """Do nothing: no process runs."""

    def _begin(self) -> None:
        while self._waiting and len(self._ends) < self.count:
            piece = self._waiting.pop(0)
            start = 0.0
            if self._idle[piece.needs]:
                self._idle[piece.needs] -= 1
            else:
                start = WORKER_START[bool(piece.needs.gpus and self.has_gpus)]
            self.worked += piece.job
            heapq.heappush(self._ends, (self.now + start + piece.job, next(self._number), piece))


@dataclass(slots=True)
class SimulatedRow:
    """A cell row, whose pieces follow each other as those of harness/training/matrix_rows.py do.

    Args:
        recipe: its name.
        is_network: whether its seeds are trained by gradients, on a GPU where there is one.
        seconds: median of a replicate.
        guess: what the harness guesses of it.
        folds: of the source.
        settings: of the engine.
        batched: whether the seeds are trained as one batch.
        together: how many resamples one piece trains.
        chance: what is drawn.
    """

    recipe: str
    is_network: bool
    seconds: float
    guess: float
    folds: int
    settings: EngineSettings
    batched: bool
    together: int
    chance: random.Random
    _left: list[int] = field(default_factory=list)

    @property
    def _needs(self) -> Needs:
        return self.settings.of_network() if self.is_network else self.settings.of_model()

    def begin(self) -> Iterator[Piece]:
        """Yield the pieces to begin with: those of seeds, or the search of a linear model."""
        seeds = SEEDS if self.is_network else 1
        groups = [seeds] if self.batched else [1] * seeds
        later = self.folds * (0 if self.is_network else RESAMPLES) + 1
        self._left = [len(groups)] * self.folds
        for fold in range(self.folds):
            for at, size in enumerate(groups):
                yield self._piece(fold, size, 0 if fold or at else later, is_first=True)

    def _piece(self, fold: int, size: int, expects: int, is_first: bool) -> Piece:
        faster = BATCH_GAIN if self.batched and self.is_network else 1.0
        fitted = 1.0 if is_first else SELECTED
        seconds = self.seconds * size * fitted / faster * _drawn(self.chance, OF_PIECE)
        kind = f"train {self.recipe}{'' if is_first else ' again'}"

        def then(_: object) -> list[Piece]:
            return self._ended(fold, is_first)

        return Piece(
            never, seconds, kind, self._needs, size, self.guess * size * fitted, kind, then=then, expects=expects
        )

    def _ended(self, fold: int, is_first: bool) -> list[Piece]:
        self._left[fold] -= 1
        if self._left[fold]:
            return []
        if is_first and not self.is_network:
            sizes = [min(self.together, RESAMPLES - at) for at in range(0, RESAMPLES, self.together)]
            self._left[fold] = len(sizes)
            return [self._piece(fold, size, 0, is_first=False) for size in sizes]
        return [] if any(self._left) else [self._prediction()]

    def _prediction(self) -> Piece:
        seconds, kind = PREDICT_SECONDS * _drawn(self.chance, OF_PIECE), f"predict {self.recipe}"
        return Piece(never, seconds, kind, self._needs, cost=self.guess / EPOCHS, kind=kind, urgency=RESULTS)


def study(slots: int, has_gpus: bool, is_one_submission: bool, batch: bool | str, seed: int) -> tuple[float, float]:
    """Train a study, and return its seconds and the share of them in which slots worked.

    Args:
        slots: of the cluster.
        has_gpus: whether it has GPUs.
        is_one_submission: whether all recipes are handed over at once, and not one stage after the other.
        batch: `engine.batch` of params.yaml.
        seed: of all that is drawn.
    """
    every = [f"r{number:02d}" for number in range(RECIPES)]
    groups = [every] if is_one_submission else [[recipe] for recipe in every]
    seconds = worked = 0.0
    for recipes in groups:
        workers = SlotWorkers(slots, has_gpus)
        engine = Engine(EngineSettings(batch=batch), workers, Counts(), None)
        engine.run_pieces(_pieces(recipes, engine, seed), "simulated")
        seconds += STAGE_START + workers.now
        worked += workers.worked
    return seconds, worked / (slots * seconds)


def _pieces(recipes: Sequence[str], engine: Engine, seed: int) -> list[Piece]:
    networks = [recipe for recipe in recipes if _is_network(recipe)]
    folds = sum(FOLDS.values()) * len(SPACES)
    batched = is_batched(engine, len(networks) * folds)
    together = resamples_together(RESAMPLES, folds * len(recipes), engine.slots(engine.settings.of_model()))
    rows = (
        _row(recipe, source, space, engine, batched and _is_network(recipe), together, seed)
        for recipe, source, space in itertools.product(recipes, FOLDS, SPACES)
    )
    return [piece for row in rows for piece in row.begin()]


def _row(recipe: str, source: str, space: str, engine: Engine, batched: bool, together: int, seed: int) -> SimulatedRow:
    """Return a cell row, which takes as long in whatever submission it is."""
    number, is_network = int(recipe[1:]), _is_network(recipe)
    is_heavy = number < HEAVY
    median = (HEAVY_SECONDS if is_heavy else LIGHT_SECONDS) if is_network else LINEAR_SECONDS
    if is_network and engine.workers.gpus():
        median /= HEAVY_GAIN if is_heavy else LIGHT_GAIN
    size = _drawn(random.Random(f"{seed} {source} {space}"), OF_CELL)
    own = _drawn(random.Random(f"{seed} {recipe}"), OF_RECIPE) if not is_heavy else 1.0
    chance = random.Random(f"{seed} {recipe} {source} {space}")
    return SimulatedRow(
        recipe, is_network, median * own * size, size, FOLDS[source], engine.settings, batched, together, chance
    )


def _is_network(recipe: str) -> bool:
    return int(recipe[1:]) < NETWORKS


def _drawn(chance: random.Random, deviation: float) -> float:
    return chance.lognormvariate(0.0, deviation)


def shares(seeds: Sequence[int]) -> Iterator[tuple[str, int, dict[bool, tuple[float, float]]]]:
    """Yield each plan and number of slots with the mean seconds and busy share, as stages and as one submission."""
    plans = {
        "CPU": (False, False),
        "GPU, a piece per seed": (True, False),
        "GPU, seeds batched": (True, True),
        "GPU, engine.batch auto": (True, "auto"),
    }
    for (plan, (has_gpus, batch)), slots in itertools.product(plans.items(), (8, 64, 256)):
        found: dict[bool, list[tuple[float, float]]] = defaultdict(list)
        for seed, is_one in itertools.product(seeds, (False, True)):
            found[is_one].append(study(slots, has_gpus, is_one, batch, seed))
        yield plan, slots, {is_one: _mean(of) for is_one, of in found.items()}


def _mean(of: Sequence[tuple[float, float]]) -> tuple[float, float]:
    seconds, busy = zip(*of, strict=True)
    return sum(seconds) / len(of), sum(busy) / len(of)
