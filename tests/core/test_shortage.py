"""Short memory, a full disk and missing permissions are told as what they are, whatever raised because of them."""

from __future__ import annotations

import errno
import json
import os

import pytest

from harness.core.errors import ReleaseError, ResultError
from harness.core.shortage import Shortage, shortage


def raised_from(cause: Exception) -> Exception:
    try:
        try:
            raise cause
        except Exception as error:
            raise ResultError("x.npy: damaged; delete it") from error
    except ResultError as error:
        return error


MEMORY = [
    MemoryError(),
    MemoryError("Unable to allocate 3 GiB"),
    OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
    json.JSONDecodeError("Not enough memory to allocate buffer for parsing", "", 0),
    RuntimeError("[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you tried"),
    RuntimeError("can't start new thread"),
    ImportError("libtorch_cpu.so: failed to map segment from shared object"),
]


@pytest.mark.parametrize("error", MEMORY)
def test_memory(error: Exception) -> None:
    for seen in (error, raised_from(error)):
        told = shortage(seen)
        assert isinstance(told, Shortage)
        assert str(told).startswith("not enough memory (")
        assert "engine.workers in params.yaml" in str(told)


def test_memory_of_a_gpu_names_the_piece_and_what_shares_the_gpu() -> None:
    error = RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
    for seen in (error, raised_from(error)):
        told = str(shortage(seen, "transfer text_e5_mlp (meld, emotion4, seed 1)"))
        assert told.startswith("not enough GPU memory for transfer text_e5_mlp (meld, emotion4, seed 1) (CUDA out of")
        assert "a larger engine.num_gpus in params.yaml" in told


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_disk_and_permission(number: int) -> None:
    told = shortage(OSError(number, os.strerror(number), "data/x"))
    assert str(told).startswith(f"data/x: {os.strerror(number)}; free space or mend the permissions")


@pytest.mark.parametrize(
    "error",
    [
        ValueError("out of memory is a word of the caller"),
        ReleaseError("a.csv", "unknown label 'out of memory'"),
        json.JSONDecodeError("Expecting value", "", 0),
        FileNotFoundError(errno.ENOENT, "No such file", "x"),
        RuntimeError("shapes do not fit"),
    ],
)
def test_all_else_is_something_else(error: Exception) -> None:
    assert shortage(error) is None
    assert shortage(raised_from(error)) is None
