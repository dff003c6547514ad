"""Write small made-up corpora in the official layouts and link them, to try the pipeline without any release."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from harness import releases
from harness.errors import HarnessError
from harness.files import write_json
from harness.plugins import find, names
from harness.synth import WATERMARK, World, draw, truth

SYNTHETIC = Path("data/synthetic")


def run(params: dict[str, Any], *, if_unlinked: bool = False, replace: bool = False) -> None:
    """Write data/synthetic/<corpus> for every corpus that has a writer, and link it.

    Args:
        params: params.yaml; its section `synth` is the world (harness/synth.py).
        if_unlinked: do nothing when a real release is linked.
        replace: unlink real releases instead of refusing.
    """
    real = [name for name in params["corpora"] if releases.is_linked(name) and not releases.is_synthetic(name)]
    if real and if_unlinked:
        releases.fill_gaps(list(params["corpora"]))
        print(f"synth: real releases are linked ({', '.join(real)}); nothing written")
        return
    if real and not replace:
        raise HarnessError(
            f"real releases are linked ({', '.join(real)}); synthetic and real corpora must not share a matrix. "
            "Run `python -m harness unlink <corpus>` for each, or `python -m harness synth --replace`"
        )
    world = World(**params["synth"])
    for corpus in params["corpora"]:
        adapter = (params["corpora"][corpus] or {}).get("adapter", corpus)
        if adapter in names("synthetic layout"):
            write(world, corpus, adapter, SYNTHETIC / corpus)
            releases.link(corpus, SYNTHETIC / corpus)
    releases.fill_gaps(list(params["corpora"]))
    print(f"synth: {world.utterances} made-up utterances in each of {', '.join(params['corpora'])}")


def write(world: World, corpus: str, adapter: str, folder: Path) -> None:
    """Write one synthetic release with its watermark; what lay there is replaced."""
    if folder.exists():
        if not (folder / WATERMARK).is_file():
            raise HarnessError(f"{folder}: exists and holds no {WATERMARK}, so it is not ours to replace; move it away")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    write_json(folder / WATERMARK, truth(world, corpus))
    find("synthetic layout", adapter).write(folder, draw(world, corpus))
