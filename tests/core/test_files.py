"""Files are written whole or not at all, and named by the digest of what is in them."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from harness.core import files
from harness.core.errors import ResultError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    files.write_text(tmp_path / "a" / "b" / "x.txt", "汉字\n")
    assert (tmp_path / "a" / "b" / "x.txt").read_bytes() == "汉字\n".encode()
    assert names(tmp_path / "a" / "b") == ["x.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_writer_that_raises_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "x.txt"
    files.write_text(path, "old")

    def half(temporary: Path) -> None:
        temporary.write_text("ne")
        raise error

    with pytest.raises(error):
        files.write_whole(path, half)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["x.txt"]


def test_the_old_file_stands_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    files.write_text(path, "old")
    seen = []

    def slow(temporary: Path) -> None:
        temporary.write_text("ne")
        seen.append(path.read_text())
        temporary.write_text("new")

    files.write_whole(path, slow)
    assert seen == ["old"]
    assert path.read_text() == "new"
    assert names(tmp_path) == ["x.txt"]


def test_a_written_file_can_be_read_by_the_group(tmp_path: Path) -> None:
    files.write_text(tmp_path / "x.txt", "")
    assert stat.S_IMODE((tmp_path / "x.txt").stat().st_mode) == 0o644


def test_a_folder_that_cannot_be_made_is_a_result_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ResultError, match=r"file/x\.txt: cannot be written .*; free space or mend the permissions"):
        files.write_text(tmp_path / "file" / "x.txt", "")


def test_a_folder_in_the_place_of_the_file_is_a_result_error(tmp_path: Path) -> None:
    (tmp_path / "x.txt").mkdir()
    with pytest.raises(ResultError, match=r"x\.txt: cannot be written"):
        files.write_text(tmp_path / "x.txt", "")
    assert names(tmp_path) == ["x.txt"]


def test_json_round_trip_and_its_bytes_do_not_depend_on_chance(tmp_path: Path) -> None:
    value = {"b": [1, 2.5, None], "a": "中文 ümlaut"}
    files.write_json(tmp_path / "x.json", value)
    assert files.read_json(tmp_path / "x.json", "") == value
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert "中文" in text
    assert text.endswith("}\n")
    files.write_json(tmp_path / "y.json", json.loads(text))
    assert (tmp_path / "y.json").read_text(encoding="utf-8") == text


def test_nan_does_not_enter_a_json_document(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "x.json", {"score": float("nan")})
    assert not names(tmp_path)


@pytest.mark.parametrize("damage", ['{"a": 1', "", "\ufeff{}"])
def test_damaged_json_names_the_file_and_the_command(tmp_path: Path, damage: str) -> None:
    (tmp_path / "x.json").write_text(damage, encoding="utf-8")
    with pytest.raises(ResultError, match=r"x\.json: damaged .*; delete it and run `dvc repro x`"):
        files.read_json(tmp_path / "x.json", "dvc repro x")


def test_json_that_is_no_utf8_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(ResultError, match="damaged"):
        files.read_json(tmp_path / "x.json", "")


def test_missing_json_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match=r"x\.json: cannot be read \(No such file or directory\); run `dvc repro x`"):
        files.read_json(tmp_path / "x.json", "dvc repro x")


def test_a_digest_is_that_of_the_value_and_not_of_its_order() -> None:
    assert files.digest({"a": 1, "b": [2, "三"]}) == files.digest({"b": [2, "三"], "a": 1})
    assert files.digest({"a": 1}) != files.digest({"a": "1"})
    assert files.digest([1, 2]) != files.digest([2, 1])
    assert files.digest({"a": "三"}) == hashlib.sha256('{"a":"三"}'.encode()).hexdigest()


def test_the_digest_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert files.file_digest(tmp_path / "x") == hashlib.sha256(b"abc").hexdigest()


def test_a_folder_is_pruned_to_what_is_wanted_and_stays(tmp_path: Path) -> None:
    kept, gone, hidden = tmp_path / "a" / "x", tmp_path / "b" / "c" / "y", tmp_path / "a" / ".x.tmp"
    for path in (kept, gone, hidden):
        files.write_text(path, "")
    files.prune(tmp_path, [kept])
    assert sorted(tmp_path.rglob("*")) == [kept.parent, kept]
    files.prune(tmp_path, [])
    assert tmp_path.exists()
    assert not list(tmp_path.iterdir())
    files.prune(tmp_path / "nowhere", [])


WRITER = """
import os, sys
from pathlib import Path
from harness.core import files
def write(path):
    path.write_text("half")
    print("writing", flush=True)
    sys.stdin.read()
files.write_whole(Path(sys.argv[1]) / "x.txt", write)
"""


def test_what_a_killed_writer_left_is_swept_and_what_a_living_one_holds_stays(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
    assert len(names(tmp_path)) == 2
    writers[0].kill()
    writers[0].wait()
    files.sweep([tmp_path, tmp_path / "nowhere"])
    assert len(names(tmp_path)) == 1
    writers[1].communicate("")
    assert (writers[1].returncode, names(tmp_path)) == (0, ["x.txt"])


def test_only_temporary_files_are_swept(tmp_path: Path) -> None:
    kept = ["x.tmp", ".hidden", ".gitignore", "d/x"]
    for name in (*kept, "d/.x.npy.ab12.tmp"):
        files.write_text(tmp_path / name, "")
    files.sweep([tmp_path])
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()) == sorted(
        kept
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux")
def test_a_full_disk_is_one_line_whatever_writes(tmp_path: Path) -> None:
    (tmp_path / "full").symlink_to("/dev/full")

    def write(temporary: Path) -> None:
        with (tmp_path / "full").open("wb") as file:
            file.write(b"x")

    with pytest.raises(ResultError, match=r"x: cannot be written \(No space left on device\); free space"):
        files.write_whole(tmp_path / "x", write)
    assert names(tmp_path) == ["full"]
