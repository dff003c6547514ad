"""What DVC is told of a release: another line after every edit, the same after none, whatever lies in the folder."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.corpora.reading.release_state import state_of


@pytest.fixture
def release(tmp_path: Path) -> Path:
    root = tmp_path / "release"
    for name in ("train.csv", "clips/a.wav", "clips/b.wav", "._stub"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"0123456789")
    return root


def keeping_times(path: Path, content: bytes) -> None:
    status = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


EDITS: list[Callable[[Path], object]] = [
    lambda root: (root / "train.csv").write_bytes(b"0123456780"),
    lambda root: keeping_times(root / "train.csv", b"0123456780"),
    lambda root: keeping_times(root / "clips" / "a.wav", b"012345678x"),
    lambda root: (root / "clips" / "c.wav").write_bytes(b""),
    lambda root: (root / "clips" / "b.wav").unlink(),
    lambda root: (root / "clips" / "b.wav").rename(root / "clips" / "d.wav"),
    lambda root: (root / "clips").rename(root / "sound"),
    lambda root: os.replace(root / "clips" / "a.wav", root / "clips" / "b.wav"),
    lambda root: (root / "dead.mp4").symlink_to("/nowhere"),
    lambda root: (root / "._stub").write_bytes(b"x"),
]


@pytest.mark.parametrize("edit", EDITS)
def test_every_edit_is_another_state_and_no_edit_is_none(release: Path, edit: Callable[[Path], object]) -> None:
    before = state_of(release)
    assert before == state_of(release)
    assert before.startswith("3 files, ")
    edit(release)
    after = state_of(release)
    assert after != before
    assert after == state_of(release)


def test_an_edit_in_the_very_moment_of_the_look_is_seen_by_the_next(release: Path) -> None:
    for number in range(20):
        keeping_times(release / "train.csv", b"%010d" % number)
        before = state_of(release)
        keeping_times(release / "train.csv", b"%010d" % (number + 1))
        assert state_of(release) != before


def test_a_link_to_another_copy_is_another_state(release: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(release)
    before = state_of(link)
    assert before == state_of(release)
    other = tmp_path / "other"
    other.mkdir()
    (other / "train.csv").write_bytes(b"0123456789")
    link.unlink()
    link.symlink_to(other)
    assert state_of(link) != before


def test_files_behind_a_link_that_may_be_followed_are_seen(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "test.csv").write_text("a")
    (release / "tables").symlink_to(tmp_path / "store")
    monkeypatch.setenv("EMOTRANSFER_LINKS", str(tmp_path / "store"))
    before = state_of(release)
    assert before.startswith("4 files, ")
    (tmp_path / "store" / "test.csv").write_text("b")
    assert state_of(release) != before


def test_what_is_no_file_with_a_name_is_passed_by(release: Path) -> None:
    os.mkfifo(release / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(release / "s"))
    (release / "dead.csv").symlink_to("/nowhere")
    (release / ".dead").symlink_to("/nowhere")
    (release / "circle").symlink_to(release)
    with open(os.fsencode(release) + b"/\xd6\xd0.wav", "wb"):
        pass
    assert state_of(release) == state_of(release)
    assert state_of(release).startswith("3 files, ")
