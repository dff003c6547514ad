"""What several test files need: the folder of real annotation files, where there is one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def corpora_folder() -> Path:
    if "EMOTRANSFER_CORPORA" not in os.environ:
        pytest.skip("EMOTRANSFER_CORPORA is unset: the real annotation files are not here")
    return Path(os.environ["EMOTRANSFER_CORPORA"])
