"""Figures of the report as places in an SVG: the reliability diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


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
