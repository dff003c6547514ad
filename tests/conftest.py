"""What several test files need: the folder of real annotation files, where there is one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.core.log import configure

# As the harness runs its workers: two processes whose matrices spread over two threads each wait for one another.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"


@pytest.fixture(autouse=True)
def lines_on_standard_output() -> None:
    """Print what stages say, as the command line does; a test that runs a verb leaves them on standard error."""
    configure()


@pytest.fixture(scope="session")
def corpora_folder() -> Path:
    if "EMOTRANSFER_CORPORA" not in os.environ:
        pytest.skip("EMOTRANSFER_CORPORA is unset: the real annotation files are not here")
    return Path(os.environ["EMOTRANSFER_CORPORA"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take minutes, so that no process is left alone with one of them at the end."""
    first = (
        "stages/test_ray_study.py",
        "stages/test_pipeline.py",
        "stages/test_experiments.py",
        "core/engines/test_ray.py",
        "tracking/test_live.py",
        "stages/test_study_fused.py",
        "stages/test_study.py",
        "stages/test_anchors.py",
        "tracking/test_mirror.py",
        "corpora/test_contract.py",
    )
    places = {Path(__file__).parent / name: place for place, name in enumerate(first)}
    items.sort(key=lambda item: places.get(item.path, len(first)))
