"""Read one release: its utterances, its labels in every shared space, and its corpus card."""

from __future__ import annotations

from typing import Any, cast

from harness import layout, manifest, releases
from harness.card import absent_card, card, summary
from harness.corpus import Adapter
from harness.files import write_json
from harness.plugins import find
from harness.settings import row


def run(params: dict[str, Any], corpus: str) -> None:
    """Write data/corpora/<corpus>/{utterances.jsonl, labels.jsonl, card.json}.

    Args:
        params: params.yaml.
        corpus: a row of `corpora`.
    """
    name = row(params, "corpora", corpus).get("adapter", corpus)
    adapter = cast(Adapter, find("corpus", name))
    root = layout.raw(corpus)
    if not releases.is_linked(corpus):
        manifest.write_utterances(layout.utterances(corpus), [])
        manifest.write_labels(layout.labels(corpus), [])
        write_json(layout.card(corpus), absent_card(adapter, "not_linked"))
        print(f"{corpus}: not linked; run `python -m harness link {corpus} <folder of the release>`")
        return
    release = adapter.read(root)
    manifest.validate(corpus, release)
    facts = card(adapter, release, root)
    manifest.write_utterances(layout.utterances(corpus), release.utterances)
    manifest.write_labels(layout.labels(corpus), release.annotations)
    write_json(layout.card(corpus), facts)
    print(summary(corpus, facts))
