"""Where every file of a study lies, relative to the top of the checkout."""

from __future__ import annotations

from pathlib import Path

WATERMARK = "SYNTHETIC.json"  # lies at the root of a synthetic release; everything made from it says so

RAW = Path("data/raw")
LINKS = Path("data/links")  # what each corpus is linked to, for the stage `params`: it holds README.md in git
CORPORA = Path("data/corpora")
INPUTS = Path("data/inputs")
CODE = Path("data/code")
PARAMS = Path("data/params")
OUTSIDE = Path("data/outside")
CHECKED = PARAMS / "checked"
FEATURES = Path("data/features")
WORK = Path("data/work")  # half-finished pieces of a stage; safe to delete
MODELS = Path("models")
PREDICTIONS = Path("predictions")
PROTOCOLS = Path("protocols")
RESULTS = Path("results")
CELLS = RESULTS / "cells.csv"
COMPARISON = RESULTS / "comparison.csv"
VIEWS = RESULTS / "views.csv"
WORTH = RESULTS / "worth.csv"
ANALYSIS = RESULTS / "analysis"
FORESEEN = RESULTS / "foresee"
STUDY = RESULTS / "study.json"
SUMMARY = RESULTS / "transfer.json"
PLOTS = RESULTS / "plots"
REPORT = RESULTS / "report.html"
REPORT_MD = RESULTS / "report.md"
TABLES = RESULTS / "tables"
AUDIT = RESULTS / "audit.html"
AUDIT_MD = RESULTS / "audit.md"
AUDIT_JSON = RESULTS / "audit.json"
TRACKED = RESULTS / "tracked.json"
OWNER = Path("data/owner.json")  # the identity of a study in MLflow
NOT_LINKED = "NOT_LINKED.txt"
WRITTEN = (CORPORA, INPUTS, CODE, PARAMS, OUTSIDE, FEATURES, WORK, MODELS, PREDICTIONS, PROTOCOLS, RESULTS)  # by stages


def code(name: str) -> Path:
    """Return the digest of the code of a stage, or of `encoder/<file>` or `fusion/<file>`."""
    return CODE / name


def raw(corpus: str) -> Path:
    """Return the folder or link of a release."""
    return RAW / corpus


def utterances(corpus: str) -> Path:
    """Return the corpus' `utterances.jsonl`."""
    return CORPORA / corpus / "utterances.jsonl"


def inputs(corpus: str) -> Path:
    """Return the digest of what features are made from: utterances and media, no label."""
    return INPUTS / f"{corpus}.json"


def labels(corpus: str) -> Path:
    """Return the corpus' `labels.jsonl`."""
    return CORPORA / corpus / "labels.jsonl"


def card(corpus: str) -> Path:
    """Return the corpus' `card.json`."""
    return CORPORA / corpus / "card.json"


def media(corpus: str) -> Path:
    """Return the corpus' `media.jsonl`: what its clips hold."""
    return CORPORA / corpus / "media.jsonl"


def features(encoder: str, corpus: str, route: str) -> Path:
    """Return the feature store of one encoder, corpus and text route."""
    return FEATURES / encoder / corpus / route


def model(recipe: str, source: str, space: str) -> Path:
    """Return the trained replicates of one cell row."""
    return MODELS / recipe / source / f"{space}.safetensors"


def prediction(recipe: str, source: str, space: str, target: str) -> Path:
    """Return the predictions of one cell."""
    return PREDICTIONS / recipe / source / space / f"{target}.parquet"


def plan(recipe: str) -> Path:
    """Return the list of a recipe's cells: the file of each, or its reason."""
    return PREDICTIONS / recipe / "plan.json"


def case(protocol: str, recipe: str, space: str, name: str) -> Path:
    """Return the predictions of one case of a protocol."""
    return PROTOCOLS / protocol / recipe / space / f"{name}.parquet"


def case_plan(protocol: str) -> Path:
    """Return the list of a protocol's cases: the file of each, or its reason."""
    return PROTOCOLS / protocol / "plan.json"
