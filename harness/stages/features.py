"""Extract the features of one corpus with one encoder, in shards that survive a kill."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections import Counter
from typing import Any

from harness import engine, features, layout, manifest
from harness.closure import code_digest
from harness.corpus import Modality, Utterance
from harness.errors import SettingError
from harness.extraction import extract
from harness.files import digest
from harness.media import Clip, Guard, clip_of
from harness.media_rows import read_media
from harness.plugins import find, source
from harness.settings import row

NATIVE = "native"


def run(params: dict[str, Any], encoder: str, corpus: str) -> None:
    """Write data/features/<encoder>/<corpus>/<route>/: every text route of the encoder's row, or `native` for sound.

    Args:
        params: params.yaml.
        encoder: a row of `encoders`, named as its file in harness/encoders.
        corpus: a row of `corpora`.
    """
    options = row(params, "encoders", encoder)
    routes = options.pop("routes", [NATIVE])
    rows = manifest.read_utterances(layout.utterances(corpus))
    row(params, "corpora", corpus)
    guard, workers = Guard(**params["media"]), engine.worker_count(params["engine"]["workers"])
    if find("encoder", encoder).MODALITY == Modality.TEXT:
        for route in routes:
            texts = {one.id: text_of(one, route) for one in rows}
            known: dict[str, Any] = {name: text for name, text in texts.items() if text}
            failed = {name: f"no_text:{route}" for name, text in texts.items() if not text}
            language = _language(corpus, rows, route)
            made_by = _made_by(encoder, options, route, language, list(texts.items()))
            _extract(encoder, options, corpus, known, failed, guard, made_by, workers)
    elif routes != [NATIVE]:
        raise SettingError(f"encoders.{encoder}: routes is {routes}; only an encoder of text has routes")
    else:
        clips, failed, prints = _clips(corpus, rows)
        inputs = [guard, [(name, clip.part, clip.stated) for name, clip in clips.items()], failed, prints]
        made_by = _made_by(encoder, options, NATIVE, "none", inputs)
        _extract(encoder, options, corpus, clips, failed, guard, made_by, workers)


def text_of(row: Utterance, route: str) -> str | None:
    """Return the text of an utterance as said, or in the route's language if it is or was translated into it."""
    if route == NATIVE or row.language.split("-")[0] == route:
        return row.text
    return row.translations.get(route)


def _language(corpus: str, rows: list[Utterance], route: str) -> str:
    languages = {one.language if route == NATIVE else route for one in rows}
    if len(languages) > 1:
        raise SettingError(f"{corpus}: utterances in {sorted(languages)}; a corpus has one language")
    return next(iter(languages), "none")


def _clips(corpus: str, rows: list[Utterance]) -> tuple[dict[str, Clip], dict[str, str], list[Any]]:
    """Return the clips that the survey found readable, id -> reason of the others, and what tells their bytes apart."""
    surveyed = [one for one in read_media(layout.media(corpus)) if one["modality"] == Modality.AUDIO]
    states = {one["id"]: one["state"] for one in surveyed}
    found = {one.id: clip_of(layout.raw(corpus), one, Modality.AUDIO) for one in rows}
    clips = {name: clip for name, clip in found.items() if clip and states.get(name) == "ok"}
    failed = {one.id: states.get(one.id, "missing") for one in rows if one.id not in clips}
    return clips, failed, [(one["path"], one["fingerprint"]) for one in surveyed if one["path"]]


def _made_by(encoder: str, options: dict[str, Any], route: str, language: str, inputs: list[Any]) -> dict[str, Any]:
    module = find("encoder", encoder)
    decoder = [] if module.MODALITY == Modality.TEXT else [layout.HERE / "media_sound.py"]
    made_by: dict[str, Any] = {
        "encoder": encoder,
        "options": options,
        "route": route,
        "language": language,
        "versions": {name: importlib.metadata.version(name) for name in module.PACKAGES if _installed(name)},
        "code": code_digest(source("encoder", encoder), *decoder),
    }
    return {**made_by, "digest": digest([made_by, inputs])}


def _extract(
    encoder: str,
    options: dict[str, Any],
    corpus: str,
    known: dict[str, Any],
    failed: dict[str, str],
    guard: Guard,
    made_by: dict[str, Any],
    workers: int,
) -> None:
    route = made_by["route"]
    label = f"{encoder} {corpus} {route}"
    folder = layout.features(encoder, corpus, route)
    if (folder / features.MADE_BY).exists() and features.read(folder).digest == made_by["digest"]:
        print(f"{label}: up to date")
        return
    work = layout.WORK / made_by["digest"][:16]
    ids, inputs = list(known), list(known.values())
    matrix, without = extract(encoder, options, inputs, made_by["language"], guard, work, workers, label)
    reasons = {**failed, **{ids[at]: reason for at, reason in without.items()}}
    features.write(folder, [name for name in ids if name not in reasons], matrix, reasons, made_by)
    shutil.rmtree(work, ignore_errors=True)
    why = ", ".join(f"{count} {reason}" for reason, count in sorted(Counter(reasons.values()).items()))
    print(f"{label}: {len(ids) - len(without)} rows" + (f", without: {why}" if why else ""))


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
