"""The corpus card: what was read, what was dropped and why, and how it compares with published counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.core.files import digest, file_digest
from harness.core.paths import WATERMARK
from harness.core.plain_text import on_one_line
from harness.corpora.media.summary import Rows, media_facts, media_lines
from harness.study.labels import SPACES
from harness.study.release import Adapter, Annotation, Release

LONGEST_NOTE = 1000  # characters


def absent_card(adapter: Adapter, reason: str) -> dict[str, Any]:
    """Return the card of a corpus that is not linked."""
    return {**_facts(adapter), "present": False, "reason": reason, "synthetic": False, "digest": digest(reason)}


def card(adapter: Adapter, release: Release, root: Path, media: Rows | None = None) -> dict[str, Any]:
    """Return the card of a release that was read from `root`; `media` are its rows of media.jsonl, once probed."""
    group = {row.id: row.fold or row.split for row in release.utterances}
    synthetic = (root / WATERMARK).is_file()
    return {
        **_facts(adapter),
        "present": True,
        "synthetic": synthetic,
        "variant": release.variant,
        "rows": release.rows,
        "kept": len(release.utterances),
        "dropped": release.dropped_by_reason(),
        "splits": dict(sorted(Counter(group.values()).items())),
        "dialogues": len({row.dialogue for row in release.utterances}),
        "speakers": len({row.speaker for row in release.utterances if row.speaker}),
        "with_text": sum(bool(row.text) for row in release.utterances),
        "translations": dict(Counter(lang for row in release.utterances for lang in row.translations)),
        "flags": dict(sorted(Counter(flag for row in release.utterances for flag in row.flags).items())),
        **({} if media is None else {"media": media_facts(media, release)}),
        "labels": {space: _counts(release.annotations, group, space) for space in SPACES},
        "published": [] if synthetic else published_differences(release, group),
        "notes": [on_one_line(note, LONGEST_NOTE) for note in release.notes],
        "files": {name: file_digest(root / name) for name in release.files if (root / name).is_file()},
        "digest": digest([digest([row.id, row.text]) for row in release.utterances]),
    }


def summary(corpus: str, facts: dict[str, Any]) -> str:
    """Return what a person wants to know about a release that was just read."""
    dropped = ", ".join(f"{count} {reason}" for reason, count in facts["dropped"].items()) or "none"
    splits = ", ".join(f"{split} {count}" for split, count in facts["splits"].items())
    lines = [
        f"{corpus} ({facts['variant']}): {facts['kept']} of {facts['rows']} rows kept, dropped: {dropped}; {splits}"
    ]
    lines += [f"  {line}" for line in media_lines(facts["media"])] if "media" in facts else []
    for table in facts["published"]:
        verdict = "equal" if table["equal"] else f"{len(table['differences'])} counts differ: {table['differences']}"
        lines.append(f"  against {table['source']} [{table['field']}]: {verdict}")
    return "\n".join(lines + [f"  note: {note}" for note in facts["notes"]])


def published_differences(release: Release, group: Mapping[str, str]) -> list[dict[str, Any]]:
    """Hold what was read against each published table: equal, or the cells that differ as [published, read]."""
    messages = []
    for table in release.published:
        read: dict[str, Counter[str]] = {split: Counter() for split in table.counts}
        for row in release.annotations:
            for split in ("all", group[row.id]):
                if split in read:
                    read[split][str(row.native.get(table.field))] += 1
        differences = {
            f"{split}/{label}": [published, read[split][label]]
            for split, counts in table.counts.items()
            for label, published in counts.items()
            if read[split][label] != published
        }
        messages.append(
            {"source": table.source, "field": table.field, "equal": not differences, "differences": differences}
        )
    return messages


def _facts(adapter: Adapter) -> dict[str, Any]:
    return {
        "title": adapter.TITLE,
        "language": adapter.LANGUAGE,
        "family": adapter.FAMILY,
        "licence": adapter.LICENCE,
        "access": adapter.ACCESS,
        "citation": adapter.CITATION,
        "views": list(adapter.VIEWS),
        "spaces": dict(adapter.SPACES),
    }


def _counts(annotations: list[Annotation], group: Mapping[str, str], space: str) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for row in annotations:
        label = row.shared[space]
        key = f"({label.reason})" if label.value is None else _name(label.value)
        counts.setdefault(group[row.id], Counter())[key] += 1
    return {split: dict(sorted(counter.items())) for split, counter in sorted(counts.items())}


def _name(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"
