"""MELD's clips in every layout that is about: ids restart in each split, and some test clips were cut twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import ReleaseError
from harness.study.release import Release
from harness.study.utterance import SPLITS
from harness_adapters import meld

HEADER = "Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime"
LINE = "Oh.,Ann,joy,positive,{},{},4,7,0:00:01.000,0:00:02.000"
CLIPS = {split: (f"{split}_dia0_utt0", f"{split}_dia0_utt1") for split in SPLITS}


def release(root: Path, *files: str, tables: str = "") -> Release:
    """Write tables of two utterances a split, and these empty files; read it all."""
    for split in SPLITS:
        path = root / tables / f"{split}_sent_emo.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([HEADER, LINE.format(0, 0), LINE.format(0, 1)]), encoding="utf-8")
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return meld.read(root)


def videos(found: Release) -> dict[str, str | None]:
    return {row.id: row.video for row in found.utterances if row.video}


@pytest.mark.parametrize(
    ("train", "dev", "test"),
    [
        ("train_splits", "dev_splits_complete", "output_repeated_splits_test"),
        ("train/train_splits", "dev/dev_splits_complete", "test/output_repeated_splits_test"),
        ("train/train", "dev/dev", "test/test"),
        ("train", "dev", "test"),
        ("MELD.Raw/MELD.Raw/train/train_splits", "MELD.Raw/MELD.Raw/dev", "MELD.Raw/MELD.Raw/Test"),
        ("data/train/a/b", "data/dev/a/b", "data/test/a/b"),
    ],
)
def test_each_split_has_its_own_clips(tmp_path: Path, train: str, dev: str, test: str) -> None:
    found = release(tmp_path, f"{train}/dia0_utt0.mp4", f"{dev}/dia0_utt0.mp4", f"{test}/dia0_utt0.MP4")
    assert videos(found) == {
        "train_dia0_utt0": f"{train}/dia0_utt0.mp4",
        "dev_dia0_utt0": f"{dev}/dia0_utt0.mp4",
        "test_dia0_utt0": f"{test}/dia0_utt0.MP4",
    }
    assert [row.audio for row in found.utterances] == [row.video for row in found.utterances]
    assert found.surplus == {}


def test_a_clip_of_another_split_is_never_taken(tmp_path: Path) -> None:
    found = release(tmp_path, "dev_splits_complete/dia0_utt0.mp4", "dia0_utt1.mp4", "clips/dia0_utt0.mp4")
    assert videos(found) == {"dev_dia0_utt0": "dev_splits_complete/dia0_utt0.mp4"}
    assert found.surplus == {"dia0_utt1.mp4": "unknown_split", "clips/dia0_utt0.mp4": "unknown_split"}


def test_the_folder_nearest_to_the_clip_names_its_split(tmp_path: Path) -> None:
    found = release(tmp_path, "test/train/dia0_utt0.mp4", "train/dev/dia0_utt1.mp4")
    assert videos(found) == {"train_dia0_utt0": "test/train/dia0_utt0.mp4", "dev_dia0_utt1": "train/dev/dia0_utt1.mp4"}


def test_the_new_cut_of_a_test_clip_is_taken(tmp_path: Path) -> None:
    folder = "output_repeated_splits_test"
    found = release(
        tmp_path,
        f"{folder}/dia0_utt0.mp4",
        f"{folder}/final_videos_testdia0_utt0.mp4",
        f"{folder}/final_videos_testdia0_utt1.mp4",
        f"{folder}/._dia0_utt1.mp4",
        f"{folder}/talk.avi",
        f"{folder}/dia0_utt0.flac",  # made from the cut that is often wrong
    )
    assert {row.id: (row.audio, row.video) for row in found.utterances if row.video} == {
        "test_dia0_utt0": (f"{folder}/final_videos_testdia0_utt0.mp4",) * 2,
        "test_dia0_utt1": (f"{folder}/final_videos_testdia0_utt1.mp4",) * 2,
    }
    assert found.surplus == dict.fromkeys((f"{folder}/dia0_utt0.mp4", f"{folder}/dia0_utt0.flac"), "superseded")
    assert (len(found.media_files or ()), found.hidden_media) == (5, 1)


def test_clips_without_a_row_and_second_copies_are_explained(tmp_path: Path) -> None:
    found = release(
        tmp_path, "dev/dia49_utt4.mp4", "dev/dia0_utt0.mp4", "backup/dev/dia0_utt0.mp4", "README.mp4", "dev/talk.mp4"
    )
    assert videos(found) == {"dev_dia0_utt0": "dev/dia0_utt0.mp4"}
    assert found.surplus == {"dev/dia49_utt4.mp4": "unlabelled", "backup/dev/dia0_utt0.mp4": "copy"}


def test_audio_alone_and_audio_beside_the_clips(tmp_path: Path) -> None:
    found = release(tmp_path, "flac/train/dia0_utt0.flac", "wav/dev/dia0_utt0.wav", "dev/dia0_utt0.mp4")
    assert {row.id: (row.audio, row.video) for row in found.utterances if row.audio} == {
        "train_dia0_utt0": ("flac/train/dia0_utt0.flac", None),
        "dev_dia0_utt0": ("wav/dev/dia0_utt0.wav", "dev/dia0_utt0.mp4"),
    }


def test_archives_that_were_not_unpacked_are_named(tmp_path: Path) -> None:
    found = release(tmp_path, "dev.tar.gz", "test.tar.gz", "test/dia0_utt0.mp4", "train_sent_emo.zip")
    assert found.notes == [
        "3 rows repeat another of their split (same episode, start and text)",
        "dev.tar.gz is there but not unpacked: the clips of dev may be in it",
    ]


def test_a_release_that_is_still_one_archive_or_only_links_says_so(tmp_path: Path) -> None:
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "MELD.Raw.tar.gz").touch()
    (tmp_path / "elsewhere.csv").touch()
    (tmp_path / "release" / "train_sent_emo.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(ReleaseError, match=r"MELD.Raw.tar.gz is there but not unpacked.*1 links lead out of the"):
        meld.read(tmp_path / "release")
