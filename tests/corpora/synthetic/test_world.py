"""The synthetic world: a function of its settings, with the truth it claims."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from harness.corpora.synthetic.release import Plan, truth
from harness.corpora.synthetic.world import CUES, FILLERS, Drawn, World, draw
from harness.study.labels import EMOTION7, POLARITY_OF_EMOTION

WORLD = World(utterances=600, dialogues=60, speakers=10)
CLEAN: dict[str, Any] = {"utterances": 2000, "dialogues": 100, "label_noise": 0}


@cache
def drawn(corpus: str = "meld", **settings: Any) -> list[Drawn]:
    return draw(World(**{"utterances": 600, "dialogues": 60, "speakers": 10, **settings}), corpus)


def english(row: Drawn) -> str:
    return row.text["en"].lower().removesuffix(".")


def cue_share(rows: list[Drawn]) -> tuple[float, float]:
    """The share of words that are a shared cue of the row's class, and of words in no shared vocabulary."""
    shared = {emotion: {word for _, phrase in words for word in phrase.split()} for emotion, words in CUES.items()}
    common = set.union(*shared.values(), {word for _, phrase in FILLERS for word in phrase.split()})
    words = [(word, row.emotion) for row in rows for word in english(row).split()]
    own = sum(word in shared[emotion] for word, emotion in words)
    return own / len(words), sum(word not in common for word, _ in words) / len(words)


def test_the_same_world_is_the_same_corpus() -> None:
    assert draw(WORLD, "meld") == draw(World(utterances=600, dialogues=60, speakers=10), "meld")


def test_another_corpus_or_seed_is_another() -> None:
    texts = {row.text["zh"] for row in drawn()}
    for other in (drawn("m3ed"), drawn(seed=1)):
        assert len(texts & {row.text["zh"] for row in other}) < 10


def test_the_counts_are_those_asked_for() -> None:
    rows = drawn()
    assert len(rows) == 600
    assert len({row.dialogue for row in rows}) == 60
    assert {row.speaker for row in rows} == set(range(10))
    assert {row.split for row in rows} == {"train", "dev", "test"}
    assert {row.fold for row in rows} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("speakers", [10, 11, 13, 16])
def test_speakers_and_dialogues_lie_in_one_fold_and_split(speakers: int) -> None:
    rows = drawn(speakers=speakers)
    for unit in ("speaker", "partner", "dialogue"):
        places: dict[int, set[tuple[str, int]]] = {}
        for row in rows:
            places.setdefault(getattr(row, unit), set()).add((row.split, row.fold))
        assert all(len(place) == 1 for place in places.values()), unit
    assert {(row.split, row.fold) for row in rows} == {
        ("train", 1),
        ("train", 2),
        ("train", 3),
        ("dev", 4),
        ("test", 5),
    }


def test_a_dialogue_is_two_people_taking_turns_in_time() -> None:
    dialogues: dict[int, list[Drawn]] = {}
    for row in drawn():
        dialogues.setdefault(row.dialogue, []).append(row)
    for rows in dialogues.values():
        assert len(rows) >= 2
        assert [row.turn for row in rows] == list(range(len(rows)))
        assert all(row.speaker != row.partner for row in rows)
        assert all(a.speaker == b.partner for a, b in pairwise(rows))
        assert all(a.start < a.end < b.start for a, b in pairwise(rows))
    genders: dict[int, set[str]] = {}
    for row in drawn():
        genders.setdefault(row.speaker, set()).add(row.gender)
    assert all(len(gender) == 1 for gender in genders.values())


def test_the_sign_of_valence_agrees_with_the_emotion() -> None:
    surprised = set()
    for row in drawn():
        sign = "positive" if row.valence > 0 else "negative" if row.valence < 0 else "neutral"
        if row.emotion == "surprise":
            surprised.add(sign)
        else:
            assert sign == POLARITY_OF_EMOTION[row.emotion]
        assert round(row.valence * 5, 6) in range(-5, 6)
    assert surprised == {"positive", "negative"}


