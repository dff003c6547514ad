"""A study on a cluster of Ray: the same files as by local processes, whatever is lost while they are made."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from repos import Repo
from small_studies import CHECKOUT, params_of

pytest.importorskip("ray")

from ray_nodes import RayNodes, two_nodes, until

pytestmark = [pytest.mark.ray, pytest.mark.slow]

NETWORK, LINEAR = "text_e5_mlp", "text_ngrams"
MADE = ("models", "predictions", "protocols")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A copy of the checkout with corpora prepared, features made, and nothing trained."""
    repo = Repo(tmp_path_factory.mktemp("study"))
    recipes = (NETWORK, LINEAR, "text_ngrams_zh", "text_e5_tstd")
    corpora = ("emotiontalk", "iemocap", "meld")
    params_of(
        repo.folder, corpora, recipes, ("emotion4", "polarity3"), encoders={"e5": {"encoder": "e5"}},
        engine={"workers": 2}, training={"resamples": 2}, synth={"utterances": 200, "dialogues": 40},
        settings={"mlp": {**MLP}, "dense": {"c": [0.001, 0.01]}},
        protocols={
            "few_shot": {"recipes": ["text_e5_tstd"], "spaces": ["emotion4"], "shots": [5]},
            "missing_modality": {
                "recipes": [LINEAR], "spaces": ["emotion4"], "rates": [0.5], "fills": ["mask"], "in_domain": False
            },
        },
    )  # fmt: skip
    repo.harness("synth")
    repo.run("dvc", "repro", "-q", "prepare", "features@e5", "features@ngrams")
    return repo


MLP = {"hidden": 32, "layers": 1, "dropout": 0.3, "lr": 0.002, "weight_decay": 0.01, "batch": 64, "epochs": 8,
       "patience": 8}  # fmt: skip


@pytest.fixture
def repo(study: Repo) -> Iterator[Repo]:
    """The study with nothing trained."""
    yield study
    for name in MADE:
        shutil.rmtree(study.folder / name, ignore_errors=True)
        (study.folder / name).mkdir()
    shutil.copytree(CHECKOUT / "protocols/none", study.folder / "protocols/none")
    shutil.rmtree(study.folder / "data" / "work", ignore_errors=True)


@pytest.fixture(scope="module")
def made_locally(study: Repo) -> dict[str, str]:
    """The digests of what `transfer` of the network makes with local processes."""
    study.harness("transfer", NETWORK, *SPARE)
    made = made_of(study)
    shutil.rmtree(study.folder / "models")
    shutil.rmtree(study.folder / "predictions")
    return made


SPARE = ("--set", "engine.kind=local")
ON_RAY = ("--set", "engine.kind=ray", "--set", "engine.address=local")


def at(nodes: RayNodes, *more: str) -> tuple[str, ...]:
    of_piece = ("engine.num_gpus=0.5", "engine.num_cpus=0.5", "engine.batch=false")  # a batch draws other numbers
    sets = (f"engine.address={nodes.address}", "engine.kind=ray", *of_piece, *more)
    return tuple(word for value in sets for word in ("--set", value))


def made_of(repo: Repo) -> dict[str, str]:
    return {name: digest for name, digest in repo.digests("models", "predictions").items() if f"/{NETWORK}/" in name}


def pieces(repo: Repo) -> list[Path]:
    return list((repo.folder / "data" / "work").glob("*/*.safetensors"))


def begun(repo: Repo, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "harness", *arguments], cwd=repo.folder, env=repo.environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=_hear_ctrl_c,
    )  # fmt: skip


def _hear_ctrl_c() -> None:
    """Undo what a shell does to a process in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def workers_in(folder: Path) -> list[int]:
    """Return the ids of the workers of Ray whose folder this is."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cmdline").read_bytes().startswith(b"ray::") and (process / "cwd").resolve() == folder:
                found.append(int(process.name))
        except OSError:
            continue
    return found


