"""A study of a network in a world of known truth, ready for its stage `transfer`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dvc.utils.serialize import dump_yaml
from worlds import recipe, study

RECIPE = "text_mlp"


def write(folder: Path, name: str, seeds: int, workers: int, utterances: int = 300) -> dict[str, Any]:
    """Write params.yaml and everything before `transfer` into the current folder; networks do not stop early."""
    params = study(folder, {}, utterances=utterances)
    network = {"layers": 1, "hidden": 32, "dropout": 0.0, "lr": 0.001, "weight_decay": 0.01, "batch": 16, "epochs": 60}
    params["settings"]["net"] = {**network, "patience": 60}
    row = recipe(text=True, fusion="mlp", settings="net", description="a network")
    params |= {"study": name, "recipes": {RECIPE: row}, "analysis": {"recipes": [RECIPE], "spaces": ["emotion4"]}}
    params["training"]["seeds"] = list(range(1, seeds + 1))
    params["engine"] |= {"kind": "local", "workers": workers}
    params["tracking"]["live"] = True
    plain = {key: value for key, value in params.items() if key not in ("notes", "left_out")}  # which `load` has added
    dump_yaml(folder / "params.yaml", plain)
    return params
