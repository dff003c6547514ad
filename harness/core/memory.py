"""What a process remembers of files that it has read, and the one call that makes it forget all of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
_caches: list[Callable[[], None]] = []


def remembered(size: int) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Return a decorator that keeps the last `size` results of a function of hashable arguments until `forget`.

    Files of a study are named relative to the working folder, so a result is of the folder it was read in.
    """

    def decorate(read: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @lru_cache(maxsize=size)
        def kept(folder: str, *arguments: Any, **named: Any) -> Result:
            return read(*arguments, **named)

        @wraps(read)
        def call(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
            return kept(os.getcwd(), *arguments, **named)

        _caches.append(kept.cache_clear)
        return call

    return decorate


def forget() -> None:
    """Forget every remembered result; a stage begins with this, since files may have changed since the last one."""
    for clear in _caches:
        clear()
