"""What is said about a cell, without MLflow."""

from __future__ import annotations

from typing import Any

import pytest

from harness.core.errors import ResultError
from harness.study.cells import Cell
from harness.tracking.records import records, summary

LANGUAGES = {"m3ed": "zh", "emotiontalk": "zh-CN", "meld": "en"}


def cell(source: str, target: str, metric: str = "uar", **numbers: Any) -> Cell:
    return Cell("emotion4", "", "ngrams", source, target, "single_source", "source_dev", metric, **numbers)


@pytest.mark.parametrize(
    ("source", "target", "pair"),
    [
        ("meld", "meld", "in-domain"),
        ("m3ed", "emotiontalk", "within-language"),
        ("m3ed", "meld", "across-language"),
        ("m3ed", "unheard_of", "cross-corpus"),
    ],
)
def test_a_pair_is_named_by_what_it_crosses(source: str, target: str, pair: str) -> None:
    facts = {"corpora": {name: {"language": spoken} for name, spoken in LANGUAGES.items()}}
    (record,) = records([cell(source, target, value=0.5)], facts)
    assert record.params["pair"] == pair


def test_a_cell_that_stands_there_twice_is_refused() -> None:
    with pytest.raises(ResultError, match="twice"):
        records([cell("m3ed", "meld", value=0.5), cell("m3ed", "meld", value=0.4)], {})


def test_the_counts_are_those_of_the_primary_metric() -> None:
    rows = [cell("m3ed", "meld", "macro_f1", value=0.5, n=90), cell("m3ed", "meld", "uar", value=0.5, n=100)]
    (record,) = records(rows, {"primary": {"emotion4": "uar"}})
    assert record.metrics["n"] == 100


def test_a_mean_takes_only_what_has_a_value() -> None:
    rows = [
        cell("meld", "meld", value=0.6),
        cell("m3ed", "meld", value=0.4, ratio=0.5),
        cell("emotiontalk", "meld", value=0.2),  # no ratio: nothing was gained in-domain
        cell("ch_sims", "meld", reason="source_not_annotated"),
    ]
    metrics = summary(rows, {}, []).metrics
    assert metrics["mean/in_domain emotion4 ngrams uar"] == pytest.approx(0.6)
    assert metrics["mean/cross_corpus emotion4 ngrams uar"] == pytest.approx(0.3)
    assert metrics["mean/ratio emotion4 ngrams uar"] == pytest.approx(0.5)


def test_another_protocol_is_averaged_apart() -> None:
    other = Cell("emotion4", "", "ngrams", "m3ed", "meld", "pooled", "source_dev", "uar", value=0.8)
    metrics = summary([cell("m3ed", "meld", value=0.4), other], {}, []).metrics
    assert metrics["mean/cross_corpus emotion4 ngrams single_source uar"] == pytest.approx(0.4)
    assert metrics["mean/cross_corpus emotion4 ngrams pooled uar"] == pytest.approx(0.8)
