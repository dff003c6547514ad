"""Extract the features of one encoder; or list (`ls`), describe (`info`) and `verify` the feature stores."""

from __future__ import annotations

from typing import Any

from harness.core import memory
from harness.features import inventory
from harness.features.extract import extract
from harness.features.plan import wanted
from harness.study.params.rows import row
from harness.tracking.at_work import at_work

EXAMPLES = (
    "emotransfer features e5 meld",
    "emotransfer features ls",
    "emotransfer features verify",
)
VERBS = ("ls", "info", "verify")


def run(params: dict[str, Any], encoder: str, corpus: str = "", more: str = "") -> None:
    """Write data/features/<encoder>/<corpus>/<route>/ of every corpus, or of one.

    `features ls` lists the stores, `features info <encoder> <corpus>` describes those of one corpus, `features verify
    [encoder]` reads them again and fails if one is not as it should be.

    Args:
        params: params.yaml.
        encoder: a row of `encoders`.
        corpus: a row of `corpora`; all without.
        more: the corpus of `info`.
    """
    if encoder in VERBS:
        inventory.answer(params, encoder, corpus, more)
        return
    memory.forget()
    row(params, "encoders", encoder)
    corpora = [corpus] if corpus else list(params["corpora"])
    with at_work(params, f"features {encoder}") as workers:
        device = workers.device()
        stores = [store for name in corpora for store in wanted(params, encoder, name, device)]
        extract(stores, workers, f"features {encoder}")
