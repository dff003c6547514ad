"""The words of a text: by the dictionary of jieba in Chinese, by the token pattern of scikit-learn elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

TOKEN = re.compile(r"(?u)\b\w\w+\b")  # scikit-learn's default token


def tokens_of(language: str) -> Callable[[str], list[str]]:
    """Return the function that splits a text of this language into words."""
    return _chinese_words if language.split("-")[0] == "zh" else TOKEN.findall


@cache
def _jieba() -> Callable[[str], list[str]]:
    """Return the segmentation by the dictionary that jieba comes with, built from its text.

    Left alone, jieba reads a marshalled copy from jieba.cache in the folder for temporary files, which any program,
    user and other version of jieba may have written. Building takes about as long as reading that copy.
    """
    import jieba

    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    cut: Callable[[str], list[str]] = tokenizer.lcut
    return cut


def _chinese_words(text: str) -> list[str]:
    return [word for word in _jieba()(text) if not word.isspace()]
