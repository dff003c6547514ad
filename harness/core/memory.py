"""What a process remembers of files that it has read, and the one call that makes it forget all of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

Read = TypeVar("Read", bound=Callable[..., Any])
_caches: list[Callable[[], None]] = []


def remembered(size: int) -> Callable[[Read], Read]:
    """Return a decorator that keeps the last `size` results of a function of hashable arguments until `forget`.

    Files of a study are named relative to the working folder, so a result is of the folder it was read in.
    """

    def decorate(read: Read) -> Read:
        @lru_cache(maxsize=size)
        def kept(folder: str, arguments: tuple[Any, ...]) -> Any:
            return read(*arguments)

        @wraps(read)
        def call(*arguments: Any) -> Any:
            return kept(os.getcwd(), arguments)

        _caches.append(kept.cache_clear)
        return cast(Read, call)

    return decorate


def forget() -> None:
    """Forget every remembered result; a stage begins with this, since files may have changed since the last one."""
    for clear in _caches:
        clear()
