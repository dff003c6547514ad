"""Check what an adapter promises on a release, one line per promise, and say how to mend what is broken."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.core import paths
from harness.core.errors import HarnessError
from harness.core.plugins import find, names
from harness.corpora.contract import check
from harness.corpora.reading import links
from harness.corpora.synthetic.making import ALL
from harness.corpora.synthetic.release import Plan, write
from harness.corpora.synthetic.world import World

EXAMPLES = ("emotransfer check meld ~/corpora/MELD",)
WHOLE_STUDY = True

SMALL = World(utterances=80, dialogues=20, speakers=10)


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
    adapter = find("corpus", name)
    if folder or links.is_linked(corpus):
        root = Path(folder).expanduser() if folder else paths.raw(corpus)
        if not root.is_dir():
            raise HarnessError(f"{root}: there is no such folder; give the folder that holds the release of {corpus}")
        _check(corpus, adapter, root)
    elif name in names("synthetic layout"):
        with tempfile.TemporaryDirectory() as made:
            root = Path(made) / "synthetic"
            write(Plan(SMALL, media=True, defects=ALL), corpus, name, root)
            _check(corpus, adapter, root)
    else:
        raise HarnessError(
            f"{corpus}: no release is linked; name its folder, as in `python -m harness check {corpus} <folder>`"
        )


def _check(corpus: str, adapter: ModuleType, root: Path) -> None:
    print(f"{corpus}: {adapter.__file__}, tried on {root}")
    results = []
    for result in check.check(check.look(corpus, adapter, root)):
        results.append(result)
        if not result.skipped:
            print(result, flush=True)
    if skipped := [result.skipped for result in results if result.skipped]:
        print(f"--   {len(skipped)} promises {skipped[0]}")
    verdict = check.verdict(corpus, results)
    if any(result.mark == "FAIL" for result in results):
        raise HarnessError(f"{verdict}; mend the lines marked FAIL and run the same command again")
    print(verdict)
