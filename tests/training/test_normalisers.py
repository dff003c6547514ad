"""Normalisers: right by scikit-learn, and fitted on the source's train rows alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import StandardScaler

from harness.core.errors import SettingError
from harness.encoders import ngrams
from harness.study.recipes import BY_CORPUS, NORMALISERS, TRANSDUCTIVE_NORMALISERS
from harness.training import normalisers

TRAIN = ["我很开心。", "你很难过吗？", "我开心开心", "Go away!", "go AWAY, go", "我走开。", "我去了。"]
OTHER = ["你开心吗？", "unseen xyz", "Go on"]
BUCKETS = 2**20
DENSE = np.random.default_rng(1).normal(3, 5, (40, 6)).astype(np.float32)
COUNTS = sparse.csr_matrix(np.random.default_rng(2).poisson(0.7, (40, 30)).astype(np.float32))


def features(name: str) -> Any:
    return COUNTS if name == "tfidf" else DENSE


def plain(matrix: Any) -> Any:
    return matrix.toarray() if sparse.issparse(matrix) else matrix


def test_tfidf_is_that_of_scikit_learn() -> None:
    encoder = ngrams.encoder(words=[], buckets=BUCKETS)
    train, other = encoder.encode(TRAIN, "zh"), encoder.encode(OTHER, "zh")
    state = normalisers.fit("tfidf", train)
    reference = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2).fit(TRAIN)
    # hashing permutes the columns; each n-gram's column is found by encoding it alone
    terms = reference.get_feature_names_out()
    column_of = {term: place for place, term in enumerate(state["columns"])}
    alone = [encoder_of(len(term)).encode([term], "zh").indices[0] if term.strip() == term else None for term in terms]
    assert len(state["columns"]) == len(terms)
    for ours, theirs in ((train, reference.transform(TRAIN)), (other, reference.transform(OTHER))):
        found = normalisers.apply("tfidf", state, ours)
        assert found.dtype == np.float64
        for at in range(ours.shape[0]):
            assert_allclose(np.sort(found[at].data), np.sort(theirs[at].data), atol=1e-6)
        for place, hashed in enumerate(alone):
            if hashed is not None:
                assert_allclose(plain(found[:, [column_of[hashed]]]), plain(theirs[:, [place]]), atol=1e-6)


def encoder_of(length: int) -> ngrams.Ngrams:
    return ngrams.Ngrams(chars=[length, length], words=[], buckets=BUCKETS)


def test_tfidf_of_a_row_without_any_known_ngram_is_zero() -> None:
    state = normalisers.fit("tfidf", COUNTS)
    rows = sparse.csr_matrix((2, COUNTS.shape[1]), dtype=np.float32)
    assert normalisers.apply("tfidf", state, rows).nnz == 0


def test_tfidf_needs_an_ngram_that_occurs_twice() -> None:
    with pytest.raises(SettingError, match="no n-gram occurs in two texts"):
        normalisers.fit("tfidf", sparse.identity(4, format="csr", dtype=np.float32))


@pytest.mark.parametrize("name", ["source_std", "target_std"])
def test_standardising_is_that_of_scikit_learn(name: str) -> None:
    state = normalisers.fit(name, DENSE)
    found = normalisers.apply(name, state, DENSE * 2 + 1)
    assert found.dtype == np.float32
    assert_allclose(found, StandardScaler().fit(DENSE).transform(DENSE * 2 + 1), atol=1e-5)


def test_a_constant_feature_becomes_zero_and_not_infinite() -> None:
    constant = np.full((5, 2), 0.1, dtype=np.float32)
    state = normalisers.fit("source_std", constant)
    assert_allclose(normalisers.apply("source_std", state, constant), 0, atol=1e-6)
    assert np.isfinite(normalisers.apply("source_std", state, constant + 1)).all()


@pytest.mark.parametrize("name", NORMALISERS)
def test_what_other_rows_hold_changes_nothing(name: str) -> None:
    rows = features(name)
    state = normalisers.fit(name, rows[:20])
    before = plain(normalisers.apply(name, state, rows[:5]))
    wild = rows[20:] * 100
    assert_array_equal(plain(normalisers.apply(name, state, wild))[:0], before[:0])
    assert_array_equal(plain(normalisers.apply(name, state, rows[:5])), before)
    assert_array_equal(plain(normalisers.apply(name, state, sparse_or_dense(rows[:5], wild)))[:5], before)


def sparse_or_dense(above: Any, below: Any) -> Any:
    return sparse.vstack([above, below], format="csr") if sparse.issparse(above) else np.concatenate([above, below])


@pytest.mark.parametrize("name", NORMALISERS)
def test_statistics_are_arrays_that_a_model_file_can_hold(name: str) -> None:
    state = normalisers.fit(name, features(name))
    assert all(isinstance(array, np.ndarray) and array.dtype.kind in "fi" for array in state.values())
    assert (state == {}) == (name == "none")


def test_none_leaves_features_alone() -> None:
    assert normalisers.apply("none", {}, DENSE) is DENSE


@pytest.mark.parametrize(
    ("name", "rows", "kind"),
    [("tfidf", DENSE, "dense"), ("source_std", COUNTS, "sparse"), ("target_std", COUNTS, "sparse")],
)
def test_a_normaliser_refuses_the_other_kind_of_features(name: str, rows: Any, kind: str) -> None:
    with pytest.raises(SettingError, match=f"{name} does not suit {kind} features; take tfidf for sparse"):
        normalisers.fit(name, rows)


def test_an_unknown_normaliser_lists_the_known_ones() -> None:
    with pytest.raises(SettingError, match=r"'zscore' \(known: none, source_std, target_std, speaker_std, tfidf\)"):
        normalisers.fit("zscore", DENSE)


def test_only_a_normaliser_that_is_named_so_is_transductive() -> None:
    assert set(NORMALISERS) >= TRANSDUCTIVE_NORMALISERS >= BY_CORPUS
    assert {"target_std", "speaker_std"} == TRANSDUCTIVE_NORMALISERS
