"""Read the values inside an .npz of pickled objects as inert data: no function named in the file is ever called.

numpy stores an object array as a pickle, and a pickle is a program that may import and call anything. Here the
program is not run: `pickletools` takes it apart, and a small stack machine rebuilds numbers, strings, tuples, lists
and dictionaries from it. The three names that make up an empty array are known as words; every other name, call,
class, extension code or persistent id is refused before anything of it is looked up.
"""

from __future__ import annotations

import pickletools
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.api import ReleaseError

MAX_BYTES = 256 * 2**20  # of one member, unpacked; the largest official one has 0.75 MB
MAX_OPCODES = 5_000_000  # bounds stack and memo; the largest official member has 154,214

_HEADER = re.compile(rb"\{'descr': '([^']*)', 'fortran_order': (?:False|True), 'shape': \(([0-9, ]*)\), \} *\n")
_NOTHING_TO_DO = frozenset(("PROTO", "FRAME", "STOP"))
_PUSHES_ITS_ARGUMENT = frozenset(
    (
        "BININT",
        "BININT1",
        "BININT2",
        "LONG1",
        "BINFLOAT",
        "BINUNICODE",
        "SHORT_BINUNICODE",
        "BINBYTES",
        "SHORT_BINBYTES",
    )
)
_GETS = frozenset(("BINGET", "LONG_BINGET"))
_PUTS = frozenset(("BINPUT", "LONG_BINPUT", "MEMOIZE"))
_RUNS_CODE = frozenset(("INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4", "PERSID", "BINPERSID"))
_RECONSTRUCT = "numpy.core.multiarray._reconstruct"
_WORDS = {
    _RECONSTRUCT: _RECONSTRUCT,
    "numpy._core.multiarray._reconstruct": _RECONSTRUCT,  # the same function since numpy 2
    "numpy.ndarray": "numpy.ndarray",
    "numpy.dtype": "numpy.dtype",
}


@dataclass(frozen=True, slots=True)
class _Word:
    """A global the machine knows by name only."""

    name: str


@dataclass(slots=True)
class _ObjectType:
    """Stands for dtype('O')."""


@dataclass(slots=True)
class _Array:
    """Stands for an object array; `content` holds its one element once it was built."""

    content: list[Any] | None = None


