"""Plan the features of an encoder: which texts or clips of a corpus it needs, and why some have none."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.core import paths
from harness.core.code_digest import code_digest
from harness.core.errors import SettingError
from harness.core.files import digest
from harness.core.plugins import find, source
from harness.corpora.media.clips import Clip, Guard, clip_of
from harness.study.encoder_rows import encoder_row
from harness.study.media_rows import read_media
from harness.study.params.rows import NATIVE, row
from harness.study.prepared import prepared
from harness.study.utterance import Modality, Utterance

DECIDES_ROWS = {  # beside the encoder: these files, and what they import
    "text": ("rows.py",),
    "audio": ("rows.py", "decode_sound.py"),
    "video": ("rows.py", "decode_picture.py"),
}
DTYPES = ("float32", "float16")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One feature store as it should be.

    Args:
        encoder, corpus, route: which.
        file: of harness/encoders.
        options: of the encoder.
        dtype: of the numbers kept.
        inputs: utterance id -> text or clip.
        failed: utterance id -> why there is neither.
        made_by: what made_by.json says before anything is extracted; `digest` names all of it and the inputs.
        guard: how much of a clip is read at most.
        num_gpus: GPUs, or a fraction of one, that a piece of its extraction has where there are any.
    """

    encoder: str
    corpus: str
    route: str
    file: str
    options: Mapping[str, Any]
    dtype: str
    inputs: Mapping[str, Any]
    failed: Mapping[str, str]
    made_by: Mapping[str, Any]
    guard: Guard
    num_gpus: float = 1

    @property
    def folder(self) -> Path:
        """Return where the store lies."""
        return paths.features(self.encoder, self.corpus, self.route)

    @property
    def digest(self) -> str:
        """Return the digest of all it is made from."""
        return str(self.made_by["digest"])

    @property
    def label(self) -> str:
        """Return what people call it."""
        return f"{self.encoder} {self.corpus} {self.route}"


def wanted(params: Mapping[str, Any], encoder: str, corpus: str, device: str | None = None) -> list[Wanted]:
    """Return the stores of one encoder and corpus: one per text route, or `native` for sound and picture.

    Args:
        params: params.yaml.
        encoder: a row of `encoders`.
        corpus: a row of `corpora`.
        device: what `device: auto` of an encoder stands for, `cpu` or `cuda`; None looks at this machine.
    """
    file, options = encoder_row(params, encoder)
    routes, dtype = options.pop("routes", [NATIVE]), options.pop("dtype", DTYPES[0])
    num_gpus = float(options.pop("num_gpus", 1))
    of_device = device_of(file, options, num_gpus, device)
    row(params, "corpora", corpus)
    rows = list(prepared(corpus).utterances)
    guard = Guard(**params["media"])
    modality = find("encoder", file).MODALITY
    made = []
    for route in routes:
        if modality == Modality.TEXT:
            texts = {row.id: text_of(row, route) for row in rows}
            inputs: dict[str, Any] = {name: text for name, text in texts.items() if text}
            failed = {name: f"no_text:{route}" for name, text in texts.items() if not text}
            language = _language(corpus, rows, route)
            of: list[Any] = list(texts.items())
        else:
            inputs, failed, prints = _clips(corpus, rows, Modality(modality))
            of = [guard, [(name, clip.part, clip.stated) for name, clip in inputs.items()], failed, prints]
            language = "none"
        made_by = _made_by(encoder, file, options, route, language, dtype, of, of_device)
        made.append(Wanted(encoder, corpus, route, file, options, dtype, inputs, failed, made_by, guard, num_gpus))
    return made


def device_of(file: str, options: Mapping[str, Any], num_gpus: float, device: str | None) -> dict[str, str]:
    """Return {"device": ...} where it is known what `device: auto` of an encoder's row stands for, or nothing.

    Args:
        file: of harness/encoders.
        options: of the row.
        num_gpus: of the row; with none of a GPU its pieces run on cores, whatever the machine has.
        device: what the engine has for encoders, `cpu` or `cuda`; None if it has not been asked.
    """
    if options.get("device", "auto") != "auto" or not hasattr(find("encoder", file), "made_with"):
        return {}
    known = device if num_gpus else "cpu"
    return {"device": known} if known else {}


def text_of(row: Utterance, route: str) -> str | None:
    """Return the text of an utterance as said, or in the route's language if it is or was translated into it."""
    if route == NATIVE or row.language.split("-")[0] == route:
        return row.text
    return row.translations.get(route)


def _language(corpus: str, rows: list[Utterance], route: str) -> str:
    languages = {row.language if route == NATIVE else route for row in rows}
    if len(languages) > 1:
        raise SettingError(f"{corpus}: utterances in {sorted(languages)}; a corpus has one language")
    return next(iter(languages), "none")


def _clips(corpus: str, rows: list[Utterance], modality: Modality) -> tuple[dict[str, Clip], dict[str, str], list[Any]]:
    """Return the clips that the survey found readable, id -> reason of the others, and what tells their bytes apart."""
    surveyed = [media_row for media_row in read_media(paths.media(corpus)) if media_row["modality"] == modality]
    states = {media_row["id"]: media_row["state"] for media_row in surveyed}
    clip_or_none = {row.id: clip_of(paths.raw(corpus), row, modality) for row in rows}
    clips = {name: clip for name, clip in clip_or_none.items() if clip and states.get(name) == "ok"}
    failed = {row.id: states.get(row.id, "missing") for row in rows if row.id not in clips}
    return clips, failed, [(media_row["path"], media_row["fingerprint"]) for media_row in surveyed if media_row["path"]]


def _made_by(
    encoder: str,
    file: str,
    options: Mapping[str, Any],
    route: str,
    language: str,
    dtype: str,
    of: list[Any],
    of_device: Mapping[str, str],
) -> dict[str, Any]:
    module = find("encoder", file)
    deciding = [Path(__file__).with_name(name) for name in DECIDES_ROWS[module.MODALITY]]
    resolved = module.resolved(options) if hasattr(module, "resolved") else None  # what a name such as `main` means now
    made_by: dict[str, Any] = {
        "encoder": encoder,
        "file": file,
        "options": dict(options),
        "modality": str(module.MODALITY),
        "route": route,
        "language": language,
        "dtype": dtype,
        "versions": {name: importlib.metadata.version(name) for name in module.PACKAGES if _installed(name)},
        "code": code_digest(source("encoder", file), *deciding),
        **({"resolved": resolved} if resolved else {}),
        **({"made_with": module.made_with({**options, **of_device})} if hasattr(module, "made_with") else {}),
    }
    return {**made_by, "digest": digest([made_by, of])}


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
