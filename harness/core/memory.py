"""What a process remembers of files that it has read, and the one call that makes it forget all of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
_caches: list[Callable[[], None]] = []


def remembered(size: int) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Return a decorator that keeps the last `size` results of a function of hashable arguments until `forget`."""

    def decorate(read: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        cached: Any = lru_cache(maxsize=size)(read)
        _caches.append(cached.cache_clear)
        result: Callable[Arguments, Result] = cached
        return result

    return decorate


def forget() -> None:
    """Forget every remembered result; a stage begins with this, since files may have changed since the last one."""
    for clear in _caches:
        clear()
