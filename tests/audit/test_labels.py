"""Labels that meet: views of one utterance, the emotion and a sentiment field, class priors."""

from __future__ import annotations

import random
from statistics import fmean

import pytest
from audit_sample import corpus, label, said
from sklearn.metrics import balanced_accuracy_score, f1_score

from harness.audit.audited_corpus import AuditedCorpus
from harness.audit.findings_labels import findings, verdict
from harness.audit.priors import distances, prior, priors
from harness.audit.sentiment import asymmetry, contradictions, polarity_words
from harness.audit.views import ceiling, cohen, views
from harness.study.labels import EMOTION7

MEAN = {"happy": 1.2, "neutral": 0.0, "sad": -1.0, "anger": -1.4, "surprise": 0.1}


def rated(flip: bool, name: str = "strength", shift: float = 0.0) -> AuditedCorpus:
    """4,000 utterances whose native number is the mean of five votes in -2..2; `flip` stores each +1 as -1."""
    draw = random.Random(3)
    rows = []
    for at in range(4000):
        emotion = draw.choice(list(MEAN))
        votes = [max(-2, min(2, round(draw.gauss(MEAN[emotion], 0.8)))) for _ in range(5)]
        votes = [-1 if flip and vote == 1 else vote for vote in votes]
        native = {name: f"{fmean(votes) + shift:.4g}", "row": at}
        rows.append((said(str(at)), {**label(emotion), "native": native}))
    return corpus(rows)


def test_a_flipped_scale_is_found_without_being_told_where() -> None:
    scales = contradictions(rated(flip=True))["scales"]
    assert list(scales) == ["strength"], "a row number is no sentiment"
    found = scales["strength"]["the emotion label"]
    assert found["contradicts"]
    assert found["positive_below"] > found["positive"] / 4
    assert 1.8 in [one["value"] for one in found["asymmetry"]["missing"]]
    assert "Do not use strength as valence" in verdict("strength", "the emotion label", found)


@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_a_sound_scale_is_not_flagged_wherever_its_middle_is(shift: float) -> None:
    found = contradictions(rated(flip=False, shift=shift))["scales"]["strength"]["the emotion label"]
    assert found["middle"] == pytest.approx(shift, abs=0.21)
    assert not found["contradicts"]
    assert found["asymmetry"]["missing"] == []
    assert "consistent" in verdict("strength", "the emotion label", found)


def test_a_step_is_missed_only_where_its_mirror_makes_it_expected() -> None:
    even = [-1.0] * 50 + [1.0] * 50 + [-0.5] * 30
    assert asymmetry([*even, *[0.5] * 30]) == {
        "step": 0.5, "missing": [], "counts": {"-1": 50, "-0.5": 30, "0.5": 30, "1": 50},
    }  # fmt: skip
    found = asymmetry(even)
    assert found is not None
    assert found["missing"] == [{"value": 0.5, "mirror": 30, "expected": pytest.approx(30 * 50 / 80)}]
    assert asymmetry([*even[:100], *[-0.5] * 9])["missing"] == []  # type: ignore[index]
    assert asymmetry([0.1234 * at for at in range(50)]) is None


def test_words_of_polarity_are_recognised_and_nothing_else() -> None:
    assert polarity_words({"1": "Positive", "2": " NEGATIVE ", "3": None}) == {"1": "positive", "2": "negative"}
    assert polarity_words({"1": "neutral", "2": "positive"}) == {}, "one side alone is no sentiment label"
    assert polarity_words({"1": "positive", "2": "negative", "3": "happy"}) == {}
    assert polarity_words({}) == {}


def test_opposite_words_are_counted_and_surprise_goes_both_ways() -> None:
    pairs = [("happy", "positive")] * 8 + [("happy", "negative")] * 2 + [("sad", "negative")] * 9 + [("sad", "neutral")]
    pairs += [("surprise", "positive")] * 3 + [("surprise", "negative")] * 4
    rows = [(said(str(at)), {**label(e), "native": {"feeling": word}}) for at, (e, word) in enumerate(pairs)]
    found = contradictions(corpus(rows))["words"]["feeling"]
    assert (found["compared"], found["opposed"], found["different"], found["contradicts"]) == (20, 2, 3, True)
    assert found["both_ways"] == ["happy", "surprise"]
    assert found["table"]["surprise"] == {"positive": 3, "negative": 4}


