"""Use the release of a corpus that lies in a folder; it is read where it is and never changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from harness.core.errors import HarnessError
from harness.core.plugins import find
from harness.corpora.reading import links
from harness.corpora.reading.card import card, summary
from harness.study import manifest
from harness.study.params.rows import row
from harness.study.release import Adapter

EXAMPLES = ("emotransfer link meld ~/corpora/MELD",)
WHOLE_STUDY = True


def run(params: dict[str, Any], corpus: str, folder: str) -> None:
    """Read the release once, to see that it is one, then link it as data/raw/<corpus>.

    Linking the first real release takes all synthetic ones out of the study: the two must not share a matrix.

    Args:
        params: params.yaml.
        corpus: a row of `corpora`.
        folder: the folder that holds the release, as its publisher packs it.
    """
    adapter = cast(Adapter, find("corpus", row(params, "corpora", corpus).get("adapter", corpus)))
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise HarnessError(f"{root}: there is no such folder; give the folder that holds the release of {corpus}")
    release = adapter.read(root)
    manifest.validate(corpus, release)
    facts = card(adapter, release, root)
    made_up = [name for name in params["corpora"] if links.is_synthetic(name) and not facts["synthetic"]]
    links.link(corpus, root)
    for name in made_up:
        if name != corpus:
            links.unlink(name)
    links.fill_gaps(list(params["corpora"]))
    print(summary(corpus, facts))  # only now: who reads our output may go away at any line
    if gone := [name for name in made_up if name != corpus]:
        print(f"no longer linked: the synthetic releases of {', '.join(gone)}")
    print("now run `dvc repro`")
