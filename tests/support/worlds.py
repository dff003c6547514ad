"""Made-up studies whose features are made here: what each encoder tells of the class is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from small_studies import params_of, stage

from harness.core import paths
from harness.core.files import digest
from harness.core.plugins import find
from harness.features import store
from harness.study import manifest
from harness.study.labels import EMOTION7

CORPORA = ("emotiontalk", "meld")
LINEAR = {"normalise": "source_std", "fusion": "linear", "settings": {"c": [0.001, 0.01, 0.1]}}


def recipe(text: bool = False, audio: bool = False, video: bool = False, **other: Any) -> dict[str, Any]:
    slots = {"text": "said" if text else "none", "audio": "heard" if audio else "none"}
    rest = {"video": "seen" if video else "none", "also": "none", "route": "native", "balanced": True}
    return {**slots, **rest, **LINEAR, **other}


def study(
    folder: Path,
    recipes: dict[str, Any],
    told: float = 1.0,
    lost: float = 0.0,
    utterances: int = 300,
    corpora: tuple[str, ...] = CORPORA,
    shift: float = 0.0,
) -> Any:
    """Made-up corpora whose features show the class that each view was given, as strongly as the world says."""
    encoders = {"said": {"encoder": "e5"}, "heard": {"encoder": "logmel"}, "seen": {"encoder": "face"}}
    world = {"utterances": utterances, "dialogues": utterances // 6}
    params = params_of(folder, corpora, (), synth=world)
    params |= {"recipes": recipes, "encoders": encoders}
    find("verb", "synth").run(params)
    chance = np.random.default_rng(5)
    shape = np.random.default_rng(6).normal(size=(7, 12)).astype(np.float32)
    for number, corpus in enumerate(corpora):
        stage("prepare", params, corpus)
        labels = manifest.read_labels(paths.labels(corpus))
        for encoder, view, strength in (("said", "text", 1.0), ("heard", "audio", told), ("seen", "video", told)):
            kept, rows = [], []
            for name, row in labels.items():
                seen = manifest.label_of(row, "emotion7", view if corpus == "emotiontalk" else "multimodal")
                known = manifest.label_of(row, "emotion7", "multimodal") if seen is None else seen
                signal = shape[EMOTION7.classes.index(str(known))] * strength if known else 0
                if encoder != "seen" or chance.random() >= lost:
                    kept.append(name)
                    rows.append(signal + shift * number + chance.normal(scale=2.2, size=12))
            failed = {name: "no_face" for name in labels if name not in set(kept)}
            made = np.array(rows, dtype=np.float32)
            store.write(
                paths.features(encoder, corpus, "native"), kept, made, failed, {"digest": digest([encoder, told])}
            )
    for name in recipes:
        stage("transfer", params, name)
    return params
