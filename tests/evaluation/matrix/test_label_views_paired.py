"""What label views change, on a corpus made by hand: against scikit-learn, and intervals by brute force."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from harness.core import paths
from harness.core.csv_tables import number
from harness.core.plugins import find
from harness.evaluation.matrix.cells import CellScorer, CellToScore
from harness.evaluation.matrix.label_views import ViewDifference, differences
from harness.evaluation.matrix.target_corpus import TargetCorpus
from harness.report.questions_views import label_views
from harness.report.result_lines import frame
from harness.statistics import sums
from harness.statistics.few_clusters import small_sample_level
from harness.study import manifest
from harness.study.labels import EMOTION4, MAIN_VIEW, SPACES, Shared
from harness.study.predictions import Predictions
from harness.study.release import Annotation
from harness.study.utterance import Utterance

N, DIALOGUES, TEXT = 200, 20, "text"
NAMES = [f"u{at:03}" for at in range(N)]
CHANCE = np.random.default_rng(11)
LABELS = {MAIN_VIEW: CHANCE.integers(0, 4, N)}
LABELS[TEXT] = np.where(np.arange(N) % 4 == 0, (LABELS[MAIN_VIEW] + 1) % 4, LABELS[MAIN_VIEW])
UNKNOWN = {MAIN_VIEW: {"u007"}, TEXT: {"u000"}}  # with alternating turns, dialogues then begin in another order
SAID = {view: np.where(CHANCE.random(N) < 0.7, LABELS[view], CHANCE.integers(0, 4, N)) for view in LABELS}
VIEWS = {"first": [MAIN_VIEW], "main": [MAIN_VIEW, TEXT], "own": [MAIN_VIEW, TEXT]}
SETTINGS = {"resamples": 100, "seed": 1, "level": 0.95}


def dialogue(at: int, alternating: bool) -> int:
    return at % DIALOGUES if alternating else at * DIALOGUES // N


def write(alternating: bool) -> None:
    """Write the corpus "made": test utterances of 20 dialogues, two of which lack one label."""

    def shared(at: int, view: str) -> dict[str, Shared]:
        absent = Shared(None, "not_annotated")
        known = Shared(EMOTION4.classes[LABELS[view][at]]) if NAMES[at] not in UNKNOWN[view] else absent
        return {**dict.fromkeys(SPACES, absent), EMOTION4.name: known}

    paths.utterances("made").parent.mkdir(parents=True)
    manifest.write_utterances(
        paths.utterances("made"),
        [Utterance(n, "test", f"d{dialogue(at, alternating)}", at, None, "zh", n) for at, n in enumerate(NAMES)],
    )
    manifest.write_labels(
        paths.labels("made"),
        [Annotation(n, {}, shared(at, MAIN_VIEW), {TEXT: shared(at, TEXT)}) for at, n in enumerate(NAMES)],
    )


def found(alternating: bool) -> dict[tuple[str, str, str], ViewDifference]:
    """The differences between recipes that say the main label, or that of the text, with some noise."""
    write(alternating)
    target = TargetCorpus("made")
    rows = []
    for recipe, tested in VIEWS.items():
        learned = TEXT if recipe == "own" else MAIN_VIEW
        scores = np.eye(4, dtype=np.float32)[SAID[learned]]
        said = Predictions("all", 1, NAMES, ["test"] * N, scores)
        for view in tested:
            scored = target.rows(EMOTION4, view).align([said], True)
            rows.append(CellToScore(recipe, {"view": learned, "fusion": "linear"}, "made", "made", view, scored=scored))
    made = differences(rows, find("metric", "uar"), CellScorer(SETTINGS, EMOTION4, ["uar"], target))
    return {(one.change, one.recipe, one.test_view): one for one in made}


@pytest.mark.parametrize("alternating", [False, True])
def test_differences_are_paired_also_where_turns_of_dialogues_alternate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alternating: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    made = found(alternating)
    sides = {  # what was said and what it is tested against, less the same
        ("learned", "own", MAIN_VIEW): ((TEXT, MAIN_VIEW), (MAIN_VIEW, MAIN_VIEW)),
        ("learned", "own", TEXT): ((TEXT, TEXT), (MAIN_VIEW, TEXT)),
        ("tested", "main", TEXT): ((MAIN_VIEW, TEXT), (MAIN_VIEW, MAIN_VIEW)),
        ("tested", "own", TEXT): ((TEXT, TEXT), (TEXT, MAIN_VIEW)),
    }
    assert set(made) == set(sides)
    for key, (one, other) in sides.items():
        lacking = UNKNOWN[one[1]] | UNKNOWN[other[1]]
        rows = np.array([at for at, name in enumerate(NAMES) if name not in lacking])
        line = made[key]
        assert (line.n, line.dialogues) == (len(rows), DIALOGUES)
        values = [balanced_accuracy_score(LABELS[view][rows], SAID[said][rows]) for said, view in (one, other)]
        assert [line.value, line.other] == pytest.approx(values)
        assert [line.low, line.high] == pytest.approx(brute_force(rows, alternating, one, other))
        assert (line.floor, line.other_floor) == (0.25, 0.25)
    both = np.array([at for at, name in enumerate(NAMES) if name not in UNKNOWN[MAIN_VIEW] | UNKNOWN[TEXT]])
    people = balanced_accuracy_score(LABELS[MAIN_VIEW][both], LABELS[TEXT][both])
    ceilings = [None if one.ceiling is None else round(one.ceiling, 6) for one in made.values()]
    assert ceilings == [round(people, 6), None, round(people, 6), round(people, 6)]
    assert [one.twin for one in made.values()] == ["first", "main", "main", "own"]  # the first twin tested against it


def brute_force(rows: np.ndarray, alternating: bool, *sides: tuple[str, str]) -> list[float]:
    """The interval of the difference, each resample made of the rows themselves."""
    of = [dialogue(at, alternating) for at in rows]
    numbers = {name: at for at, name in enumerate(dict.fromkeys(of))}
    drawn = []
    for weights in sums.draws(DIALOGUES, SETTINGS["resamples"], SETTINGS["seed"]):
        at = np.repeat(rows, [weights[numbers[name]] for name in of])
        one, other = (balanced_accuracy_score(LABELS[view][at], SAID[said][at]) for said, view in sides)
        drawn.append(one - other)
    tail = (1 - small_sample_level(DIALOGUES, SETTINGS["level"])) / 2
    return [float(one) for one in np.quantile(drawn, [tail, 1 - tail])]


def line(change: str, difference: float, low: str = "", high: str = "", **more: str) -> dict[str, str]:
    told = {"space": "valence", "metric": "ccc", "change": change, "recipe": "own", "twin": "main", "source": "a"}
    told |= {"target": "a", "train_view": "text", "test_view": MAIN_VIEW, "n": "9", "value": "0.5", "other": "0.4"}
    told |= dict.fromkeys(("low_total", "high_total", "equal_low", "equal_high"), "")
    return {**told, "difference": str(difference), "low": low, "high": high, "floor": "", "other_floor": ""} | {
        "ceiling": "",
        **more,
    }


def test_a_difference_without_an_interval_is_not_called_unsure() -> None:
    """One dialogue has no interval: such a cell is in the mean and not among the intervals."""
    lines = [line("learned", 0.1), line("learned", 0.3, "0.1", "0.5"), line("learned", -0.1, "-0.2", "0.1", target="b")]
    asked = label_views(frame(lines))
    assert asked.answer == [
        "text labels, means by space: learned instead of the main label, they change the value against the main label "
        "by +.200 in-domain and −.100 across corpora (1 of 2 intervals leave out 0)."
    ]
    overview, table = asked.tables
    assert overview.rows == [["text", "learned", MAIN_VIEW, "valence", "CCC", "+.200", "1 of 1", "−.100", "0 of 1"]]
    assert [row[-5:] for row in table.rows] == [
        ["–", "–", "–", "–", "–"],
        ["[.100, .500]", "–", "–", "–", "–"],
        ["[−.200, .100]", "–", "–", "–", "–"],
    ]
    assert number(line("learned", 0.1), "low") is None


def test_means_of_several_spaces_are_told_from_the_least_to_the_most() -> None:
    lines = [line("learned", 0.1, "0", "0.2"), line("learned", -0.3, "-0.4", "-0.2", space="polarity3", metric="uar")]
    lines += [line("tested", 0.25, "0.1", "0.3", train_view=MAIN_VIEW, test_view="text", target="b")]
    asked = label_views(frame(lines))
    assert asked.answer[0].endswith(
        "by −.300 to +.100 in-domain (1 of 2 intervals leave out 0); tested against them instead of the main label, "
        "models of the main label change by +.250 across corpora (1 of 1 intervals leave out 0)."
    )


def test_recipes_of_a_view_alone_have_a_table_and_no_sentence() -> None:
    """Nothing was trained on the main label: there is no twin, and no model of the main label to test."""
    asked = label_views(frame([line("tested", -0.1, test_view="text", twin="own")]))
    assert asked.answer == []
    assert [one.anchor for one in asked.tables] == ["label-views-tested-valence"]
