"""IEMOCAP: where a turn is heard and seen, in every layout that copies of the release have."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from small_studies import DATA

from harness.study.release import Release
from harness.study.utterance import MediaPart, Utterance
from harness_adapters import iemocap

EXCERPT = DATA / "iemocap"
HOME = "IEMOCAP_full_release"
FIRST = f"{HOME}/Session1/"
SENTENCES = f"{FIRST}sentences/wav/Ses01F_impro01/"
SOUND = f"{FIRST}dialog/wav/Ses01F_impro01.wav"
FILM = f"{FIRST}dialog/avi/DivX/Ses01F_impro01.avi"
F000, F001, M000 = "Ses01F_impro01_F000", "Ses01F_impro01_F001", "Ses01F_impro01_M000"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXCERPT, tmp_path / "link"))


def read(copy: Path, files: Iterable[str]) -> Release:
    for file in files:
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        (copy / file).touch()
    return iemocap.read(copy)


def row(release: Release, name: str) -> Utterance:
    return next(utterance for utterance in release.utterances if utterance.id == name)


def test_a_turn_is_heard_in_its_own_file_and_else_in_the_dialogue(copy: Path) -> None:
    release = read(copy, [f"{SENTENCES}{F000}.wav", f"{SENTENCES}._{F001}.wav", SOUND])
    assert (row(release, F000).audio, row(release, F000).parts) == (f"{SENTENCES}{F000}.wav", {})
    assert row(release, F001).audio == SOUND
    assert row(release, F001).parts == {"audio": MediaPart(14.8872, 18.0175)}
    assert {utterance.video for utterance in release.utterances} == {None}
    assert not release.surplus
    assert release.media_files == [SOUND, f"{SENTENCES}{F000}.wav"]
    assert release.hidden_media == 1
    assert row(release, "Ses02M_script01_1_F000").audio is None


@pytest.mark.parametrize("film", [FILM, f"{FIRST}dialog/avi/Ses01F_impro01.avi", f"{FIRST}video/Ses01F_impro01.MP4"])
def test_a_turn_is_seen_on_its_speakers_half_of_the_dialogue(copy: Path, film: str) -> None:
    second = f"{HOME}/Session2/dialog/avi/DivX/Ses02M_script01_1.avi"
    release = read(copy, [film, second, f"{SENTENCES}{F000}.wav"])
    assert (row(release, F000).video, row(release, M000).video) == (film, film)
    assert row(release, F000).parts == {"video": MediaPart(1.2901, 3.2357, "left")}  # Ses01F: F wears the markers
    assert row(release, M000).parts["video"] == MediaPart(5.0, 9.5, "right")
    marked, other = row(release, "Ses02M_script01_1_M000"), row(release, "Ses02M_script01_1_F000")
    assert (marked.parts["video"].half, other.parts["video"].half) == ("left", "right")  # Ses02M: M does
    assert (marked.start, marked.end) == (marked.parts["video"].start, marked.parts["video"].end)


def test_without_any_sound_file_a_turn_is_heard_in_the_film(copy: Path) -> None:
    release = read(copy, [FILM])
    assert row(release, M000).audio == FILM
    assert row(release, M000).parts == {"audio": MediaPart(5.0, 9.5), "video": MediaPart(5.0, 9.5, "right")}


@pytest.mark.parametrize("suffix", ["mp4", "avi"])
def test_a_film_cut_for_the_turn_wins_and_is_taken_whole(copy: Path, suffix: str) -> None:
    cut = f"{FIRST}clips/{M000}.{suffix}"
    release = read(copy, [FILM, SOUND, cut])
    assert row(release, M000).video == cut
    assert row(release, M000).audio == SOUND
    assert row(release, M000).parts == {"audio": MediaPart(5.0, 9.5)}
    assert row(release, F000).video == FILM


def test_files_that_are_no_turns_clip_are_explained_where_they_can_be(copy: Path) -> None:
    turns = [utterance.id for utterance in iemocap.read(copy).utterances if utterance.dialogue == "Ses01F_impro01"]
    again, unlabelled = f"{FIRST}sentences/wav/copy/{F000}.wav", f"{SENTENCES}Ses01F_impro01_FXX0.wav"
    odd = f"{FIRST}sentences/wav/noise.wav"
    release = read(copy, [*(f"{SENTENCES}{turn}.wav" for turn in turns), SOUND, again, unlabelled, odd])
    kept = min(again, f"{SENTENCES}{F000}.wav", key=len)
    assert row(release, F000).audio == kept
    assert release.surplus == {
        SOUND: "dialogue_recording",
        unlabelled: "unlabelled",
        ({again, f"{SENTENCES}{F000}.wav"} - {kept}).pop(): "superseded",
    }


@pytest.mark.parametrize("times", ["[9.5000 - 5.0000]", "[5.0000 - 5.0000]"])
def test_a_turn_without_a_span_has_no_part_in_a_recording(copy: Path, times: str) -> None:
    labels = copy / FIRST / "dialog/EmoEvaluation/Ses01F_impro01.txt"
    labels.write_text(labels.read_text().replace("[5.0000 - 9.5000]", times))
    release = read(copy, [FILM, SOUND, f"{SENTENCES}{F000}.wav"])
    assert (row(release, M000).audio, row(release, M000).video, row(release, M000).parts) == (None, None, {})
    assert "1 utterances end at their start or before it: their times say no length" in release.notes
    assert read(copy, [f"{SENTENCES}{M000}.wav"]).notes
    assert row(iemocap.read(copy), M000).audio == f"{SENTENCES}{M000}.wav"


def test_archives_are_counted_and_links_out_of_the_release_are_not_followed(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / f"{F000}.wav").touch()
    (copy / "sounds").symlink_to(tmp_path / "elsewhere")
    release = read(copy, ["IEMOCAP_full_release.tar.gz"])
    assert row(release, F000).audio is None
    assert "1 archives lie in the release and were not opened, such as IEMOCAP_full_release.tar.gz" in release.notes
    assert any("1 links lead out of the release" in note for note in release.notes)
