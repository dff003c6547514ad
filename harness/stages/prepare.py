"""Read one release: its utterances, its labels in every shared space, what its clips hold, and its corpus card."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from harness.core import paths
from harness.core.engine_settings import worker_count
from harness.core.files import file_digest, write_json
from harness.core.log import log
from harness.core.plugins import find
from harness.corpora import dev_dialogues, speaker_folds
from harness.corpora.media.clips import Guard
from harness.corpora.media.survey import survey
from harness.corpora.reading import links
from harness.corpora.reading.card import absent_card, card, summary
from harness.study import manifest
from harness.study.media_rows import write_media
from harness.study.params.rows import row
from harness.study.release import Adapter

EXAMPLES = ("emotransfer prepare meld",)
WHOLE_STUDY = True


def run(params: dict[str, Any], corpus: str) -> None:
    """Write data/corpora/<corpus>/{utterances.jsonl, labels.jsonl, media.jsonl, card.json}, data/inputs/<corpus>.json.

    A clip that is missing or cannot be read is a row of media.jsonl, not an error.

    Args:
        params: params.yaml.
        corpus: a row of `corpora`.
    """
    options = row(params, "corpora", corpus)
    name = options.get("adapter", corpus)
    adapter = cast(Adapter, find("corpus", name))
    root = paths.raw(corpus)
    if not links.is_linked(corpus):
        manifest.write_utterances(paths.utterances(corpus), [])
        manifest.write_labels(paths.labels(corpus), [])
        write_media(paths.media(corpus), [])
        write_json(paths.card(corpus), absent_card(adapter, "not_linked"))
        _write_inputs(corpus)
        log.info(f"{corpus}: not linked; run `python -m harness link {corpus} <folder of the release>`")
        return
    release = adapter.read(root)
    manifest.validate(corpus, release)
    if options.get("split") == "speakers":
        utterances, note = speaker_folds.divided(corpus, release.utterances)
        release = replace(release, utterances=utterances, notes=[*release.notes, note])
    if options.get("dev") == "dialogues":
        utterances = dev_dialogues.marked(corpus, release.utterances)
        note = "dev is a tenth of the dialogues of the training folds, and shares speakers with train"
        release = replace(release, utterances=utterances, notes=[*release.notes, note])
    workers = worker_count(params["engine"]["workers"])
    cache = paths.WORK / "media" / corpus
    media = survey(root, release.utterances, Guard(**params["media"]), workers, cache, f"media {corpus}")
    facts = card(adapter, release, root, media)
    manifest.write_utterances(paths.utterances(corpus), release.utterances)
    manifest.write_labels(paths.labels(corpus), release.annotations)
    write_media(paths.media(corpus), media)
    write_json(paths.card(corpus), facts)
    _write_inputs(corpus)
    log.info(summary(corpus, facts))


def _write_inputs(corpus: str) -> None:
    """Write data/inputs/<corpus>.json: `features` depends on it alone, so that no label makes it run again."""
    files = (paths.utterances(corpus), paths.media(corpus))
    write_json(paths.inputs(corpus), {path.name: file_digest(path) for path in files})
