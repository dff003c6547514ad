"""M3ED's `annotation.json`, on a made-up one: what is read from it, and what is said about a damaged one."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_studies import DATA

from harness.core.errors import ReleaseError, UnknownLabelError
from harness.study.labels import SPACES, Shared
from harness.study.release import Annotation, Release, Vote
from harness.study.utterance import Utterance
from harness_adapters import m3ed

EXCERPT = DATA / "m3ed"
ABSENT = Shared(None, "not_annotated")
BLANK = Shared(None, "blank")
HAPPY, ANGRY, EMPTY, SURPRISED = "chazhuang_2_10", "chazhuang_2_9", "yeyu_1_1", "xiao_jie_3_4"


def by_id(release: Release) -> dict[str, tuple[Utterance, Annotation]]:
    pairs = zip(release.utterances, release.annotations, strict=True)
    return {utterance.id: (utterance, annotation) for utterance, annotation in pairs}


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A copy of the made-up annotation and its lists, one folder deep; no table."""
    shutil.copytree(EXCERPT, tmp_path / "RUCM3ED", ignore=shutil.ignore_patterns("*.csv"))
    return tmp_path


def change(release: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    path = next(release.rglob("annotation.json"))
    content = json.loads(path.read_text(encoding="utf-8"))
    edit(content)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def happy_of(content: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = content["chazhuang"]["chazhuang_2"]["Dialog"][HAPPY]
    return entry


class TestAnnotation:
    def test_utterances(self, release: Path) -> None:
        read = m3ed.read(release)
        rows = by_id(read)
        assert read.variant == "annotation.json"
        assert read.files[0] == "RUCM3ED/annotation.json"
        assert read.files[2] == "RUCM3ED/splitInfo/movie_list_val.txt"
        assert [utterance.id for utterance in read.utterances] == [ANGRY, HAPPY, EMPTY, SURPRISED]  # 9 before 10
        assert {id_: utterance.split for id_, (utterance, _) in rows.items()} == {
            ANGRY: "train", HAPPY: "train", EMPTY: "dev", SURPRISED: "test",
        }  # fmt: skip
        happy, _ = rows[HAPPY]
        assert (happy.dialogue, happy.turn, happy.speaker, happy.gender) == (
            "chazhuang_2",
            10,
            "chazhuang_老周",
            "male",
        )
        assert (happy.start, happy.end) == (62 + 42 / 25, 3664.0)
        assert happy.text == "茶凉了，再添一壶。"
        assert (rows[ANGRY][0].speaker, rows[ANGRY][0].gender) == ("chazhuang_chazhuang_p1", "female")
        empty, _ = rows[EMPTY]
        assert (empty.speaker, empty.gender, empty.text, empty.start) == ("yeyu_1_A", None, None, None)
        assert rows[SURPRISED][0].speaker == "xiao_jie_阿秀"  # a movie's name may hold an underscore
        assert "1 utterances by speakers of unknown gender" in read.notes

    def test_labels_votes_and_soft_labels(self, release: Path) -> None:
        rows = by_id(m3ed.read(release))
        _, happy = rows[HAPPY]
        assert happy.native["final_mul_emo"] == "Happy,Neutral"
        assert happy.shared == {
            "emotion7": Shared("happy"), "emotion4": Shared("happy"),
            "polarity3": Shared("positive"), "valence": ABSENT,
        }  # fmt: skip
        assert happy.votes == {
            "multimodal": [
                Vote("EmoAnnotator1", "Happpy,Other"),
                Vote("EmoAnnotator2", "Surprised,Happy"),
                Vote("EmoAnnotator3", "Neutral"),
            ]
        }
        assert happy.soft["emotion7"] == {
            "happy": 0.5, "surprise": 0.25, "sad": 0, "disgust": 0, "anger": 0, "fear": 0, "neutral": 0.25,
        }  # fmt: skip
        angry = rows[ANGRY][1].soft["emotion7"]
        assert (angry["anger"], angry["sad"]) == (0.5, 0.5)  # the third annotator said Other
        _, empty = rows[EMPTY]
        assert empty.shared == {"emotion7": BLANK, "emotion4": BLANK, "polarity3": BLANK, "valence": ABSENT}
        assert (empty.native["final_main_emo"], empty.soft) == (None, {})
        assert empty.votes == {"multimodal": [Vote("EmoAnnotator2", "Other")]}
        _, surprised = rows[SURPRISED]
        assert surprised.shared["polarity3"] == surprised.shared["emotion4"] == Shared(None, "outside_space:Surprise")
        assert all(set(annotation.shared) == set(SPACES) for _, annotation in rows.values())

    def test_the_annotation_wins_over_the_table(self, release: Path) -> None:
        shutil.copy(EXCERPT / "labels_emobox.csv", release)
        read = m3ed.read(release)
        assert read.variant == "annotation.json"
        assert "labels_emobox.csv is there too and was not read" in read.notes
        assert read.published == (m3ed.PUBLISHED_TOTALS,)

    def test_translations(self, release: Path) -> None:
        rows = f"id,text_en,en_suspect\n{ANGRY},Please sit.,\n{HAPPY},Sorry I cannot,1\nx_1_1,Who,\n"
        (release / "translation_en.csv").write_text(rows)
        read = m3ed.read(release)
        assert [utterance.translations for utterance in read.utterances] == [{"en": "Please sit."}, {}, {}, {}]
        assert read.utterances[1].flags == ["translation_suspect"]
        assert any(note.startswith("1 translations of translation_en.csv are marked as suspect") for note in read.notes)
        assert any(note.startswith("1 rows of translation_en.csv match no utterance") for note in read.notes)

    @pytest.mark.parametrize(
        ("vote", "classes", "unknown"),
        [
            ("Anxious", set(), ["Anxious"]),
            ("Natural", set(), ["Natural"]),
            ("Disappointed,Sad", {"sad"}, ["Disappointed"]),
            ("Sad/Anger", {"sad", "anger"}, []),
            ("sad;Fear", {"sad", "fear"}, []),
            ("Sad、Fear", {"sad", "fear"}, []),
            ("Sad Angry", {"sad", "anger"}, []),
            ("Happpy", {"happy"}, []),
            ("Surprize", {"surprise"}, []),
            ("Others", set(), []),
            ("悲伤", set(), ["悲伤"]),
        ],
    )
    def test_a_word_is_the_label_that_it_misspells_and_no_other(
        self, release: Path, vote: str, classes: set[str], unknown: list[str]
    ) -> None:
        change(release, lambda content: happy_of(content)["EmoAnnotation"].update(EmoAnnotator1=vote))
        for name in ("EmoAnnotator2", "EmoAnnotator3"):
            change(release, lambda content, name=name: happy_of(content)["EmoAnnotation"].update({name: ""}))
        read = m3ed.read(release)
        [row] = [row for row in read.annotations if row.id == HAPPY]
        assert row.votes["multimodal"] == [Vote("EmoAnnotator1", vote)]
        assert {name for name, share in row.soft.get("emotion7", {}).items() if share} == classes
        notes = [note for note in read.notes if note.startswith("votes in unknown words")]
        assert [f"{word!r}" in note for note in notes for word in unknown] == [True] * len(unknown)
        assert bool(notes) == bool(unknown)

    def test_a_vote_in_an_unknown_word_is_kept_and_counted(self, release: Path) -> None:
        votes = {"EmoAnnotator1": "Sad,Joy", "EmoAnnotator2": "Sad", "EmoAnnotator3": "Joy"}
        change(release, lambda content: happy_of(content)["EmoAnnotation"].update(votes))
        read = m3ed.read(release)
        [row] = [row for row in read.annotations if row.id == HAPPY]
        assert [vote.label for vote in row.votes["multimodal"]] == ["Sad,Joy", "Sad", "Joy"]
        assert row.soft["emotion7"]["sad"] == 1
        assert "votes in unknown words are kept as published and left out of soft labels: 'Joy' 2" in read.notes

    @pytest.mark.parametrize(
        ("edit", "where", "said"),
        [
            (lambda c: happy_of(c)["EmoAnnotation"].update(final_main_emo="Joy"), HAPPY, "unknown label 'Joy'"),
            (lambda c: happy_of(c)["EmoAnnotation"].pop("final_main_emo"), HAPPY, "key 'final_main_emo' is missing"),
            (lambda c: happy_of(c).pop("Text"), HAPPY, "key 'Text' is missing; expected it among StartTime"),
            (lambda c: happy_of(c).update(Text=3), HAPPY, "'Text' is of type int; expected a str"),
            (lambda c: happy_of(c).update(StartTime="00:01:02,5"), HAPPY, "'00:01:02,5' is not a time; expected HH:MM"),
            (lambda c: happy_of(c).update(EmoAnnotation="Sad"), HAPPY, "'EmoAnnotation' is of type str"),
            (lambda c: c["yeyu"].update(yeyu_1=[]), "yeyu/yeyu_1", "is of type list; expected a JSON object"),
            (lambda c: c["yeyu"]["yeyu_1"].pop("Dialog"), "yeyu/yeyu_1", "key 'Dialog' is missing"),
            (lambda c: c["yeyu"]["yeyu_1"]["Dialog"].update(yeyu=1), "yeyu", "'yeyu' is not an utterance id"),
            (lambda c: c.update(feixing={}), "", "movie 'feixing' is in no split; expected it in one of movie"),
        ],
    )  # fmt: skip
    def test_damaged_annotation(self, release: Path, edit: Callable[[Any], object], where: str, said: str) -> None:
        change(release, edit)
        with pytest.raises(ReleaseError) as caught:
            m3ed.read(release)
        assert f"annotation.json: {said}" in str(caught.value) if not where else f"{where}: {said}" in str(caught.value)
        assert "annotation.json" in str(caught.value)
        assert isinstance(caught.value, UnknownLabelError) == ("unknown label" in said)

    def test_repeated_keys_and_ids(self, release: Path) -> None:
        path = next(release.rglob("annotation.json"))
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(f'"{ANGRY}"', f'"{HAPPY}"'), encoding="utf-8")
        with pytest.raises(ReleaseError, match=rf"key '{HAPPY}' is written twice \(lines 9, 16\)"):
            m3ed.read(release)
        path.write_text(text.replace(f'"{SURPRISED}"', f'"{HAPPY}"'), encoding="utf-8")
        with pytest.raises(ReleaseError, match=rf"{HAPPY} stands in the dialogues chazhuang_2 and xiao_jie_3"):
            m3ed.read(release)

    def test_truncated_annotation(self, release: Path) -> None:
        path = next(release.rglob("annotation.json"))
        path.write_bytes(path.read_bytes()[:700])
        with pytest.raises(ReleaseError, match=r"annotation\.json, line \d+: is not valid JSON"):
            m3ed.read(release)

    def test_lists_are_needed_and_must_agree(self, release: Path) -> None:
        lists = next(release.rglob("splitInfo"))
        (lists / "movie_list_val.txt").write_text("yeyu\nchazhuang\n")
        with pytest.raises(ReleaseError, match=r"val\.txt, line 2: movie 'chazhuang' is in the list of train too"):
            m3ed.read(release)
        (lists / "movie_list_val.txt").unlink()
        with pytest.raises(ReleaseError, match=r"movie_list_val\.txt is missing; .*copy the folder splitInfo beside"):
            m3ed.read(release)
