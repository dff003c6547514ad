"""Where a corpus was labelled once per modality: how the views agree, and what one alone tells of the fused label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.audit.corpus_data import CLASS_SPACES, Corpus
from harness.metrics import macro_f1, uar, wa, wf1
from harness.study.corpus import MAIN_VIEW
from harness.study.labels import SPACES

METRICS = {"wa": wa, "uar": uar, "macro_f1": macro_f1, "wf1": wf1}
Labels = Mapping[str, Any]


def views(corpus: Corpus) -> dict[str, Any]:
    """Return what the label views of a corpus share; empty for a corpus with one view.

    `pairs` is by space, `together` says how all views of an utterance relate, `ceilings` take the label of one
    modality for a prediction of the fused label on the test split (on everything in a corpus with folds).
    """
    if len(corpus.views) < 2:
        return {}
    columns = {
        space: {view: column for view in corpus.views if (column := corpus.column(space, view))} for space in SPACES
    }
    return {
        "views": corpus.views,
        "pairs": {space: pairs for space, by_view in columns.items() if (pairs := _pairs(space, by_view))},
        "together": {
            space: found for space in CLASS_SPACES if (found := together(columns[space])) and found["utterances"]
        },
        "ceilings": _ceilings(corpus, columns),
    }


def _pairs(space: str, by_view: Mapping[str, Labels]) -> list[dict[str, Any]]:
    compare = _classes_alike if space in CLASS_SPACES else _numbers_alike
    return [{"a": a, "b": b, **compare(*aligned(by_view[a], by_view[b]))} for a, b in combinations(by_view, 2)]


def aligned(a: Labels, b: Labels) -> tuple[list[Any], list[Any]]:
    """Return the labels of the utterances that have both, in the same order."""
    both = [id_ for id_ in a if id_ in b]
    return [a[id_] for id_ in both], [b[id_] for id_ in both]


def _classes_alike(a: Sequence[str], b: Sequence[str]) -> dict[str, Any]:
    return {
        "utterances": len(a),
        "equal": float(np.mean(np.array(a) == np.array(b))) if a else None,
        "kappa": cohen(a, b),
    }


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
        "utterances": len(a),
        "pearson": float(pearsonr(a, b).statistic) if varied else None,
        "mae": float(np.mean(np.abs(np.array(a) - np.array(b)))) if a else None,
    }


def together(by_view: Mapping[str, Labels]) -> dict[str, Any]:
    """Return the shares of utterances whose labels agree in every view, in every single modality, or nowhere.

    Only utterances with a label in every view count. `fused_alone`: no single modality has the fused label.
    """
    single = [view for view in by_view if view != MAIN_VIEW]
    if MAIN_VIEW not in by_view or len(single) < 2:
        return {}
    ids = [id_ for id_ in by_view[MAIN_VIEW] if all(id_ in by_view[view] for view in single)]
    rows = [(by_view[MAIN_VIEW][id_], [by_view[view][id_] for view in single]) for id_ in ids]
    return {
        "utterances": len(rows),
        "single_views": single,
        "all_equal": sum({fused} == set(alone) for fused, alone in rows),
        "single_equal": sum(len(set(alone)) == 1 for _, alone in rows),
        "single_different": sum(len(set(alone)) == len(alone) for _, alone in rows),
        "fused_alone": sum(fused not in alone for fused, alone in rows),
    }


def _ceilings(corpus: Corpus, columns: Mapping[str, Mapping[str, Labels]]) -> list[dict[str, Any]]:
    folded = corpus.folded
    tested = {row.id for row in corpus.utterances if folded or row.split == "test"}
    found = []
    for space, classes in CLASS_SPACES.items():
        truth = {id_: label for id_, label in columns[space].get(MAIN_VIEW, {}).items() if id_ in tested}
        for view in columns[space]:
            if view != MAIN_VIEW and truth:
                t, p = aligned(truth, columns[space][view])
                if t:
                    asked = len(truth)
                    found.append({"space": space, "view": view, "asked": asked, **ceiling(t, p, classes)})
    return found


def ceiling(truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]) -> dict[str, Any]:
    """Return the project's own metrics of one view's labels as a prediction of another's."""
    counts = confusion(truth, predicted, classes)
    return {"utterances": len(truth), **{name: float(one.from_statistic(counts)) for name, one in METRICS.items()}}


def confusion(truth: Sequence[str], predicted: Sequence[str], classes: Sequence[str]) -> NDArray[np.int64]:
    """Return counts (truth, predicted)."""
    place = {name: at for at, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    for t, p in zip(truth, predicted, strict=True):
        counts[place[t], place[p]] += 1
    return counts
