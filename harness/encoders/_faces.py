"""Find the largest face of a picture, by the local binary patterns cascade that scikit-image ships."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import SettingError

Box: TypeAlias = tuple[float, float, float]  # row and column of the upper left corner, side; pixels
Grey: TypeAlias = NDArray[np.float64]
LOOKED_AT = 200  # pixels of the longer side in which faces are looked for
SMALLEST = 24  # pixels of a face in them: what the cascade was trained on
GROW = 1.15  # from one size of face that is looked for to the next
NEAR = 36  # pixels that a face is looked for in when it is followed
STEADY = 0.5  # overlap with the clip's usual place of the face from which on that place is taken: detections jitter
AROUND, ALIKE = 0.4, 1.5  # of its side: how far it may have moved; how many times larger or smaller it may be


def require_skimage() -> None:
    """Raise SettingError where scikit-image is not installed."""
    try:
        import skimage  # noqa: F401
    except ImportError as error:
        raise SettingError(
            "faces are found by the package scikit-image; run `pip install scikit-image`, or take the encoders that "
            "need it and their recipes out of params.yaml"
        ) from error


def grey(picture: NDArray[np.uint8]) -> Grey:
    """Return the brightness (height, width) of an RGB picture, 0 to 1."""
    from skimage.color import rgb2gray

    found: Grey = rgb2gray(picture)
    return found


def largest_face(picture: Grey) -> Box | None:
    """Return the largest face of a grey picture (height, width), or None if there is none."""
    return _largest(picture, min(LOOKED_AT / max(picture.shape), 1.0), SMALLEST, LOOKED_AT)


def followed(pictures: Iterable[Grey]) -> Iterator[Box | None]:
    """Yield the face of each picture of a clip: the one before near its place, else the largest, None without any."""
    last: Box | None = None
    for picture in pictures:
        last = (last and _near(picture, last)) or largest_face(picture)
        yield last


def steadied(boxes: list[Box | None]) -> list[Box | None]:
    """Return the boxes of a clip with those that lie about where most do put exactly there."""
    known = [box for box in boxes if box]
    if not known:
        return boxes
    row, column, side = np.median(np.array(known), axis=0).tolist()
    usual = (row, column, side)
    return [usual if box and _overlap(box, usual) >= STEADY else box for box in boxes]


def _overlap(a: Box, b: Box) -> float:
    """Return the intersection of two squares over their union."""
    sides = [max(min(a[k] + a[2], b[k] + b[2]) - max(a[k], b[k]), 0.0) for k in (0, 1)]
    inner = sides[0] * sides[1]
    return inner / (a[2] ** 2 + b[2] ** 2 - inner)


def _near(picture: Grey, last: Box) -> Box | None:
    """Return the face of about the same size around the last place."""
    row, column, side = last
    top, left = max(int(row - AROUND * side), 0), max(int(column - AROUND * side), 0)
    part = picture[top : int(row + (1 + AROUND) * side), left : int(column + (1 + AROUND) * side)]
    scale = min(NEAR / side, 1.0)
    found = _largest(part, scale, round(side * scale / ALIKE), round(side * scale * ALIKE))
    return (found[0] + top, found[1] + left, found[2]) if found else None


def _largest(picture: Grey, scale: float, least: int, most: int) -> Box | None:
    """Return the largest face of a picture looked at in this scale, where it is `least` to `most` pixels high."""
    from skimage.transform import resize

    shape = tuple(max(round(side * scale), 1) for side in picture.shape)
    least = max(SMALLEST, least)
    if min(shape) < least:
        return None
    small = picture if scale == 1.0 else resize(picture, shape, anti_aliasing=True)
    found = _detector().detect_multi_scale(small, GROW, 1, (least, least), (most, most))
    if not found:
        return None
    best = max(found, key=lambda one: (one["width"], -one["r"], -one["c"]))
    return best["r"] / scale, best["c"] / scale, best["width"] / scale


@cache
def _detector() -> Any:
    from skimage.data import lbp_frontal_face_cascade_filename
    from skimage.feature import Cascade

    return Cascade(lbp_frontal_face_cascade_filename())
