"""What a machine was short of when a command failed: memory, disk space or permission, however a library says so."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from json import JSONDecodeError

from harness.core.errors import HarnessError

MEMORY = ("allocate memory", "not enough memory", "out of memory", "failed to map segment", "start new thread")
DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG, errno.EIO}

GPU = ("CUDA", "HIP")  # in the errors of torch
OF_HOST = "with fewer workers (engine.workers in params.yaml) or on a larger machine"
OF_GPU = "with fewer pieces on a GPU (a larger engine.num_gpus in params.yaml, or num_gpus of an encoder's row)"


class Shortage(HarnessError):  # noqa: N818
    """The machine was short of something; finished pieces are kept."""


def shortage(error: BaseException, piece: str = "") -> Shortage | None:
    """Return what the machine was short of where an error stems from that, or None.

    Args:
        piece: the name of the piece of work that raised it.
        error: any error. The errors that it was raised from are looked at too: a file that memory is too short to read
            looks damaged to its reader.
    """
    for cause in _chain(error):
        if isinstance(cause, Shortage):
            return cause
        if _is_of_memory(cause):
            of_gpu = any(word in str(cause) for word in GPU)
            what, todo = ("GPU memory", OF_GPU) if of_gpu else ("memory", OF_HOST)
            where = f" for {piece}" if piece else ""
            return Shortage(
                f"not enough {what}{where} ({cause or type(cause).__name__}); finished pieces are kept, so run the "
                f"command again {todo}"
            )
    if isinstance(error, OSError) and error.errno in DISK:
        return Shortage(
            f"{error.filename or 'a file'}: {error.strerror}; free space or mend the permissions, then run the same "
            "command again: nothing that was finished is lost"
        )
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _is_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    by_words = isinstance(error, (RuntimeError, ImportError, JSONDecodeError))  # torch, the loader, orjson
    return by_words and any(words in str(error).lower() for words in MEMORY)
