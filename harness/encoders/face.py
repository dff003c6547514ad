"""How a face looks and moves: gradients and texture of its pixels in sampled frames; no model, no download.

The largest face of a clip is followed from frame to frame (a cut in between: the largest then).

Of every sampled frame with a face: histograms of oriented gradients (Dalal and Triggs, CVPR 2005) of 4 x 4 cells,
uniform local binary patterns (Ojala et al., PAMI 2002), and how much each of 4 x 4 cells changed since the frame
before. Detector and descriptors are those of scikit-image. Of an utterance: means and standard deviations over its
frames, and the share of frames with a face; a clip without any has none (`no_face`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import SettingError
from harness.encoders._faces import Box, Grey, followed, grey, require_skimage, steadied
from harness.encoders._frames import checked_level
from harness.features.matrix import Ragged

MODALITY = "video"
PACKAGES = ("scikit-image",)  # its version decides the rows
SHARD = 32  # utterances per piece of work
NOTHING = "no_face"

SIDE, CELLS, ANGLES, PATTERNS = 64, 4, 8, 10
WIDTH = CELLS * CELLS * ANGLES + PATTERNS + CELLS * CELLS
FINDS = ("face", "none")
ALL: Box = (0.0, 0.0, math.inf)  # the whole picture, square or not
Float = NDArray[np.float32]


class Face:
    """Descriptors of faces.

    Args:
        fps: frames per second that are looked at.
        level: `utterance` (309 numbers) or `frames` (154 numbers each, of those with a face).
        find: `face`, or `none` to describe whole pictures that are faces already.

    Raises:
        SettingError: an option is unknown, or scikit-image is not installed.
    """

    size = None

    def __init__(self, fps: float = 3.0, level: str = "utterance", find: str = "face") -> None:
        require_skimage()
        if find not in FINDS:
            raise SettingError(f"encoder face: find is {find!r}; it is {' or '.join(FINDS)}")
        self.fps, self.find = float(fps), find
        self.frames = checked_level("face", level) == "frames"

    def encode(self, clips: Iterable[NDArray[np.uint8]]) -> Float | Ragged:
        """Return one row per clip (frames, height, width, 3), or its frames; NaN or none without a face."""
        made, shares = [], []
        for clip in clips:
            found, share = self._clip(clip)
            made.append(found)
            shares.append(share)
        if self.frames:
            return Ragged.of(made, WIDTH)
        rows = [_row(found, share) for found, share in zip(made, shares, strict=True)]
        return np.array(rows, dtype=np.float32).reshape(-1, 2 * WIDTH + 1)

    def _clip(self, clip: NDArray[np.uint8]) -> tuple[Float, float]:
        """Return the descriptors of the frames with a face, and their share of all."""
        boxes = steadied(list(followed(map(grey, clip)))) if self.find == "face" else [ALL] * len(clip)
        faces = [_cut(picture, box) for picture, box in zip(clip, boxes, strict=True) if box]
        described = [_describe(face, before) for face, before in zip(faces, [*faces[:1], *faces[:-1]], strict=True)]
        return np.array(described, dtype=np.float32).reshape(-1, WIDTH), len(faces) / max(len(clip), 1)


def encoder(fps: float = 3.0, level: str = "utterance", find: str = "face") -> Face:
    """Make the encoder."""
    return Face(fps, level, find)


def _cut(picture: NDArray[np.uint8], box: Box) -> Grey:
    """Return the square of a box as SIDE x SIDE grey pixels, their brightness spread to mean 0 and deviation 1."""
    from skimage.transform import resize

    if box != ALL:
        top, left, side = (round(number) for number in box)
        picture = picture[max(top, 0) : top + side, max(left, 0) : left + side]
    face: Grey = resize(grey(picture), (SIDE, SIDE), anti_aliasing=True)
    even: Grey = (face - face.mean()) / max(float(face.std()), 1e-6)
    return even


def _describe(face: Grey, before: Grey) -> NDArray[np.float64]:
    from skimage.feature import hog, local_binary_pattern

    cell = SIDE // CELLS
    gradients = hog(face, ANGLES, (cell, cell), (1, 1))
    levels = np.clip((face + 3) / 6 * 255, 0, 255).astype(np.uint8)  # what the patterns compare must be whole numbers
    codes = local_binary_pattern(levels, 8, 1, "uniform").astype(int)
    texture = np.bincount(codes.ravel(), minlength=PATTERNS) / codes.size
    motion = np.abs(face - before).reshape(CELLS, cell, CELLS, cell).mean(axis=(1, 3)).ravel()
    described: NDArray[np.float64] = np.concatenate([gradients, texture, motion])
    return described


def _row(frames: Float, share: float) -> Float:
    if not len(frames):
        return np.full(2 * WIDTH + 1, np.nan, np.float32)
    return np.concatenate([frames.mean(axis=0), frames.std(axis=0), np.array([share], np.float32)])
