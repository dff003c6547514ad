"""The fuzz frame itself: what it must call a finding, and that a damaged release is whole again afterwards."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import fuzzing
import pytest
from fuzz_forms import write_form
from fuzz_mutations import MUTATIONS
from fuzzing import ERROR, FINDING, OTHER, SAME, Judge, Patient

from harness.core.errors import HarnessError
from harness.study.release import Release
from harness_adapters import meld


@pytest.fixture(scope="module")
def shared_patient(tmp_path_factory: pytest.TempPathFactory) -> Patient:
    folder = tmp_path_factory.mktemp("meld")
    write_form("meld", folder / "release")
    return Patient(folder / "release")


@pytest.fixture
def patient(shared_patient: Patient) -> Iterator[Patient]:
    yield shared_patient
    shared_patient.restore()


def judged(patient: Patient, read: Callable[[Path], object]) -> tuple[str, str]:
    """Judge an adapter that read as MELD's does, and from then on as `read` does."""
    adapter = ModuleType("meld")
    adapter.__dict__.update(vars(meld))
    judge = Judge(adapter, patient, patient.root.parent / "out")
    adapter.__dict__["read"] = read
    return judge.judge()


def raising(error: BaseException) -> Callable[[Path], object]:
    def read(root: Path) -> object:
        raise error

    return read


def backward(root: Path) -> Release:
    release = meld.read(root)
    release.utterances.reverse()
    return release


def shorter(root: Path) -> Release:
    release = meld.read(root)
    release.utterances.pop()
    release.annotations.pop()
    release.rows -= 1
    return release


def outward(root: Path) -> Release:
    (root.parent / "outside" / "canary.csv").read_bytes()
    return meld.read(root)


def listing(root: Path) -> Release:
    os.listdir(root / "train" / "..")
    os.listdir(root / "..")
    return meld.read(root)


def naming(root: Path) -> Release:
    release = meld.read(root)
    release.utterances[0].video = "../outside/canary.csv"
    return release


def endless(root: Path) -> object:
    while True:
        try:
            sum(range(1000))
        except Exception:  # a hang must break even this
            continue


@pytest.mark.parametrize(("read", "outcome"), [(meld.read, SAME), (backward, SAME), (shorter, OTHER)])
def test_rows_are_compared_whatever_their_order(
    patient: Patient, read: Callable[[Path], Release], outcome: str
) -> None:
    assert judged(patient, read) == (outcome, "")


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (raising(ValueError("odd")), "ValueError at "),
        (raising(RecursionError()), "RecursionError at "),
        (raising(HarnessError("something is wrong")), "names no file"),
        (outward, "opened outside the release"),
        (listing, "opened outside the release"),
        (naming, "AssertionError at "),
        (endless, "Hang at "),
    ],
)
def test_every_other_end_is_a_finding(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, read: Callable[[Path], object], said: str
) -> None:
    if read is endless:
        monkeypatch.setattr(fuzzing, "SECONDS", 0.05)
    outcome, found = judged(patient, read)
    assert outcome == FINDING
    assert found.startswith(said)


def test_one_error_that_names_the_release_is_none(patient: Patient) -> None:
    said = f"{patient.root}/dev_sent_emo.csv, line 3: odd"
    assert judged(patient, raising(HarnessError(said))) == (ERROR, said)


def test_an_error_is_one_line_whatever_it_quotes(patient: Patient) -> None:
    outcome, said = judged(patient, raising(HarnessError(f"{patient.root}: " + "a\nb\x1b\ud800" * 9999)))
    assert outcome == ERROR
    assert said.isprintable()
    assert len(said) <= 1000


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_damaged_release_is_whole_again_afterwards(patient: Patient, mutation: str) -> None:
    before = {path: path.read_bytes() for path in patient.root.rglob("*") if path.is_file()}
    chance = random.Random(mutation)
    for _ in range(3):
        MUTATIONS[mutation](patient, chance)
        patient.restore()
    assert {path: path.read_bytes() for path in patient.root.rglob("*") if path.is_file()} == before
    assert not [path for path in patient.root.rglob("*") if path.is_symlink() or not (path.is_file() or path.is_dir())]
