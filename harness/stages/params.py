"""Check params.yaml and everything that it names, so that a fault is told before anything is read or trained."""

from __future__ import annotations

from typing import Any

from harness.core import paths
from harness.core.errors import HarnessError
from harness.core.files import prune, write_text
from harness.core.log import log
from harness.corpora.reading import links
from harness.study.params import load as params_load
from harness.study.params import only

WHOLE_STUDY = True


def run(params: dict[str, Any]) -> None:
    """Write data/params/, and mark every corpus that has no release as not linked.

    All other stages wait for data/params/checked, whose content never changes. A file for each row of `encoders` and
    `recipes` says whether `only` leaves it out.
    """
    params_load.check_options(params)
    links.fill_gaps(list(params["corpora"]))
    linked = [name for name in params["corpora"] if links.is_linked(name)]
    if not linked:
        raise HarnessError(
            "no release is linked; run `python -m harness link <corpus> <folder>` for each corpus that you have, or "
            "`python -m harness synth` for made-up ones"
        )
    left_out = only.apply(params)[only.LEFT_OUT]
    files = {paths.CHECKED: "params.yaml can be run\n"}
    for section in ("encoders", "recipes"):
        for name in params[section]:
            files[paths.PARAMS / section / name] = "left out\n" if name in left_out[section] else "runs\n"
    for path, text in files.items():
        write_text(path, text)
    prune(paths.PARAMS, files)
    log.info(
        f"params.yaml: {len(params['recipes'])} recipes in {len(params['spaces'])} label spaces; "
        f"linked: {', '.join(linked)}"
    )
