"""Write a made-up release: annotation, sound and picture in the layout of its corpus, and the truth about it.

`SYNTHETIC.json` at its root tells the world it was drawn from, the defects that were put in and how many of each, and
what code made it. It says `finished` only when everything lies there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from harness import engine
from harness.closure import code_digest
from harness.errors import HarnessError
from harness.files import digest, read_json, write_json
from harness.plugins import find, source
from harness.synth import WATERMARK, World, draw
from harness.synth_making import NONE, Making, chosen
from harness.synth_media import Take, render_all

PIECE = 25  # files a piece of work
BANK = 200  # different clips of a kind in a scaled corpus


@dataclass(frozen=True, slots=True)
class Plan:
    """What a study wants of its made-up corpora.

    Args:
        world: what they are drawn from.
        media: whether sound and picture are made.
        defects: "all", "none" or names.
        scale: how many times as many utterances, dialogues and speakers; beyond 1 clips repeat.
    """

    world: World
    media: bool = False
    defects: str | Sequence[str] = NONE
    scale: int = 1

    def drawn_from(self) -> World:
        """Return the world at its scale."""
        world, times = self.world, self.scale
        return replace(
            world,
            utterances=world.utterances * times,
            dialogues=world.dialogues * times,
            speakers=world.speakers * times,
        )


def known_defects(adapters: Sequence[str]) -> dict[str, str]:
    """Return every defect that the writers of these layouts know, with its sentence."""
    return {name: text for one in adapters for name, text in find("synthetic layout", one).DEFECTS.items()}


def truth(plan: Plan, corpus: str, adapter: str) -> dict[str, Any]:
    """Return what the watermark says before anything is counted."""
    return {
        "synthetic": True,
        "corpus": corpus,
        **asdict(plan.drawn_from()),
        "media": plan.media,
        "scale": plan.scale,
        "code": digest([code_digest(source("synthetic layout", adapter)), plan.defects]),
    }


def is_current(plan: Plan, corpus: str, adapter: str, folder: Path) -> bool:
    """Tell whether a folder holds just this release, finished."""
    path = folder / WATERMARK
    if not path.is_file():
        return False
    found = read_json(path, "python -m harness synth")
    return bool(found.get("finished")) and truth(plan, corpus, adapter).items() <= found.items()


def write(
    plan: Plan, corpus: str, adapter: str, folder: Path, known: Mapping[str, str] | None = None, workers: int = 1
) -> dict[str, int]:
    """Write one release; what lay in the folder is replaced if it was made up too.

    Args:
        plan: what is wanted.
        corpus: its name in the study.
        adapter: the corpus whose layout it has.
        folder: where it goes.
        known: every defect of the study's corpora; by default those of this one.
        workers: processes side by side.

    Returns:
        How many of each defect were put in.

    Raises:
        HarnessError: the folder holds something that is not ours.
    """
    if folder.exists():
        if not (folder / WATERMARK).is_file():
            raise HarnessError(f"{folder}: exists and holds no {WATERMARK}, so it is not ours to replace; move it away")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    facts = truth(plan, corpus, adapter)
    write_json(folder / WATERMARK, {**facts, "finished": False})
    writer, world = find("synthetic layout", adapter), plan.drawn_from()
    defects = chosen(writer, corpus, plan.defects, known or writer.DEFECTS)
    making = Making(corpus, world, plan.media, defects)
    takes = writer.write(folder, draw(world, corpus), making)
    _make(takes, plan.scale, workers, f"synth {corpus}")
    counts = {name: count for name, count in sorted(making.counts.items()) if count}
    write_json(folder / WATERMARK, {**facts, "defects": counts, "clips_repeat": plan.scale > 1, "finished": True})
    return counts


def _make(takes: Sequence[Take], scale: int, workers: int, label: str) -> None:
    """Render every take, or in a scaled corpus a bank of each kind, whose files the others are links to."""
    banks: dict[object, list[Take]] = {}
    rendered: list[Take] = []
    linked: list[tuple[Take, Take]] = []
    for number, take in enumerate(takes):
        bank = banks.setdefault((take.path.suffix, take.rate, take.channels, take.damage, len(take.rows)), [])
        if scale == 1 or take.damage or len(bank) < BANK:
            bank.append(take)
            rendered.append(take)
        else:
            linked.append((take, bank[number % BANK]))
    pieces = [rendered[at : at + PIECE] for at in range(0, len(rendered), PIECE)]
    sizes = [len(piece) for piece in pieces]
    engine.run(render_all, pieces, workers, label, sizes, "files")
    for take, original in linked:
        take.path.parent.mkdir(parents=True, exist_ok=True)
        os.link(original.path, take.path)
