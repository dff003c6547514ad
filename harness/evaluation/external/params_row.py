"""A row of `external` in params.yaml: predictions made elsewhere, treated as one more recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.core.errors import NameUnknownError, SettingError
from harness.study.labels import space
from harness.study.params import NO_MODALITY, SLOTS
from harness.study.splits import NO_SOURCE
from harness.study.utterance import Modality

NEEDED, OPTIONAL = ("file", "description"), ("inputs", "space", "partial")
KINDS: dict[str, tuple[Any, str]] = {
    "file": (str, "text"),
    "description": (str, "text"),
    "inputs": (list, "a list of modalities"),
    "space": (str | None, "the name of a label space"),
    "partial": (bool, "true or false"),
}


def checked(params: Mapping[str, Any], name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of `external` with all its keys, or raise a HarnessError.

    Args:
        params: params.yaml.
        name: of the row.
        options: the row.
    """
    missing = [key for key in NEEDED if key not in options]
    unknown = [key for key in options if key not in (*NEEDED, *OPTIONAL)]
    if missing or unknown:
        problem = f"lacks {', '.join(missing)}" if missing else f"has the unknown key {', '.join(unknown)}"
        raise SettingError(f"external.{name} {problem}; it has {', '.join(NEEDED)}, and may have {', '.join(OPTIONAL)}")
    if name in params["recipes"]:
        raise SettingError(f"external.{name}: recipes has a row of this name, too; give one of them another")
    if NO_SOURCE in params["corpora"]:
        raise SettingError(f"a corpus is called {NO_SOURCE}, which means that there is none; rename its row")
    row = {"inputs": [], "space": None, "partial": False, **options}
    for key, (kind, words) in KINDS.items():
        if not isinstance(row[key], kind):
            raise SettingError(f"external.{name}: {key} is {row[key]!r}; it is {words}")
    for modality in row["inputs"]:
        if str(modality) not in set(Modality):
            raise NameUnknownError(
                f"modality (external.{name}: inputs)",
                str(modality),
                [modality_name.value for modality_name in Modality],
            )
    if row["space"] is not None:
        space(row["space"])
    return row


def settings(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a checked row as the settings of a recipe that uses no encoder and no model of ours."""
    return {
        "description": row["description"],
        "file": row["file"],
        **dict.fromkeys(SLOTS, NO_MODALITY),
        **{"route": "native", "normalise": "none", "fusion": "external", "balanced": False, "settings": {}},
        "inputs": list(dict.fromkeys(row["inputs"])),
    }
