"""Attach the optional machine translation of a corpus, `translation_<language>.csv`, to its utterances."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from harness.api import Row, Tree, Utterance, read_csv

from ._layout import Seen, nearest

SUSPECT = "translation_suspect"


def attach(
    tree: Tree,
    language: str,
    keyed: Mapping[str, Sequence[Utterance]],
    columns: Sequence[str],
    key: Callable[[Row], str],
    *,
    official: tuple[str, str] | None = None,
) -> tuple[list[str], list[str]]:
    """Fill `translations[language]` from the nearest translation file below `root`.

    A row whose `<language>_suspect` is not empty flags its utterance instead of translating it.

    Args:
        tree: the release.
        language: "zh" or "en"; the file is `translation_<language>.csv`, its column `text_<language>`.
        keyed: the utterances a row of the file can mean, by key.
        columns: the columns the key is made from.
        key: the key of a row.
        official: file and column of a translation that the release brings along, read if there is no other.

    Returns:
        The files read, relative to `root`, and notes for the reader; both empty if there is no translation.
    """
    path, column = nearest(tree, f"translation_{language}.csv"), f"text_{language}"
    if path is None and official is not None:
        path, column = nearest(tree, official[0]), official[1]
    if path is None:
        return [], []
    seen, unmatched, suspect = Seen(), 0, 0
    for row in read_csv(path, (*columns, column)):
        name = key(row)
        seen.note(name, path, row.line)
        unmatched += name not in keyed
        doubtful = row.get(f"{language}_suspect", "").strip() not in ("", "0")
        for utterance in keyed.get(name, ()):
            suspect += doubtful
            if doubtful:
                utterance.flags.append(SUSPECT)
            elif row[column].strip():
                utterance.translations[language] = row[column]
    lacking = sum(language not in utterance.translations for group in keyed.values() for utterance in group)
    return [path.relative_to(tree.root).as_posix()], _notes(path.name, suspect, unmatched, lacking - suspect)


def attach_by_id(tree: Tree, language: str, utterances: Sequence[Utterance]) -> tuple[list[str], list[str]]:
    """Fill `translations[language]` from a translation file with the columns `id` and `text_<language>`."""
    return attach(tree, language, {row.id: [row] for row in utterances}, ("id",), lambda row: row["id"])


def _notes(name: str, suspect: int, unmatched: int, lacking: int) -> list[str]:
    counted = (
        (suspect, f"translations of {name} are marked as suspect and left out (flag {SUSPECT})"),
        (unmatched, f"rows of {name} match no utterance"),
        (lacking, f"utterances have no translation in {name}"),
    )
    return [f"{count:,} {what}" for count, what in counted if count]
