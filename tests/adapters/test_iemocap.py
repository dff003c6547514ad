"""IEMOCAP, on a small made-up release in the documented layout: nothing of the real one may be kept here."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from small_studies import DATA

from harness.core.errors import ReleaseError, UnknownLabelError
from harness.corpora.synthetic.world import World, draw
from harness.study.labels import POLARITY_OF_EMOTION
from harness.study.manifest import validate
from harness.study.release import Annotation, Release, Vote
from harness.study.utterance import Utterance
from harness_adapters import iemocap
from harness_adapters._synthetic import iemocap as synthetic

EXCERPT = DATA / "iemocap"
LABELS = "IEMOCAP_full_release/Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
SCRIPT = "IEMOCAP_full_release/Session1/dialog/transcriptions/Ses01F_impro01.txt"
F000, F001, M000 = "Ses01F_impro01_F000", "Ses01F_impro01_F001", "Ses01F_impro01_M000"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXCERPT, tmp_path / "link"))


@pytest.fixture(scope="module")
def release() -> Release:
    return iemocap.read(EXCERPT)


def utterance(release: Release, name: str) -> Utterance:
    return next(row for row in release.utterances if row.id == name)


def annotation(release: Release, name: str) -> Annotation:
    return next(row for row in release.annotations if row.id == name)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def line_of(path: Path, part: str) -> int:
    return next(line for line, text in enumerate(path.read_text().splitlines(), 1) if part in text)


def test_every_utterance_is_kept_in_order_of_time(release: Release) -> None:
    assert release.rows == len(release.utterances) == 9
    assert not release.dropped
    turns = [(row.id, row.turn) for row in release.utterances if row.dialogue == "Ses01F_impro01"]
    last = ("Ses01F_impro01_M001", "Ses01F_impro01_F002", "Ses01F_impro01_M002")
    assert turns == [(name, turn) for turn, name in enumerate((F000, M000, F001, *last))]


def test_the_speaker_is_the_letter_of_the_last_field_not_of_the_markers(release: Release) -> None:
    row = utterance(release, M000)
    assert (row.speaker, row.gender, row.fold, row.split) == ("Ses01M", "male", "Ses01", "train")
    row = utterance(release, "Ses02M_script01_1_F000")
    assert (row.speaker, row.gender, row.fold, row.dialogue) == ("Ses02F", "female", "Ses02", "Ses02M_script01_1")
    assert row.strata == {"performance": "scripted"}
    assert utterance(release, F000).strata == {"performance": "improvised"}
    assert (utterance(release, F000).start, utterance(release, F000).end) == (1.2901, 3.2357)


@pytest.mark.parametrize(
    ("name", "text", "flags"),
    [
        (F000, "Is this the queue for the boats?", []),
        (M000, "It is! Two tickets left.", ["laughing", "breathing"]),
        (F001, "One for you: one for me.", []),
        ("Ses01F_impro01_M001", "Rain, in July [sic].", []),
        ("Ses01F_impro01_F002", None, ["garbage", "lipsmack"]),
        ("Ses01F_impro01_M002", None, []),
    ],
)
def test_tags_become_flags(release: Release, name: str, text: str | None, flags: list[str]) -> None:
    assert (utterance(release, name).text, utterance(release, name).flags) == (text, flags)


OTHER = "outside_space"


@pytest.mark.parametrize(
    ("name", "emotion7", "emotion4", "polarity", "valence"),
    [
        (F000, "neutral", "neutral", "neutral", -0.25),
        (M000, "happy", "happy", "positive", 0.75),
        (F001, "no_majority", "no_majority", "positive", 0.25),
        ("Ses01F_impro01_M001", "surprise", f"{OTHER}:sur", "negative", -0.5),
        ("Ses01F_impro01_F002", f"{OTHER}:fru", f"{OTHER}:fru", f"{OTHER}:fru", 0.0),
        ("Ses01F_impro01_M002", "no_majority", "no_majority", "blank", "blank"),
        ("Ses02M_script01_1_M000", "anger", "anger", "negative", -1.0),
        ("Ses02M_script01_1_F000", f"{OTHER}:oth", f"{OTHER}:oth", "positive", 0.2),
        ("Ses02M_script01_1_F001", "disgust", f"{OTHER}:dis", "negative", -0.66665),
    ],
)
def test_shared_labels(
    release: Release, name: str, emotion7: str, emotion4: str, polarity: str, valence: float | str
) -> None:
    shared = annotation(release, name).shared
    answers = {space: label.reason if label.value is None else label.value for space, label in shared.items()}
    assert answers == {"emotion7": emotion7, "emotion4": emotion4, "polarity3": polarity, "valence": valence}


def test_votes_are_those_of_the_evaluators_alone(release: Release) -> None:
    row = annotation(release, F001)
    assert row.votes == {
        "multimodal": [Vote("C-E2", "Happiness;Excited"), Vote("C-E3", "Frustration"), Vote("C-E4", "Other;Sadness")],
        "valence": [Vote("A-E3", "3"), Vote("A-E4", "4")],
        "activation": [Vote("A-E3", "3"), Vote("A-E4", "3")],
        "dominance": [Vote("A-E3", "2"), Vote("A-E4", "3")],
    }
    soft = row.soft["emotion7"]  # one whole vote for happy, half a vote for sad, the rest outside the space
    assert soft == {
        **dict.fromkeys(("surprise", "disgust", "anger", "fear", "neutral"), 0.0),
        "happy": pytest.approx(2 / 3),
        "sad": pytest.approx(1 / 3),
    }
    assert annotation(release, "Ses01F_impro01_F002").soft == {}
    assert annotation(release, "Ses01F_impro01_M002").votes == {}


def test_native_fields_are_kept_as_published(release: Release) -> None:
    native = annotation(release, F001).native
    assert [native[key] for key in ("emotion", "V", "A", "D")] == ["xxx", "3.5000", "3.0000", "2.5000"]
    assert "A-F1: val 3;act 2;dom 1" in native["attributes"]
    assert "C-F1: Neutral" in native["categories"]
    assert annotation(release, "Ses01F_impro01_M002").native["V"] == ""


def test_notes_count_what_a_reader_should_know(release: Release) -> None:
    assert release.notes == [
        "sessions not there: Ses03, Ses04, Ses05",
        "1 transcribed turns have no label",
        "1 transcript lines repeat a turn name; the first one counts",
        "1 transcript lines name no turn and are left out",
        "1 utterances have no transcript",
        "1 rows of translation_zh.csv match no utterance",
        "7 utterances have no translation in translation_zh.csv",
    ]
    assert utterance(release, F000).translations == {"zh": "这是坐船的队吗？"}
    assert release.files == [
        LABELS,
        "IEMOCAP_full_release/Session2/dialog/EmoEvaluation/Ses02M_script01_1.txt",
        SCRIPT,
        "IEMOCAP_full_release/Session2/dialog/transcriptions/Ses02M_script01_1.txt",
        "IEMOCAP_full_release/translation_zh.csv",
    ]


def test_published_counts_are_those_of_the_sessions_that_are_there(release: Release, tmp_path: Path) -> None:
    (table,) = release.published
    assert list(table.counts) == ["Ses01", "Ses02"]
    synthetic.write(tmp_path, draw(World(utterances=120, dialogues=30, speakers=10), "iemocap"))
    whole, by_session = iemocap.read(tmp_path).published
    assert sum(whole.counts["all"].values()) == 10_039
    assert set(whole.counts["all"]) == set(iemocap.EMOTION)
    for label in by_session.counts["Ses01"]:
        assert sum(counts[label] for counts in by_session.counts.values()) == whole.counts["all"][label]


@pytest.mark.parametrize("folder", ["IEMOCAP_full_release", "."])
def test_stubs_and_subfolders_are_not_annotation(copy: Path, folder: str) -> None:
    for path in list(copy.rglob("*.txt")):
        path.with_name(f"._{path.name}").write_bytes(b"\x00\x05\x16\x07\xff\xfe")
    assert iemocap.read(copy / folder).rows == 9


def test_transcriptions_may_be_absent(copy: Path) -> None:
    for folder in list(copy.rglob("transcriptions")):
        shutil.rmtree(folder)
    release = iemocap.read(copy)
    assert release.variant == "2 sessions, without transcriptions"
    assert {row.text for row in release.utterances} == {None}
    assert "9 utterances have no transcript" in release.notes


@pytest.mark.parametrize("root", ["empty", "not_there", "a_file"])
def test_a_wrong_folder_is_named_with_what_to_do(tmp_path: Path, root: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a_file").touch()
    with pytest.raises(ReleaseError, match="python -m harness link iemocap") as caught:
        iemocap.read(tmp_path / root)
    assert str(tmp_path / root) in str(caught.value)
    assert root != "empty" or "Session1/dialog/EmoEvaluation" in str(caught.value)


def test_two_releases_below_the_root_are_refused(copy: Path) -> None:
    shutil.copytree(copy / "IEMOCAP_full_release", copy / "IEMOCAP_copy")
    with pytest.raises(ReleaseError, match=r"IEMOCAP_copy and .*IEMOCAP_full_release; link the folder of one"):
        iemocap.read(copy)


def test_an_unknown_label_is_named_with_the_known_ones(copy: Path) -> None:
    replace(copy / LABELS, "\texc\t", "\texx\t")
    with pytest.raises(UnknownLabelError, match=r"unknown label 'exx'.*one of neu, hap, exc") as caught:
        iemocap.read(copy)
    assert f"{LABELS}, line {line_of(copy / LABELS, 'exx')}:" in str(caught.value)


def test_a_vote_in_an_unknown_word_is_kept_and_counted(copy: Path) -> None:
    replace(copy / LABELS, "Other; Sadness;", "Boredom; Sadness;")
    release = iemocap.read(copy)
    assert any(
        vote.label == "Boredom;Sadness" for row in release.annotations for vote in row.votes.get("multimodal", [])
    )
    assert "votes in unknown words are kept as published and left out of soft labels: 'Boredom' 1" in release.notes


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("C-E2:\tExcited;", "X-E2:\tExcited;", "cannot be understood: 'X-E2:"),
        ("[5.0000 - 9.5000]", "[5.0000 - nine]", r"cannot be understood: '\[5.0000 - nine\]"),
        ("[4.5000, 4.0000, 3.5000]", "[4.5000, 4.0000", "cannot be understood"),
        ("[4.5000, 4.0000, 3.5000]", "[4.5000, 4.0000]", "2 attributes; expected .*valence, activation, dominance"),
        ("[4.5000, 4.0000, 3.5000]", "[NaN, 4.0000, 3.5000]", "valence is 'NaN'; expected a number"),
        ("[4.5000, 4.0000, 3.5000]", "[4.5000, high, 3.5000]", "activation is 'high'; expected a number"),
        ("Ses01F_impro01_M000\texc", "Ses01F_impro01\texc", "turn name is 'Ses01F_impro01'"),
        ("Ses01F_impro01_M000\texc", "Ses02F_impro01_M000\texc", "not of this session; expected Ses01"),
    ],
)
def test_a_damaged_line_is_named(copy: Path, old: str, new: str, problem: str) -> None:
    line = line_of(copy / LABELS, old)
    replace(copy / LABELS, old, new)
    with pytest.raises(ReleaseError, match=problem) as caught:
        iemocap.read(copy)
    assert (caught.value.path, caught.value.row) == (copy / LABELS, line)


def test_an_evaluator_line_before_any_turn_is_refused(copy: Path) -> None:
    (copy / LABELS).write_text("C-E2:\tNeutral;\t()\n", encoding="utf-8")
    with pytest.raises(ReleaseError, match="line 1: cannot be understood"):
        iemocap.read(copy)


def test_a_repeated_utterance_is_named_with_both_places(copy: Path) -> None:
    second = copy / Path(LABELS).with_name("Ses01F_impro02.txt")
    second.write_text((copy / LABELS).read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ReleaseError, match=r"impro02.txt, line 3: .* stands in .*impro01.txt, line 3 too"):
        iemocap.read(copy)


def test_empty_label_files_are_refused(copy: Path) -> None:
    for path in copy.glob("*/Session*/dialog/EmoEvaluation/*.txt"):
        path.write_text("", encoding="utf-8")
    with pytest.raises(ReleaseError, match="hold no utterance"):
        iemocap.read(copy)


def test_a_synthetic_release_reads_back_as_drawn(tmp_path: Path) -> None:
    drawn = draw(World(utterances=120, dialogues=30, speakers=10), "iemocap")
    synthetic.write(tmp_path, drawn)
    release = iemocap.read(tmp_path)
    validate("iemocap", release)
    assert [note for note in release.notes if "transla" in note or "transcri" in note] == []
    by_place = {(row.fold, row.start, row.text): row for row in release.utterances}
    assert release.rows == len(drawn) == len(by_place)
    shared = {row.id: row for row in release.annotations}
    letters = {"F": "female", "M": "male"}
    dialogues = set()
    for row in drawn:
        read = by_place[f"Ses0{row.fold}", row.start, row.text["en"]]
        label = shared[read.id]
        assert (read.turn, read.end, read.gender) == (row.turn, row.end, row.gender)
        assert letters[read.id.rpartition("_")[2][0]] == row.gender
        assert read.translations == {"zh": row.text["zh"]}
        assert label.shared["emotion7"].value == row.emotion
        assert label.shared["valence"].value == row.valence
        sign = "positive" if row.valence > 0 else "negative"
        assert label.shared["polarity3"].value == POLARITY_OF_EMOTION.get(row.emotion, sign)
        votes = Counter(row.votes.values())
        assert label.soft["emotion7"] == {
            emotion: pytest.approx(votes[emotion] / 3) for emotion in label.soft["emotion7"]
        }
        dialogues.add((row.dialogue, read.dialogue))
    assert len(dialogues) == 30
    assert {row.strata["performance"] for row in release.utterances} == {"scripted", "improvised"}
    assert {"hap", "exc"} <= {row.native["emotion"] for row in release.annotations}
