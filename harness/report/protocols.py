"""The protocols beside the matrix as tables of text: one question, one method line and one table each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from harness.report.formats import ABSENT, interval, metric_title, number, reason_text, signed
from harness.report.grid import ordered
from harness.report.tables import Table
from harness.statistics.shots_worth import crossing
from harness.study.cells import SINGLE_SOURCE, TRANSDUCTIVE, Cell, in_matrix

Cells = Sequence[Cell]


def tables(cells: Cells, primary: Mapping[str, str], files: Mapping[str, str] | None = None) -> list[Table]:
    """Return the tables of all protocols that a study ran, by space and recipe; the primary metric alone.

    Args:
        cells: all of `cells.csv`.
        primary: space -> metric.
        files: row of `protocols` -> file of harness/protocols, where they differ; a second row of one file has a table
            of its own.
    """
    leading = [one for one in cells if one.metric == primary.get(one.space) and one.view == "multimodal"]
    found: list[Table] = []
    for make, needed in MAKERS:
        for space in ordered(one.space for one in leading):
            of_space = [one for one in leading if one.space == space]
            for names in _rows(of_space, files or {}, needed):
                chosen = [replace(one, protocol=names[base(one)]) for one in of_space if base(one) in names]
                for recipe in ordered(one.recipe for one in chosen):
                    of_recipe = [one for one in of_space if one.recipe == recipe]
                    adapted = any(one.protocol.endswith(TRANSDUCTIVE) for one in of_recipe if base(one) in names)
                    ours = [one for one in chosen if one.recipe == recipe]
                    made = make([*in_matrix(of_recipe), *ours])
                    found += [_titled(one, of_recipe[0], names, adapted, _notes(ours)) for one in made]
    return found


def base(cell: Cell) -> str:
    """Return the protocol without the ending that says transductive."""
    return cell.protocol.removesuffix(TRANSDUCTIVE)


def _rows(cells: Cells, files: Mapping[str, str], needed: Sequence[str]) -> list[dict[str, str]]:
    """Return row -> file for each table: the first rows of all needed files, then the second ones."""
    known = ordered(base(one) for one in cells)
    of_file = [[name for name in known if files.get(name, name) == file] for file in needed]
    count = max(map(len, of_file))
    return [
        {names[at]: file for file, names in zip(needed, of_file, strict=True) if at < len(names)} for at in range(count)
    ]


def _titled(table: Table, cell: Cell, names: Mapping[str, str], adapted: bool, notes: Sequence[str]) -> Table:
    """Return a table whose method line begins with what it is of, and whose anchor no other has."""
    renamed = [name for name, file in names.items() if name != file]
    of = [metric_title(cell.metric), cell.space, cell.recipe, *renamed]
    method = f"{', '.join(of)}{' (transductive)' if adapted else ''}: {table.method}"
    return replace(table, anchor="-".join([table.anchor, *of[1:]]), method=method, notes=notes)


def _notes(cells: Cells) -> list[str]:
    """Return each reason of cells without a value, with the targets it holds for."""
    reasons = ordered(one.reason for one in cells if one.reason)
    return [
        f"{reason_text(reason)}: {', '.join(ordered(one.target for one in cells if one.reason == reason))}"
        for reason in reasons
    ]


def _joint(cells: Cells) -> Iterator[Table]:
    """Is training on all others better than on the best single source?"""
    loco, pooled = _of(cells, "leave_one_corpus_out"), _of(cells, "pooled")
    rows = []
    for target in ordered(one.target for one in [*loco, *pooled]):
        singles = [one for one in _crossing_corpora(cells) if one.target == target and one.value is not None]
        best = max(singles, key=lambda one: one.value or 0, default=None)
        out, all_ = (_only(found, target) for found in (loco, pooled))
        rows.append(
            [
                target,
                _value(_home(cells, target)),
                f"{number(best.value)} ({best.source})" if best else ABSENT,
                _value(out),
                interval(out.low, out.high) if out else ABSENT,
                _difference(out, best),
                _value(all_),
                _difference(all_, _home(cells, target)),
            ]
        )
    header = (
        "target",
        "in-domain",
        "best single source",
        "all others",
        "interval",
        "− best single",
        "pooled",
        "− in-domain",
    )
    yield Table(
        "joint",
        "Do several sources together carry over better than the best one?",
        "all others: leave-one-corpus-out, selected on their dev splits; pooled: the target's train split among them; "
        "the best single source is picked with the target's test rows and so flatters itself",
        header,
        rows,
    )


def _few(cells: Cells) -> Iterator[Table]:
    """What is a source worth in labels of the target?"""
    few = _of(cells, "few_shot")
    for target in ordered(one.target for one in few):
        of_target = [one for one in few if one.target == target and one.value is not None]
        shots = sorted({int(one.variant.partition("=")[2]) for one in of_target})
        if not shots:
            continue
        at = {(one.source, int(one.variant.partition("=")[2])): one for one in of_target}
        alone = {k: at["none", k].value for k in shots if ("none", k) in at}
        sources = ordered(one.source for one in of_target if one.source != "none")
        zero = {one.source: one for one in _crossing_corpora(cells) if one.target == target}
        rows = [["0", ABSENT, *(_value(zero.get(source)) for source in sources)]]
        rows += [[str(k), *(_value(at.get((source, k))) for source in ("none", *sources))] for k in shots]
        known = {k: value for k, value in alone.items() if value is not None}
        worth = [
            str(crossing(known, zero[source].value or 0))
            if source in zero and zero[source].value is not None
            else ABSENT
            for source in sources
        ]
        rows.append(["worth", ABSENT, *worth])
        yield Table(
            f"few-{target}",
            f"What is a source worth in labels of {target}?",
            "rows: labelled utterances a class of the target's train split; target only: those alone; a source: with "
            "them; worth: the number at which the target's own labels reach the source without any (< or > the tried)",
            ["k a class", "target only", *sources],
            rows,
        )


def _size(cells: Cells) -> Iterator[Table]:
    """Is a source good because it is large?"""
    matched = _of(cells, "size_matched")
    rows = []
    for source in ordered(one.source for one in matched):
        pairs = [
            (one, full)
            for one in matched
            for full in [_only(_of(cells, SINGLE_SOURCE), one.target, source)]
            if one.source == source != one.target and one.value is not None and full and full.value is not None
        ]
        if pairs:
            small, large = fmean(one.value or 0 for one, _ in pairs), fmean(full.value or 0 for _, full in pairs)
            rows.append([source, number(large), number(small), signed(small - large), str(len(pairs))])
    variants = ordered(one.variant for one in matched if one.value is not None)
    yield Table(
        "size",
        "Is a source good because it is large?",
        f"mean over its cross-corpus cells, trained on all of the source and on a part ({', '.join(variants)}) as "
        "large for every source",
        ["source", "all rows", "size-matched", "difference", "targets"],
        rows,
    )


def _oracle(cells: Cells) -> Iterator[Table]:
    """What does selection on source dev give away?"""
    rows = []
    for one in _of(cells, "oracle"):
        honest = _only(_of(cells, SINGLE_SOURCE), one.target, one.source)
        if one.value is not None and honest and honest.value is not None:
            rows.append([one.source, one.target, _value(honest), _value(one), _difference(one, honest)])
    yield Table(
        "oracle",
        "What does selection on source dev give away?",
        "oracle: the same training, selected on the target's dev split, which no honest protocol may do",
        ["source", "target", "source dev", "oracle", "difference"],
        rows,
        words=2,
    )


def _missing(cells: Cells) -> Iterator[Table]:
    """What is left without a modality?"""
    found = [one for one in _of(cells, "missing_modality") if one.value is not None]
    fills = ordered(one.variant.partition(":")[0] for one in found)
    whole = {(one.source, one.target): one for one in _of(cells, SINGLE_SOURCE)}
    rows = []
    for condition in ordered(one.variant.partition(":")[2] for one in found):
        row = [condition]
        for fill in fills:
            pairs = [
                (one.value, full.value)
                for one in found
                if one.variant == f"{fill}:{condition}" and one.source != one.target
                for full in [whole.get((one.source, one.target))]
                if one.value is not None and full and full.value is not None
            ]
            left = fmean(value for value, _ in pairs) if pairs else None
            lost = fmean(value - full for value, full in pairs) if pairs else None
            row += [number(left), signed(lost)]
        rows.append(row)
    header = ["what is left"] + [text for fill in fills for text in (fill, "− all")]
    yield Table(
        "missing",
        "What is left without a modality?",
        "mean over cross-corpus cells; t, a, v: text, audio, video that are left; rate: share dropped at random; mask: "
        "the model is told; zero and mean stand in the place of what is gone, untold; retrain: one that never had it",
        header,
        rows,
    )


def _adapted(cells: Cells) -> Iterator[Table]:
    """What does it bring to have seen the target without labels?"""
    honest = {(one.source, one.target): one for one in _crossing_corpora(cells)}
    kinds = [kind for kind in ADAPTED if _of(cells, kind)]
    at = {(kind, one.source, one.target): one for kind in kinds for one in _of(cells, kind)}
    rows = []
    for (source, target), one in honest.items():
        found = [at.get((kind, source, target)) for kind in kinds]
        if one.value is not None and any(cell and cell.value is not None for cell in found):
            row = [source, target, _value(one)]
            for cell in found:
                row += [_value(cell), _difference(cell, one)]
            rows.append(row)
    header = ["source", "target", "without"] + [text for kind in kinds for text in (kind, "difference")]
    yield Table(
        "adapted",
        "What does it bring to see the target's train split without labels?",
        "one model for each pair, selected on source dev",
        header,
        rows,
        words=2,
    )


ADAPTED = ("coral", "mmd", "dann")
MAKERS: list[tuple[Callable[[Cells], Iterable[Table]], tuple[str, ...]]] = [
    (_joint, ("leave_one_corpus_out", "pooled")),
    (_few, ("few_shot",)),
    (_size, ("size_matched",)),
    (_oracle, ("oracle",)),
    (_missing, ("missing_modality",)),
    (_adapted, ADAPTED),
]


def _of(cells: Cells, protocol: str) -> list[Cell]:
    return [one for one in cells if base(one) == protocol]


def _only(cells: Cells, target: str, source: str = "") -> Cell | None:
    return next((one for one in cells if one.target == target and source in ("", one.source)), None)


def _home(cells: Cells, target: str) -> Cell | None:
    return next((one for one in in_matrix(cells) if one.target == one.source == target), None)


def _crossing_corpora(cells: Cells) -> list[Cell]:
    return [one for one in in_matrix(cells) if not one.is_in_domain]


def _value(cell: Cell | None) -> str:
    return ABSENT if cell is None else number(cell.value)


def _difference(cell: Cell | None, other: Cell | None) -> str:
    if cell is None or other is None or cell.value is None or other.value is None:
        return ABSENT
    return signed(cell.value - other.value)
