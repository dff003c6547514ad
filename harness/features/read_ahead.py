"""Prepare the next pieces of work in threads while the last one is used, so that decoding runs ahead of encoding."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")
DEEP = 2  # results that may wait for each thread


def ahead(make: Callable[[Item], Made], items: Iterable[Item], threads: int) -> Iterator[Made]:
    """Yield `make(item)` of every item, in order, at most `DEEP * threads` of them made before they are asked for.

    Without threads each is made when it is asked for. An error of an item is raised in its place. Whoever stops
    early leaves no thread behind.
    """
    if threads < 1:
        yield from map(make, items)
        return
    rest = iter(items)
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Made]] = deque(pool.submit(make, item) for item in islice(rest, DEEP * threads))
        try:
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(make, item) for item in islice(rest, 1))
                yield result
        finally:
            for future in waiting:
                future.cancel()
