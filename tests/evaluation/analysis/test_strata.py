"""Values by kind of test row, agreement of modalities, and ser-tests' fairness checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import balanced_accuracy_score, precision_score, recall_score

from harness.core.plugins import find, names
from harness.evaluation.analysis import strata, stratum
from harness.evaluation.matrix import scoring
from harness.statistics import fairness, paired_tests
from harness.statistics import sums as statistics
from harness.statistics.few_clusters import small_sample_level
from harness.study.labels import EMOTION4, EMOTION7, VALENCE
from harness_adapters import emotiontalk


def cell(seed: int = 0, rows: int = 400, dialogues: int = 30, classes: bool = True) -> scoring.ScoredRows:
    chance = np.random.default_rng(seed)
    clusters = np.concatenate([np.arange(dialogues), chance.integers(0, dialogues, rows - dialogues)])
    truth = chance.integers(0, 4, rows) if classes else chance.uniform(-1, 1, rows)
    scores = chance.dirichlet(np.ones(4), (2, rows)) if classes else chance.uniform(-1, 1, (2, rows, 1))
    return scoring.ScoredRows(truth, scores.astype(np.float32), clusters, rows, (1, 2))


def kinds(rows: int = 400) -> list[str | None]:
    return [("b", "a", None)[one] for one in np.random.default_rng(9).choice(3, rows, p=[0.5, 0.4, 0.1])]


@pytest.mark.parametrize("name", [name for name in names("metric") if name != "recall"])
def test_a_stratum_is_the_metric_and_the_draws_of_its_rows_alone(name: str) -> None:
    metric = find("metric", name)
    scored, space = (cell(), EMOTION4) if metric.KIND == "classes" else (cell(classes=False), VALENCE)
    weights = statistics.draws(30, 200, 4)
    found = stratum.stratified(scored, space, [name], kinds(), weights)
    assert [one.name for one in found] == ["a", "b"]
    for one in found:
        rows = np.array([kind == one.name for kind in kinds()])
        alone = scoring.ScoredRows(
            scored.truth[rows], scored.scores[:, rows], scored.clusters[rows], int(rows.sum()), scored.seeds
        )
        sums = scoring.statistic(alone, space, metric)
        padded = np.zeros((2, 30, *sums.shape[2:]))
        padded[:, : sums.shape[1]] = sums
        assert one.value == pytest.approx(metric.from_statistic(sums.sum(axis=1)).mean())
        drawn = statistics.resampled(padded, weights, metric)
        assert_allclose(one.resamples, drawn)
        level = small_sample_level(one.dialogues, 0.95)
        assert (one.low, one.high) == pytest.approx(statistics.interval(drawn, level))
        assert (one.rows, one.dialogues) == (rows.sum(), len(np.unique(scored.clusters[rows])))


def test_one_stratum_of_all_rows_is_the_cell_itself() -> None:
    scored, weights = cell(), statistics.draws(30, 100, 1)
    (found,) = stratum.stratified(scored, EMOTION4, ["uar"], ["all"] * 400, weights)
    (whole,) = scoring.values(scored, EMOTION4, ["uar"], weights)
    assert_allclose(found.replicates, whole.replicates, atol=1e-6)
    assert_allclose(found.resamples, whole.resamples)


def test_recall_is_one_value_a_class_and_an_absent_class_is_undefined() -> None:
    scored = cell()
    scored.truth[scored.truth == 3] = 2
    found = stratum.stratified(scored, EMOTION4, ["recall"], kinds(), statistics.draws(30, 50, 1))
    assert [one.metric for one in found][:4] == [f"recall/{name}" for name in EMOTION4.classes]
    assert (found[3].value, found[3].reason) == (None, "undefined")


def test_small_strata_are_warned_about() -> None:
    scored = cell()
    marks = ["large"] * 380 + ["tiny"] * 20
    found = stratum.stratified(scored, EMOTION4, ["uar"], marks, statistics.draws(30, 50, 1))
    assert [len(one.warnings) for one in found] == [0, 2]


def test_two_strata_are_compared_on_the_same_draws() -> None:
    scored = cell()
    right = scored.truth[None] == np.arange(4)[:, None]
    easy = np.array([kind == "a" for kind in kinds()])
    scores = np.where(easy[:, None], right.T, scored.scores).astype(np.float32)
    better = scoring.ScoredRows(scored.truth, scores, scored.clusters, 400, (1, 2))
    first, second = stratum.stratified(better, EMOTION4, ["uar"], kinds(), statistics.draws(30, 300, 1))
    found = paired_tests.paired_bootstrap(first, second)
    assert found.low is not None
    assert found.low > 0.5


def test_strata_that_do_not_fit_the_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="3 strata are given for 400 test rows"):
        stratum.stratified(cell(), EMOTION4, ["uar"], ["a"] * 3, statistics.draws(30, 10, 1))
    with pytest.raises(ValueError, match="draws of 29 dialogues"):
        stratum.stratified(cell(), EMOTION4, ["uar"], kinds(), statistics.draws(29, 10, 1))
    assert stratum.stratified(cell(), EMOTION4, ["uar"], [None] * 400, statistics.draws(30, 10, 1)) == []


def test_agreement_by_hand() -> None:
    views: dict[str, list[str | None]] = {
        "text": ["a", "a", "a", "a", None],
        "audio": ["a", "a", "a", "b", "a"],
        "video": ["a", "a", "b", "c", "a"],
    }
    found = strata.agreement(views, ["a", "b", "a", "a", "a"])
    assert found == ["all_agree", "modalities_agree", "two_agree", "none_agree", None]
    assert strata.full_or_not(found) == ["all_agree", *["some_disagree"] * 3, None]
    assert strata.matches(["a", None, "b"], ["a", "a", "a"]) == ["same_as_main", None, "other_than_main"]
    with pytest.raises(ValueError, match="two views or more"):
        strata.agreement({"text": ["a"]}, ["a"])


def test_agreement_of_emotiontalk_is_what_we_counted(corpora_folder: Path) -> None:
    """docs/anchors 1.3: 24.5 % four equal, 27.2 % three equal, 15.7 % all different; on test 496 and 833."""
    release = emotiontalk.read(corpora_folder / "EmotionTalk")
    test = {row.id for row in release.utterances if row.split == "test"}
    rows = release.annotations

    def labels(view: str | None, inside: bool = False) -> list[Any]:
        found = [(row.id, row.shared if view is None else row.views[view]) for row in rows]
        return [one[EMOTION7.name].value for at, one in found if not inside or at in test]

    views = {name: labels(name) for name in ("text", "audio", "video")}
    share = {
        name: np.mean([one == name for one in strata.agreement(views, labels(None))])
        for name in ("all_agree", "modalities_agree", "none_agree")
    }
    assert share["all_agree"] == pytest.approx(0.245, abs=5e-4)
    assert share["all_agree"] + share["modalities_agree"] == pytest.approx(0.272, abs=6e-4)
    assert share["none_agree"] == pytest.approx(0.157, abs=5e-4)
    tested = strata.agreement({name: labels(name, True) for name in views}, labels(None, True))
    assert (tested.count("all_agree"), len(tested)) == (496, 1929)
    assert strata.matches(labels("text", True), labels(None, True)).count("same_as_main") == 833


def people(rows: int, chance: np.random.Generator, prior: Any = (0.25, 0.25, 0.25, 0.25)) -> tuple[Any, Any]:
    return chance.choice(4, rows, p=prior), chance.integers(0, 4, rows)


def by_group(pairs: list[tuple[Any, Any]]) -> list[fairness.Check]:
    counts = np.array([statistics.confusion(t, p[None], np.zeros(len(t), dtype=int), 4)[0, 0] for t, p in pairs])
    return fairness.by_group(counts, ("female", "male"), EMOTION4.classes)


def test_groups_are_compared_with_both_together_as_ser_tests_do() -> None:
    """Groups of equal truth need no balancing: scikit-learn's values on the rows themselves are the reference."""
    chance = np.random.default_rng(1)
    truth = chance.integers(0, 4, 1200)
    said = [np.where(chance.random(1200) < skill, truth, chance.integers(0, 4, 1200)) for skill in (0.7, 0.3)]
    found = {(one.group, one.name): one for one in by_group([(truth, one) for one in said])}
    both, all_said = np.concatenate([truth, truth]), np.concatenate(said)
    for group, predicted in zip(("female", "male"), said, strict=True):
        apart = balanced_accuracy_score(truth, predicted) - balanced_accuracy_score(both, all_said)
        assert found[group, "uar"].value == pytest.approx(apart)
        for score, name in ((recall_score, "recall"), (precision_score, "precision")):
            expected = score(truth, predicted, average=None) - score(both, all_said, average=None)
            values = [found[group, f"{name}/{one}"].value for one in EMOTION4.classes]
            assert values == pytest.approx(list(expected))
        uap = precision_score(truth, predicted, average="macro") - precision_score(both, all_said, average="macro")
        assert found[group, "uap"].value == pytest.approx(uap)
    assert found["female", "uar"].passed is False
    assert found["female", "uar"].value == pytest.approx(-(found["male", "uar"].value or 0))
    assert found["female", "uar"].warning is None


