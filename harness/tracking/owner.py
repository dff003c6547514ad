"""Whose the runs of a study are: an identity that two checkouts cannot share by accident, as they may share a name."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path

from harness.core import paths
from harness.core.errors import ResultError
from harness.core.files import read_json, write_json

VARIABLE = "EMOTRANSFER_TRACK_AS"  # an identity to go on with: that of a checkout which is gone, or of a CI job


def owner() -> str:
    """Return the identity of this study in this checkout, made at first and kept in data/owner.json.

    A copy of the checkout gets one of its own, a checkout that was moved keeps it.
    """
    if given := os.environ.get(VARIABLE):
        return given
    here = _place()
    known = _read()
    if known and (known["place"] == here or _was_moved(known)):
        if known["place"] != here:
            write_json(paths.OWNER, {**known, "place": here})
        return str(known["id"])
    name = secrets.token_hex(8)
    write_json(paths.OWNER, {"id": name, "place": here})
    return name


def place() -> str:
    """Return where this study lies, in words for people who share a server: host and folder."""
    return f"{socket.gethostname()}:{Path.cwd()}"


def _place() -> list[str]:
    """Return what a copy of a folder does not share with it: its path and its number on the disk."""
    return [str(Path.cwd()), str(Path.cwd().stat().st_ino)]


def _was_moved(known: dict[str, list[str]]) -> bool:
    folder, number = known["place"]
    return not Path(folder).exists() and number == _place()[1]


def _read() -> dict[str, list[str]] | None:
    """Return what is known, None where nothing is or it is damaged: a new identity does no harm."""
    if not paths.OWNER.exists():
        return None
    try:
        known = read_json(paths.OWNER, "dvc repro track")
    except ResultError:
        return None
    whole = isinstance(known, dict) and isinstance(known.get("id"), str) and len(known.get("place") or ()) == 2
    return known if whole else None
