"""CH-SIMS' clips in every layout that is about: ids that lost their zeros, ids with an underscore, surplus clips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.study.release import Release
from harness_adapters import ch_sims

HEADER = "video_id,clip_id,text,label,label_T,label_A,label_V,annotation,mode"


def release(root: Path, ids: Sequence[str], *files: str, table: str = "label.csv") -> Release:
    """Write a table of these `video/clip` ids, and these empty files; read it all."""
    rows = [f"{name.replace('/', ',')},好,0.2,0.4,-0.6,0.0,Positive,train" for name in ids]
    (root / table).parent.mkdir(parents=True, exist_ok=True)
    (root / table).write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return ch_sims.read(root)


def videos(found: Release) -> list[str | None]:
    return [row.video for row in found.utterances]


@pytest.mark.parametrize("folder", ["Raw/", "dataset/", "", "CH-SIMS/Raw/", "CH-SIMS v2(s)/Raw/Raw/"])
def test_the_folder_of_the_videos_may_lie_anywhere(tmp_path: Path, folder: str) -> None:
    paths = [f"{folder}video_0001/0001.mp4", f"{folder}video_0002/0001.mp4"]
    found = release(tmp_path, ["video_0001/0001", "video_0002/0001", "video_0003/0001"], *paths)
    assert videos(found) == [*paths, None]
    assert [row.audio for row in found.utterances] == [*paths, None]
    assert found.surplus == {}


@pytest.mark.parametrize(("table", "clip", "file"), [("label.csv", "1", "0001"), ("meta.csv", "1", "00001")])
def test_an_id_that_lost_its_zeros_finds_its_clip(tmp_path: Path, table: str, clip: str, file: str) -> None:
    found = release(tmp_path, [f"v/{clip}"], f"Raw/v/{file}.mp4", table=table)
    assert videos(found) == [f"Raw/v/{file}.mp4"]
    assert found.surplus == {}


def test_an_id_never_takes_the_clip_of_another_one(tmp_path: Path) -> None:
    found = release(tmp_path, ["v/0001", "v/00001", "w/1"], "Raw/v/00001.mp4", "Raw/w/00001.mp4", table="meta.csv")
    assert videos(found) == [None, "Raw/v/00001.mp4", "Raw/w/00001.mp4"]


def test_a_suffixed_clip_is_not_the_clip_it_continues(tmp_path: Path) -> None:
    ids = ["aqgy4_0005/00012_1", "aqgy4_0005/00012"]
    found = release(tmp_path, ids, "Raw/aqgy4_0005/00012_1.mp4", "Raw/aqgy4/0005_00012.mp4", table="meta.csv")
    assert videos(found) == ["Raw/aqgy4_0005/00012_1.mp4", None]
    assert [row.dialogue for row in found.utterances] == ["aqgy4_0005"] * 2


def test_clips_without_a_label_and_second_copies_are_explained(tmp_path: Path) -> None:
    found = release(
        tmp_path,
        ["v/0001", "v/0002"],
        *("Raw/v/0001.mp4", "Raw/v/0002.mp4", "Raw/v/0003.mp4", "Raw/unlabelled_video/0001.mp4", "Raw/v/._0001.mp4"),
        *("Processed/cut/v/0001.mp4", "demo/intro.mp4"),
    )
    assert videos(found) == ["Raw/v/0001.mp4", "Raw/v/0002.mp4"]
    assert found.surplus == {
        "Raw/v/0003.mp4": "unlabelled",
        "Raw/unlabelled_video/0001.mp4": "unlabelled",
        "Processed/cut/v/0001.mp4": "copy",
    }


def test_a_nearer_folder_with_a_few_clips_does_not_hide_the_release(tmp_path: Path) -> None:
    found = release(tmp_path, ["v/1", "v/2", "v/3"], "v/0001.mp4", "a/Raw/v/0001.mp4", "a/Raw/v/0002.mp4")
    assert videos(found) == ["a/Raw/v/0001.mp4", "a/Raw/v/0002.mp4", None]
    assert found.surplus == {"v/0001.mp4": "copy"}


def test_clips_in_two_folders_are_both_used(tmp_path: Path) -> None:
    found = release(tmp_path, ["v/1", "w/1", "w/2"], "Raw1/w/0001.mp4", "Raw1/w/0002.mp4", "Raw2/v/0001.mp4")
    assert videos(found) == ["Raw2/v/0001.mp4", "Raw1/w/0001.mp4", "Raw1/w/0002.mp4"]


def test_audio_files_come_before_the_sound_of_the_clip(tmp_path: Path) -> None:
    found = release(tmp_path, ["v/1", "v/2"], "Raw/v/0001.mp4", "Processed/audio/v/0001.wav", "Processed/audio/v/2.jpg")
    assert [(row.audio, row.video) for row in found.utterances] == [
        ("Processed/audio/v/0001.wav", "Raw/v/0001.mp4"),
        (None, None),
    ]


def test_an_archive_that_was_not_unpacked_is_named(tmp_path: Path) -> None:
    note = "Raw.zip is there but not unpacked: the clips may be in it"
    assert note in release(tmp_path, ["v/1"], "Raw.zip").notes
    assert note not in release(tmp_path, ["v/1"], "Raw.zip", "Raw/v/0001.mp4").notes


def test_names_that_look_like_paths_are_only_names(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "0001.mp4").touch()
    ids = ["../outside/0001", "../0001", "*/0001", "[a-/0001", f"{tmp_path}/outside/0001", "~/0001"]
    rows = [name.rsplit("/", 1) for name in ids]
    table = tmp_path / "release" / "label.csv"
    table.parent.mkdir()
    lines = [f'"{video}",{clip},好,0.2,,,,Positive,train' for video, clip in rows]
    table.write_text("\n".join([HEADER, *lines]), encoding="utf-8")
    assert videos(ch_sims.read(table.parent)) == [None] * len(ids)


def test_filled_columns_of_single_modalities_are_views_of_their_own(tmp_path: Path) -> None:
    (label,) = release(tmp_path, ["v/1"]).annotations
    assert [label.shared["valence"].value, label.shared["polarity3"].value] == [0.2, "positive"]
    assert {view: (spaces["valence"].value, spaces["polarity3"].value) for view, spaces in label.views.items()} == {
        "text": (0.4, "positive"),
        "audio": (-0.6, "negative"),
        "video": (0.0, "neutral"),
    }
    assert {spaces["emotion7"].reason for spaces in label.views.values()} == {"not_annotated"}
