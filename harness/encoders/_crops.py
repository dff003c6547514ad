"""What of each frame an image or video model sees: the whole of it, or the face.

The papers that the presets are of crop faces before they encode (MERBench by OpenFace). A whole frame shows the set and
the camera too, which across corpora is another thing to learn from. Faces are found and followed as by the encoder
`face`; frames without one are left out, and a clip without any has no features (`no_face`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import SettingError
from harness.encoders._faces import followed, grey, require_skimage, steadied
from harness.features.matrix import Matrix, Ragged

CROPS = ("face", "none")
NO_FACE = "no_face"
Picture = NDArray[np.uint8]  # (height, width, 3)


def checked_crop(crop: str) -> str:
    """Return a crop that is known, or raise SettingError; a face needs scikit-image."""
    if crop not in CROPS:
        raise SettingError(f"crop is {crop!r}; it is one of {', '.join(CROPS)}")
    if crop == "face":
        require_skimage()
    return crop


def cropped(clip: NDArray[np.uint8], crop: str) -> list[Picture]:
    """Return the pictures of a clip (frames, height, width, 3) that are seen; none of a clip without a face."""
    if crop == "none":
        return list(clip)
    pictures = []
    for picture, box in zip(clip, steadied(list(followed(map(grey, clip)))), strict=True):
        if box:
            top, left, side = (round(number) for number in box)
            pictures.append(picture[max(top, 0) : top + side, max(left, 0) : left + side])
    return pictures


def encoded(
    clips: Iterable[NDArray[np.uint8]], crop: str, encode: Callable[[Iterator[list[Picture]]], Matrix]
) -> Matrix:
    """Return the rows of clips, NaN or without frames where a clip shows nothing that is looked for.

    Args:
        clips: may be a generator; they are taken as `encode` needs them.
        crop: one of `CROPS`.
        encode: returns the rows of the pictures of each clip, of which there is at least one.
    """
    seen: list[bool] = []

    def pictures() -> Iterator[list[Picture]]:
        for clip in clips:
            shown = cropped(clip, crop)
            seen.append(bool(shown))
            if shown:
                yield shown

    rows: Any = encode(pictures())
    if all(seen):
        return rows
    if isinstance(rows, Ragged):
        starts = np.zeros(len(seen) + 1, dtype=rows.starts.dtype)
        lengths = np.zeros(len(seen), dtype=rows.starts.dtype)
        lengths[seen] = np.diff(rows.starts)
        starts[1:] = np.cumsum(lengths)
        return Ragged(rows.values, starts)
    whole = np.full((len(seen), rows.shape[1]), np.nan, dtype=np.float32)
    whole[seen] = rows
    return whole