def read_inert_npz(path: Path, names: Sequence[str]) -> dict[str, Any]:
    """Return the one object inside each named array of an .npz file, as plain Python values.

    Args:
        path: an .npz file of 0-dimensional object arrays.
        names: the arrays, without their suffix `.npy`.

    Raises:
        ReleaseError: the file is damaged or oversized, an array is missing or of another kind, or its pickle would
            run code; the text names the file, the member and what was refused.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return {name: _object(path, f"{name}.npy", _member(archive, path, f"{name}.npy")) for name in names}
    except (OSError, EOFError, ValueError, RuntimeError, struct.error, zipfile.BadZipFile, zlib.error) as error:
        raise ReleaseError(
            path, f"is not a readable .npz file ({error})", todo="it may be truncated; copy it again from the release"
        ) from error


def _member(archive: zipfile.ZipFile, path: Path, member: str) -> bytes:
    if member not in archive.namelist():
        raise ReleaseError(path, f"has no array {member}", expected=f"it among {', '.join(archive.namelist())}")
    if archive.getinfo(member).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ReleaseError(path, f"{member} is packed in an unknown way", expected="stored or deflated, as numpy does")
    size = archive.getinfo(member).file_size
    if size > MAX_BYTES:
        raise ReleaseError(path, f"{member} unpacks to {size:,} bytes", expected=f"at most {MAX_BYTES:,}")
    with archive.open(member) as stream:
        return stream.read(MAX_BYTES)


def _object(path: Path, member: str, data: bytes) -> Any:
    def refuse(problem: str) -> ReleaseError:
        return ReleaseError(
            path,
            f"{member} {problem}",
            expected="plain numbers, strings, lists and dictionaries in a 0-dimensional object array",
            todo="never unpickle this file; copy it again from the release",
        )

    start = end = _pickle_start(data, refuse)
    machine = _Machine(refuse)
    try:
        for count, (opcode, argument, position) in enumerate(pickletools.genops(data[start:])):
            if count > MAX_OPCODES:
                raise refuse(f"has more than {MAX_OPCODES:,} pickle opcodes")
            machine.step(opcode.name, argument)
            end = start + (position or 0) + 1
    except (IndexError, TypeError, ValueError, KeyError, OverflowError) as error:
        raise refuse(f"holds a damaged or truncated pickle ({error})") from error
    if end != len(data):
        raise refuse("has bytes after the end of its pickle")
    return machine.result()


def _pickle_start(data: bytes, refuse: Callable[[str], ReleaseError]) -> int:
    """Check the .npy header and return where the pickle begins."""
    if data[:6] != b"\x93NUMPY" or len(data) < 12:
        raise refuse("is not a .npy array")
    wide = data[6] > 1  # format 2 and 3 have a header length of four bytes
    begin = 12 if wide else 10
    length: int = struct.unpack("<I" if wide else "<H", data[8:begin])[0]
    header = _HEADER.fullmatch(data[begin : begin + length])
    if header is None:
        raise refuse("has an unreadable .npy header")
    descr, shape = header.group(1).decode("latin-1"), header.group(2).decode("latin-1")
    if descr not in ("|O", "O") or shape:
        raise refuse(f"has dtype {descr!r} and shape ({shape})")
    return begin + length


class _Machine:
    """Rebuilds plain values from pickle opcodes; `refuse` makes the error for anything else."""

    def __init__(self, refuse: Callable[[str], ReleaseError]) -> None:
        self.refuse = refuse
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []  # the stacks under each open MARK
        self.memo: dict[int, Any] = {}
        self.actions: dict[str, Callable[[Any], None]] = {
            "NONE": lambda _: self.stack.append(None),
            "NEWTRUE": lambda _: self.stack.append(True),
            "NEWFALSE": lambda _: self.stack.append(False),
            "EMPTY_DICT": lambda _: self.stack.append({}),
            "EMPTY_LIST": lambda _: self.stack.append([]),
            "EMPTY_TUPLE": lambda _: self.stack.append(()),
            "TUPLE1": lambda _: self._tuple(1),
            "TUPLE2": lambda _: self._tuple(2),
            "TUPLE3": lambda _: self._tuple(3),
            "TUPLE": self._tuple_of_marked,
            "MARK": self._mark,
            "APPEND": lambda _: self._extend([self.stack.pop()]),
            "APPENDS": lambda _: self._extend(self._marked()),
            "SETITEM": lambda _: self._update([self.stack.pop(-2), self.stack.pop()]),
            "SETITEMS": lambda _: self._update(self._marked()),
            "GLOBAL": lambda argument: self._word(str(argument).replace(" ", ".")),
            "STACK_GLOBAL": self._stack_global,
            "REDUCE": self._reduce,
            "BUILD": self._build,
        }

    def step(self, name: str, argument: Any) -> None:
        """Carry out one opcode."""
        if name in _PUSHES_ITS_ARGUMENT:
            self.stack.append(argument)
        elif name in _GETS:
            self.stack.append(self.memo[argument])
        elif name in _PUTS:
            self.memo[len(self.memo) if argument is None else argument] = self.stack[-1]
        elif name in self.actions:
            self.actions[name](argument)
        elif name in _RUNS_CODE:
            named = "" if argument is None else f" {str(argument)[:80]!r}"
            raise self.refuse(f"would run code (opcode {name}{named})")
        elif name not in _NOTHING_TO_DO:
            raise self.refuse(f"holds the opcode {name}, which plain data does not need")

    def result(self) -> Any:
        """Return the array's element once the program has ended."""
        if self.below or len(self.stack) != 1 or not isinstance(self.stack[0], _Array) or not self.stack[0].content:
            raise self.refuse("does not hold one finished object array")
        return self.stack[0].content[0]

    def _tuple(self, size: int) -> None:
        if size > len(self.stack):
            raise IndexError("stack underflow")
        cut = len(self.stack) - size
        self.stack[cut:] = [tuple(self.stack[cut:])]

    def _tuple_of_marked(self, _: Any) -> None:
        items = self._marked()
        self.stack.append(tuple(items))

    def _marked(self) -> list[Any]:
        items, self.stack = self.stack, self.below.pop()
        return items

    def _mark(self, _: Any) -> None:
        self.below.append(self.stack)
        self.stack = []

    def _reduce(self, _: Any) -> None:
        """Know the two calls that make an empty object array and its dtype; make neither."""
        arguments, called = self.stack.pop(), self.stack.pop()
        if called == _Word(_RECONSTRUCT) and arguments == (_Word("numpy.ndarray"), (0,), b"b"):
            self.stack.append(_Array())
        elif called == _Word("numpy.dtype") and arguments in (("O8", False, True), ("O", False, True)):
            self.stack.append(_ObjectType())
        else:
            called_name = called.name if isinstance(called, _Word) else type(called).__name__
            raise self.refuse(f"would run code (opcode REDUCE on {called_name})")

    def _build(self, _: Any) -> None:
        state, built = self.stack.pop(), self.stack[-1]
        if isinstance(built, _ObjectType) and isinstance(state, tuple):
            return  # byte order and alignment mean nothing to an object array
        if not isinstance(built, _Array):
            raise self.refuse(f"would run code (opcode BUILD on {type(built).__name__})")
        _, shape, dtype, _, content = state
        if shape != () or not isinstance(dtype, _ObjectType) or not isinstance(content, list) or len(content) != 1:
            raise self.refuse("holds an array that is not 0-dimensional and of objects")
        built.content = content

    def _stack_global(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise TypeError("a name that is not a string")  # and is not printed: it may be nested without end
        self._word(f"{module}.{name}")

    def _word(self, name: str) -> None:
        if name not in _WORDS:
            raise self.refuse(f"would run code (it names {name[:80]})")
        self.stack.append(_Word(_WORDS[name]))

    def _extend(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise TypeError("items for something that is not a list")
        self.stack[-1].extend(items)

    def _update(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise TypeError("items for something that is not a dictionary")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, str):
                raise TypeError("a key that is not a string")
            if key in target:
                raise self.refuse(f"holds {key[:80]!r} twice")
            target[key] = value
