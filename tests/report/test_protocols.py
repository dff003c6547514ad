"""The tables of the protocols: what they compare, and that nothing is made up where a cell has no value."""

from __future__ import annotations

from dataclasses import replace

from harness.report.protocols import tables
from harness.study.cells import Cell

CORPORA = ("a", "b", "c")


def cell(source: str, target: str, value: float | None, protocol: str = "single_source", **other: str) -> Cell:
    reason = "" if value is not None else "target_not_annotated"
    return Cell(
        "emotion4", "multimodal", "r", source, target, protocol, "source_dev", "uar", value, reason=reason, **other
    )


MATRIX = [cell(s, t, 0.7 if s == t else 0.4 + 0.05 * CORPORA.index(s)) for s in CORPORA for t in CORPORA]


def made(*cells: Cell):
    return tables([*MATRIX, *cells], {"emotion4": "uar"})


def test_without_other_protocols_there_is_nothing_to_say() -> None:
    assert made() == []


def test_all_others_stand_beside_the_best_single_source() -> None:
    (table,) = made(
        cell("others", "a", 0.6, "leave_one_corpus_out_transductive"), cell("others", "b", None, "leave_one_corpus_out")
    )
    assert list(table.rows[0]) == ["a", ".700", ".500 (c)", ".600", "", "+.100", "–", "–"]
    assert table.rows[1][3] == "–"
    assert list(table.notes) == ["target corpus: not annotated in this label space: b"]
    assert "(transductive)" in table.method


def test_a_source_is_worth_the_labels_at_which_the_targets_own_line_reaches_it() -> None:
    few = [cell("none", "a", value, "few_shot", variant=f"k={k}") for k, value in ((10, 0.4), (100, 0.5))]
    (table,) = made(*few, cell("b", "a", 0.55, "few_shot", variant="k=10"))
    assert list(table.header) == ["k a class", "target only", "b"]
    assert [list(row) for row in table.rows] == [
        ["0", "–", ".450"],
        ["10", ".400", ".550"],
        ["100", ".500", "–"],
        ["worth", "–", "32"],
    ]


def test_the_oracle_is_set_against_source_dev_cell_by_cell() -> None:
    (table,) = made(cell("b", "a", 0.5, "oracle"))
    assert list(table.header) == ["source", "target", "single source", "oracle", "interval", "− single source"]
    assert [list(row) for row in table.rows] == [["b", "a", ".450", ".500", "", "+.050"]]
    assert table.question == "What does selection on source dev give away?"


def test_size_matched_sources_are_averaged_over_their_cross_corpus_cells() -> None:
    cells = [cell("c", t, value, "size_matched", variant="n=9") for t, value in (("a", 0.3), ("b", 0.4), ("c", 0.9))]
    (table,) = made(*cells)
    assert [list(row) for row in table.rows] == [["c", ".500", ".350", "−.150", "2"]]


def test_missing_modalities_are_set_against_the_same_pairs_with_all() -> None:
    cells = [
        cell("b", "a", 0.35, "missing_modality", variant="mask:t"),
        cell("c", "a", 0.40, "missing_modality", variant="mask:t"),
        cell("b", "a", 0.25, "missing_modality", variant="zero:t"),
        cell("a", "a", 0.1, "missing_modality", variant="mask:t"),
    ]
    (table,) = made(*cells)
    assert list(table.header) == ["what is left", "mask", "− all", "zero", "− all"]
    assert [list(row) for row in table.rows] == [["t", ".375", "−.100", ".250", "−.200"]]


def test_adaptation_is_set_against_the_same_pair_without() -> None:
    coral, dann = made(cell("b", "a", 0.5, "coral_transductive"), cell("b", "a", 0.4, "dann_transductive"))
    assert list(coral.header) == ["source", "target", "single source", "coral", "interval", "− single source"]
    assert [list(row) for row in coral.rows] == [["b", "a", ".450", ".500", "", "+.050"]]
    assert [list(row) for row in dann.rows] == [["b", "a", ".450", ".400", "", "−.050"]]


def test_rows_of_another_name_are_known_by_their_file_and_two_of_one_file_have_a_table_each() -> None:
    cells = [*MATRIX, cell("b", "a", 0.5, "peek"), cell("b", "a", 0.6, "peek_again")]
    found = tables(cells, {"emotion4": "uar"}, {"peek": "oracle", "peek_again": "oracle"})
    assert [list(one.rows[0]) for one in found] == [
        ["b", "a", ".450", ".500", "", "+.050"],
        ["b", "a", ".450", ".600", "", "+.150"],
    ]
    assert "peek_again" in found[1].method
    assert found[0].anchor != found[1].anchor


def test_a_protocol_without_a_table_has_one_by_variant_even_when_its_file_is_gone() -> None:
    cells = [replace(cell("b", "a", 0.5, "curve", variant="n=50"), low=0.4, high=0.6)]
    cells += [cell("b", "a", 0.6, "curve", variant="n=100"), cell("c", "a", None, "curve", variant="n=50")]
    (table,) = made(*cells)
    assert list(table.header) == [
        *("source", "target", "single source", "n=50", "interval", "− single source"),
        *("n=100", "interval", "− single source"),
    ]
    assert [list(row) for row in table.rows] == [
        ["b", "a", ".450", ".500", "[.400, .600]", "+.050", ".600", "", "+.150"]
    ]
    assert list(table.notes) == ["target corpus: not annotated in this label space: a"]
    assert table.question == "Curve, beside the matrix"
    assert "harness/protocols/curve.py is gone" in table.method


def test_what_stands_for_several_sources_has_no_single_source_beside_it() -> None:
    (table,) = made(cell("others", "a", 0.5, "curve"))
    assert list(table.header) == ["source", "target", "curve", "interval"]
    assert [list(row) for row in table.rows] == [["others", "a", ".500", ""]]


def test_of_an_error_the_best_single_source_is_the_lowest_and_shots_are_worth_it_from_above() -> None:
    shots = [cell("none", "a", value, "few_shot", variant=f"k={k}") for k, value in ((10, 0.5), (100, 0.4))]
    cells = [*MATRIX, cell("others", "a", 0.6, "leave_one_corpus_out"), *shots]
    cells.append(cell("b", "a", 0.3, "few_shot", variant="k=10"))
    joint, few = tables([replace(one, metric="brier") for one in cells], {"emotion4": "brier"})
    assert joint.rows[0][2] == ".450 (b)"
    assert list(few.rows[-1]) == ["worth", "–", "32"]
