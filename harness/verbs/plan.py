"""Say what `dvc repro` would do: stages, features to extract, cells to train, disk, and the time it took before."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.core import durations, paths
from harness.core.errors import HarnessError
from harness.core.progress import duration
from harness.corpora.reading import links
from harness.features.extract import is_current
from harness.features.plan import wanted
from harness.study.params import load as params_load
from harness.study.params import only
from harness.training import matrix_plan
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
    for section in (_linked(params), _stages(params), _features(params), _models(params), _disk()):
        for line in section:
            print(line)


def _linked(params: Mapping[str, Any]) -> Iterator[str]:
    linked = [name for name in params["corpora"] if links.is_linked(name)]
    yield f"corpora: {', '.join(linked) or 'none is linked'}"
    if missing := [name for name in params["corpora"] if name not in linked]:
        yield f"  not linked: {', '.join(missing)}"
    for section, names in params[only.LEFT_OUT].items():
        if names:
            yield f"  left out of {section}: {', '.join(names)}"


def _stages(params: Mapping[str, Any]) -> Iterator[str]:
    """Say which stages DVC would run, and how long they took the last time."""
    left_out = {
        f"{stage}@{row}" for stage, section in only.SECTION_OF_STAGE.items() for row in params[only.LEFT_OUT][section]
    }
    verdicts = {name: of for name, of in _verdicts().items() if name not in left_out}
    took = durations.seconds()
    yield "stages"
    for verdict, meaning in (
        (RUNS, "changed, or never run"),
        (MAY_RUN, "after a changed one; runs if that makes something else than before"),
        (KEPT, "nothing changed"),
    ):
        names = [name for name, of in verdicts.items() if of == verdict]
        if not names:
            continue
        yield f"  {verdict:<8}{len(names):>3} {meaning}" + _before([took.get(name) for name in names], verdict)
        kinds: dict[str, list[str]] = {}
        for name in names if verdict != KEPT else ():
            kind, _, row = name.partition("@")
            kinds.setdefault(kind, []).append(" ".join(part for part in (row, _time(took.get(name))) if part))
        yield from (
            f"    {kind:<10} {', '.join(part for part in rows if part)}".rstrip() for kind, rows in kinds.items()
        )


def _before(times: Sequence[float | None], verdict: str) -> str:
    """Return how long stages took together, where any of them has run and is to run again."""
    known = [time for time in times if time is not None]
    if not known or verdict == KEPT:
        return ""
    without = f" ({len(times) - len(known)} never timed)" if len(known) < len(times) else ""
    return f"; {_time(sum(known))} the last time{without}"


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
    """Say which feature stores are there, and what would be extracted."""
    unknown = [corpus for corpus in params["corpora"] if not paths.inputs(corpus).exists()]
    yield "features" + (f": known after `prepare` of {', '.join(unknown)}" if unknown else "")
    for encoder in params["encoders"]:
        stores = [
            store for corpus in params["corpora"] if corpus not in unknown for store in wanted(params, encoder, corpus)
        ]
        current = [store for store in stores if is_current(store)]
        waiting = [store for store in stores if store not in current and store.inputs]
        if current or waiting:
            inputs = ", ".join(f"{store.corpus} {store.route} {len(store.inputs):,}" for store in waiting)
            yield f"  {encoder:<16} {len(current)} stores kept" + (
                f"; utterances to encode: {inputs}" if inputs else ""
            )


def _models(params: Mapping[str, Any]) -> Iterator[str]:
    """Say how many rows of the matrix would be trained; a row is one source in one label space."""
    lines, unknown = [], []
    for recipe in params["recipes"]:
        try:
            jobs = matrix_plan.planned(params, recipe)[1]
        except HarnessError:
            unknown.append(recipe)
            continue
        waiting = [job for job in jobs if not is_trained(job)]
        lines.append(f"  {recipe:<24} {len(waiting):>3} cell rows to train, {len(jobs) - len(waiting):>3} kept")
    yield "models" + (f": known after `features` for {', '.join(unknown)}" if unknown else "")
    yield from lines


def _disk() -> Iterator[str]:
    sizes = {folder: sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file()) for folder in FOLDERS}
    used = ", ".join(f"{folder} {_bytes(size)}" for folder, size in sizes.items() if size)
    yield f"disk: {used or 'nothing yet'}; {_bytes(shutil.disk_usage(Path.cwd()).free)} free"


def _time(seconds: float | None) -> str:
    return "" if seconds is None else duration(seconds)


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
