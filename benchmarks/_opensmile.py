"""Extract eGeMAPS of the wavs of a folder, `ours` or `bare`, with so many processes, and print the seconds it took."""

import multiprocessing
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from harness.core.engine import opened
from harness.core.files import digest
from harness.corpora.media.clips import Clip, Guard
from harness.features import store as features
from harness.features.extract import extract
from harness.features.plan import Wanted

ENCODER, CORPUS = "egemaps", "wavs"


def ours(paths: Sequence[Path], processes: int) -> tuple[float, NDArray[np.float32]]:
    """Extract as the stage `features` does: from the call to the written store, processes started in between."""
    of = {"language": "none", "encoder": ENCODER, "corpus": CORPUS, "digest": digest([str(time.time())])}
    inputs = {path.stem: Clip(path) for path in paths}
    store = Wanted(ENCODER, CORPUS, "native", ENCODER, {}, "float32", inputs, {}, of, Guard())
    start = time.perf_counter()
    with opened({"kind": "local", "workers": processes}) as engine:
        extract([store], engine, "features")
    return time.perf_counter() - start, np.asarray(features.read(store.folder).matrix)


def bare(paths: Sequence[Path], processes: int) -> tuple[float, NDArray[np.float32]]:
    """Loop over the wavs, nothing around it; several processes share them, and the slowest counts."""
    if processes == 1:
        return _loop(paths)
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        found = pool.map(_loop, [paths[at::processes] for at in range(processes)], chunksize=1)
    return max(seconds for seconds, _ in found), np.concatenate([rows for _, rows in found])


def _loop(paths: Sequence[Path]) -> tuple[float, NDArray[np.float32]]:
    import opensmile

    smile = opensmile.Smile(feature_set=opensmile.FeatureSet.eGeMAPSv02)
    start = time.perf_counter()
    rows = [smile.process_signal(*soundfile.read(path, dtype="float32")).to_numpy()[0] for path in paths]
    return time.perf_counter() - start, np.array(rows)


if __name__ == "__main__":
    what, folder, processes = sys.argv[1:]
    wavs = sorted(Path(folder).rglob("*.wav"))
    seconds, rows = {"ours": ours, "bare": bare}[what](wavs, int(processes))
    print(f"\nSECONDS {seconds:.3f} ROWS {digest(np.sort(rows, axis=0).tolist())[:16]}")
