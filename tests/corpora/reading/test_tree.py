"""The walk of a release: it stays inside, comes to an end, and says what it left out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.corpora.reading.tree import ALLOWED, DEEPEST, Tree


def make(root: Path, *files: str) -> Path:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return make(tmp_path / "release", "a/one.csv", "a/two.WAV", "b/c/one.csv")


def test_files_and_folders_are_sorted_and_dot_files_set_aside(release: Path) -> None:
    make(release, "._one.csv", ".git/config", "a/.DS_Store")
    tree = Tree(release)
    assert tree.files == ["a/one.csv", "a/two.WAV", "b/c/one.csv"]
    assert tree.folders == ["a", "b", "b/c"]
    assert sorted(tree.hidden) == ["._one.csv", ".git", "a/.DS_Store"]
    assert tree.notes == []
    assert ("a/one.csv" in tree, "a" in tree, ".git/config" in tree) == (True, False, False)


def test_find_prefers_the_nearer_file_and_stops_at_its_depth(release: Path) -> None:
    make(release, "one.csv", "d/e/f/g/h/one.csv", "d/e/f/g/one.csv")
    tree = Tree(release)
    assert tree.find("one.csv") == ["one.csv", "a/one.csv", "b/c/one.csv", "d/e/f/g/one.csv"]
    assert tree.find("o*.csv", depth=1) == ["one.csv", "a/one.csv"]
    assert tree.find_folders("[ac]") == ["a", "b/c"]
    assert tree.find("[") == tree.find("../one.csv") == tree.find("absent") == []


def test_below_is_the_folder_and_not_its_name_sakes(tmp_path: Path) -> None:
    tree = Tree(make(tmp_path, "a/x.wav", "a-b/x.wav", "a0/x.wav", "a/b/y.wav", "z.wav"))
    assert list(tree.below("a")) == ["a/b/y.wav", "a/x.wav"]
    assert list(tree.below("")) == tree.files
    assert list(tree.below("absent")) == []


def test_media_maps_stems_to_the_shorter_path(tmp_path: Path) -> None:
    tree = Tree(make(tmp_path, "deep/er/x.wav", "deep/x.WAV", "x.mp4", "noext", "y.tar.wav", "deep/z.wav.txt"))
    assert tree.media(("wav",)) == {"x": "deep/x.WAV", "y.tar": "y.tar.wav"}
    assert tree.media(("wav",), "deep/er") == {"x": "deep/er/x.wav"}


def test_links_that_stay_inside_are_followed(release: Path) -> None:
    (release / "again").symlink_to("a")
    (release / "file.csv").symlink_to("a/one.csv")
    (release / "absolute.csv").symlink_to(release / "a" / "one.csv")
    tree = Tree(release)
    assert {"again/one.csv", "again/two.WAV", "file.csv", "absolute.csv"} < set(tree.files)
    assert tree.notes == []


def test_links_outward_are_counted_unless_their_folder_is_named(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "disk", "clips/x.mp4")
    make(tmp_path / "disk2", "secret.csv")  # begins as the allowed one does, and is not it
    (release / "media").symlink_to(tmp_path / "disk" / "clips")
    (release / "out.csv").symlink_to(tmp_path / "disk2" / "secret.csv")
    (release / "up").symlink_to("..")
    refused = Tree(release)
    assert refused.files == ["a/one.csv", "a/two.WAV", "b/c/one.csv"]
    assert refused.notes == [
        "3 links lead out of the release and were not followed (name their folder in EMOTRANSFER_LINKS if they may), "
        "such as media"
    ]
    monkeypatch.setenv(ALLOWED, os.pathsep.join(("/nowhere", str(tmp_path / "disk"))))
    allowed = Tree(release)
    assert "media/x.mp4" in allowed
    assert "out.csv" not in allowed
    assert allowed.notes[0].startswith("2 links lead out")


def test_a_root_that_is_a_link_is_the_release(release: Path, tmp_path: Path) -> None:
    (tmp_path / "raw").symlink_to(release)
    (release / "self").symlink_to(tmp_path / "raw")
    tree = Tree(tmp_path / "raw")
    assert tree.files == Tree(release).files == ["a/one.csv", "a/two.WAV", "b/c/one.csv"]
    assert tree.path("a/one.csv") == tmp_path / "raw" / "a" / "one.csv"
    assert tree.notes == ["1 links lead in a circle, such as self"]


def test_circles_come_to_an_end(release: Path) -> None:
    (release / "a" / "parent").symlink_to("..")
    (release / "a" / "here").symlink_to(".")
    (release / "a" / "b").symlink_to("../b")
    (release / "b" / "a").symlink_to("../a")
    (release / "loop").symlink_to("loop")
    (release / "broken").symlink_to("absent")
    tree = Tree(release)
    assert {"a/one.csv", "b/c/one.csv", "a/b/c/one.csv", "b/a/one.csv"} < set(tree.files)
    assert len(tree.files) == 6  # each of a and b once itself and once by a link
    assert "2 links lead nowhere, such as broken" in tree.notes
    assert any("in a circle" in note for note in tree.notes)


def test_many_links_to_each_other_do_not_multiply(tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(10)]
    make(tmp_path, *(f"{name}/x.csv" for name in names))
    for name in names:
        for other in names:
            if other != name:
                (tmp_path / name / other).symlink_to(f"../{other}")
    tree = Tree(tmp_path)
    assert len(tree.files) == 20
    assert any("that another link leads to" in note for note in tree.notes)


def test_a_link_to_a_folder_around_the_release_does_not_read_it_twice(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ALLOWED, str(tmp_path))
    make(tmp_path, "beside.csv")
    (release / "up").symlink_to(tmp_path)
    tree = Tree(release)
    assert tree.files == ["a/one.csv", "a/two.WAV", "b/c/one.csv", "up/beside.csv"]
    assert tree.notes == ["1 links lead in a circle, such as up/release"]


def test_what_is_no_regular_file_is_never_offered(release: Path) -> None:
    os.mkfifo(release / "label.csv")
    (release / "null").symlink_to("/dev/null")
    (release / "pipe").symlink_to("label.csv")
    tree = Tree(release)
    assert tree.find("label.csv") == tree.find("pipe") == tree.find("null") == []
    assert "2 entries are neither files nor folders, such as label.csv" in tree.notes


def test_names_that_cannot_be_written_down_are_counted(release: Path) -> None:
    (release / os.fsdecode(b"caf\xe9.csv")).touch()
    (release / "two\nlines.csv").touch()
    make(release, "情感 [1]*.csv")
    tree = Tree(release)
    assert len(tree.files) == 4
    assert "情感 [1]*.csv" in tree
    (note,) = tree.notes
    assert note.startswith("2 files have names that are no text, such as ")
    assert note.isascii()
    assert "\n" not in note


def test_depth_is_bounded(tmp_path: Path) -> None:
    chain = "/".join(["d"] * DEEPEST)
    tree = Tree(make(tmp_path, f"{chain}/x.csv", f"{chain}/d/x.csv"))
    assert tree.files == [f"{chain}/x.csv"]
    assert tree.notes == [f"1 folders lie more than {DEEPEST} levels deep, such as {chain}/d"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every folder")
def test_a_folder_that_cannot_be_read_is_counted(release: Path) -> None:
    (release / "a").chmod(0)
    try:
        tree = Tree(release)
    finally:
        (release / "a").chmod(0o755)
    assert tree.files == ["b/c/one.csv"]
    assert tree.notes == ["1 folders cannot be read (Permission denied), such as a"]


def test_the_order_of_directory_entries_does_not_matter(release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(release, *(f"f{number}/x{number}.wav" for number in range(8)))
    for number in range(8):
        (release / f"f{number}" / "to").symlink_to(f"../f{(number + 3) % 8}")
    expected = Tree(release)

    scandir = os.scandir

    @contextmanager
    def backward(folder: str) -> Iterator[list[os.DirEntry[str]]]:
        with scandir(folder) as found:
            yield sorted(found, key=lambda entry: entry.name, reverse=True)

    monkeypatch.setattr(os, "scandir", backward)
    tree = Tree(release)
    monkeypatch.undo()
    assert (tree.files, tree.folders, tree.notes) == (expected.files, expected.folders, expected.notes)
