"""Figures of the report as places in an SVG: the critical-difference diagram and the reliability diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LEFT, RIGHT, LINE = 150.0, 450.0, 16.0  # of the axis of ranks, and the height of a name, in units of the viewBox


def ranks(space: str, metric: str, lines: Sequence[Any]) -> dict[str, Any]:
    """Return a critical-difference diagram (Demsar 2006): mean ranks on an axis, bars over what is not told apart.

    Args:
        space, metric: for the caption.
        lines: of ranks.csv as named tuples, from the best rank on.
    """
    k = len(lines)
    values = [line.rank for line in lines]

    def place(rank: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * (rank - 1) / max(k - 1, 1), 1)

    groups: dict[str, list[float]] = {}
    for line, value in zip(lines, values, strict=True):
        for name in line.cliques.split():
            groups.setdefault(name, []).append(value)
    bars = [
        {"x1": place(min(values)) - 3, "x2": place(max(values)) + 3, "y": 34 + 7 * at}
        for at, values in enumerate(groups.values())
    ]
    top, half = 44 + 7 * len(bars), (k + 1) // 2
    labels = []
    for at, (line, value) in enumerate(zip(lines, values, strict=True)):
        left = at < half
        down = at if left else k - 1 - at
        labels.append({"name": line.recipe, "rank": value, "x": place(value), "left": left, "y": top + LINE * down})
    apart = lines[0].critical_difference or 0.0
    width = min(place(1 + apart), RIGHT + 140) - LEFT if k > 1 else 0
    return {
        "kind": "ranks",
        "caption": f"Mean rank over {lines[0].targets} targets, {metric}, {space}; 1 is best. Bars join recipes "
        f"that the critical difference ({apart:.2f}) does not tell apart.",
        "ticks": [{"x": place(rank), "text": rank} for rank in range(1, k + 1)],
        "bars": bars,
        "labels": labels,
        "left": LEFT,
        "right": RIGHT,
        "height": top + LINE * half + 4,
        "difference": round(width, 1),
    }


def reliability(title: str, curves: Mapping[str, Sequence[tuple[float, float, float]]]) -> dict[str, Any]:
    """Return a reliability diagram: accuracy over confidence, one line a curve, dots as large as their share of rows.

    Args:
        title: of the figure.
        curves: name -> (confidence, accuracy, rows) of each bin that has rows.
    """
    drawn = []
    for number, (name, points) in enumerate(curves.items(), 1):
        total = sum(rows for *_, rows in points) or 1.0
        dots = [
            {"x": round(100 * c, 1), "y": round(100 - 100 * a, 1), "r": round(0.8 + 6 * (rows / total) ** 0.5, 1)}
            for c, a, rows in points
        ]
        drawn.append(
            {"name": name, "number": number, "dots": dots, "d": "M" + "L".join(f"{d['x']} {d['y']}" for d in dots)}
        )
    return {"kind": "reliability", "caption": title, "curves": drawn}
