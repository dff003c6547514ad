"""Every adapter, on releases damaged in every way of `fuzz_mutations.py`: rows, or one clear error."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from fuzz_forms import FORMS, write_form
from fuzz_mutations import MUTATIONS
from fuzzing import ERROR, FINDING, OTHER, SAME, Judge, Patient, trials

from harness.core.plugins import find

TRIALS = 4 * len(MUTATIONS)


@pytest.mark.parametrize("form", FORMS)
def test_damaged_releases_end_in_rows_or_one_error(form: str, tmp_path: Path) -> None:
    corpus = write_form(form, tmp_path / "release")
    patient = Patient(tmp_path / "release")
    count = TRIALS if form == corpus else TRIALS // 3
    tried = list(trials(patient, Judge(find("corpus", corpus), patient, tmp_path / "out"), f"suite/{form}", count))
    findings = [f"{trial.mutation} ({trial.seed}): {trial.said}" for trial in tried if trial.outcome == FINDING]
    assert not findings, "\n".join(findings)
    outcomes = Counter(trial.outcome for trial in tried)
    assert min(outcomes[outcome] for outcome in (SAME, OTHER, ERROR)) >= count // 50  # neither mild nor all fatal
