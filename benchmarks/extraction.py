"""eGeMAPS as a study extracts it against openSMILE alone: `python -m benchmarks.extraction [python of nkululeko]`.

The limit is openSMILE's own core: a loop that does nothing but read wavs and call it, in one process and in as many as
there are cores. Ours is `harness.extraction.extract`, which starts its processes, decodes through the guard and writes
a store. nkululeko 1.14 extracts the same wavs in its own way, with its eight threads. Wall time is that of the
extraction alone, the best of a few rounds in turn; processor time is that of whole commands, their imports too.
"""

import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks._outside import _wavs
from benchmarks._watch import BOTH_CORES, CHECKOUT, python, watch
from harness.core.engine import worker_count

COUNT, FEW, ROUNDS = 400, 4, 3


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall seconds of an extraction, processor seconds of its command, and what its rows hash to."""

    wall: float
    cpu: float
    rows: str


def run(theirs: str = "", count: int = COUNT) -> list[str]:
    cores = worker_count("auto")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _wavs.write(folder / "all", "dba", count, 1)
        _wavs.write(folder / "few", "dba", FEW, 1)
        own = [*python("benchmarks._opensmile")]
        commands = {
            "bare": [*own, "bare", "all", "1"],
            f"bare x {cores}": [*own, "bare", "all", str(cores)],
            "ours": [*own, "ours", "all", str(cores)],
            "ours, few": [*own, "ours", "few", str(cores)],
        }
        found: dict[str, list[Cost]] = {}
        for at in range(ROUNDS):
            for what, command in commands.items():
                found.setdefault(what, []).append(_cost(command, folder))
            if theirs:
                found.setdefault("nkululeko", []).append(_cost(_nkululeko(folder, at, theirs), folder))
    return _lines({what: _best(costs) for what, costs in found.items()}, count, cores)


def _lines(found: dict[str, Cost], count: int, cores: int) -> list[str]:
    one, side, ours, few = found["bare"], found[f"bare x {cores}"], found["ours"], found["ours, few"]
    lines = [f"{count} wavs of 2 to 4 s at 16 kHz, {cores} processes, best of {ROUNDS}"]
    lines += [_line(what, cost, count) for what, cost in found.items() if cost is not few]
    lines += [
        f"ours starts in {few.wall:.1f} s ({FEW} wavs); after that {1000 * (ours.wall - few.wall) / (count - FEW):.1f} "
        f"ms a file, {_ratio(ours.wall - few.wall, one.wall / cores)} of 1/{cores} of the bare loop, "
        f"{_ratio(ours.wall - few.wall, side.wall)} of {cores} bare loops at once",
        f"all of ours: {_ratio(ours.wall, one.wall / cores)} of 1/{cores} of the bare loop; rows "
        + ("are the same, number by number" if one.rows == ours.rows == side.rows else "DIFFER"),
    ]
    if theirs := found.get("nkululeko"):
        lines.append(f"nkululeko takes {theirs.wall / ours.wall:.2f} times as long as all of ours")
    return lines


def _line(what: str, cost: Cost, count: int) -> str:
    return (
        f"{what:10} {cost.wall:6.2f} s, {count / cost.wall:5.1f} files/s, {1000 * cost.wall / count:5.1f} ms a file; "
        f"processors {1000 * cost.cpu / count:5.1f} ms a file"
    )


def _ratio(a: float, b: float) -> str:
    return f"{a / b:.2f}"


def _best(costs: list[Cost]) -> Cost:
    return Cost(min(one.wall for one in costs), min(one.cpu for one in costs), costs[0].rows)


def _cost(command: list[str], folder: Path) -> Cost:
    watched = watch(command, folder, BOTH_CORES if "_nkululeko" in command[1] else None)
    seconds, rows = re.findall(r"^SECONDS ([\d.]+) ROWS (\w+)", watched.out, re.M)[0]
    return Cost(float(seconds), watched.cpu, rows)


def _nkululeko(folder: Path, number: int, theirs: str) -> list[str]:
    """Return the command that extracts with nkululeko, whose folder is new, so that it keeps nothing."""
    path = folder / f"{number}.ini"
    lines = ["[EXP]", f"root = {folder / f'nkululeko{number}'}", "name = bench", "[DATA]", "databases = ['dba']"]
    lines += [f"dba = {folder / 'all' / 'dba.csv'}", "dba.type = csv", "dba.absolute_path = False"]
    lines += ["dba.split_strategy = speaker_split", "target = emotion", f"labels = {sorted(_wavs.VOICES)}"]
    lines += ["[FEATS]", "type = ['os']", "set = eGeMAPSv02", "[MODEL]", "type = svm"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [theirs, str(CHECKOUT / "benchmarks" / "_nkululeko_features.py"), str(path)]


if __name__ == "__main__":
    print("\n".join(run(*sys.argv[1:2])))
