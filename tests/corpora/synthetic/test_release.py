"""Writing made-up releases: what the watermark says, what is left out on request, and how they grow."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_studies import params_of
from synth_sample import CORPORA, GUARD, WORLD, made

from harness.core.errors import HarnessError, NameUnknownError, SettingError
from harness.core.paths import WATERMARK
from harness.core.plugins import find
from harness.corpora.media.survey import survey
from harness.corpora.reading.card import card
from harness.corpora.synthetic.making import Making, chosen
from harness.corpora.synthetic.release import Plan, is_current, known_defects, write
from harness.corpora.synthetic.world import draw
from harness.verbs.synth import plan_of, run


def mark(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / WATERMARK).read_text())
    return found


def test_the_watermark_says_what_was_made_and_of_what() -> None:
    found = mark(made("meld", "all").root)
    assert (found["synthetic"], found["finished"], found["media"], found["scale"]) == (True, True, True, 1)
    assert (found["utterances"], found["voice"], found["clips_repeat"]) == (40, 1.0, False)
    assert found["defects"]["too_short"] == 3


def test_a_release_that_was_cut_short_is_made_again(tmp_path: Path) -> None:
    plan = Plan(WORLD)
    write(plan, "m3ed", "m3ed", tmp_path / "m3ed")
    assert is_current(plan, "m3ed", "m3ed", tmp_path / "m3ed")
    facts = mark(tmp_path / "m3ed")
    (tmp_path / "m3ed" / WATERMARK).write_text(json.dumps({**facts, "finished": False}))
    assert not is_current(plan, "m3ed", "m3ed", tmp_path / "m3ed")


@pytest.mark.parametrize(
    "other", [{"media": True}, {"defects": ["bom"]}, {"scale": 2}, {"world": replace(WORLD, voice=0.5)}]
)
def test_a_release_of_another_plan_is_not_current(other: dict[str, Any], tmp_path: Path) -> None:
    plan = Plan(WORLD)
    write(plan, "ch_sims", "ch_sims", tmp_path / "ch_sims")
    assert not is_current(replace(plan, **other), "ch_sims", "ch_sims", tmp_path / "ch_sims")


def test_what_is_not_ours_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(HarnessError, match="not ours to replace"):
        write(Plan(WORLD), "meld", "meld", tmp_path)
    assert (tmp_path / "thesis.tex").exists()


@pytest.mark.parametrize("corpus", ["m3ed", "iemocap"])
def test_a_scaled_release_has_as_many_more_of_everything_and_its_clips_fit(corpus: str, tmp_path: Path) -> None:
    root, times = tmp_path / corpus, 8
    write(Plan(WORLD, media=True, defects="none", scale=times), corpus, corpus, root)
    release = find("corpus", corpus).read(root)
    rows = survey(root, release.utterances, GUARD, 1, tmp_path / "cache")
    facts, before = card(find("corpus", corpus), release, root, rows), made(corpus).card
    assert (facts["kept"], facts["dialogues"]) == (times * before["kept"], times * before["dialogues"])
    assert (facts["media"]["audio"]["ok"], facts["media"]["audio"]["flags"]) == (times * before["kept"], {})
    files = [path for path in root.rglob("*") if path.suffix in (".wav", ".avi")]
    assert len({path.stat().st_ino for path in files}) < 0.8 * len(files)
    assert mark(root)["clips_repeat"] is True


def test_a_repeated_clip_shows_the_class_of_its_utterance(tmp_path: Path) -> None:
    plan = Plan(WORLD, media=True, defects="none", scale=8)
    write(plan, "m3ed", "m3ed", tmp_path / "m3ed")
    release = find("corpus", "m3ed").read(tmp_path / "m3ed")
    text = {row.text["zh"]: (row.gender, row.views["audio"]) for row in draw(plan.drawn_from(), "m3ed")}
    kinds: dict[int, set[tuple[str, str]]] = {}
    for row in release.utterances:
        kinds.setdefault((tmp_path / "m3ed" / str(row.audio)).stat().st_ino, set()).add(text[str(row.text)])
    assert len(kinds) < len(release.utterances)
    assert all(len(kind) == 1 for kind in kinds.values())


def test_defects_are_chosen_by_name_from_all_corpora_of_the_study() -> None:
    known = known_defects(CORPORA)
    assert {"bom", "overlong", "zero_length", "no_sentence", "dual_mono"} <= set(known)
    assert all(known.values())
    meld = find("synthetic layout", "meld")
    assert chosen(meld, "meld", ["bom", "overlong"], known) == {"overlong"}
    assert chosen(meld, "meld", "none", known) == frozenset()
    with pytest.raises(NameUnknownError, match="overlong"):
        chosen(meld, "meld", ["overlogn"], known)


def test_a_choice_does_not_hang_on_other_defects() -> None:
    rows = draw(WORLD, "meld")
    first, second = Making("meld", WORLD, True, frozenset({"b"})), Making("meld", WORLD, True, frozenset({"a", "b"}))
    assert first.pick(rows, "train", 3, "a") == frozenset()
    assert len(second.pick(rows, "train", 3, "a")) == 3
    assert first.pick(rows, "train", 2, "b") == second.pick(rows, "train", 2, "b")
    assert (first.counts, second.counts) == ({"b": 2}, {"a": 3, "b": 2})


@pytest.mark.parametrize("scale", [0, -1, 10001])
def test_a_scale_has_limits(scale: int) -> None:
    with pytest.raises(SettingError, match="--scale is"):
        plan_of({}, scale)


def test_annotation_only_makes_no_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    params = params_of(tmp_path, corpora=("m3ed",), synth={"media": True, "utterances": 40, "dialogues": 20})
    run(params, annotation_only=True)
    assert mark(Path("data/synthetic/m3ed"))["media"] is False
    assert not list(Path("data/synthetic/m3ed").rglob("*.wav"))
    run(params)
    assert len(list(Path("data/synthetic/m3ed").rglob("*.wav"))) == 40
