"""Made-up voices, corpus b."""

from pathlib import Path

from benchmarks._outside import _wavs
from harness.study.release import Release

TITLE, LANGUAGE, FAMILY = "Made-up voices b", "en", "dbb"
LICENCE, ACCESS, CITATION = "none", "made up", "none"
VIEWS, SPACES = _wavs.VIEWS, _wavs.SPACES


def read(root: Path) -> Release:
    """Read the table of the folder."""
    return _wavs.read(root, "dbb")
