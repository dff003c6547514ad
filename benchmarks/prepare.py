"""What `prepare` costs at N, 2 N and 4 N utterances: `python -m benchmarks.prepare 25000 [corpus]` goes to 100,000.

Annotations are a synthetic release of the corpus; media are a bank of small files, a wav and an mp4 an utterance, as
hard links under as many names. Each size runs in a process of its own, so that its peak of memory is its own. Files
lie in the system's temporary folder, and so in its cache: the figures are those of the processor, not of a disk.
"""

import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
import soundfile

from harness.core.engine import worker_count
from harness.core.plugins import find
from harness.corpora.media.clips import Guard
from harness.corpora.media.survey import survey
from harness.corpora.reading import card
from harness.corpora.synthetic.release import Plan, write
from harness.corpora.synthetic.world import World
from harness.study import manifest
from harness.study.media_rows import write_media
from harness.study.utterance import Utterance

STEPS = (1, 2, 4)
BANK = 100
Value = TypeVar("Value")
Costs = dict[str, tuple[float, float]]  # step -> seconds, MB


def run(count: int = 1000, corpus: str = "meld") -> list[str]:
    lines = []
    for what, measure in ((f"annotations of {corpus}", annotations), ("media, a wav and an mp4 each", media)):
        found = [_apart(measure, step * count, corpus) for step in STEPS]
        lines += [what, *_table(count, found), ""]
    return lines[:-1]


def annotations(count: int, corpus: str, folder: Path) -> Costs:
    """Read, check and write a release of annotation alone."""
    world = World(utterances=count, dialogues=max(20, count // 20), speakers=max(10, count // 100))
    root, adapter = folder / "release", find("corpus", corpus)
    write(Plan(world), corpus, corpus, root)
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) / 1e6
    costs: Costs = {}
    release = _timed(costs, "read", size, lambda: adapter.read(root))
    _timed(costs, "validate", 0, lambda: manifest.validate(corpus, release))
    _timed(costs, "card", 0, lambda: card.card(adapter, release, root, []))
    _timed(costs, "write utterances", 0, lambda: manifest.write_utterances(folder / "u.jsonl", release.utterances))
    _timed(costs, "write labels", 0, lambda: manifest.write_labels(folder / "l.jsonl", release.annotations))
    return costs


def media(count: int, corpus: str, folder: Path) -> Costs:
    """Probe the clips of a release for the first time, and once more when nothing has changed."""
    del corpus
    root, workers, size = folder / "release", worker_count("auto"), 0.0
    spoken = []
    bank = _bank(folder)
    (root / "clips").mkdir(parents=True)
    for number in range(count):
        names = [f"clips/{number}{source.suffix}" for source in bank[number % BANK]]
        for source, name in zip(bank[number % BANK], names, strict=True):
            os.link(source, root / name)
            size += source.stat().st_size / 1e6
        spoken.append(Utterance(str(number), "train", "d", number, "s", "en", "yes", audio=names[0], video=names[1]))

    def probe() -> list[dict[str, object]]:
        return survey(root, spoken, Guard(), workers, folder / "cache")

    costs: Costs = {}
    rows = _timed(costs, f"probe, {workers} workers", size, probe)
    _timed(costs, "probe again", 0, probe)
    _timed(costs, "write media", 0, lambda: write_media(folder / "m.jsonl", rows))
    assert {row["state"] for row in rows} == {"ok"}
    return costs


def _bank(folder: Path) -> list[tuple[Path, Path]]:
    """Write small files of one to four seconds."""
    chance = np.random.default_rng(1)
    found = []
    for number in range(BANK):
        wav, mp4 = folder / f"{number}.wav", folder / f"{number}.mp4"
        sound = chance.uniform(-0.1, 0.1, chance.integers(16_000, 64_000))
        soundfile.write(wav, sound, 16_000)
        _film(mp4, sound.astype(np.float32))
        found.append((wav, mp4))
    return found


def _film(path: Path, sound: np.ndarray) -> None:
    with av.open(str(path), "w") as container:
        seen, heard = container.add_stream("libx264", rate=25), container.add_stream("aac", rate=16_000, layout="mono")
        seen.width, seen.height, seen.pix_fmt, seen.options = 160, 120, "yuv420p", {"preset": "ultrafast"}
        for number, start in enumerate(range(0, len(sound), 640)):
            picture = av.VideoFrame.from_ndarray(np.full((120, 160, 3), number, np.uint8), format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            container.mux(seen.encode(picture))
            samples = av.AudioFrame.from_ndarray(sound[None, start : start + 640], format="fltp", layout="mono")
            samples.sample_rate, samples.pts = 16_000, start
            container.mux(heard.encode(samples))
        container.mux(seen.encode(None))
        container.mux(heard.encode(None))


def _timed(costs: Costs, step: str, size: float, work: Callable[[], Value]) -> Value:
    start = time.perf_counter()
    value = work()
    costs[step] = (time.perf_counter() - start, size)
    return value


def _apart(measure: Callable[[int, str, Path], Costs], count: int, corpus: str) -> tuple[int, Costs, int, int]:
    """Return the utterances, the costs, and the peak of memory in MiB of the process and of the largest below it."""
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=_report, args=(measure, count, corpus, theirs))
    process.start()
    found = mine.recv()
    process.join()
    return found


def _report(measure: Callable[[int, str, Path], Costs], count: int, corpus: str, answer: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        costs = measure(count, corpus, Path(folder))
    peaks = (resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    answer.send((count, costs, *peaks))


def _table(count: int, found: list[tuple[int, Costs, int, int]]) -> list[str]:
    lines = [f"  {'':20}{'utterances':>12}{'s':>9}{'utterances/s':>14}{'MB/s':>8}{'cost':>8}"]
    for step in found[0][1]:
        first = found[0][1][step][0]
        for utterances, costs, _, _ in found:
            seconds, size = costs[step]
            speed = f"{size / seconds:8.1f}" if size else " " * 8
            lines.append(
                f"  {step:20}{utterances:12,}{seconds:9.2f}{utterances / seconds:14,.0f}{speed}{seconds / first:8.2f}"
            )
    peaks = ", ".join(f"{utterances:,}: {own} MiB + {below} a worker" for utterances, _, own, below in found)
    return [*lines, f"  cost: that of {count:,} utterances is 1; peak of memory at {peaks}"]


if __name__ == "__main__":
    print("\n".join(run(int((sys.argv[1:] or ["1000"])[0]), *sys.argv[2:3])))
