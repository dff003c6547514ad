"""media.jsonl: what the clips of a corpus hold, one row per utterance and modality (corpora/media/survey.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.core.errors import ResultError
from harness.core.files import write_lines


def write_media(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write media.jsonl whole."""
    write_lines(path, rows)


def read_media(path: Path) -> list[dict[str, Any]]:
    """Read media.jsonl; a damaged line is a ResultError that names it."""
    number, rows = 0, []
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                row = json.loads(line)
                if not isinstance(row, dict) or not {"id", "modality", "path", "state"} <= set(row):
                    raise ResultError(f"{path}, line {number}: not a row of media; run `dvc repro prepare`")
                rows.append(row)
    except OSError as error:
        raise ResultError(f"{path}: cannot be read ({error.strerror}); run `dvc repro prepare`") from error
    except ValueError as error:
        raise ResultError(f"{path}, line {number}: damaged ({error}); run `dvc repro prepare`") from error
    return rows
