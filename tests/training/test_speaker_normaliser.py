"""Standardising by speaker, against scikit-learn's scaler one speaker at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler
from worlds import recipe, study

from harness.core import memory
from harness.core.paths import CELLS, utterances
from harness.features.matrix import Ragged
from harness.study import cells, manifest
from harness.training.corpus_features import corpus_features, with_modalities
from harness.training.speaker_normaliser import LEAST, by_speaker


def test_every_speaker_is_standardised_by_their_own_rows_and_few_rows_by_all() -> None:
    chance = np.random.default_rng(1)
    rows = chance.normal(size=(60, 4)).astype(np.float32)
    rows[:, 3] = 7.0
    who = ["a"] * 30 + ["b"] * 22 + ["c"] * (LEAST - 1 - 1) + [None] * 0
    rows, who = rows[: len(who)], list(who)
    chance.shuffle(who)
    made = by_speaker(rows, who)
    for name in ("a", "b"):
        at = [place for place, one in enumerate(who) if one == name]
        np.testing.assert_allclose(made[at], StandardScaler().fit_transform(rows[at].astype(float)), atol=1e-5)
    at = [place for place, one in enumerate(who) if one == "c"]
    np.testing.assert_allclose(made[at], StandardScaler().fit(rows.astype(float)).transform(rows)[at], atol=1e-5)


def test_frames_are_standardised_over_all_frames_of_a_speaker() -> None:
    chance = np.random.default_rng(2)
    pieces = [chance.normal(size=(n, 3)).astype(np.float32) for n in (4, 6, 9, 5)]
    made = by_speaker(Ragged.of(pieces, 3), ["a", "b", "a", "b"])
    assert isinstance(made, Ragged)
    wanted = StandardScaler().fit_transform(np.concatenate([pieces[0], pieces[2]]).astype(float))
    np.testing.assert_allclose(np.concatenate([made.values[0:4], made.values[10:19]]), wanted, atol=1e-5)


def test_a_recipe_by_speaker_is_called_transductive_and_knows_who_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from small_studies import stage

    monkeypatch.chdir(tmp_path)
    row = recipe(text=True, normalise="speaker_std")
    params = study(tmp_path, {"r": row})
    stage("score", params)
    assert {one.protocol for one in cells.read_cells(CELLS)} == {"single_source_transductive"}
    asked = with_modalities(row, params["encoders"])
    memory.forget()
    before = corpus_features("meld", asked)
    store = before.stores["text"]
    who = {one.id: one.speaker for one in manifest.read_utterances(utterances("meld"))}
    first = who[store.ids[0]]
    mine = [at for at, name in enumerate(store.ids) if who[name] == first]
    assert len(mine) >= LEAST
    np.testing.assert_allclose(np.asarray(before.parts["text"])[mine].mean(axis=0), 0, atol=1e-5)
    text = utterances("meld").read_text(encoding="utf-8")
    utterances("meld").write_text(text.replace(f'"speaker": "{first}"', '"speaker": "x"'), encoding="utf-8")
    assert utterances("meld").read_text(encoding="utf-8") != text
    memory.forget()
    assert corpus_features("meld", asked).digests != before.digests
