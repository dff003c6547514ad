"""The colours of a heat cell: one quiet hue from the floor to the best in-domain value, another at or below the floor.

Every step is a (background, ink) pair per theme whose contrast is at least 4.5, held by a test; the value is printed
in each cell, so that the colour never speaks alone.
"""

from __future__ import annotations

Pair = tuple[str, str]

BELOW = "below"  # at or below the floor
STEPS = tuple(str(step) for step in range(8))

LIGHT: dict[str, Pair] = {
    BELOW: ("#f5ead8", "#3f2f14"),
    "0": ("#f3f7f9", "#16232b"),
    "1": ("#e6eff4", "#16232b"),
    "2": ("#d8e7ef", "#14212a"),
    "3": ("#c9deea", "#132029"),
    "4": ("#b8d4e4", "#111e27"),
    "5": ("#a6c9dd", "#0f1c25"),
    "6": ("#92bdd5", "#0d1a23"),
    "7": ("#7cafcb", "#0a161e"),
}
DARK: dict[str, Pair] = {
    BELOW: ("#3a2f1e", "#f1e3cb"),
    "0": ("#1a2329", "#dfe8ed"),
    "1": ("#1c2c35", "#e3ecf1"),
    "2": ("#1e3541", "#e6eff4"),
    "3": ("#203f4e", "#eaf2f6"),
    "4": ("#22495b", "#eef5f8"),
    "5": ("#245369", "#f2f7fa"),
    "6": ("#265e77", "#f6fafc"),
    "7": ("#286986", "#fafcfd"),
}


def step(value: float | None, floor: float | None, best: float | None) -> str:
    """Return the step between the floor and the best in-domain value, or "" when there is no such scale.

    Works in either direction: for an error measure the best value lies under the floor.
    """
    if value is None or floor is None or best is None or best == floor:
        return ""
    share = (value - floor) / (best - floor)
    return BELOW if share <= 0 else STEPS[min(int(share * len(STEPS)), len(STEPS) - 1)]


def css(palette: dict[str, Pair]) -> str:
    """Return the palette as CSS custom properties."""
    return "".join(f"--heat-{name}:{ground};--ink-{name}:{ink};" for name, (ground, ink) in palette.items())


def contrast(colour: str, other: str) -> float:
    """Return the contrast ratio of two colours "#rrggbb", from 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(colour), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
