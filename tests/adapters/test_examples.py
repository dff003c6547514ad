"""The example distribution: found by its entry point, and what it reads of four real corpora."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from pathlib import Path
from types import ModuleType

import pytest
from small_studies import CHECKOUT, params_of, stage

from harness.core import plugins
from harness.core.errors import HarnessError, ReleaseError, UnknownLabelError
from harness.corpora.contract import check
from harness.corpora.reading import links
from harness.study.manifest import read_utterances
from harness.study.release import Release

EXAMPLE = CHECKOUT / "examples" / "speech-corpora"
CORPORA = ("ased", "ravdess", "taiwan", "urdu")
COLUMNS = "corpus,id,file,speaker,gender,native,emotion,seconds"


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the distribution on the path as an editable install does: its folder, and a real entry point."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = tmp_path / "site" / "emotransfer_speech_corpora-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    ((name, value),) = project["entry-points"]["harness.corpora"].items()
    (info / "entry_points.txt").write_text(f"[harness.corpora]\n{name} = {value}\n")
    monkeypatch.syspath_prepend(EXAMPLE)
    monkeypatch.syspath_prepend(tmp_path / "site")


def adapter(corpus: str) -> ModuleType:
    return plugins.find("corpus", corpus)


@pytest.fixture
def speech(corpora_folder: Path) -> Path:
    return corpora_folder / "speech"


def test_the_entry_point_adds_four_corpora_and_no_private_file() -> None:
    assert set(CORPORA) <= set(plugins.names("corpus"))
    assert not [name for name in plugins.names("corpus") if name.startswith("_")]
    assert plugins.source("corpus", "urdu") == EXAMPLE / "speech_corpora" / "urdu.py"


def test_an_outside_package_uses_what_is_public() -> None:
    for path in (EXAMPLE / "speech_corpora").glob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        used = {line.split()[1] for line in lines if line.startswith(("from harness", "import harness"))}
        assert used <= {"harness.api"}, path.name
        assert len(lines) <= 200


COUNTS = {
    "ravdess": {
        "neutral": 48,
        **dict.fromkeys(("calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"), 96),
    },
    "taiwan": {"Positive": 218, "Natural": 214, "Negative": 220},
    "urdu": dict.fromkeys(("Angry", "Happy", "Neutral", "Sad"), 100),
    "ased": {"neutral": 220, "fearful": 188, "happy": 188, "sad": 172, "angry": 184},
}
SPEAKERS = {"ravdess": 12, "taiwan": 0, "urdu": 29, "ased": 26}


def natives(release: Release) -> Counter[str]:
    return Counter(next(iter(row.native.values())) for row in release.annotations)


@pytest.mark.parametrize("corpus", CORPORA)
def test_the_real_corpus_is_read_whole(corpus: str, speech: Path) -> None:
    release = adapter(corpus).read(speech)
    rows = release.utterances
    assert natives(release) == COUNTS[corpus]
    assert len({row.speaker for row in rows if row.speaker}) == SPEAKERS[corpus]
    assert all(row.audio and (speech / row.audio).is_file() for row in rows)
    assert all(row.end for row in rows), "the index states how long each clip is"
    assert not release.dropped
    assert Counter(release.surplus.values()) == {"other_corpus": 2724 - len(rows)}


@pytest.mark.parametrize("corpus", CORPORA)
def test_its_own_folder_gives_the_same_rows(corpus: str, speech: Path) -> None:
    listed, alone = adapter(corpus).read(speech), adapter(corpus).read(speech / corpus)
    facts = ("id", "fold", "dialogue", "turn", "speaker", "gender", "strata", "flags")
    both = [[[getattr(row, fact) for fact in facts] for row in one.utterances] for one in (listed, alone)]
    assert both[0] == both[1]
    assert listed.annotations == alone.annotations
    assert all(row.end is None for row in alone.utterances)


@pytest.mark.parametrize(
    ("corpus", "folds", "spread"), [("ravdess", 6, 0), ("taiwan", 5, 1), ("urdu", 5, 20), ("ased", 5, 20)]
)
def test_folds_are_even_and_share_no_speaker(corpus: str, folds: int, spread: int, speech: Path) -> None:
    rows = adapter(corpus).read(speech).utterances
    sizes = Counter(row.fold for row in rows)
    assert len(sizes) == folds
    assert max(sizes.values()) - min(sizes.values()) <= spread
    heard = defaultdict(set)
    for row in rows:
        heard[row.speaker].add(row.fold)
    assert corpus == "taiwan" or all(len(parts) == 1 for parts in heard.values())


def test_what_is_known_of_single_corpora(speech: Path) -> None:
    assert any("folds may share" in note for note in adapter("taiwan").read(speech).notes)
    ased = adapter("ased").read(speech)
    odd = [row.id for row in ased.utterances if row.gender is None]
    assert len(odd) == 5
    assert [row.id for row in ased.utterances if "gender_contradicted" in row.flags] == odd
    ravdess = adapter("ravdess").read(speech)
    calm = [row.shared for row in ravdess.annotations if row.native["emotion"] == "calm"]
    assert {(one["emotion7"].reason, one["polarity3"].reason) for one in calm} == {("outside_space:calm",) * 2}
    assert all(one.shared["emotion7"].reason == "not_annotated" for one in adapter("taiwan").read(speech).annotations)


@pytest.mark.parametrize("corpus", CORPORA)
@pytest.mark.parametrize("own", [False, True], ids=["index", "own folder"])
def test_they_keep_every_promise(corpus: str, own: bool, speech: Path) -> None:
    root = speech / corpus if own else speech
    results = list(check.check(check.look(corpus, adapter(corpus), root)))
    broken = [str(one) for one in results if one.mark not in ("ok", "warn")]
    assert broken == []
    warned = [str(one) for one in results if one.mark == "warn"]
    assert all("do not occur: surprise, disgust" in said for said in warned), "classes that URDU and ASED have not"


def write_index(root: Path, *rows: str) -> Path:
    """Write an index of URDU: a row is `id,speaker,gender,native`; a clip lies there for each."""
    lines = [COLUMNS]
    for row in rows:
        name, speaker, gender, native = row.split(",")
        lines.append(f"urdu,{name},{name}.flac,{speaker},{gender},{native},x,1.5")
        (root / "urdu").mkdir(exist_ok=True)
        (root / "urdu" / f"{name}.flac").touch()
    (root / "index.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


SOUND = tuple(f"SM{n}_F1_A0{n},SM{n},male,A" for n in range(1, 6))


def test_a_clip_that_is_missing_is_flagged_and_others_are_named(tmp_path: Path) -> None:
    write_index(tmp_path, *SOUND)
    (tmp_path / "urdu" / "SM3_F1_A03.flac").unlink()
    (tmp_path / "urdu" / "extra.flac").touch()
    (tmp_path / "urdu" / "._SM1_F1_A01.flac").touch()
    release = adapter("urdu").read(tmp_path)
    assert {row.id: row.flags for row in release.utterances if row.audio is None} == {"SM3_F1_A03": ["clip_missing"]}
    assert release.surplus == {"urdu/extra.flac": "not_in_index"}


def test_a_clip_outside_the_release_is_not_taken(tmp_path: Path) -> None:
    root = tmp_path / "release"
    root.mkdir()
    write_index(root, *SOUND)
    (tmp_path / "secret.flac").touch()
    (root / "urdu" / "SM1_F1_A01.flac").unlink()
    (root / "urdu" / "SM1_F1_A01.flac").symlink_to(tmp_path / "secret.flac")
    index = root / "index.csv"
    index.write_text(index.read_text().replace("SM2_F1_A02.flac", "../../secret.flac"))
    missing = [row.id for row in adapter("urdu").read(root).utterances if row.audio is None]
    assert missing == ["SM1_F1_A01", "SM2_F1_A02"]


@pytest.mark.parametrize(
    ("row", "kind", "text"),
    [
        ("SM9_F1_A09,SM9,male,H", ReleaseError, r"line 7: native of SM9_F1_A09 is 'H'; expected 'A', as the name says"),
        ("SM9_F1_A09,SM8,male,A", ReleaseError, r"line 7: speaker of SM9_F1_A09 is 'SM8'; expected 'SM9'"),
        ("SM9_F1_X09,SM9,male,X", UnknownLabelError, r"line 7: unknown label 'X'; expected one of A, H, N, S"),
        ("noise,SM9,male,A", ReleaseError, r"line 7: the id 'noise' is no name of a clip of urdu"),
        (SOUND[0], ReleaseError, r"SM1_F1_A01 is there twice: line 2 and line 7; remove one"),
    ],
)
def test_an_index_that_contradicts_itself_names_the_line(
    row: str, kind: type[HarnessError], text: str, tmp_path: Path
) -> None:
    write_index(tmp_path, *SOUND, row)
    with pytest.raises(kind, match=text):
        adapter("urdu").read(tmp_path)


def test_too_few_speakers_for_the_folds_is_an_error(tmp_path: Path) -> None:
    write_index(tmp_path, *SOUND[:4])
    with pytest.raises(HarnessError, match="4 speakers for 5 folds"):
        adapter("urdu").read(tmp_path)


def test_songs_of_ravdess_are_left_out_and_counted(tmp_path: Path) -> None:
    for actor in range(1, 7):
        for channel in ("01", "02"):
            (tmp_path / f"03-{channel}-05-01-02-01-{actor:02d}.wav").touch()
    (tmp_path / "readme.wav").touch()
    release = adapter("ravdess").read(tmp_path)
    assert len(release.utterances) == 6
    assert release.rows == 13
    assert release.dropped_by_reason() == {"name_of_no_clip": 1, "song": 6}
    assert {row.id: row.gender for row in release.utterances}["03-01-05-01-02-01-02"] == "female"


@pytest.mark.slow
def test_prepare_takes_them(speech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    params = params_of(tmp_path, corpora=("urdu",))
    links.link("urdu", speech)
    stage("prepare", params, "urdu")
    assert len(read_utterances(Path("data/corpora/urdu/utterances.jsonl"))) == 400


@pytest.mark.slow
def test_it_installs_beside_the_harness_and_is_checked_from_there(speech: Path, tmp_path: Path) -> None:
    source, target, study = tmp_path / "source", tmp_path / "target", tmp_path / "study"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    options = ("--no-deps", "--no-build-isolation", "--no-index", "-q", "--target", str(target))
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(source)], check=True)
    study.mkdir()
    params_of(study, corpora=("ravdess",))
    done = subprocess.run(
        [sys.executable, "-m", "harness", "check", "taiwan", str(speech)],
        cwd=study, env={"PATH": "", "PYTHONPATH": str(target)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"taiwan: {target}/speech_corpora/taiwan.py, tried on {speech}" in done.stdout
