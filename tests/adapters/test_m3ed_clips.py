"""M3ED: clips under either letter in any folder, and an annotation that nobody wrote."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_studies import DATA

from harness.core.errors import ReleaseError
from harness_adapters import m3ed

EXCERPT = DATA / "m3ed"
HAPPY, ANGRY, EMPTY, SURPRISED = "chazhuang_2_10", "chazhuang_2_9", "yeyu_1_1", "xiao_jie_3_4"
OTHER_LETTER = "1 clips name the other speaker (A or B) than the annotation, which decides"
MANY = 100_000


@pytest.fixture
def release(tmp_path: Path) -> Path:
    shutil.copytree(EXCERPT, tmp_path / "RUCM3ED", ignore=shutil.ignore_patterns("*.csv"))
    return tmp_path


def touch(root: Path, *files: str) -> None:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()


def change(release: Path, edit: Callable[[dict[str, Any]], object]) -> Path:
    path = release / "RUCM3ED" / "annotation.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    edit(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def happy_of(content: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = content["chazhuang"]["chazhuang_2"]["Dialog"][HAPPY]
    return entry


@pytest.mark.parametrize("folder", ["modality_speech", "audio", "M3ED_audio/modality_speech", "RUCM3ED/speech/x"])
def test_clips_are_found_in_any_folder_under_either_letter(release: Path, folder: str) -> None:
    touch(release, *(f"{folder}/{clip}.wav" for clip in (f"A_{HAPPY}", f"A_{ANGRY}", f"._B_{SURPRISED}")))
    read = m3ed.read(release)
    assert {utterance.id: (utterance.audio, utterance.video) for utterance in read.utterances} == {
        ANGRY: (f"{folder}/A_{ANGRY}.wav", None),  # its speaker is B
        HAPPY: (f"{folder}/A_{HAPPY}.wav", None),
        EMPTY: (None, None),
        SURPRISED: (None, None),
    }
    assert OTHER_LETTER in read.notes
    assert not read.surplus
    assert (len(read.media_files or ()), read.hidden_media) == (2, 1)


def test_the_letter_of_the_annotation_comes_first_and_the_rest_is_explained(release: Path) -> None:
    touch(release, f"s/A_{ANGRY}.wav", f"s/B_{ANGRY}.wav", f"s/A_{HAPPY}.wav", f"s/copy/A_{HAPPY}.wav")
    touch(release, "s/A_chazhuang_2_11.wav", f"s/C_{HAPPY}.wav", "s/noise.wav", "speech.tar.gz")
    read = m3ed.read(release)
    assert [row.audio for row in read.utterances if row.id == ANGRY] == [f"s/B_{ANGRY}.wav"]
    assert OTHER_LETTER not in read.notes
    assert read.surplus == {
        f"s/A_{ANGRY}.wav": "superseded",
        f"s/copy/A_{HAPPY}.wav": "superseded",
        "s/A_chazhuang_2_11.wav": "unlabelled",
    }
    assert "1 archives lie in the release and were not opened, such as speech.tar.gz" in read.notes


def test_the_label_table_has_clips_too(tmp_path: Path) -> None:
    shutil.copy(EXCERPT / "labels_emobox.csv", tmp_path)
    touch(tmp_path, f"M3ED/modality_speech/A_{HAPPY}.wav")
    audio = {utterance.id: utterance.audio for utterance in m3ed.read(tmp_path).utterances}
    assert audio[HAPPY] == f"M3ED/modality_speech/A_{HAPPY}.wav"


@pytest.mark.parametrize(
    "movie", ["../../x", "a/b", "a\\b", "a b", "a\nb", "a\u2028b", "a\x00b", "a\tb", "", "x_" + "9" * 5000]
)
def test_an_id_is_one_short_word(release: Path, movie: str) -> None:
    def rename(content: dict[str, Any]) -> None:
        records = content["chazhuang"]["chazhuang_2"]["Dialog"]
        records[f"{movie}_2_10"] = records.pop(HAPPY)

    path = change(release, rename)
    with pytest.raises(ReleaseError, match="is not an utterance id; expected the form movie_1_12") as caught:
        m3ed.read(release)
    assert str(caught.value).startswith(str(path))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda c: happy_of(c).update(StartTime="NaN"), "'NaN' is not a time"),
        (lambda c: happy_of(c).update(StartTime="9" * 5000 + ":0:0:0"), "is not a time"),
        (lambda c: happy_of(c).update(EndTime="٠:٠:٠:٠"), "is not a time"),
        (lambda c: happy_of(c).update(StartTime=float("nan")), "it holds the number NaN"),
        (lambda c: happy_of(c)["EmoAnnotation"].update(extra=float("inf")), "it holds the number Infinity"),
        (lambda c: happy_of(c)["EmoAnnotation"].update(extra="\ud800"), "holds half a character"),
        (lambda c: happy_of(c)["EmoAnnotation"].update(EmoAnnotator1=3), "'EmoAnnotator1' is of type int"),
        (lambda c: happy_of(c)["EmoAnnotation"].update(final_main_emo="x" * MANY), "unknown label 'xxx"),
        (lambda c: c["chazhuang"]["chazhuang_2"]["SpeakerInfo"]["A"].update(Name=[1]), "'Name' is of type list"),
        (lambda c: c["chazhuang"]["chazhuang_2"].update(SpeakerInfo=[1]), "SpeakerInfo: is of type list"),
        (lambda c: c.update({"x" * MANY: {}}), "is in no split"),
    ],
)  # fmt: skip
def test_odd_values_are_one_clear_error(release: Path, edit: Callable[[Any], object], said: str) -> None:
    path = change(release, edit)
    with pytest.raises(ReleaseError) as caught:
        m3ed.read(release)
    assert str(caught.value).startswith(str(path))
    assert said in str(caught.value)
    assert len(str(caught.value)) < 2000


def test_times_that_run_backward_are_kept_and_counted(release: Path) -> None:
    change(release, lambda content: happy_of(content).update(StartTime="01:00:00:00", EndTime="00:00:01:00"))
    read = m3ed.read(release)
    assert "1 utterances end at their start or before it: their times say no length" in read.notes
    assert [(row.start, row.end) for row in read.utterances if row.id == HAPPY] == [(3600.0, 1.0)]


def test_what_is_no_file_is_no_annotation(release: Path) -> None:
    lists = release / "RUCM3ED" / "splitInfo"
    (lists / "movie_list_val.txt").unlink()
    os.mkfifo(lists / "movie_list_val.txt")
    with pytest.raises(ReleaseError, match=r"movie_list_val\.txt is missing"):
        m3ed.read(release)
    (release / "RUCM3ED" / "annotation.json").unlink()
    (release / "RUCM3ED" / "annotation.json").mkdir()
    with pytest.raises(ReleaseError, match="holds no M3ED release"):
        m3ed.read(release)
