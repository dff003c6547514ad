"""Say what `dvc repro` would do: stages, features to extract, cells to train, disk, and the time it took before."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.core import durations, paths
from harness.core.errors import HarnessError
from harness.corpora.reading import links
from harness.features.extract import is_current
from harness.features.plan import wanted
from harness.stages import transfer
from harness.study.params import load as params_load
from harness.study.params import only
from harness.training.matrix_row import is_trained

EXAMPLES = ("emotransfer plan", "emotransfer plan --set only.recipes=[text_ngrams]")
RUNS, MAY_RUN, KEPT = "runs", "may run", "kept"
FOLDERS = (paths.CORPORA, paths.FEATURES, paths.MODELS, paths.PREDICTIONS, paths.PROTOCOLS, paths.RESULTS, paths.WORK)


def run(params: dict[str, Any]) -> None:
    """Print what would run and what is kept; nothing is changed.

    Args:
        params: params.yaml.
    """
    params_load.check_options(params)
    for section in (_linked(params), _stages(), _features(params), _cells(params), _disk()):
        for line in section:
            print(line)


def _linked(params: Mapping[str, Any]) -> Iterator[str]:
    linked = [name for name in params["corpora"] if links.is_linked(name)]
    yield f"corpora: {', '.join(linked) or 'none is linked'}"
    if missing := [name for name in params["corpora"] if name not in linked]:
        yield f"  not linked: {', '.join(missing)}"
    for section, names in params[only.LEFT_OUT].items():
        if names:
            yield f"  left out by `only`: {section} {', '.join(names)}"


def _stages() -> Iterator[str]:
    """Say which stages DVC would run, and how long they took the last time."""
    verdicts, took = _verdicts(), durations.seconds()
    yield "stages"
    for verdict, meaning in (
        (RUNS, "changed, or never run"),
        (MAY_RUN, "after a changed one; runs if that makes something else than before"),
        (KEPT, "nothing changed"),
    ):
        names = [name for name, of in verdicts.items() if of == verdict]
        known = [took[name] for name in names if name in took]
        time = f"; {_time(sum(known))} the last time" if known and verdict != KEPT else ""
        without = f", {len(names) - len(known)} of them not yet timed" if time and len(known) < len(names) else ""
        if names:
            yield f"  {verdict:<8}{len(names):>3} {meaning}{time}{without}"
            if verdict != KEPT:
                yield from (f"    {name:<32}{_time(took[name]) if name in took else '':>8}" for name in names)


def _verdicts() -> dict[str, str]:
    """Return stage -> whether it runs, in the order in which DVC would run them."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from networkx import ancestors, topological_sort

    try:
        repo = Repo(".")
        graph, changed = repo.index.graph, set(repo.status())
    except (DvcException, OSError) as error:
        raise HarnessError(f"dvc: {' '.join(str(error).split())}") from error
    order = list(topological_sort(graph.reverse(copy=True)))  # edges lead to what a stage needs
    changed_stages = [stage for stage in order if stage.addressing in changed]
    after = {below for stage in changed_stages for below in ancestors(graph, stage)}
    return {
        stage.addressing: RUNS if stage.addressing in changed else MAY_RUN if stage in after else KEPT
        for stage in order
    }


def _features(params: Mapping[str, Any]) -> Iterator[str]:
    yield "features"
    for encoder in params["encoders"]:
        unknown, waiting, kept = [], [], 0
        for corpus in params["corpora"]:
            if not paths.inputs(corpus).exists():
                unknown.append(corpus)
                continue
            for store in wanted(params, encoder, corpus):
                if is_current(store):
                    kept += 1
                elif store.inputs:
                    waiting.append(f"{corpus} {store.route}: {len(store.inputs):,}")
        parts = [f"{kept} stores kept"] if kept else []
        parts += [f"to extract: {', '.join(waiting)} utterances"] if waiting else []
        parts += [f"known after `prepare` of {', '.join(unknown)}"] if unknown else []
        yield f"  {encoder:<16} {'; '.join(parts) or 'nothing to do'}"


def _cells(params: Mapping[str, Any]) -> Iterator[str]:
    yield "models (a row of the matrix: one source in one label space)"
    for recipe in params["recipes"]:
        try:
            jobs = transfer.planned(params, recipe)[1]
        except HarnessError:
            yield f"  {recipe:<24} known once its features are there"
            continue
        waiting = [job for job in jobs if not is_trained(job)]
        yield f"  {recipe:<24} {len(waiting):>3} to train, {len(jobs) - len(waiting):>3} kept"


def _disk() -> Iterator[str]:
    sizes = {folder: sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) for folder in FOLDERS}
    used = ", ".join(f"{folder} {_bytes(size)}" for folder, size in sizes.items() if size)
    yield f"disk: {used or 'nothing yet'}; {_bytes(shutil.disk_usage(Path.cwd()).free)} free"


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
