"""Two copies of a release below one folder are never mixed, and none is picked without a word."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import ModuleType

import pytest

from harness.core.errors import ReleaseError
from harness.corpora.synthetic.release import Plan, write
from harness.corpora.synthetic.world import World
from harness_adapters import ch_sims, emotiontalk, iemocap, m3ed, meld

SMALL = World(utterances=40, dialogues=12, speakers=10)
ADAPTERS = {"meld": meld, "m3ed": m3ed, "ch_sims": ch_sims, "iemocap": iemocap, "emotiontalk": emotiontalk}


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for name in ADAPTERS:
        made[name] = tmp_path_factory.mktemp(name) / "release"
        write(Plan(SMALL), name, name, made[name])
    return made


@pytest.fixture(params=sorted(ADAPTERS))
def corpus(request: pytest.FixtureRequest, releases: dict[str, Path]) -> tuple[ModuleType, Path]:
    return ADAPTERS[request.param], releases[request.param]


def test_two_copies_side_by_side_are_refused_by_both_names(corpus: tuple[ModuleType, Path], tmp_path: Path) -> None:
    adapter, release = corpus
    for name in ("first", "second"):
        shutil.copytree(release, tmp_path / "both" / name)
    with pytest.raises(ReleaseError) as caught:
        adapter.read(tmp_path / "both")
    assert "first" in str(caught.value)
    assert "second" in str(caught.value)


def test_a_copy_deeper_in_the_tree_is_not_read_and_named(corpus: tuple[ModuleType, Path], tmp_path: Path) -> None:
    adapter, release = corpus
    shutil.copytree(release, tmp_path / "both")
    alone = adapter.read(tmp_path / "both")
    shutil.copytree(release, tmp_path / "both" / "old" / "copy")
    if adapter is emotiontalk:  # its folders of JSON files have no order of nearness
        with pytest.raises(ReleaseError, match=r"both/.*: labels \S+ a second time; expected only .*/both/"):
            adapter.read(tmp_path / "both")
        return
    read = adapter.read(tmp_path / "both")
    assert [row.id for row in read.utterances] == [row.id for row in alone.utterances]
    (note,) = [note for note in read.notes if "were not read, such as old/copy" in note]
    assert note not in alone.notes


def test_parts_of_two_copies_of_meld_are_never_put_together(releases: dict[str, Path], tmp_path: Path) -> None:
    for name, missing in (("first", "train"), ("second", "test")):
        folder = tmp_path / "both" / name
        shutil.copytree(releases["meld"], folder)
        next(folder.rglob(f"{missing}_sent_emo.csv")).unlink()
    with pytest.raises(
        ReleaseError, match=r"holds parts of two copies, such as .*first.* and .*second.*; link the folder"
    ):
        meld.read(tmp_path / "both")


def test_parts_of_two_label_packs_are_never_put_together(tmp_path: Path) -> None:
    for name, files in (("first", ("mm.csv", "audio.csv")), ("second", ("mm.csv", "video.csv"))):
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).write_text("file_name,emotion\nG00001_01_01_001,happy\n")
    with pytest.raises(ReleaseError, match=r"holds parts of two copies, such as first/mm\.csv and second/mm\.csv"):
        emotiontalk.read(tmp_path)


def test_movie_lists_are_those_beside_the_annotation(releases: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(releases["m3ed"], tmp_path / "M3ED")
    alone = m3ed.read(tmp_path)
    (tmp_path / "notes").mkdir()
    for name in ("train", "val", "test"):
        (tmp_path / f"movie_list_{name}.txt").write_text("somebody's own\n")
    assert [row.split for row in m3ed.read(tmp_path).utterances] == [row.split for row in alone.utterances]


def test_tables_that_stand_there_once_may_lie_apart(releases: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(releases["meld"], tmp_path / "MELD")
    alone = meld.read(tmp_path / "MELD")
    table = next((tmp_path / "MELD").rglob("train_sent_emo.csv"))
    (tmp_path / "MELD" / "train").mkdir(exist_ok=True)
    table.rename(tmp_path / "MELD" / "train" / table.name)
    assert [row.id for row in meld.read(tmp_path / "MELD").utterances] == [row.id for row in alone.utterances]