def test_every_class_occurs_and_neutral_most() -> None:
    counts = Counter(row.emotion for row in drawn(prior_shift=0.0))
    assert set(counts) == set(EMOTION7.classes)
    assert counts.most_common(1)[0][0] == "neutral"


def test_a_prior_shift_moves_the_classes_of_each_corpus_apart() -> None:
    def distance(shift: float) -> float:
        a, b = (Counter(row.emotion for row in drawn(name, prior_shift=shift)) for name in ("meld", "m3ed"))
        return sum(abs(a[emotion] - b[emotion]) for emotion in EMOTION7.classes) / 600

    assert distance(0.0) < distance(1.0) / 2


def test_the_share_of_private_cues_grows_with_the_shift() -> None:
    shares = [cue_share(drawn(shift=shift, **CLEAN)) for shift in (0.0, 0.5, 1.0)]
    own, private = zip(*shares, strict=True)
    assert private[0] == 0
    assert private[1] == pytest.approx(0.15, abs=0.03)
    assert private[2] == pytest.approx(0.3, abs=0.03)
    assert own[2] == 0
    assert own[0] > own[1] > 0.1


def test_without_signal_no_word_betrays_the_class() -> None:
    own, private = cue_share(drawn(signal=0.0, **CLEAN))
    assert own == private == 0


def test_private_words_are_private() -> None:
    def private(corpus: str) -> set[str]:
        shared = {word for words in (*CUES.values(), FILLERS) for _, phrase in words for word in phrase.split()}
        return {word for row in drawn(corpus, shift=1.0) for word in english(row).split()} - shared

    assert len(private("meld")) == 6 * len(EMOTION7.classes)
    assert not private("meld") & private("m3ed")


def test_no_cue_is_a_cue_of_two_classes_or_a_filler() -> None:
    for side in (0, 1):
        words = [pair[side] for group in (*CUES.values(), FILLERS) for pair in group]
        assert len(set(words)) == len(words)


def test_both_languages_say_the_same_words() -> None:
    chinese = {phrase: zh for words in (*CUES.values(), FILLERS) for zh, phrase in words}
    longest_first = sorted(chinese, key=len, reverse=True)
    for row in drawn(shift=0.0)[:50]:
        rest, found = english(row), ""
        while rest:
            phrase = next(p for p in longest_first if rest.startswith(p))
            rest, found = rest[len(phrase) :].lstrip(), found + chinese[phrase]
        assert row.text["zh"] == found + "。"


def test_label_noise_hits_as_many_labels_as_it_says() -> None:
    cues = {zh: emotion for emotion, words in CUES.items() for zh, _ in words}

    def wrong(noise: float) -> float:
        rows = drawn(signal=1.0, shift=0.0, **{**CLEAN, "label_noise": noise})
        said = [next(emotion for cue, emotion in cues.items() if row.text["zh"].startswith(cue)) for row in rows]
        return sum(emotion != row.emotion for emotion, row in zip(said, rows, strict=True)) / len(rows)

    assert wrong(0.0) == 0
    assert wrong(0.5) == pytest.approx(0.5 * 6 / 7, abs=0.04)


def test_votes_and_views_mostly_agree_with_the_label() -> None:
    rows = drawn()
    for view in ("text", "audio", "video"):
        assert sum(row.views[view] == row.emotion for row in rows) / len(rows) == pytest.approx(0.74, abs=0.06)
    votes = [vote == row.emotion for row in rows for vote in row.votes.values()]
    assert len(votes) == 3 * len(rows)
    assert sum(votes) / len(votes) == pytest.approx(0.83, abs=0.05)


def test_the_watermark_names_the_world_and_the_corpus() -> None:
    facts = truth(Plan(WORLD), "meld", "meld")
    assert facts["synthetic"] is True
    assert (facts["corpus"], facts["seed"], facts["shift"]) == ("meld", WORLD.seed, WORLD.shift)
