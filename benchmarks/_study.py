"""Write corpora and feature stores as the stages `prepare` and `features` would have left them, and a params.yaml."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from harness.core import paths
from harness.core.files import digest, write_json
from harness.features import store
from harness.features.matrix import Ragged
from harness.study import manifest
from harness.study.labels import SPACES, Shared, absent
from harness.study.params.rows import SLOTS
from harness.study.release import Annotation
from harness.study.utterance import Utterance

CHECKOUT = Path(__file__).resolve().parent.parent
ENCODERS = {"text": "e5", "audio": "logmel", "video": "face"}  # the files that stand for a modality; none of them runs


def write_corpus(
    folder: Path, corpus: str, ids: Sequence[str], splits: Sequence[str], space: str, labels: Sequence[Any]
) -> None:
    """Write the tables of a corpus with one label a row, in one label space, into a study's folder."""
    turns = [name.rpartition("_utt") for name in ids]
    rows = [
        Utterance(name, split, dialogue, int(turn), None, "en", None)  # type: ignore[arg-type]
        for name, split, (dialogue, _, turn) in zip(ids, splits, turns, strict=True)
    ]
    manifest.write_utterances(folder / paths.utterances(corpus), rows)
    told = [Annotation(name, {}, _only(space, label)) for name, label in zip(ids, labels, strict=True)]
    manifest.write_labels(folder / paths.labels(corpus), told)
    write_json(folder / paths.card(corpus), {"present": True, "family": corpus})


def _only(space: str, label: Any) -> dict[str, Shared]:
    return {**{name: absent() for name in SPACES}, space: Shared(label)}


def write_store(folder: Path, corpus: str, slot: str, ids: Sequence[str], matrix: NDArray[np.float32] | Ragged) -> None:
    """Write the features of one slot of a corpus into a study's folder."""
    place = folder / paths.features(slot, corpus, "native")
    store.write(place, ids, matrix, {}, {"encoder": slot, "options": {}, "digest": digest([corpus, slot])})


def project_params() -> dict[str, Any]:
    """Return the project's own params.yaml."""
    values: dict[str, Any] = yaml.safe_load((CHECKOUT / "params.yaml").read_text(encoding="utf-8"))
    return values


def write_params(folder: Path, corpora: Sequence[str], spaces: Sequence[str], **sections: Mapping[str, Any]) -> None:
    """Write the project's params.yaml for these corpora, with sections of its own in place of the project's."""
    params = project_params()
    nothing = {"recipes": [], "spaces": []}
    none = {"protocols": {}, "external": {}, "analysis": nothing, "foresee": nothing}
    fresh = {"corpora": {name: {} for name in corpora}, "spaces": list(spaces), **none}
    params["statistics"]["baseline"] = None
    params.update({**fresh, **sections})
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")


def encoders(slots: Sequence[str]) -> dict[str, Any]:
    """Return the section `encoders` of a study whose stores were written by `write_store`."""
    return {slot: {"encoder": ENCODERS[slot]} for slot in slots}


def recipe(slots: Sequence[str], fusion: str, settings: Mapping[str, Any], balanced: bool = True) -> dict[str, Any]:
    """Return a recipe over these slots, standardised by the source."""
    used = {slot: slot if slot in slots else "none" for slot in SLOTS}
    shared = {"route": "native", "normalise": "source_std", "balanced": balanced}
    return {**used, **shared, "fusion": fusion, "settings": dict(settings)}
