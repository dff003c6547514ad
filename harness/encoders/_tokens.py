"""The words of a text: by the dictionary of jieba in Chinese, by the token pattern of scikit-learn elsewhere."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import cache

TOKEN = re.compile(r"(?u)\b\w\w+\b")  # scikit-learn's default token


def tokens_of(language: str) -> Callable[[str], list[str]]:
    """Return the function that splits a text of this language into words."""
    return _chinese_words if language.split("-")[0] == "zh" else TOKEN.findall


@cache
def _jieba() -> Callable[[str], list[str]]:
    import jieba

    jieba.setLogLevel(logging.WARNING)
    cut: Callable[[str], list[str]] = jieba.lcut
    return cut


def _chinese_words(text: str) -> list[str]:
    return [word for word in _jieba()(text) if not word.isspace()]
