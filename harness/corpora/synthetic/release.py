"""Write a made-up release: annotation, sound and picture in the layout of its corpus, and the truth about it.

`SYNTHETIC.json` at its root tells the world it was drawn from, the defects that were put in and how many of each, and
what code made it. It says `finished` only when everything lies there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from harness.core.code_digest import code_digest
from harness.core.errors import HarnessError
from harness.core.files import digest, read_json, write_json
from harness.core.paths import WATERMARK
from harness.core.plugins import find, source
from harness.corpora.synthetic.making import NONE, Making, chosen
from harness.corpora.synthetic.media import Take, render_all
from harness.corpora.synthetic.world import World, draw

PIECE = 25  # files per piece of work
Render = Callable[[Sequence[Sequence[Take]]], object]
BANK = 2  # different clips of a kind in a scaled corpus


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
    return {name: text for adapter in adapters for name, text in find("synthetic layout", adapter).DEFECTS.items()}


def truth(plan: Plan, corpus: str, adapter: str) -> dict[str, Any]:
    """Return what the watermark says before anything is counted."""
    return {
        "synthetic": True,
        "corpus": corpus,
        **asdict(plan.drawn_from()),
        "media": plan.media,
        "scale": plan.scale,
        "code": digest([code_digest(source("synthetic layout", adapter), Path(__file__)), plan.defects]),
    }


def is_current(plan: Plan, corpus: str, adapter: str, folder: Path) -> bool:
    """Tell whether a folder holds just this release, finished."""
    path = folder / WATERMARK
    if not path.is_file():
        return False
    watermark = read_json(path, "python -m harness synth")
    return bool(watermark.get("finished")) and truth(plan, corpus, adapter).items() <= watermark.items()


def one_after_another(pieces: Sequence[Sequence[Take]]) -> None:
    """Render lists of clips in this process."""
    for piece in pieces:
        render_all(piece)


def write(
    plan: Plan,
    corpus: str,
    adapter: str,
    folder: Path,
    known: Mapping[str, str] | None = None,
    render: Render = one_after_another,
) -> dict[str, int]:
    """Write one release; what lay in the folder is replaced if it was made up too.

    Args:
        plan: what is wanted.
        corpus: its name in the study.
        adapter: the corpus whose layout it has.
        folder: where it goes.
        known: every defect of the study's corpora; by default those of this one.
        render: calls `render_all` for each of many lists of clips; how it spreads them decides nothing of the files.

    Returns:
        How many of each defect were put in.

    Raises:
        HarnessError: the folder holds something that is not ours.
    """
    writer, world = find("synthetic layout", adapter), plan.drawn_from()
    defects = chosen(writer, corpus, plan.defects, known or writer.DEFECTS)
    facts = truth(plan, corpus, adapter)
    _empty(folder)
    write_json(folder / WATERMARK, {**facts, "finished": False})
    making = Making(corpus, world, plan.media, defects)
    takes = writer.write(folder, draw(world, corpus), making)
    _make(takes, plan.scale, render)
    counts = {name: count for name, count in sorted(making.counts.items()) if count}
    write_json(folder / WATERMARK, {**facts, "defects": counts, "clips_repeat": plan.scale > 1, "finished": True})
    return counts


def _empty(folder: Path) -> None:
    """Make the folder, or empty one that `synth` wrote; the watermark comes first, so that a kill leaves it ours."""
    folder.mkdir(parents=True, exist_ok=True)
    here = [path for path in folder.iterdir() if path.name != WATERMARK]
    if here and not (folder / WATERMARK).is_file():
        raise HarnessError(f"{folder}: exists and holds no {WATERMARK}, so it is not ours to replace; move it away")
    write_json(folder / WATERMARK, {"synthetic": True, "finished": False})
    for path in here:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _make(takes: Sequence[Take], scale: int, render: Render) -> None:
    """Render every take, or in a scaled corpus a bank of each kind, whose files the others are links to."""
    banks: dict[object, list[Take]] = {}
    rendered: list[Take] = []
    linked: list[tuple[Path, Path]] = []
    for take in takes if scale == 1 else sorted(takes, key=_seconds, reverse=True):
        bank = banks.setdefault(_kind(take), [])
        if scale == 1 or len(bank) < BANK:
            bank.append(take)
            rendered.append(take)
        else:
            linked.append((bank[len(linked) % BANK].path, take.path))
    render([rendered[at : at + PIECE] for at in range(0, len(rendered), PIECE)])
    for original, path in linked:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(original, path)
        except OSError:  # a file system without hard links, or too many of one file
            shutil.copyfile(original, path)


def _kind(take: Take) -> tuple[object, ...]:
    """Return what clips must share for one to stand for the other: form, length, and what is heard and seen.

    A recording of a dialogue only shares its number of turns; the longest ones stand for the others.
    """
    form = (take.path.suffix, take.rate, take.channels, take.damage, len(take.rows))
    if len(take.rows) > 1:
        return form
    row = take.rows[0]
    seen = "" if take.path.suffix == ".wav" else row.views["video"]
    return (*form, _seconds(take), row.gender, row.views["audio"], seen)


def _seconds(take: Take) -> float:
    return round(take.rows[-1].end - take.rows[0].start, 2)