def test_balancing_is_what_drawing_equal_truth_gives_on_average() -> None:
    chance = np.random.default_rng(2)
    female, male = people(4000, chance, (0.1, 0.2, 0.3, 0.4)), people(9000, chance, (0.4, 0.3, 0.2, 0.1))
    female = female[0], np.where(chance.random(4000) < 0.6, female[0], female[1])
    found = {(one.group, one.name): one.value for one in by_group([female, male])}
    smallest, drawn = np.bincount(female[0], minlength=4), []
    for _ in range(60):
        rows = np.concatenate(
            [chance.choice(np.flatnonzero(male[0] == c), smallest[c], replace=True) for c in range(4)]
        )
        both = np.concatenate([female[0], male[0][rows]]), np.concatenate([female[1], male[1][rows]])
        drawn.append(precision_score(*female, average=None) - precision_score(*both, average=None))
    assert [found["female", f"precision/{one}"] for one in EMOTION4.classes] == pytest.approx(
        list(np.mean(drawn, axis=0)), abs=3e-3
    )


def test_a_random_model_passes_on_a_thousand_rows_a_group_and_fails_on_fifty() -> None:
    """That is how ser-tests chose its thresholds (sparse truth, uniform predictions)."""
    prior, chance = (0.05, 0.05, 0.3, 0.6), np.random.default_rng(3)
    many = [fairness.passed(by_group([people(1000, chance, prior) for _ in range(2)])) for _ in range(200)]
    assert sum(failed for _, failed, _ in many) == 0
    few = [fairness.passed(by_group([people(50, chance, prior) for _ in range(2)])) for _ in range(50)]
    assert sum(failed > 0 for _, failed, _ in few) > 25
    assert "fewer than the 1000" in (by_group([people(50, chance) for _ in range(2)])[0].warning or "")


