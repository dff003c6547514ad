"""Hashed character and word n-grams: counts only, so that idf can be fitted on the source corpus' train split.

Chinese words come from jieba's dictionary segmentation, words of other languages from scikit-learn's standard token
pattern. Everything is lower-cased and white space is one blank; punctuation stays among the characters, since it
carries label information in subtitles.
Hashing needs no vocabulary, hence nothing of a target corpus can leak into a source's features. Weighting is done
in `harness/training/normalisers.py` (`tfidf`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import sparse

from harness.encoders._tokens import tokens_of

MODALITY = "text"
PACKAGES = ("scikit-learn", "jieba")  # their versions decide the rows
SHARD = 8192  # texts per piece of work


class Ngrams:
    """Count n-grams into `2 * buckets` columns: characters first, then words.

    Args:
        chars: shortest and longest character n-gram, or an empty list for none.
        words: shortest and longest word n-gram, or an empty list for none.
        buckets: columns for each of the two; two n-grams share a column with probability 1 / buckets.
    """

    def __init__(self, chars: Sequence[int] = (1, 3), words: Sequence[int] = (1, 2), buckets: int = 2**20) -> None:
        self.chars, self.words, self.buckets = tuple(chars), tuple(words), buckets

    def encode(self, texts: Sequence[str], language: str) -> sparse.csr_matrix:
        """Return float32 counts, one row per text; `language` (BCP 47) chooses how words are found."""
        from sklearn.feature_extraction.text import HashingVectorizer

        def count(
            analyzer: str, spread: tuple[int, ...], tokenizer: Callable[[str], list[str]] | None
        ) -> sparse.csr_matrix:
            if not spread or not texts:
                return sparse.csr_matrix((len(texts), self.buckets), dtype=np.float32)
            counter = HashingVectorizer(
                analyzer=analyzer,
                ngram_range=spread,
                n_features=self.buckets,
                alternate_sign=False,
                norm=None,
                tokenizer=tokenizer,
                token_pattern=None,
                dtype=np.float32,
            )
            return counter.transform(texts)

        chars = count("char", self.chars, None)
        words = count("word", self.words, tokens_of(language))
        return sparse.hstack([chars, words], format="csr", dtype=np.float32)


def encoder(**options: object) -> Ngrams:
    """Make the encoder of one row of `encoders` in params.yaml."""
    return Ngrams(**options)  # type: ignore[arg-type]