def test_a_corpus_without_any_sentiment_field_contradicts_nothing() -> None:
    assert contradictions(corpus([(said("1"), label("happy"))])) == {"words": {}, "scales": {}}


def test_views_of_four_utterances_by_hand() -> None:
    said_by = [
        ("happy", "happy", "happy", "happy"),
        ("happy", "sad", "sad", "sad"),
        ("happy", "sad", "fear", "anger"),
        ("sad", "sad", "fear", "sad"),
    ]
    rows = [
        (said(str(at), "test"), label(fused, {"text": t, "audio": a, "video": v}))
        for at, (fused, t, a, v) in enumerate(said_by)
    ]
    found = views(corpus(rows))
    assert found["together"]["emotion7"] == {
        "utterances": 4, "single_views": ["text", "audio", "video"],
        "all_equal": 1, "single_equal": 2, "single_different": 1, "fused_alone": 2,
    }  # fmt: skip
    pairs = {(pair["a"], pair["b"]): pair for pair in found["pairs"]["emotion7"]}
    assert pairs["multimodal", "text"]["equal"] == 0.5
    assert pairs["text", "video"]["equal"] == 0.75
    assert {one["view"] for one in found["ceilings"]} == {"text", "audio", "video"}
    four = next(one for one in found["ceilings"] if (one["space"], one["view"]) == ("emotion4", "audio"))
    assert (four["asked"], four["utterances"]) == (4, 2), "fear is outside emotion4"
    assert any("agree on 25.0 % of utterances (emotion7)" in text for _, _, text in findings_of(corpus(rows)))


def findings_of(made: AuditedCorpus) -> list[tuple[int, str, str]]:
    facts = {"contradictions": contradictions(made), "views": views(made), "priors": priors(made)}
    return list(findings({**facts, "agreement": {}, "majority": {}}))


def test_kappa_of_two_views_by_hand() -> None:
    """Alike 3/4; by chance 1/2 x 3/4 + 1/2 x 1/4 = 1/2, so kappa = 1/2."""
    assert cohen(["a", "a", "b", "b"], ["a", "a", "a", "b"]) == pytest.approx(0.5)
    assert cohen(["a", "a"], ["a", "a"]) is None


def test_a_ceiling_is_scored_as_scikit_learn_would() -> None:
    draw = random.Random(5)
    truth = [draw.choice(EMOTION7.classes) for _ in range(300)]
    predicted = [t if draw.random() < 0.6 else draw.choice(EMOTION7.classes) for t in truth]
    found = ceiling(truth, predicted, EMOTION7.classes)
    assert found["uar"] == pytest.approx(balanced_accuracy_score(truth, predicted))
    assert found["wf1"] == pytest.approx(f1_score(truth, predicted, average="weighted"))
    assert found["macro_f1"] == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert found["utterances"] == 300


def test_a_corpus_with_one_view_has_no_section_on_views() -> None:
    made = corpus([(said("1"), label("happy"))])
    assert views(made) == {}
    assert findings_of(made) == [] or all(section != "views" for _, section, _ in findings_of(made))


def test_imbalance_by_hand() -> None:
    found = prior(["a"] * 6 + ["b"] * 2, ("a", "b", "c", "d"))
    assert found["entropy"] == pytest.approx(0.8112781 / 2)  # bits of (3/4, 1/4) over log2(4)
    assert (found["majority"], found["majority_share"], found["ratio"]) == ("a", 0.75, 3.0)
    assert found["absent"] == ["c", "d"]
    assert prior(["a", "b"], ("a", "b"))["entropy"] == 1.0
    assert prior([], ("a", "b"))["rows"] == 0


def test_distance_of_priors_by_hand() -> None:
    one = priors(corpus([(said(str(at), "test"), label("happy")) for at in range(2)]))
    half = priors(corpus([(said(str(at), "test"), label(e)) for at, e in enumerate(("happy", "sad"))]))
    pair = distances({"one": one, "half": half}, "multimodal", "test")["emotion4"][0]
    assert pair["total_variation"] == 0.5
    assert pair["jensen_shannon"] == pytest.approx(0.3112781**0.5)  # 1/2 KL(1,0 | 3/4,1/4) + 1/2 KL(1/2,1/2 | ...)
    assert distances({"one": one}, "multimodal", "test") == {}