def test_undefined_checks_have_reasons() -> None:
    always = np.zeros((2, 4, 4))
    always[:, :3, 0] = 10
    found = {(one.group, one.name): one for one in fairness.by_group(always, "fm", EMOTION4.classes)}
    assert ("f", f"recall/{EMOTION4.classes[3]}") not in found
    assert found["f", f"precision/{EMOTION4.classes[1]}"].reason == "never predicted"
    assert found["f", "uar"].value == 0
    (one,) = fairness.by_group(always[:1], "f", EMOTION4.classes)
    assert (one.passed, one.reason) == (None, "one group only")
    apart = np.stack([np.diag([5, 5, 0, 0]), np.diag([0, 0, 5, 5])])
    assert fairness.by_group(apart, "fm", EMOTION4.classes)[0].reason == "no class occurs in all groups"
    with pytest.raises(ValueError, match="2 groups and 4 classes"):
        fairness.by_group(always[:1], "fm", EMOTION4.classes)


def test_shares_of_classes_between_languages() -> None:
    found = fairness.by_language(np.array([[60, 40], [900, 100]]), ("zh", "en"), ("happy", "sad"))
    assert [one.value for one in found] == pytest.approx([-0.15, 0.15, 0.15, -0.15])
    assert fairness.passed(found) == (0, 4, 0)
    assert [one.warning is None for one in found] == [False, False, True, True]
    assert fairness.by_language(np.array([[1, 2]]), ("zh",), ("happy", "sad"))[0].passed is None
    with pytest.raises(ValueError, match="no zeros"):
        fairness.by_language(np.zeros((2, 2)), ("zh", "en"), ("happy", "sad"))


def test_shares_of_classes_per_speaker() -> None:
    truth = np.array([0] * 8 + [1] * 12 + [0] * 10 + [1] * 10 + [0] * 30)
    speakers: list[str | None] = [*["ann"] * 20, *["bob"] * 20, *["eve"] * 29, None]
    always, right = np.zeros_like(truth), truth
    found = fairness.by_speaker(truth, np.stack([always, right]), speakers, ("happy", "sad"))
    assert [one.value for one in found] == pytest.approx([(0.3 + 0.25) / 2] * 2)
    assert found[0].warning == "2 of 3 speakers have enough rows"
    none = fairness.by_speaker(truth[:15], truth[None, :15], speakers[:15], ("happy", "sad"))
    assert (none[0].passed, none[0].reason) == (None, "no speaker has 8 rows of every class")
    with pytest.raises(ValueError, match="speakers"):
        fairness.by_speaker(truth, truth, speakers, ("happy", "sad"))
