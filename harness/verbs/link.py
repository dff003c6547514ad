"""Use the release of a corpus that lies in a folder; it is read where it is and never changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from harness import manifest, releases
from harness.card import card, summary
from harness.corpus import Adapter
from harness.errors import HarnessError
from harness.plugins import find
from harness.settings import row


def run(params: dict[str, Any], corpus: str, folder: str) -> None:
    """Read the release once, to see that it is one, then link it as data/raw/<corpus>.

    Linking the first real release takes all synthetic ones out of the study: the two must not share a matrix.
    """
    adapter = cast(Adapter, find("corpus", row(params, "corpora", corpus).get("adapter", corpus)))
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise HarnessError(f"{root}: there is no such folder; give the folder that holds the release of {corpus}")
    release = adapter.read(root)
    manifest.validate(corpus, release)
    facts = card(adapter, release, root)
    for name in params["corpora"]:
        if releases.is_synthetic(name) and not facts["synthetic"]:
            releases.unlink(name)
            if name != corpus:
                print(f"{name}: the synthetic release is no longer linked")
    releases.link(corpus, root)
    releases.fill_gaps(list(params["corpora"]))
    print(summary(corpus, facts))
    print("now run `dvc repro`")
