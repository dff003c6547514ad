"""Write small made-up corpora in the official layouts and link them, to try the pipeline without any release."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from harness.core import engine, paths
from harness.core.engine_settings import worker_count
from harness.core.errors import HarnessError, SettingError
from harness.core.plugins import names
from harness.corpora.reading import links
from harness.corpora.synthetic.making import ALL
from harness.corpora.synthetic.media import Take, render_all
from harness.corpora.synthetic.release import Plan, is_current, known_defects, write
from harness.corpora.synthetic.world import World

EXAMPLES = (
    "emotransfer synth",
    "emotransfer synth --scale 20 --annotation-only",
)
WHOLE_STUDY = True

SYNTHETIC = Path("data/synthetic")


def run(
    params: dict[str, Any],
    *,
    if_unlinked: bool = False,
    replace: bool = False,
    scale: int = 1,
    annotation_only: bool = False,
) -> None:
    """Write data/synthetic/<corpus> for every corpus that has a writer, and link it; one that is there is kept.

    Args:
        params: params.yaml; its section `synth` is the world, with `media` and `defects`.
        if_unlinked: do nothing when a real release is linked.
        replace: unlink real releases instead of refusing.
        scale: times as many utterances, for load tests; clips then repeat.
        annotation_only: make no sound and no picture, whatever params.yaml says.
    """
    real = [name for name in params["corpora"] if not _is_ours(name) and links.is_linked(name)]
    if real and if_unlinked:
        links.fill_gaps(list(params["corpora"]))
        print(f"synth: real releases are linked ({', '.join(real)}); nothing written")
        return
    if real and not replace:
        raise HarnessError(
            f"real releases are linked ({', '.join(real)}); synthetic and real corpora must not share a matrix. "
            "Run `python -m harness unlink <corpus>` for each, or `python -m harness synth --replace`"
        )
    plan = plan_of({**params["synth"], **({"media": False} if annotation_only else {})}, scale)
    adapters = {name: (row or {}).get("adapter", name) for name, row in params["corpora"].items()}
    made = {name: adapter for name, adapter in adapters.items() if adapter in names("synthetic layout")}
    known = known_defects(list(made.values()))
    workers = worker_count(params["engine"]["workers"])
    for corpus, adapter in made.items():
        folder = SYNTHETIC / corpus
        if not is_current(plan, corpus, adapter, folder):
            print(f"synth: {corpus}, drawing {plan.drawn_from().utterances:,} utterances", flush=True)
            counts = write(plan, corpus, adapter, folder, known, partial(side_by_side, workers, f"synth {corpus}"))
            put_in = ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"
            print(f"synth: {corpus} is written to {folder}; defects: {put_in}")
        links.link(corpus, folder)
    links.fill_gaps(list(params["corpora"]))
    print(f"synth: linked {', '.join(made)} (data/synthetic)")


def side_by_side(workers: int, label: str, pieces: Sequence[Sequence[Take]]) -> None:
    """Render lists of clips in so many processes."""
    engine.run(render_all, pieces, workers, label, [len(piece) for piece in pieces], "files")


def _is_ours(corpus: str) -> bool:
    """Tell whether a made-up release is linked, also when its folder is gone: it is made again."""
    return links.is_synthetic(corpus) or paths.raw(corpus).resolve() == (SYNTHETIC / corpus).resolve()


def plan_of(section: dict[str, Any], scale: int = 1) -> Plan:
    """Return what the section `synth` of params.yaml asks for; SettingError if it cannot be made."""
    if not 1 <= scale <= 10_000:
        raise SettingError(f"--scale is {scale!r}; it is a whole number from 1 to 10000")
    media, defects = section.get("media", False), section.get("defects", ALL)
    world = {name: value for name, value in section.items() if name not in ("media", "defects")}
    return Plan(World(**world), media, defects, scale)
