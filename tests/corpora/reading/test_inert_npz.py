"""What an .npz may hold, and that nothing in it is ever executed."""

import os
import pickle
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.core.errors import ReleaseError
from harness_adapters import _inert_npz
from harness_adapters._inert_npz import read_inert_npz

ENTRIES = {"G00001_02_01_002": {"emo": 1, "val": -1.6}, "G00001_02_02_003": {"emo": 0, "val": -10}}
ARRAY_BEGINS = (
    b"\x80\x04cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01)cnumpy\ndtype\n"
    b"X\x02\x00\x00\x00O8\x89\x88\x87R(K\x03X\x01\x00\x00\x00|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb\x89]"
)
ARRAY_ENDS = b"atb."


def object_array(value: Any) -> Any:
    """Make a 0-dimensional object array, as numpy's savez makes of a dictionary."""
    array = np.empty((), dtype=object)
    array[()] = value
    return array


def member(payload: bytes, descr: str = "|O", shape: str = "()") -> bytes:
    """Put a .npy header before a pickle."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + payload


def archive(path: Path, data: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("train.npy", data)
    return path


def with_content(path: Path, opcodes: bytes) -> Path:
    """Write an array in whose one place the given opcodes stand."""
    return archive(path, member(ARRAY_BEGINS + opcodes + ARRAY_ENDS))


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_reads_what_numpy_wrote(tmp_path: Path, protocol: int) -> None:
    np.savez(tmp_path / "numpy.npz", train=object_array(ENTRIES))
    assert read_inert_npz(tmp_path / "numpy.npz", ["train"]) == {"train": ENTRIES}
    own = archive(tmp_path / "own.npz", member(pickle.dumps(object_array(ENTRIES), protocol)))
    if protocol == 2:  # bytes need a call to _codecs.encode there, which is a name like any other
        with pytest.raises(ReleaseError, match=r"would run code \(it names _codecs\.encode\)"):
            read_inert_npz(own, ["train"])
    else:
        assert read_inert_npz(own, ["train"]) == {"train": ENTRIES}


def test_reads_every_kind_of_plain_value(tmp_path: Path) -> None:
    value = {"a": [1, 300, -70000, 2**40, 1.5], "b": (), "c": (1,), "d": (1, 2), "e": (1, 2, 3, 4), "f": [True, None]}
    assert read_inert_npz(with_content(tmp_path / "x.npz", pickle.dumps(value, 4)[:-1]), ["train"])["train"] == value


class Bomb:
    def __init__(self, touched: Path) -> None:
        self.touched = touched

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.touched}",)


@pytest.mark.parametrize("protocol", [3, 4, 5])
@pytest.mark.parametrize("wrap", [lambda bomb: bomb, lambda bomb: {"a": {"emo": 1, "val": [bomb]}}])
def test_bomb_is_named_and_does_not_go_off(tmp_path: Path, wrap: Callable[[Any], Any], protocol: int) -> None:
    touched = tmp_path / "touched"
    np.savez(tmp_path / "numpy.npz", train=object_array(wrap(Bomb(touched))))
    archive(tmp_path / "own.npz", member(pickle.dumps(wrap(Bomb(touched)), protocol)))
    for path in (tmp_path / "numpy.npz", tmp_path / "own.npz"):
        with pytest.raises(ReleaseError, match=rf"{path.name}: train\.npy would run code \(it names \w+\.system\)"):
            read_inert_npz(path, ["train"])
    assert not touched.exists()


ARGUMENT = b"X\x04\x00\x00\x00true"


@pytest.mark.parametrize(
    ("opcodes", "refused"),
    [
        (b"cos\nsystem\n" + ARGUMENT + b"\x85R", "it names os.system"),
        (b"\x8c\x05posix\x8c\x06system\x93" + ARGUMENT + b"\x85R", "it names posix.system"),
        (b"(" + ARGUMENT + b"ios\nsystem\n", "opcode INST 'os system'"),
        (b"(" + ARGUMENT + b"o", "opcode OBJ"),
        (ARGUMENT + b")\x81", "opcode NEWOBJ"),
        (ARGUMENT + b")}\x92", "opcode NEWOBJ_EX"),
        (b"\x82\x07", "opcode EXT1 '7'"),
        (b"\x83\x07\x00", "opcode EXT2 '7'"),
        (b"\x84\x07\x00\x00\x00", "opcode EXT4 '7'"),
        (b"Pmodel\n", "opcode PERSID 'model'"),
        (ARGUMENT + b"Q", "opcode BINPERSID"),
        (b"cnumpy\nndarray\n)R", "opcode REDUCE on numpy.ndarray"),
        (b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\ndtype\nK\x00\x85C\x01btR", "opcode REDUCE on numpy.core"),
        (b"cnumpy\ndtype\nX\x02\x00\x00\x00V8\x89\x88\x87R", "opcode REDUCE on numpy.dtype"),
        (b"}}b", "opcode BUILD on dict"),
        (b"cnumpy\nload\n", "it names numpy.load"),
        (b"\x8c\x05numpy\x8c\x0bndarray.dot\x93", "it names numpy.ndarray.dot"),
    ],
)
def test_every_opcode_that_runs_code_is_refused(tmp_path: Path, opcodes: bytes, refused: str) -> None:
    with pytest.raises(ReleaseError) as caught:
        read_inert_npz(with_content(tmp_path / "x.npz", opcodes), ["train"])
    assert f"x.npz: train.npy would run code ({refused}" in str(caught.value)
    assert "never unpickle this file" in str(caught.value)


@pytest.mark.parametrize(
    ("opcodes", "said"),
    [
        (b"0", "holds the opcode POP, which plain data does not need"),
        (b"h\x07", "damaged or truncated"),  # a memo entry that was never made
        (b"u", "damaged or truncated"),
        (b"\x87", "damaged or truncated"),
        (b"K\x01K\x02a", "damaged or truncated"),
        (b"}K\x01K\x02s", "damaged or truncated"),  # a number as key: keys are ids
        (b"))\x93", "damaged or truncated"),
        (b"\xff", "damaged or truncated"),
        (b"}(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00aK\x02u", "holds 'a' twice"),
    ],
)
def test_damaged_pickles(tmp_path: Path, opcodes: bytes, said: str) -> None:
    with pytest.raises(ReleaseError, match=said):
        read_inert_npz(with_content(tmp_path / "x.npz", opcodes), ["train"])


def test_every_truncation_is_a_release_error(tmp_path: Path) -> None:
    payload = pickle.dumps(object_array(ENTRIES), 4)
    for size in range(len(payload)):
        with pytest.raises(ReleaseError, match=r"x\.npz: train\.npy"):
            read_inert_npz(archive(tmp_path / "x.npz", member(payload[:size])), ["train"])
    whole = archive(tmp_path / "x.npz", member(payload)).read_bytes()
    for size in range(0, len(whole), 7):
        (tmp_path / "x.npz").write_bytes(whole[:size])
        with pytest.raises(ReleaseError, match=r"not a readable \.npz file .*may be truncated"):
            read_inert_npz(tmp_path / "x.npz", ["train"])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (member(b"", descr="<f8"), r"has dtype '<f8' and shape \(\)"),
        (member(b"", shape="(3,)"), r"has dtype '\|O' and shape \(3,\)"),
        (member(b"", descr="a', 'x': '"), "unreadable .npy header"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}", "unreadable .npy header"),
        (b"PK", "is not a .npy array"),
        (member(pickle.dumps({"a": 1}, 4)), "does not hold one finished object array"),
        (member(pickle.dumps(object_array({}), 4) + b"more"), "bytes after the end"),
        (member(pickle.dumps(np.array([None, {}], dtype=object), 4)), "not 0-dimensional"),
    ],
)
def test_other_arrays_are_refused(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(ReleaseError, match=rf"x\.npz: train\.npy .*{said}"):
        read_inert_npz(archive(tmp_path / "x.npz", data), ["train"])


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = with_content(tmp_path / "x.npz", pickle.dumps(ENTRIES, 4)[:-1])
    monkeypatch.setattr(_inert_npz, "MAX_OPCODES", 20)
    with pytest.raises(ReleaseError, match="more than 20 pickle opcodes"):
        read_inert_npz(path, ["train"])
    monkeypatch.setattr(_inert_npz, "MAX_BYTES", 200)
    with pytest.raises(ReleaseError, match=r"train\.npy unpacks to \d+ bytes; expected at most 200"):
        read_inert_npz(path, ["train"])


def test_nesting_without_end_costs_nothing(tmp_path: Path) -> None:
    pairs_of_pairs = b")\x94" + b"".join(b"h" + bytes([step]) + b"\x86\x94" for step in range(60))
    deepest = b"h\x3c"
    misuses = {
        b"}" + deepest + b"K\x01s": "a key that is not a string",
        deepest + b"X\x01\x00\x00\x00a\x93": "a name that is not a string",
        b"cnumpy\ndtype\n" + deepest + b"R": "REDUCE on numpy.dtype",
        deepest + deepest + b"b": "BUILD on tuple",
    }
    for misuse, said in misuses.items():
        with pytest.raises(ReleaseError, match=said):
            read_inert_npz(with_content(tmp_path / "x.npz", pairs_of_pairs + misuse), ["train"])


def test_missing_array_and_missing_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", train=object_array({}))
    with pytest.raises(ReleaseError, match=r"has no array val\.npy; expected it among train\.npy"):
        read_inert_npz(tmp_path / "x.npz", ["train", "val"])
    with pytest.raises(ReleaseError, match="not a readable"):
        read_inert_npz(tmp_path / "y.npz", ["train"])


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_only_numpys_own_packing_is_unpacked(tmp_path: Path, packing: int) -> None:
    with zipfile.ZipFile(tmp_path / "x.npz", "w", packing) as file:
        file.writestr("train.npy", b"")
    with pytest.raises(ReleaseError, match=r"train\.npy is packed in an unknown way; expected stored or deflated"):
        read_inert_npz(tmp_path / "x.npz", ["train"])


def test_changed_bytes_never_end_in_a_traceback(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.npz", member(pickle.dumps(object_array(ENTRIES), 4)))
    whole, chance = path.read_bytes(), random.Random(0)
    outcomes = set()
    for _ in range(1500):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged)
        try:
            outcomes.add(isinstance(read_inert_npz(path, ["train"])["train"], dict))
        except ReleaseError as error:
            outcomes.add(len(str(error)) < 2000)
    assert outcomes == {True}
