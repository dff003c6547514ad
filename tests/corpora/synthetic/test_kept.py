"""Made-up releases that lie there already: one that a kill left half done, one of another study, and load tests."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from small_studies import CHECKOUT, params_of, stage

from harness.core import paths as layout
from harness.core.errors import NameUnknownError
from harness.core.files import read_json
from harness.core.paths import WATERMARK
from harness.corpora.reading import links
from harness.corpora.synthetic.release import Plan, is_current, known_defects, write
from harness.corpora.synthetic.world import World

WORLD = World(utterances=60, dialogues=20, speakers=10)
LONG = World(utterances=1500, dialogues=20, speakers=10)
HALF = """
from pathlib import Path
from harness.corpora.synthetic.world import World
from harness.corpora.synthetic.release import Plan, write
write(Plan(World(utterances=1500, dialogues=20, speakers=10), True), "m3ed", "m3ed", Path("m3ed"))
"""


def mark(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / WATERMARK).read_text())
    return found


def test_a_release_whose_writer_was_killed_is_ours_and_is_written_again(tmp_path: Path) -> None:
    root = tmp_path / "m3ed"
    with subprocess.Popen([sys.executable, "-c", HALF], cwd=tmp_path, env={"PYTHONPATH": str(CHECKOUT)}) as writer:
        while not any(root.rglob("*.wav")) and writer.poll() is None:
            time.sleep(0.005)
        writer.kill()
    assert 0 < len(list(root.rglob("*.wav"))) < LONG.utterances
    assert mark(root)["finished"] is False
    assert not is_current(Plan(LONG, True), "m3ed", "m3ed", root)
    write(Plan(WORLD, True), "m3ed", "m3ed", root)
    assert len(list(root.rglob("*.wav"))) == WORLD.utterances
    assert is_current(Plan(WORLD, True), "m3ed", "m3ed", root)


def test_a_misspelt_defect_leaves_what_is_there_alone(tmp_path: Path) -> None:
    root = tmp_path / "meld"
    write(Plan(WORLD), "meld", "meld", root)
    with pytest.raises(NameUnknownError, match=r"no defect is called 'overlogn'; did you mean 'overlong'\?"):
        write(Plan(WORLD, defects=["overlogn"]), "meld", "meld", root, known_defects(["meld", "m3ed"]))
    assert is_current(Plan(WORLD), "meld", "meld", root)
    assert (root / "dev_sent_emo.csv").is_file()


def test_a_defect_of_another_corpus_of_the_study_is_no_mistake(tmp_path: Path) -> None:
    counts = write(Plan(WORLD, defects=["id_gaps"]), "meld", "meld", tmp_path / "meld", known_defects(["meld", "m3ed"]))
    assert counts == {}


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    write(Plan(WORLD), "ch_sims", "ch_sims", tmp_path)
    assert mark(tmp_path)["finished"] is True


def test_what_a_link_in_a_made_up_release_points_at_stays(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "thesis.tex").touch()
    root = tmp_path / "m3ed"
    write(Plan(WORLD), "m3ed", "m3ed", root)
    (root / "elsewhere").symlink_to(outside)
    write(Plan(WORLD), "m3ed", "m3ed", root)
    assert not (root / "elsewhere").is_symlink()
    assert (outside / "thesis.tex").is_file()


def test_prepare_reads_a_scaled_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    params = params_of(tmp_path, corpora=("m3ed", "iemocap"))
    for corpus in params["corpora"]:
        write(Plan(WORLD, True, "all", scale=6), corpus, corpus, Path("made", corpus))
        links.link(corpus, Path("made", corpus))
        stage("prepare", params, corpus)
        card = read_json(layout.card(corpus), "dvc repro prepare")
        paths = [path for path in Path("made", corpus).rglob("*") if path.suffix in (".wav", ".avi")]
        assert card["kept"] == 6 * WORLD.utterances
        assert any(path.stat().st_nlink > 1 for path in paths)
        counts, media = mark(Path("made", corpus))["defects"], card["media"]
        assert media["audio"]["states"] == ({"empty": counts["zero_length"]} if corpus == "m3ed" else {})
        assert corpus == "m3ed" or media["video"]["states"] == {}  # a recording that stands for others is long enough
        assert set(media["surplus"]) == (set() if corpus == "m3ed" else {"dialogue_recording"})
