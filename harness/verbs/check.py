"""Check what an adapter promises on a release, one line per promise, and say how to mend what is broken."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.core import own_process, paths
from harness.core.errors import HarnessError
from harness.core.plugins import find, names, source
from harness.corpora.contract import check
from harness.corpora.contract.case import Finding
from harness.corpora.contract.check import Result
from harness.corpora.reading import links
from harness.corpora.synthetic.making import ALL
from harness.corpora.synthetic.release import Plan, write
from harness.corpora.synthetic.world import World

EXAMPLES = ("emotransfer check meld ~/corpora/MELD",)
WHOLE_STUDY = True

LIMIT = 600.0  # seconds for one promise: a release of 77,000 files on a slow disk is read in a third of that
ENDS = "Every call of the adapter returns"
SMALL = World(utterances=80, dialogues=20, speakers=10)


@dataclass(frozen=True, slots=True)
class Job:
    """What another process looks at: a corpus, the name of its adapter, and a release."""

    corpus: str
    adapter: str
    root: Path


def run(params: dict[str, Any], corpus: str, folder: str = "") -> None:
    """Print one line per promise.

    Args:
        params: params.yaml.
        corpus: a row of `corpora`, or an adapter that has no row yet.
        folder: the release; without it the linked one, else a made-up one if there is a writer of this layout.

    Raises:
        HarnessError: a promise is broken, so that the command exits 1.
    """
    name = str((params["corpora"].get(corpus) or {}).get("adapter", corpus))
    source("corpus", name)  # an unknown one is told before a folder is looked for
    if folder or links.is_linked(corpus):
        root = Path(folder).expanduser() if folder else paths.raw(corpus)
        if not root.is_dir():
            raise HarnessError(f"{root}: there is no such folder; give the folder that holds the release of {corpus}")
        _check(corpus, name, root)
    elif name in names("synthetic layout"):
        with tempfile.TemporaryDirectory() as made:
            root = Path(made) / "synthetic"
            write(Plan(SMALL, media=True, defects=ALL), corpus, name, root)
            _check(corpus, name, root)
    else:
        raise HarnessError(
            f"{corpus}: no release is linked; name its folder, as in `python -m harness check {corpus} <folder>`"
        )


def _check(corpus: str, adapter: str, root: Path) -> None:
    print(f"{corpus}: {source('corpus', adapter)}, tried on {root}")
    results = []
    for result in _results(Job(corpus, adapter, root)):
        results.append(result)
        if not result.skipped:
            print(result, flush=True)
    if skipped := [result.skipped for result in results if result.skipped]:
        print(f"--   {len(skipped)} promises {skipped[0]}")
    verdict = check.verdict(corpus, results)
    if any(result.mark == "FAIL" for result in results):
        raise HarnessError(f"{verdict}; mend the lines marked FAIL and run the same command again")
    print(verdict)


def _results(job: Job) -> Iterator[Result]:
    """Yield what is found by another process; that it dies or never ends is found too."""
    try:
        yield from own_process.results(_found, job, LIMIT)
    except own_process.Ended as error:
        todo = "raise ReleaseError instead of leaving the program, and let every read end"
        yield Result(ENDS, (Finding(str(error), "an adapter that returns or raises", todo),))


def _found(job: Job) -> Iterator[Result]:
    try:
        adapter = find("corpus", job.adapter)
    except HarnessError as error:
        yield Result("The module can be imported", (Finding(str(error)),))
        return
    yield from check.check(check.look(job.corpus, adapter, job.root))
