"""Find the largest face of a picture, by the local binary patterns cascade that scikit-image ships."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from harness.errors import SettingError

Box: TypeAlias = tuple[float, float, float]  # row and column of the upper left corner, side; pixels
Grey: TypeAlias = NDArray[np.float64]
LOOKED_AT = 200  # pixels of the longer side in which faces are looked for
SMALLEST = 24  # pixels of a face in them: what the cascade was trained on
GROW = 1.2  # from one size of face that is looked for to the next


def require_skimage() -> None:
    """Raise SettingError where scikit-image is not installed."""
    try:
        import skimage  # noqa: F401
    except ImportError as error:
        raise SettingError(
            "the encoder face needs the package scikit-image; run `pip install scikit-image`, or take the encoder and "
            "its recipes out of params.yaml"
        ) from error


def grey(picture: NDArray[np.uint8]) -> Grey:
    """Return the brightness (height, width) of an RGB picture, 0 to 1."""
    from skimage.color import rgb2gray

    found: Grey = rgb2gray(picture)
    return found


def largest_face(picture: Grey) -> Box | None:
    """Return the largest face of a grey picture (height, width), or None if there is none."""
    from skimage.transform import resize

    scale = min(LOOKED_AT / max(picture.shape), 1.0)
    shape = tuple(max(round(side * scale), 1) for side in picture.shape)
    if min(shape) < SMALLEST:
        return None
    small = picture if scale == 1.0 else resize(picture, shape, anti_aliasing=True)
    found = _detector().detect_multi_scale(small, GROW, 1, (SMALLEST, SMALLEST), (max(shape), max(shape)))
    if not found:
        return None
    best = max(found, key=lambda one: (one["width"], -one["r"], -one["c"]))
    return best["r"] / scale, best["c"] / scale, best["width"] / scale


@cache
def _detector() -> Any:
    from skimage.data import lbp_frontal_face_cascade_filename
    from skimage.feature import Cascade

    return Cascade(lbp_frontal_face_cascade_filename())
