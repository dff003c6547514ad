"""`dvc exp run -S`: it changes one line of params.yaml, the next one takes effect, and only what it concerns runs."""

from __future__ import annotations

import difflib
import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides
from repos import Repo
from small_studies import CHECKOUT


def changed_lines(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in lines if re.match(r"[-+](?![-+])", line)]


def test_an_override_of_dvc_changes_the_shipped_file_in_that_place_alone(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    shutil.copy(CHECKOUT / "params.yaml", path)
    before = path.read_text(encoding="utf-8")
    apply_overrides(path, ["training.seeds=[1]"])
    other_seeds = ["-  - 2", "-  - 3", "-  - 4", "-  - 5"]
    assert changed_lines(before, path.read_text(encoding="utf-8")) == other_seeds
    apply_overrides(path, ["settings.mlp.hidden=9", "only.recipes=[text_ngrams]"])
    assert changed_lines(before, path.read_text(encoding="utf-8")) == [
        "-  recipes: []", "+  recipes:", "+  - text_ngrams", "-    hidden: 128", "+    hidden: 9", *other_seeds,
    ]  # fmt: skip


class Experiments(Repo):
    """A copy of the checkout in git, whose experiments are run in the workspace."""

    def commit(self) -> None:
        who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
        self.run("git", *who, "add", "-A")
        self.run("git", *who, "commit", "-q", "-m", "start")

    def experiment(self, *overrides: str) -> set[str]:
        """Run `dvc exp run -S` up to the scores, and return the stages that ran, but for `outside`."""
        given = [part for override in overrides for part in ("-S", override)]
        return set(re.findall(r"Running stage '([^']+)'", self.run("dvc", "exp", "run", *given, "score"))) - {"outside"}

    def settings(self, recipe: str) -> dict[str, list[float]]:
        return json.loads((self.folder / "predictions" / recipe / "plan.json").read_text())["settings"]["settings"]


@pytest.mark.slow
def test_experiments_take_effect_one_after_the_other(tmp_path: Path) -> None:
    repo = Experiments(tmp_path)
    repo.commit()
    params = repo.folder / "params.yaml"
    before = params.read_text(encoding="utf-8")

    ran = repo.experiment("training.seeds=[3]", "only.recipes=[text_ngrams]", "only.spaces=[emotion4]")
    assert {"params", "transfer@text_ngrams", "transfer@text_ngrams_zh", "score"} <= ran
    assert changed_lines(before, params.read_text(encoding="utf-8")) == [
        "-  recipes: []", "-  spaces: []", "+  recipes:", "+  - text_ngrams", "+  spaces:", "+  - emotion4",
        "-  - 1", "-  - 2", "+  - 3",
    ]  # fmt: skip
    assert not list((repo.folder / "models" / "text_ngrams_zh").rglob("*")), "it is left out"
    cells = (repo.folder / "results" / "cells.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert {tuple(line.split(",")[:3:2]) for line in cells} == {("emotion4", "text_ngrams")}

    ran = repo.experiment("only.recipes=[]", "only.spaces=[]", "settings.sparse.c=[9]")
    assert {"transfer@text_ngrams", "transfer@text_ngrams_zh", "score"} <= ran
    assert not [stage for stage in ran if stage.startswith(("prepare", "features@ngrams", "code"))]
    assert repo.settings("text_ngrams") == repo.settings("text_ngrams_zh") == {"c": [9]}

    assert repo.experiment("recipes.text_ngrams.settings={c: [2]}") == {"params", "transfer@text_ngrams", "score"}
    assert repo.settings("text_ngrams") == {"c": [2]}
    assert repo.settings("text_ngrams_zh") == {"c": [9]}

    shown = repo.run("dvc", "exp", "show", "--csv", "--only-changed")
    assert len(shown.strip().splitlines()) >= 4
    refused = repo.run("dvc", "exp", "run", "-S", "recipes.text_ngrams.fusion=liner", "score", check=False)
    assert "no model is called 'liner'; did you mean 'linear'" in refused
    assert re.findall(r"Running stage '([^']+)'", refused) == ["params"], "told before anything else ran"


@pytest.mark.slow
def test_a_study_of_its_own_folder_overwrites_nothing_and_trains_nothing_again(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    plan = repo.harness("plan")
    assert "features: known after `prepare` of emotiontalk, meld" in plan
    assert re.search(r"runs +\d+ changed, or never run\n    params\n", plan)
    repo.run("dvc", "repro", "transfer")
    plan = repo.harness("plan")
    kept = re.findall(r"\n  text_ngrams +0 cell rows to train, +([1-9]) kept\n", plan)
    assert kept, plan
    assert re.search(r"\n  ngrams +6 stores kept\n", plan)
    changed = repo.harness("plan", "--set", "settings.sparse.c=[7]")
    assert re.search(rf"\n  text_ngrams +{kept[0]} cell rows to train, +0 kept\n", changed), changed
    repo.edit("params.yaml", "    - 1\n", "    - 1\n    - 2\n")  # of settings.sparse.c
    assert re.search(r"transfer +text_ngrams \d+ s, text_ngrams_zh \d+ s\n", repo.harness("plan")), "as long as before"
    repo.edit("params.yaml", "    - 1\n    - 2\n", "    - 1\n")
    made = repo.digests("models", "predictions", "data/features")
    (repo.folder / "studies").mkdir()
    (repo.folder / "studies" / "part.yaml").write_text("only: {recipes: [text_ngrams], spaces: [emotion4]}\n")
    assert "studies/part: 1 recipes, 1 label spaces" in repo.harness("study", "part")
    out = repo.run(sys.executable, "-m", "dvc", "--cd", "studies/part", "repro", "score")
    assert "ngrams meld native: up to date" in out
    assert "transfer text_ngrams: 2 pieces of work" in out, "models were taken over, and two rows looked at"
    cells = (repo.folder / "studies/part/results/cells.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert {tuple(line.split(",")[:3:2]) for line in cells} == {("emotion4", "text_ngrams")}
    assert repo.digests("models", "predictions", "data/features") == made
    assert not (repo.folder / "results").exists()
    assert repo.repro("transfer") == set(), "the default study is as it was"
