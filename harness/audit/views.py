"""How the label views of a corpus agree, and how well one modality alone tells the fused label (human ceilings)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from harness.audit.audited_corpus import CLASS_SPACES, AuditedCorpus
from harness.metrics import macro_f1, uar, wa, wf1
from harness.study.labels import MAIN_VIEW, SPACES

METRICS = {"wa": wa, "uar": uar, "macro_f1": macro_f1, "wf1": wf1}


def views(corpus: AuditedCorpus) -> dict[str, Any]:
    """Return what the label views of a corpus share; empty for a corpus with one view.

    `pairs` is by space, `together` says how all views of an utterance relate, `ceilings` take the label of one
    modality for a prediction of the fused label on the test split (on everything in a corpus with folds).
    """
    if len(corpus.views) < 2:
        return {}
    labels = {
        space: pd.DataFrame({view: column for view in corpus.views if len(column := corpus.column(space, view))})
        for space in SPACES
    }
    return {
        "views": corpus.views,
        "pairs": {space: pairs for space, by_view in labels.items() if (pairs := _pairs(space, by_view))},
        "together": {space: alike for space in CLASS_SPACES if (alike := together(labels[space]))},
        "ceilings": [ceiling_ for space in CLASS_SPACES for ceiling_ in _ceilings(corpus, space, labels[space])],
    }


def _pairs(space: str, by_view: pd.DataFrame) -> list[dict[str, Any]]:
    compare = _classes_alike if space in CLASS_SPACES else _numbers_alike
    pairs = []
    for a, b in combinations(by_view, 2):
        both = by_view[[a, b]].dropna()
        pairs.append({"a": a, "b": b, "utterances": len(both), **compare(list(both[a]), list(both[b]))})
    return pairs


def _classes_alike(a: Sequence[str], b: Sequence[str]) -> dict[str, Any]:
    return {"equal": float(np.mean(np.array(a) == np.array(b))) if a else None, "kappa": cohen(a, b)}


def cohen(a: Sequence[str], b: Sequence[str]) -> float | None:
    """Return Cohen's kappa by scikit-learn; None where both are one and the same class throughout."""
    from sklearn.metrics import cohen_kappa_score

    place = {name: at for at, name in enumerate(sorted({*a, *b}))}  # numbers are compared faster than words
    coded = [np.array([place[name] for name in labels]) for labels in (a, b)]
    return float(cohen_kappa_score(*coded)) if len(place) > 1 else None


def _numbers_alike(a: Sequence[float], b: Sequence[float]) -> dict[str, Any]:
    from scipy.stats import pearsonr

    varied = len(a) > 1 and len(set(a)) > 1 and len(set(b)) > 1
    return {
        "pearson": float(pearsonr(a, b).statistic) if varied else None,
        "mae": float(np.mean(np.abs(np.array(a) - np.array(b)))) if a else None,
    }


def together(by_view: pd.DataFrame) -> dict[str, Any]:
    """Return how many utterances have equal labels in every view, in every single modality, or nowhere.

    Only utterances with a label in every view count. `fused_alone`: no single modality has the fused label.
    """
    single = [view for view in by_view if view != MAIN_VIEW]
    rows = by_view.dropna()
    if MAIN_VIEW not in by_view or len(single) < 2 or rows.empty:
        return {}
    labels = rows[single].to_numpy()
    distinct = np.array([len(set(row)) for row in labels])
    as_fused = labels == rows[[MAIN_VIEW]].to_numpy()
    return {
        "utterances": len(rows),
        "single_views": single,
        "all_equal": int(as_fused.all(axis=1).sum()),
        "single_equal": int((distinct == 1).sum()),
        "single_different": int((distinct == len(single)).sum()),
        "fused_alone": int((~as_fused.any(axis=1)).sum()),
    }


def _ceilings(corpus: AuditedCorpus, space: str, by_view: pd.DataFrame) -> Iterator[dict[str, Any]]:
    if MAIN_VIEW not in by_view:
        return
    tested = [row.id for row in corpus.utterances if corpus.folded or row.split == "test"]
    rows = by_view.reindex(tested).dropna(subset=[MAIN_VIEW])
    for view in rows:
        both = rows[[MAIN_VIEW, view]].dropna()
        if view != MAIN_VIEW and len(both):
            scores = ceiling(list(both[MAIN_VIEW]), list(both[view]), CLASS_SPACES[space])
            yield {"space": space, "view": view, "asked": len(rows), **scores}


def ceiling(truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]) -> dict[str, Any]:
    """Return the project's own metrics of one view's labels as a prediction of another's."""
    from sklearn.metrics import confusion_matrix

    counts = confusion_matrix(truth, predicted, labels=classes)  # (truth, predicted)
    scores = {name: float(metric.from_statistic(counts)) for name, metric in METRICS.items()}
    return {"utterances": len(truth), **scores}
