"""Say what is installed, what is linked, what is missing, and what to do about it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
from pathlib import Path
from typing import Any

from harness.core import paths
from harness.core.engine_settings import AUTO, LOCAL, EngineSettings, worker_count
from harness.core.errors import HarnessError
from harness.core.gpu_use import unused_gpu
from harness.core.plugins import find, names
from harness.corpora.reading import links
from harness.study.encoder_rows import encoder_row
from harness.study.params import load as params_load
from harness.study.params.load import ParamsError
from harness.study.provenance import PACKAGES
from harness.tracking.address import shown
from harness.tracking.store_state import uri_of_study

EXAMPLES = ("emotransfer doctor",)
WHOLE_STUDY = True


def run(params: dict[str, Any]) -> None:
    """Print one line per thing looked at; "!" marks what needs a hand."""
    for line in [
        *_params(params),
        *_machine(params),
        *_packages(),
        *_encoders(params),
        *_corpora(params),
        *_pipeline(),
        *_tracking(),
    ]:
        print(line)


def _params(params: dict[str, Any]) -> list[str]:
    """Say whether a study can begin; what is wrong with the file itself has been told when it was loaded."""
    try:
        params_load.check_options(params)
    except ParamsError as error:
        return [f"! {error}"]
    return [f"  params.yaml: {len(params['recipes'])} recipes, {len(params['protocols'])} protocols, nothing wrong"]


def _machine(params: dict[str, Any]) -> list[str]:
    import torch

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "none, the CPU is used"
    unused = unused_gpu()
    free = shutil.disk_usage(".").free / 2**30
    return [
        f"  python {platform.python_version()}, {_engine(params)}",
        f"! GPU: {unused}" if unused else f"  GPU: {device}",
        f"{'  ' if free > 5 else '! '}disk: {free:.0f} GiB free"
        + ("" if free > 5 else "; features need some, make room"),
    ]


def _engine(params: dict[str, Any]) -> str:
    settings = EngineSettings.of(params["engine"])
    if settings.kind == LOCAL:
        return f"{worker_count(settings.workers)} worker processes"
    address = os.environ.get("RAY_ADDRESS", LOCAL) if settings.address == AUTO else settings.address
    return "a cluster of Ray on this machine" if address == LOCAL else f"the cluster of Ray at {address}"


def _packages() -> list[str]:
    return ["  " + ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)]


def _encoders(params: dict[str, Any]) -> list[str]:
    lines = []
    for name in params["encoders"]:
        try:
            file, options = encoder_row(params, name)
            module = find("encoder", file)  # weights of gigabytes are looked for and not loaded
            getattr(module, "ready", module.encoder)(
                **{k: v for k, v in options.items() if k not in ("routes", "dtype", "num_gpus")}
            )
            lines.append(f"  encoder {name}: ready")
        except (HarnessError, TypeError) as error:
            lines.append(f"! encoder {name}: {error}")
    return lines


def _corpora(params: dict[str, Any]) -> list[str]:
    lines = [f"  adapters: {', '.join(names('corpus'))}"]
    for name in params["corpora"]:
        try:
            if links.is_linked(name):
                kind = "synthetic, " if links.is_synthetic(name) else ""
                lines.append(f"  corpus {name}: {kind}linked to {os.path.realpath(paths.raw(name))}")
            else:
                lines.append(f"! corpus {name}: not linked; run `python -m harness link {name} <folder>`")
        except HarnessError as error:
            lines.append(f"! corpus {name}: {error}")
    return lines


def _pipeline() -> list[str]:
    if not Path(".dvc").is_dir():
        return ["! pipeline: no .dvc folder here; run the command at the top of the checkout"]
    if not any((folder / ".git").exists() for folder in (Path.cwd(), *Path.cwd().parents)):
        return ["! pipeline: this folder is in no git repository, and dvc asks for one; run `git init`"]
    if _is_damaged(Path("dvc.lock")):
        return ["! pipeline: dvc.lock is damaged (DVC was killed while it wrote it); delete it and run `dvc repro`"]
    made = paths.REPORT.exists()
    return ["  pipeline: " + (f"report at {paths.REPORT}" if made else "not run yet; run `dvc repro`")]


def _is_damaged(lock: Path) -> bool:
    """Tell whether a lock file of DVC is there that DVC cannot read: it writes the file in place."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        content = YAML(typ="safe").load(lock) if lock.is_file() else {"schema": ""}
    except (YAMLError, ValueError):
        return True
    return not (isinstance(content, dict) and "schema" in content)


def _tracking() -> list[str]:
    return [f"  MLflow: {shown(uri_of_study())}"]
