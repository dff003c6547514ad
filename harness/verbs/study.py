"""Prepare a study of its own folder: params.yaml with what studies/<name>.yaml says differently."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from harness.core.default_study import STUDIES
from harness.core.errors import HarnessError
from harness.core.files import write_text, write_whole
from harness.study.params import load as params_load
from harness.study.params import only, row_names
from harness.study.params.rows import PARAMS

EXAMPLES = ("emotransfer study small", "make study STUDY=small", "cd studies/small && dvc repro")
WHOLE_STUDY = True
CODE = ("harness", "adapters")  # links: read there as they are here
DATA = ("data/raw", "data/links", "data/external", "data/work/media")
COPIED = ("dvc.yaml", ".dvcignore")
KEPT_EMPTY = ("data/features/none", "protocols/none")
HEAD = """\
# Written by `emotransfer study {name}` from params.yaml and studies/{name}.yaml: change those, and run it again.
"""
DVC_CONFIG = """\
[core]
    no_scm = true
    analytics = false
    check_update = false
[cache]
    dir = ../../../.dvc/cache
"""


def run(params: dict[str, Any], name: str) -> None:
    """Write studies/<name>/, in which `dvc repro` runs the study; results of other studies stay as they are.

    studies/<name>.yaml holds what differs from params.yaml: values, further rows, and `only`. Releases are those of the
    checkout, and features, models and predictions that are equal to those of the default study are taken over.

    Args:
        params: params.yaml.
        name: of the file, without .yaml.
    """
    del params
    if why := row_names.why_not(name):
        raise HarnessError(f"the name of a study {name!r} {why}")
    over = STUDIES / f"{name}.yaml"
    if not over.is_file():
        known = ", ".join(sorted(path.stem for path in STUDIES.glob("*.yaml"))) or "none"
        raise HarnessError(
            f"{over}: there is no such file (studies: {known}); write into it what differs from {PARAMS}"
        )
    part = params_load.load_study(over)
    notes, folder = part[only.NOTES], STUDIES / name
    values = {key: value for key, value in part.items() if key not in (only.NOTES, only.LEFT_OUT)}
    values["only"] = {key: [] for key in values["only"]}
    _prepare(folder)
    write_whole(folder / PARAMS, lambda path: _write(path, HEAD.format(name=name), values))
    for place, names in notes.items():
        print(f"{place}: without {', '.join(names)}, left out by `only` in {over}")
    counts = f"{len(part['recipes'])} recipes, {len(part['spaces'])} label spaces"
    print(f"{folder}: {counts}; now `cd {folder} && dvc repro`")


def _write(path: Path, head: str, values: dict[str, Any]) -> None:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    with path.open("w", encoding="utf-8") as file:
        file.write(head)
        yaml.dump(values, file)


def _prepare(folder: Path) -> None:
    """Make a folder in which `dvc repro` runs: a DVC project whose code and releases are those of the checkout."""
    for name in DATA:
        Path(name).mkdir(parents=True, exist_ok=True)  # in a fresh clone; a stage cannot write below a link to nowhere
    for name in (*CODE, *DATA):
        link = folder / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(Path(*[".."] * len(link.parent.parts)) / name, target_is_directory=True)
    for name in KEPT_EMPTY:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        shutil.copyfile(name, folder / name)
    write_text(folder / ".dvc" / "config", DVC_CONFIG)
