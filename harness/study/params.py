"""Read params.yaml, every choice of a study; OmegaConf resolves its references and overrides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.core.errors import NameUnknownError, SettingError

NATIVE = "native"

PARAMS = Path("params.yaml")
NO_MODALITY = "none"
SLOTS = ("text", "audio", "video", "also")  # of a recipe; `also` is one more encoder, of any modality


def load(overrides: Sequence[str] = (), path: Path = PARAMS) -> dict[str, Any]:
    """Return params.yaml as plain values, interpolations resolved.

    Args:
        overrides: `key.sub=value` items that replace values of the file; an unknown key is an error.
        path: the file.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    if malformed := [item for item in overrides if "=" not in item]:
        raise SettingError(f"--set {malformed[0]}: expected key=value, as in training.seeds=[1]")
    try:
        params = OmegaConf.load(path)
        OmegaConf.set_struct(params, True)
        params = OmegaConf.merge(params, OmegaConf.from_dotlist(list(overrides)))
        values = OmegaConf.to_container(params, resolve=True, throw_on_missing=True)
    except OSError as error:
        raise SettingError(
            f"{path}: cannot be read ({error.strerror or error}); run the command at the top of the checkout"
        ) from error
    except (OmegaConfBaseException, YAMLError) as error:
        raise SettingError(f"{path}: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise SettingError(f"{path}: expected a mapping of settings")
    return {str(key): value for key, value in values.items()}


def row(params: Mapping[str, Any], section: str, name: str) -> dict[str, Any]:
    """Return one row of a section (`corpora`, `encoders`, `recipes`), or raise NameUnknownError."""
    rows = params.get(section) or {}
    if name not in rows:
        raise NameUnknownError(f"row of {section} in params.yaml", name, rows)
    return dict(rows[name] or {})


def inputs(recipe: Mapping[str, Any]) -> dict[str, str]:
    """Return slot -> encoder of a recipe, without the slots that are `none`."""
    used = {slot: str(recipe[slot]) for slot in SLOTS if recipe.get(slot, NO_MODALITY) != NO_MODALITY}
    if not used:
        raise SettingError(f"a recipe names an encoder for at least one of {', '.join(SLOTS)}")
    return used
