"""A sound adapter, and every way in which one can break its promises, with what is then said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from harness.core.errors import ReleaseError
from harness.study.labels import Shared, share_emotion, share_polarity_of
from harness.study.release import Annotation, Dropped, Published, Release, Vote
from harness.study.utterance import MediaPart, Utterance

EMOTIONS = ("happy", "surprise", "sad", "disgust", "anger", "fear", "neutral")
PEOPLE = {"train": "ann", "dev": "bob", "test": "cy"}


def read(root: Path) -> Release:
    """A sound adapter: one line an utterance, split and emotion; every seventh clip is missing."""
    path = root / "table.txt"
    if not path.is_file():
        raise ReleaseError(root, "holds no table.txt", todo="link the folder that holds it")
    release = Release("one table", 0, [], [], files=["table.txt"], surplus={"noise.wav": "unlabelled"})
    for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), 1):
        split, _, emotion = line.partition(" ")
        if split not in PEOPLE or emotion not in EMOTIONS:
            raise ReleaseError(path, f"reads {line!r}", row=number, expected="split and emotion")
        add(release, root, number, split, emotion)
    release.rows = len(release.utterances)
    if not (root / "noise.wav").exists():
        release.surplus.clear()
    return release


def add(release: Release, root: Path, number: int, split: str, emotion: str) -> None:
    name = f"u{number:02d}"
    clip = f"{name}.wav" if (root / f"{name}.wav").exists() else None
    release.utterances.append(
        Utterance(name, split, split, number, PEOPLE[split], "en", f"said {number}", gender="female", audio=clip,
                  parts={"audio": MediaPart(0.0, 1.0)} if clip else {}, start=number, end=number + 1.5)
    )  # fmt: skip
    shared = {**share_emotion(emotion, emotion), "polarity3": share_polarity_of(emotion, emotion)}
    shared["valence"] = Shared(0.5)
    release.annotations.append(
        Annotation(name, {"emotion": emotion}, shared, views={"audio": shared},
                   votes={"multimodal": [Vote("a1", emotion, 0.5)]}, soft={"emotion7": {emotion: 1.0}})
    )  # fmt: skip


def sound(reader: Callable[[Path], Release] = read) -> ModuleType:
    adapter = ModuleType("tiny", "Tiny: made up for this test.")
    adapter.__file__ = __file__
    facts = dict.fromkeys(("TITLE", "FAMILY", "LICENCE", "ACCESS", "CITATION"), "made up")
    spaces = dict.fromkeys(("emotion4", "emotion7", "polarity3", "valence"), "as is")
    vars(adapter).update(facts, LANGUAGE="en", VIEWS=("multimodal", "audio"), SPACES=spaces, read=reader)
    return adapter


def fact(**facts: object) -> Callable[[ModuleType], object]:
    return lambda adapter: vars(adapter).update(facts)


def after(change: Callable[[Release], object]) -> Callable[[ModuleType], object]:
    """Break what a sound adapter read."""

    def reader(root: Path) -> Release:
        release = read(root)
        if release.utterances:
            change(release)
        return release

    return fact(read=reader)


def row(**facts: object) -> Callable[[ModuleType], object]:
    """Break fields of the second utterance."""
    return after(lambda r: r.utterances.__setitem__(1, replace(r.utterances[1], **facts)))


def label(**facts: object) -> Callable[[ModuleType], object]:
    return after(lambda r: r.annotations.__setitem__(1, replace(r.annotations[1], **facts)))


def release(**facts: object) -> Callable[[ModuleType], object]:
    return after(lambda r: [setattr(r, name, value) for name, value in facts.items()])


def crash(root: Path) -> Release:
    return {}["text"]


def by_folder(root: Path) -> Release:
    made = read(root)
    order = [path.stem for path in root.glob("u*.wav")]
    made.utterances.sort(key=lambda row: order.index(row.id) if row.id in order else -1)
    return made


def by_chance(root: Path) -> Release:
    made = read(root)
    made.notes.append(str(id(made)))
    return made


def untidy(root: Path) -> Release:
    made = read(root)
    (root / "cache.txt").write_text("x")
    return made


def careless(root: Path) -> Release:
    try:
        return read(root)
    except ReleaseError:
        return Release("none", 0, [], [])


def nameless(root: Path) -> Release:
    if not root.is_dir():
        raise ReleaseError("somewhere", "is missing")
    return read(root)


def trusting(root: Path) -> Release:
    made = read(root)
    made.notes.append(made.utterances[20].id)
    return made


SOFT, SPACES = {"emotion7": {"joy": 1.0}}, {"emotion7": "as is", "polarity": None}
TABLE = Published("a paper", "emotion", {"all": {"happy": 3, "sad": 4}})
TWO_TURNS = after(lambda r: setattr(r.utterances[1], "turn", 1))
# check -> [(how an adapter breaks it, what it says)]
BROKEN: dict[str, list[tuple[Callable[[ModuleType], object], str]]] = {
    "is_described": [(fact(__doc__=None), "the module has no docstring; expected a first line that says what")],
    "has_facts": [
        (fact(LICENCE=" "), "LICENCE is ' '; expected one line of text; write LICENCE = '...' into the module"),
        (fact(CITATION=None), "CITATION is None"),
    ],
    "has_a_language": [
        (fact(LANGUAGE="English"), "LANGUAGE is 'English'; expected a BCP 47 tag such as 'en', 'zh' or 'zh-TW'; write")
    ],
    "has_views": [(fact(VIEWS=("text",)), "VIEWS is ('text',); expected a tuple that begins with 'multimodal'")],
    "answers_spaces": [
        (fact(SPACES=SPACES), "SPACES does not name emotion4; expected a sentence or None; add 'emotion4'"),
        (fact(SPACES=SPACES), "SPACES names 'polarity'; expected one of emotion4, emotion7, polarity3, valence"),
        (fact(SPACES=None), "SPACES is None; expected a mapping"),
    ],
    "can_be_read": [(fact(read=lambda root, more: None), "read needs 2 arguments; expected one, the folder")],
    "reads": [
        (fact(read=crash), f"KeyError ('text') from {__file__}, line "),
        (fact(read=lambda root: None), "it gives NoneType; expected harness.api.Release"),
        (fact(read=lambda root: read(root / "noise")), "holds no table.txt; link the folder that holds it; mend"),
    ],
    "refuses_a_missing_folder": [
        (fact(read=careless), "it gives a release; expected a ReleaseError; look for the files of the corpus first"),
        (fact(read=crash), "expected a ReleaseError; raise ReleaseError(path, problem, row=line"),
        (fact(read=nameless), "it says: somewhere: is missing; expected a ReleaseError that names the folder"),
    ],
    "refuses_an_empty_folder": [(fact(read=careless), "it gives a release; expected a ReleaseError")],
    "has_types": [
        (
            row(turn="2"),
            "1 fields have another type: Utterance.turn is '2'; expected the types in harness/study/release.py",
        ),
        (row(flags=[1]), "Utterance.flags holds 1"),
        (label(shared={"emotion7": "happy"}), "Annotation.shared holds 'happy'"),
        (release(utterances=[None]), "NoneType in place of Utterance"),
        (release(dropped=["line 3"]), "Release.dropped holds 'line 3'"),
    ],
    "is_whole": [
        (release(rows=99), "the release has 99 rows, but 21 were kept and 0 dropped; the adapter loses rows; see"),
        (row(id="u01"), "1 ids that repeat: u01"),
        (row(id=" u02"), "1 utterances whose id, dialogue, speaker, fold or stratum is blank"),
        (row(dialogue=""), "1 utterances whose id, dialogue, speaker, fold or stratum is blank"),
        (row(split="val"), "1 utterances of an unknown split: u02"),
        (label(shared={}), "u02 (multimodal): answers the spaces []"),
    ],
    "labels_each_once": [
        (after(lambda r: r.annotations.append(r.annotations[0])), "1 ids have several label rows: u01; expected one"),
    ],
    "has_dialogues": [
        (TWO_TURNS, "1 turns stand for several utterances: train turn 1; expected one each; number the turns"),
    ],
    "has_text": [
        (row(text=" hm"), "1 texts begin or end with blanks: u02"),
    ],
    "has_languages": [
        (row(language="eng_US"), "1 tags are none: 'eng_US'; expected a BCP 47 tag"),
        (row(language="fr"), "1 languages beside LANGUAGE (en): fr; expected one; make it a corpus each"),
    ],
    "has_times": [
        (row(end=float("nan")), "1 utterances have times that are no seconds: u02; expected finite numbers from 0"),
        (row(start=5, end=4), "1 spans run backwards: u02; expected start before end"),
    ],
    "has_people": [
        (row(gender="F"), "1 other genders: 'F'; expected female, male or None; map them"),
    ],
    "keeps_people_apart": [
        (row(speaker="cy"), "1 speakers are in several splits or folds: cy; expected each in one; fine if the split"),
        (row(fold="1"), "1 of 21 utterances have a fold; expected all or none; give every row one"),
        (after(lambda r: [setattr(one, "fold", one.split) for one in r.utterances]), "14 utterances with a fold are"),
    ],
    "counts_what_is_dropped": [
        (release(dropped=[Dropped("", "blank")], rows=22), "1 dropped rows have no place: ''; expected file and line"),
        (
            release(dropped=[Dropped("line 9", "Not good")], rows=22),
            "1 reasons of dropped rows are not words of this form: 'N",
        ),
        (
            row(flags=["Very loud"]),
            "1 flags are not words of this form: 'Very loud'; expected words such as no_majority",
        ),
    ],
    "stays_inside": [
        (row(audio="/etc/passwd"), "1 clips are no plain relative paths: /etc/passwd; expected a path below root"),
        (row(audio="../release/u02.wav"), "1 clips are no plain relative paths"),
        (row(audio="u99.wav"), "1 clips are not there: u99.wav; expected None for a clip that is missing"),
        (release(files=["gone.csv"]), "1 Release.files are not there: gone.csv"),
    ],
    "has_one_use_a_file": [(release(surplus={"u02.wav": "extra"}), "1 surplus files are clips of utterances: u02.wav")],
    "has_parts": [
        (
            row(parts={"audio": MediaPart(3, 2)}),
            "1 parts are not so: u02 (audio); expected audio or video with a path, 0 <=",
        ),
        (row(parts={"video": MediaPart()}), "1 parts are not so: u02 (video)"),
        (row(parts={"audio": MediaPart(half="top")}), "1 parts are not so: u02 (audio)"),
    ],
    "has_native_labels": [(label(native={"v": float("nan")}), "1 label rows hold values that JSON has not: u02")],
    "keeps_its_word_on_spaces": [
        (fact(SPACES={**sound().SPACES, "valence": None}), "21 utterances have a label in valence: u01, u02, u03, ...;")
    ],
    "uses_every_class": [
        (
            after(lambda r: [one.shared.update(emotion7=Shared("sad")) for one in r.annotations]),
            "6 classes of emotion7",
        ),
        (after(lambda r: [one.shared.update(valence=Shared(None, "blank")) for one in r.annotations]), "no utterance"),
    ],
    "has_the_views_it_names": [
        (fact(VIEWS=("multimodal",)), "1 views are not in VIEWS: audio; expected multimodal; add them"),
        (fact(VIEWS=("multimodal", "audio", "text")), "1 views of VIEWS do not occur: text"),
    ],
    "has_named_votes": [
        (
            label(votes={"multimodal": [Vote("", "sad")]}),
            "1 lists of votes are not so: u02 (multimodal); expected Vote",
        ),
        (label(votes={"multimodal": [Vote("a", "sad"), Vote("a", "sad")]}), "1 lists of votes are not so"),
        (label(votes={"multimodal": [Vote("a", "sad", float("inf"))]}), "1 lists of votes are not so"),
    ],
    "has_distributions": [
        (label(soft={"emotion7": {"sad": 0.5}}), "1 soft labels are none: u02 (emotion7); expected shares from 0 to 1"),
        (label(soft=SOFT), "1 soft labels are none: u02 (emotion7)"),
    ],
    "has_the_published_counts": [
        (release(published=(TABLE,)), "1 counts differ from a paper: all/sad 4 published, 3 read; expected equal")
    ],
    "reads_alike_twice": [(fact(read=by_chance), "notes differ, first in number 0: ")],
    "does_not_mind_the_order_of_folders": [(fact(read=by_folder), "utterances differ, first in number ")],
    "changes_nothing": [(fact(read=untidy), "1 files are new, changed or gone: cache.txt; expected no change; write")],
    "survives_cut_files": [
        (fact(read=trusting), "table.txt cut after 0 of 243 bytes: IndexError (list index out of range) from ")
    ],
}
WARNINGS = {("has_text", 0), ("has_times", 1), ("has_people", 0), ("keeps_people_apart", 0)} | {
    *(("uses_every_class", at) for at in (0, 1)), ("has_the_views_it_names", 1), ("has_the_published_counts", 0)
}  # fmt: skip
