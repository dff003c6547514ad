"""nkululeko's 2x2 matrix of two databases, an SVM on eGeMAPS, against the stages of a study on the same sounds."""

import os
import re
import shutil
import sys
from pathlib import Path

from benchmarks import _study
from benchmarks._outside import _wavs
from benchmarks._watch import BOTH_CORES, CHECKOUT, Watched, python, watch
from harness.core import paths
from harness.study.cells import read_cells

CORPORA = ("dba", "dbb")
RECIPE = "bench"
# what a process that does all stages imports before it can begin
IMPORTS = (
    "harness.training.network, torchmetrics.functional.classification, sklearn.metrics, pyarrow.parquet, pandas, jinja2"
)
STAGES = (*(f"prepare:{one}" for one in CORPORA), "features:egemaps", f"transfer:{RECIPE}", "score", "report")
TRAINED = ("models", "predictions", "results")


def compare(folder: Path, count: int, theirs: str) -> list[str]:
    """Return both sides' times, first with nothing made and then with the features kept.

    Args:
        folder: where all is written.
        count: sounds of a database.
        theirs: the Python that has nkululeko.
    """
    write_inputs(folder, count)
    begin = [
        watch([theirs, "-c", "import nkululeko.multidb"], folder).wall,
        watch([sys.executable, "-c", f"import {IMPORTS}"], folder).wall,
    ]
    lines = [f"nkululeko: start of Python and imports {begin[0]:.1f} s, ours {begin[1]:.1f} s"]
    for what in ("nothing made before", "features kept"):
        plain = watch([theirs, "-m", "nkululeko.multidb", "--config", "bench.ini"], folder, BOTH_CORES)
        site = os.pathsep.join((str(CHECKOUT), str(folder / "site")))
        ours = watch([*python("benchmarks._stages"), *STAGES], folder, {"PYTHONPATH": site})
        lines += [_line(what, plain, ours, begin), *_scores(folder, plain), f"  ours by stage: {_by_stage(ours)}"]
        _forget_results(folder)
    return lines


def _line(what: str, plain: Watched, ours: Watched, begin: list[float]) -> str:
    work = [max(ran.wall - start, 0.01) for ran, start in zip((plain, ours), begin, strict=True)]
    return (
        f"nkululeko's matrix, {what}: {plain.wall:.1f} s ({plain.cpu:.0f} s of processors, {plain.peak:.0f} MB); "
        f"ours {ours.wall:.1f} s ({ours.cpu:.0f} s, {ours.peak:.0f} MB); ratio {plain.wall / ours.wall:.1f}, "
        f"{work[0] / work[1]:.1f} without imports"
    )


def _scores(folder: Path, plain: Watched) -> list[str]:
    theirs = re.findall(r"\d\.\d*", plain.out.rpartition("array(")[2].partition(")")[0])
    cells = [cell for cell in read_cells(folder / paths.CELLS) if cell.metric == "uar" and cell.value is not None]
    ours = [f"{cell.value:.2f}" for cell in cells]
    rounded = [f"{float(one):.2f}" for one in theirs]
    return [f"  UAR of aa, ab, ba, bb (their splits differ): {', '.join(rounded)}; ours {', '.join(ours)}"]


def _by_stage(ours: Watched) -> str:
    return ", ".join(f"{name} {seconds} s" for name, seconds in re.findall(r"^STAGE (\w+) ([\d.]+)", ours.out, re.M))


def _forget_results(folder: Path) -> None:
    """Take away what either side made, except the features of each sound."""
    for name in TRAINED:
        _remove(folder / name)
    for path in (folder / "nkululeko").glob("*"):
        if path.name != "_feat_cache":
            _remove(path)


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def write_inputs(folder: Path, count: int) -> None:
    """Write the sounds, nkululeko's configuration, and a study whose corpora come from a package of their own."""
    for seed, corpus in enumerate(CORPORA, 1):
        _wavs.write(folder / corpus, corpus, count, seed)
        link = folder / paths.raw(corpus)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(folder / corpus)
    info = folder / "site" / "bench_corpora-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bench-corpora\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[harness.corpora]\nbench = benchmarks._outside\n", encoding="utf-8")
    (folder / "bench.ini").write_text(_configuration(folder), encoding="utf-8")
    recipe = {**_study.recipe(["audio"], "linear", {"c": [0.01, 0.1, 1]}), "audio": "egemaps"}
    sections = {"recipes": {RECIPE: recipe}, "encoders": {"egemaps": {"encoder": "egemaps"}}}
    _study.write_params(folder, CORPORA, ["emotion4"], **sections)


def _configuration(folder: Path) -> str:
    lines = ["[EXP]", f"root = {folder / 'nkululeko'}", "name = bench", f"databases = {list(CORPORA)}", "runs = 1"]
    lines += ["epochs = 1", "[DATA]", "target = emotion", f"labels = {sorted(_wavs.VOICES)}"]
    for one in CORPORA:
        lines += [f"{one} = {folder / one / one}.csv", f"{one}.type = csv", f"{one}.absolute_path = False"]
    lines += ["[FEATS]", "type = ['os']", "set = eGeMAPSv02", "scale = standard", "[MODEL]", "type = svm"]
    return "\n".join(lines) + "\n"
