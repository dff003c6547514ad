"""Summarise the clips of a corpus: the numbers in its card, and the lines that a person reads."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from harness.corpora.media.survey import MODALITIES, OK, path_of
from harness.study.release import Release

NO_UTTERANCE = "no_utterance"
NONE_LINKED = "none linked"
SHOWN = 4  # values of a kind in a line
Rows = Sequence[Mapping[str, Any]]


def media_facts(rows: Rows, release: Release) -> dict[str, Any]:
    """Return the section `media` of a card.

    Args:
        rows: of media.jsonl.
        release: what the adapter read.

    Returns:
        One entry a modality (`none linked` if no utterance has a file); `surplus`: media files that are no
        utterance's, by reason; `hidden`: media files whose names begin with a dot, None if the adapter did not say;
        `files` and `bytes` of all that was probed.
    """
    sizes = {row["path"]: row["bytes"] for row in rows if row["path"]}
    return {
        **{modality.value: _modality([row for row in rows if row["modality"] == modality]) for modality in MODALITIES},
        "surplus": surplus(release),
        "hidden": release.hidden_media,
        "files": len(sizes),
        "bytes": sum(sizes.values()),
    }


def surplus(release: Release) -> dict[str, int]:
    """Count the media files that no utterance uses, by reason; only explained ones if the adapter lists no others."""
    used = {path_of(row, modality) for row in release.utterances for modality in MODALITIES}
    every = {*(release.media_files or ()), *release.surplus} - used
    return dict(sorted(Counter(release.surplus.get(path, NO_UTTERANCE) for path in every).items()))


def media_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield the section `media` of a card as text: a line a modality, and one for files that were not used."""
    for modality in MODALITIES:
        modality_facts = facts[modality.value]
        yield f"{modality.value}: {modality_facts if isinstance(modality_facts, str) else _line(modality_facts)}"
    unused = _listed(facts["surplus"])
    hidden = f"{facts['hidden']:,} hidden" if facts["hidden"] else ""
    if unused or hidden:
        yield "media files that are no utterance's: " + ", ".join(filter(None, (unused, hidden)))


def _modality(rows: Rows) -> dict[str, Any] | str:
    if not rows:
        return NONE_LINKED
    usable = [row for row in rows if row["state"] == OK]
    lengths = [row["seconds"] for row in usable if row["seconds"] is not None]
    return {
        "utterances": len(rows),
        "files": len({row["path"] for row in rows if row["path"]}),
        "ok": len(usable),
        "states": _counts(row["state"] for row in rows if row["state"] != OK),
        "flags": _counts(flag for row in rows for flag in row["flags"]),
        "hours": round(sum(lengths) / 3600, 4),
        "seconds": _spread(lengths),
        "codecs": _counts(row["codec"] for row in usable),
        **(_pictures(usable) if "width" in rows[0] else _sounds(usable)),
    }


def _sounds(rows: Rows) -> dict[str, dict[str, int]]:
    return {"rates": _counts(row["rate"] for row in rows), "channels": _counts(row["channels"] for row in rows)}


def _pictures(rows: Rows) -> dict[str, dict[str, int]]:
    return {
        "sizes": _counts(f"{row['width']}x{row['height']}" for row in rows),
        "fps": _counts(f"{row['fps']:.4g}" for row in rows if row["fps"]),
    }


def _spread(lengths: Sequence[float]) -> dict[str, float] | None:
    if not lengths:
        return None
    middle, mean = statistics.median(lengths), statistics.fmean(lengths)
    seconds = {"min": min(lengths), "median": middle, "mean": mean, "max": max(lengths)}
    return {name: round(value, 4) for name, value in seconds.items()}


def _counts(values: Iterable[object]) -> dict[str, int]:
    return {str(value): count for value, count in Counter(values).most_common()}


def _line(facts: Mapping[str, Any]) -> str:
    bad, odd = _listed(facts["states"]), _listed(facts["flags"])
    form = "; ".join(
        f"{name} {_first(facts[name])}" for name in ("codecs", "rates", "channels", "sizes", "fps") if facts.get(name)
    )
    parts = [
        f"{facts['ok']:,} of {facts['utterances']:,} can be read" + (f" ({bad})" if bad else ""),
        f"{facts['hours']:.2f} h",
        form,
        f"of those {odd}" if odd else "",
    ]
    return "; ".join(filter(None, parts))


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _first(counts: Mapping[str, int]) -> str:
    names = list(counts)
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