def test_a_node_that_dies_changes_no_file(repo: Repo, made_locally: dict[str, str]) -> None:
    with two_nodes() as nodes:
        driver = begun(repo, "transfer", NETWORK, *at(nodes))
        until(lambda: len(pieces(repo)) >= 4)
        nodes.signal_second(signal.SIGKILL)
        told, _ = driver.communicate(timeout=120)
    assert driver.returncode == 0, told
    assert made_of(repo) == made_locally


def test_a_killed_driver_leaves_no_process_and_the_next_run_goes_on(repo: Repo, made_locally: dict[str, str]) -> None:
    with two_nodes() as nodes:
        driver = begun(repo, "transfer", NETWORK, *at(nodes))
        until(lambda: len(pieces(repo)) >= 4)
        kept = {path: path.stat().st_mtime_ns for path in pieces(repo)}
        driver.kill()
        driver.communicate()
        until(lambda: not workers_in(repo.folder), 20)
        left = [path for path in kept if path.exists()]
        assert all(path.stat().st_mtime_ns == kept[path] for path in left)
        told = repo.harness("transfer", NETWORK, *at(nodes))
    assert left
    assert made_of(repo) == made_locally
    assert [path.name for path in (repo.folder / "data" / "work" / "live").iterdir()] == ["held"], told
    assert not list((repo.folder / "data" / "work").rglob("*.tmp")), "the next run sweeps what was not written whole"


@pytest.mark.parametrize("where", [SPARE, ON_RAY], ids=["local", "ray"])
def test_ctrl_c_ends_at_once_with_the_known_line_and_the_next_run_makes_the_same_files(
    where: tuple[str, ...], repo: Repo, made_locally: dict[str, str]
) -> None:
    driver = begun(repo, "transfer", NETWORK, *where)
    until(lambda: len(pieces(repo)) >= 2)
    driver.send_signal(signal.SIGINT)
    told, _ = driver.communicate(timeout=30)
    assert driver.returncode == 130, told
    assert told.splitlines()[-1] == "interrupted; finished pieces are kept, run the same command to go on"
    until(lambda: not workers_in(repo.folder), 20)
    told = repo.harness("transfer", NETWORK, *where)
    assert made_of(repo) == made_locally
    assert ("engine: a cluster of Ray on this machine: 2 CPUs" in told) == (where == ON_RAY)


def test_fill_makes_all_that_stages_then_find_current(repo: Repo) -> None:
    by_stages = files_by_stages(repo)
    shutil.rmtree(repo.folder / "data" / "features" / "ngrams")
    for name in MADE:
        shutil.rmtree(repo.folder / name)
    with two_nodes() as nodes:
        told = repo.harness("fill", *at(nodes))
    assert re.search(r"fill: \d+ pieces done; run `dvc repro` now", told)
    made = files_of(repo)
    assert made == by_stages
    times = {path: (repo.folder / path).stat().st_mtime_ns for path in made}
    assert repo.repro(f"transfer@{LINEAR}") >= {f"transfer@{LINEAR}"}
    assert files_by_stages(repo) == by_stages
    assert {path: (repo.folder / path).stat().st_mtime_ns for path in made} == times, "nothing was made again"


ALL_STAGES = """
from harness.core.plugins import find
from harness.study.params.load import load
params = load(["engine.kind=local"])
for stage, section in (("transfer", "recipes"), ("protocols", "protocols")):
    for name in params[section]:
        find("stage", stage).run(params, name)
"""


def files_by_stages(repo: Repo) -> dict[str, str]:
    """Run the stages, all in one process, and return what they have made."""
    repo.run(sys.executable, "-c", ALL_STAGES)
    return files_of(repo)


def files_of(repo: Repo) -> dict[str, str]:
    unwanted = ("plan.json", "README.txt")
    return {name: of for name, of in repo.digests(*MADE).items() if not name.endswith(unwanted)}
