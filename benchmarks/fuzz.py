"""What comes of damaged releases, by corpus and way of damaging: `python -m benchmarks.fuzz 2000` tries 2,000 of each.

Findings (another exception than HarnessError, a hang, a file opened outside the release) are listed with their seed.
"""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from harness.core.plugins import find

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "support"))  # ways to damage a release

from fuzz_forms import FORMS, write_form
from fuzz_mutations import MUTATIONS
from fuzzing import ERROR, FINDING, OTHER, SAME, Judge, Patient, Trial, trials

OUTCOMES = (SAME, OTHER, ERROR, FINDING)


def run(count: int = 300, seed: str = "benchmark") -> list[str]:
    lines = []
    tried: list[Trial] = []
    for form in FORMS:
        start = time.perf_counter()
        found = _try(form, count, f"{seed}/{form}")
        seconds = time.perf_counter() - start
        outcomes = Counter(trial.outcome for trial in found)
        counted = ", ".join(f"{outcomes[outcome]:,} {outcome}" for outcome in OUTCOMES)
        lines.append(f"{form}: {count:,} inputs in {seconds:.0f} s: {counted}")
        tried += found
    return [*lines, "", *_table(tried), *(f"{trial.seed} {trial.mutation}: {trial.said}" for trial in _findings(tried))]


def _try(form: str, count: int, seed: str) -> list[Trial]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "release"
        corpus = write_form(form, root)
        patient = Patient(root)
        return list(trials(patient, Judge(find("corpus", corpus), patient, Path(folder) / "out"), seed, count))


def _table(tried: list[Trial]) -> list[str]:
    counts = Counter((trial.mutation, trial.outcome) for trial in tried)
    head = f"{'way':24}" + "".join(f"{outcome:>12}" for outcome in OUTCOMES)
    return [head] + [f"{way:24}" + "".join(f"{counts[way, outcome]:12,}" for outcome in OUTCOMES) for way in MUTATIONS]


def _findings(tried: list[Trial]) -> list[Trial]:
    return [trial for trial in tried if trial.outcome == FINDING]


if __name__ == "__main__":
    print("\n".join(run(int((sys.argv[1:] or ["300"])[0]), *sys.argv[2:3])))
