"""MMSA and nkululeko on the same work, each from an environment of its own: `python -m benchmarks.peers [scale]`.

EMOTRANSFER_MMSA_PYTHON and EMOTRANSFER_NKULULEKO_PYTHON name the Python of an environment that has them; one that is
not named is skipped. A process of theirs may use both cores, as ours does.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

from benchmarks import _mmsa, _nkululeko

VARIABLE, WAVS = "EMOTRANSFER_{}_PYTHON", 200
PEERS: dict[str, tuple[str, Callable[[Path, str, float], Iterable[str]]]] = {
    "MMSA": ("MMSA==2.2.1", lambda folder, theirs, scale: _mmsa.compare(folder, theirs, scale)),
    "NKULULEKO": (
        "nkululeko==1.14.1",
        lambda folder, theirs, scale: _nkululeko.compare(folder, max(round(WAVS * scale), 20), theirs),
    ),
}


def run(scale: float = 1.0) -> Iterator[str]:
    for name, (package, compare) in PEERS.items():
        variable = VARIABLE.format(name)
        theirs = os.environ.get(variable)
        if not theirs:
            yield f"{package}: skipped, for {variable} is not set; it names the Python of an environment made by"
            yield f"  python -m venv peer && peer/bin/pip install torch=={_torch()} {package}"
            continue
        with tempfile.TemporaryDirectory() as folder:
            yield from compare(Path(folder), theirs, scale)


def _torch() -> str:
    return version("torch").partition("+")[0]


if __name__ == "__main__":
    for line in run(float((sys.argv[1:] or ["1"])[0])):
        print(line, flush=True)
