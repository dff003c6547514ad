"""Sealed files: every byte counts, the key is told, and what is not as it was written is never taken over."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from harness.core import sealed, sealed_arrays
from harness.core.errors import ResultError

KEY, OTHER = "ab" * 32, "cd" * 32


def write(path: Path, key: str = KEY, text: str = "汉字") -> bytes:
    sealed.write(path, key, lambda seal: json.dumps({"text": text, "seal": seal, "more": [1, 2]}).encode())
    return path.read_bytes()


def test_what_was_written_is_read_with_its_key(tmp_path: Path) -> None:
    data = write(tmp_path / "x")
    file = sealed.read(tmp_path / "x", "make x")
    assert (file.key, file.data) == (KEY, data)
    assert json.loads(data)["seal"] == f"emotransfer:{KEY}:{file.content}"
    assert sealed.is_current(tmp_path / "x", KEY, "make x")
    assert not sealed.is_current(tmp_path / "x", OTHER, "make x")


def test_every_changed_bit_is_noticed(tmp_path: Path) -> None:
    data = write(tmp_path / "x")
    for at in range(len(data)):
        for bit in (0, 5, 7):
            (tmp_path / "x").write_bytes(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])
            with pytest.raises(ResultError, match=r"x: damaged .*; delete it and run `make x`"):
                sealed.read(tmp_path / "x", "make x")


@pytest.mark.parametrize(
    "edit", [lambda d: d[:-1], lambda d: b"", lambda d: d + b" ", lambda d: d + d, lambda d: b"{}"]
)
def test_what_was_cut_or_grew_is_made_again_and_told(
    tmp_path: Path, edit: object, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "x").write_bytes(edit(write(tmp_path / "x")))  # type: ignore[operator]
    assert not sealed.is_current(tmp_path / "x", KEY, "make x")
    assert f"{tmp_path / 'x'}: damaged" in caplog.text
    assert "it is made again" in caplog.text


def test_a_file_that_is_not_there_is_not_current_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert not sealed.is_current(tmp_path / "x", KEY, "make x")
    assert not caplog.text
    with pytest.raises(ResultError, match="x: is not there; run `make x`"):
        sealed.read(tmp_path / "x", "make x")
    (tmp_path / "d").mkdir()
    with pytest.raises(ResultError, match=r"d: cannot be read .*; run `make d`"):
        sealed.read(tmp_path / "d", "make d")


def test_content_differs_with_the_key_and_with_the_text(tmp_path: Path) -> None:
    contents = set()
    for number, (key, text) in enumerate([(KEY, "a"), (OTHER, "a"), (KEY, "b")]):
        write(tmp_path / str(number), key, text)
        contents.add(sealed.read(tmp_path / str(number), "").content)
    assert len(contents) == 3
    write(tmp_path / "again", KEY, "a")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "0").read_bytes()


def test_a_text_that_looks_like_a_seal_is_refused(tmp_path: Path) -> None:
    seal = json.loads(write(tmp_path / "x"))["seal"]
    with pytest.raises(ResultError, match="holds the seal 2 times"):
        write(tmp_path / "y", text=seal)
    assert not (tmp_path / "y").exists()


def test_arrays_and_facts_come_back_and_the_same_are_the_same_bytes(tmp_path: Path) -> None:
    arrays = {"a": np.arange(12, dtype=np.float16).reshape(3, 4).T[1:], "none": np.zeros((0, 3), np.int64)}
    for name in ("x", "y"):
        sealed_arrays.write(tmp_path / name, KEY, arrays, {"b": ["话", 1.5]})
    assert (tmp_path / "x").read_bytes() == (tmp_path / "y").read_bytes()
    file, read, facts = sealed_arrays.read(tmp_path / "x", "make x", lambda *parts: parts)
    assert (file.key, facts["b"]) == (KEY, ["话", 1.5])
    for name, array in arrays.items():
        assert_array_equal(read[name], array)
        assert read[name].dtype == array.dtype


def test_what_a_reader_misses_in_a_sealed_file_is_damage(tmp_path: Path) -> None:
    sealed_arrays.write(tmp_path / "x", KEY, {}, {})
    with pytest.raises(ResultError, match=r"x: damaged \(KeyError: 'rows'\); delete it and run `make x`"):
        sealed_arrays.read(tmp_path / "x", "make x", lambda _, arrays, facts: arrays["rows"])
    write(tmp_path / "y")
    with pytest.raises(ResultError, match=r"y: damaged"):
        sealed_arrays.read(tmp_path / "y", "make y", lambda *parts: parts)
