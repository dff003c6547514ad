"""Read one release: its utterances, its labels in every shared space, what its clips hold, and its corpus card."""

from __future__ import annotations

from typing import Any, cast

from harness import engine, layout, manifest, releases
from harness.card import absent_card, card, summary
from harness.corpus import Adapter
from harness.files import file_digest, write_json
from harness.media import Guard
from harness.media_rows import write_media
from harness.media_survey import survey
from harness.plugins import find
from harness.settings import row


def run(params: dict[str, Any], corpus: str) -> None:
    """Write data/corpora/<corpus>/{utterances.jsonl, labels.jsonl, media.jsonl, card.json}, data/inputs/<corpus>.json.

    A clip that is missing or cannot be read is a row of media.jsonl, not an error.

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
        write_media(layout.media(corpus), [])
        write_json(layout.card(corpus), absent_card(adapter, "not_linked"))
        _write_inputs(corpus)
        print(f"{corpus}: not linked; run `python -m harness link {corpus} <folder of the release>`")
        return
    release = adapter.read(root)
    manifest.validate(corpus, release)
    workers = engine.worker_count(params["engine"]["workers"])
    cache = layout.WORK / "media" / corpus
    media = survey(root, release.utterances, Guard(**params["media"]), workers, cache, f"media {corpus}")
    facts = card(adapter, release, root, media)
    manifest.write_utterances(layout.utterances(corpus), release.utterances)
    manifest.write_labels(layout.labels(corpus), release.annotations)
    write_media(layout.media(corpus), media)
    write_json(layout.card(corpus), facts)
    _write_inputs(corpus)
    print(summary(corpus, facts))


def _write_inputs(corpus: str) -> None:
    """Write data/inputs/<corpus>.json: `features` depends on it alone, so that no label makes it run again."""
    files = (layout.utterances(corpus), layout.media(corpus))
    write_json(layout.inputs(corpus), {path.name: file_digest(path) for path in files})
