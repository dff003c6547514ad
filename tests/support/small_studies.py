"""Small studies for tests: a folder with params.yaml, synthetic releases, and the stages run in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from dvc.utils.serialize import dump_yaml

from harness.core.plugins import find
from harness.study.params.load import load

CHECKOUT = Path(__file__).resolve().parent.parent.parent
DATA = CHECKOUT / "tests" / "data"  # excerpts of releases
SUPPORT = Path(__file__).resolve().parent
WORLD = {"utterances": 300, "dialogues": 60, "speakers": 10}


def params_of(
    folder: Path,
    corpora: tuple[str, ...] = ("emotiontalk", "meld"),
    recipes: tuple[str, ...] = ("text_ngrams_zh",),
    spaces: tuple[str, ...] = ("emotion4",),
    **sections: dict[str, Any],
) -> dict[str, Any]:
    """Write a smaller params.yaml made from the project's own, and return it as loaded."""
    params = yaml.safe_load((CHECKOUT / "params.yaml").read_text(encoding="utf-8"))
    params["corpora"] = {name: {} for name in corpora}
    params["recipes"] = {name: params["recipes"][name] for name in recipes}
    params["encoders"] = {"ngrams": {**params["encoders"]["ngrams"], "buckets": 4096}}
    params["spaces"] = list(spaces)
    params["training"] = {"seeds": [1, 2]}
    params["settings"]["sparse"] = {"c": [1]}
    params["statistics"] |= {"resamples": 200, "baseline": None}
    params |= {"protocols": {}, "external": {}, "foresee": {"recipes": [], "spaces": []}}
    params["analysis"] = {"recipes": list(recipes), "spaces": list(spaces)}
    params["engine"]["workers"] = 1
    params["synth"] = {**params["synth"], **WORLD, "media": False, "defects": "none"}
    for name, section in sections.items():
        params[name] = {**params[name], **section}
    dump_yaml(folder / "params.yaml", params)  # in the form that `dvc exp run -S` writes
    return load(path=folder / "params.yaml")


def stage(name: str, params: dict[str, Any], *arguments: str) -> None:
    """Run one stage in the current folder."""
    find("stage", name).run(params, *arguments)


def run_to_cells(params: dict[str, Any]) -> None:
    """Run prepare to score in the current folder."""
    for corpus in params["corpora"]:
        stage("prepare", params, corpus)
    for encoder in params["encoders"]:
        stage("features", params, encoder)
    for recipe in params["recipes"]:
        stage("transfer", params, recipe)
    stage("score", params)
