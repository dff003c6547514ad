"""The audit as one JSON document: everything that the page says, and what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.audit.agreement import agreement, rating_agreement
from harness.audit.audited_corpus import AuditedCorpus
from harness.audit.counts import counts
from harness.audit.duplicates import duplicates
from harness.audit.findings import findings
from harness.audit.majority import majority
from harness.audit.overlap import between_corpora, between_splits
from harness.audit.priors import distances, priors, scales
from harness.audit.sentiment import contradictions
from harness.audit.views import views
from harness.audit.votes import ratings_of, votes_of
from harness.study.labels import MAIN_VIEW


def facts(corpora: Sequence[AuditedCorpus]) -> dict[str, Any]:
    """Return the audit of some corpora; those without a release keep their card and the reason."""
    present = [corpus for corpus in corpora if corpus.present]
    by_name = {corpus.name: _facts(corpus) for corpus in corpora}
    whole = {
        "synthetic": any(corpus.card.get("synthetic") for corpus in present),
        "corpora": by_name,
        "between": between_corpora(present),
        "prior_distance": {
            part: distances({corpus.name: by_name[corpus.name]["priors"] for corpus in present}, MAIN_VIEW, part)
            for part in ("test", "all")
        },
    }
    return {**whole, "findings": findings(whole)}


def _facts(corpus: AuditedCorpus) -> dict[str, Any]:
    if not corpus.present:
        return {"present": False, "card": dict(corpus.card)}
    votes = votes_of(corpus)
    return {
        "present": True,
        "card": {key: value for key, value in corpus.card.items() if key != "labels"},
        "counts": counts(corpus),
        "priors": priors(corpus),
        "scales": scales(corpus),
        "agreement": {view_votes.view: agreement(view_votes) for view_votes in votes},
        "majority": {view_votes.view: majority(corpus, view_votes) for view_votes in votes},
        "ratings": {scale: rating_agreement(by_id) for scale, by_id in ratings_of(corpus).items()},
        "views": views(corpus),
        "contradictions": contradictions(corpus),
        "duplicates": duplicates(corpus),
        "splits": between_splits(corpus),
    }
