"""What becomes of kept files that were edited: made again as they were, refused by name, or taken for good.

A small study with sound runs to its report. Then, one after the other, a file of a random kind is flipped in one bit,
cut, deleted, exchanged with another file of its kind or given other bytes in the middle, and `dvc repro` runs
again. Every kept file must then be as it was; where the run stops with an error, the error must name the file, and
deleting that must help, as the error says.
"""

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks._checkout import Checkout
from benchmarks._small_study import digests, finished

EDITS = 200
SEED = 20261127
PROBES = "data/work/media"
KINDS = {  # what a person would call it -> files
    "feature store": "data/features/*/*/*/*",
    "model": "models/**/*.safetensors",
    "prediction": "predictions/**/*.parquet",
    "protocol case": "protocols/**/*.parquet",
    "plan": "p*/**/plan.json",
    "media probe": f"{PROBES}/**/*.jsonl",
    "prepared corpus": "data/corpora/*/*",
    "table of results": "results/**/*.csv",
}
Edit = Callable[[bytes, bytes, random.Random], bytes | None]


def flipped(content: bytes, other: bytes, chance: random.Random) -> bytes | None:
    if not content:
        return b"\0"
    at = chance.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]


def cut(content: bytes, other: bytes, chance: random.Random) -> bytes | None:
    return content[: chance.randrange(len(content))] if content else b"\0"


def overwritten(content: bytes, other: bytes, chance: random.Random) -> bytes | None:
    at, size = chance.randrange(len(content) + 1), chance.randrange(1, 64)
    return content[:at] + chance.randbytes(size) + content[at + size :]


def exchanged(content: bytes, other: bytes, chance: random.Random) -> bytes | None:
    return other


def deleted(content: bytes, other: bytes, chance: random.Random) -> bytes | None:
    return None


WAYS: tuple[Edit, ...] = (flipped, cut, overwritten, exchanged, deleted)


def run(edits: int = EDITS) -> list[str]:
    chance, outcomes = random.Random(SEED), Counter[tuple[str, str]]()
    with tempfile.TemporaryDirectory() as name:
        checkout = finished(Path(name), "report")
        before = digests(checkout.folder, PROBES)
        lines = []
        for number in range(edits):
            kind, way = list(KINDS)[number % len(KINDS)], WAYS[number // len(KINDS) % len(WAYS)]
            files = sorted(path for path in checkout.folder.glob(KINDS[kind]) if path.is_file())
            path, other = chance.sample(files, 2)
            content = path.read_bytes()
            new = way(content, other.read_bytes(), chance)
            path.unlink()
            if new is not None:
                path.write_bytes(new)
            outcome = "equal already" if new == content else _outcome(checkout, path, before)
            outcomes[kind, outcome] += 1
            print(f"edit {number + 1} of {edits}: {kind}, {way.__name__}: {outcome}", file=sys.stderr, flush=True)
            if "TAKEN" in outcome or "LOST" in outcome:
                lines.append(f"{way.__name__} {path.relative_to(checkout.folder)}: {outcome}")
    kinds = {kind: {what: count for (of, what), count in outcomes.items() if of == kind} for kind in KINDS}
    return [
        *(f"{kind}: " + ", ".join(f"{count} {what}" for what, count in of.items()) for kind, of in kinds.items()),
        *lines,
    ]


def _outcome(checkout: Checkout, path: Path, before: dict[str, str]) -> str:
    if path.is_relative_to(checkout.folder / PROBES):  # read where a corpus is prepared, which no probe asks DVC for
        checkout.run(
            "dvc", "repro", "--force", "--single-item", f"prepare@{path.relative_to(checkout.folder).parts[3]}"
        )
    failed = checkout.attempt("dvc", "repro", "report")
    if failed:
        if str(path.relative_to(checkout.folder).parent) not in failed:
            return f"LOST: an error that does not name it: {failed[-300:]}"
        path.unlink(missing_ok=True)
        if again := checkout.attempt("dvc", "repro", "report"):
            return f"LOST: deleting it does not help: {again[-300:]}"
    after = digests(checkout.folder, PROBES)
    if after != before:
        return f"TAKEN: {sorted(name for name in {*after, *before} if after.get(name) != before.get(name))[:3]}"
    return "refused by name" if failed else "made again as it was"


if __name__ == "__main__":
    print("\n".join(run(*map(int, sys.argv[1:2]))))
