"""The real annotations of MELD and EmotionTalk through the whole study, against independently measured values.

The anchors were measured outside this project: character 1-3-grams of the Chinese text (MELD machine-translated),
tf-idf with a minimum of two texts, balanced logistic regression with C = 1, train split to official test.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from small_studies import params_of, run_to_cells

from harness.core import paths
from harness.core.plugins import find
from harness.study.cells import Cell, read_cells

UAR = {
    ("emotion4", "meld", "meld"): 0.527,
    ("emotion4", "emotiontalk", "emotiontalk"): 0.531,
    ("emotion4", "meld", "emotiontalk"): 0.401,
    ("emotion4", "emotiontalk", "meld"): 0.394,
    ("emotion7", "meld", "emotiontalk"): 0.271,
    ("emotion7", "emotiontalk", "meld"): 0.283,
}
FLOORS = {  # EmotionTalk's official test split, multimodal label
    ("emotion7", "wa"): 0.415,
    ("emotion7", "uar"): 0.143,
    ("emotion7", "wf1"): 0.244,
    ("emotion4", "wa"): 0.531,
    ("emotion4", "wf1"): 0.368,
}
HUMAN_TEXT = {
    ("emotion7", "wa"): 0.432,
    ("emotion7", "uar"): 0.348,
    ("emotion7", "wf1"): 0.428,
    ("emotion4", "wf1"): 0.581,
}
HALF_WIDTH = {"emotiontalk": 0.0336, "meld": 0.0278}  # of the dialogue-clustered 95 % interval of UAR


@pytest.fixture(scope="module")
def cells(corpora_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Cell]:
    folder = tmp_path_factory.mktemp("real")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        params = params_of(
            folder,
            spaces=("emotion4", "emotion7"),
            encoders={
                "ngrams": {"encoder": "ngrams", "routes": ["zh"], "chars": [1, 3], "words": [], "buckets": 2**20}
            },
            engine={"workers": 2},
            statistics={"resamples": 1000},
        )
        find("verb", "link").run(params, "meld", str(corpora_folder / "MELD"))
        find("verb", "link").run(params, "emotiontalk", str(corpora_folder / "EmotionTalk"))
        run_to_cells(params)
        return read_cells(paths.CELLS)


def value(cells: list[Cell], space: str, source: str, target: str, metric: str = "uar") -> Cell:
    return next(c for c in cells if (c.space, c.source, c.target, c.metric) == (space, source, target, metric))


@pytest.mark.slow
@pytest.mark.parametrize("cell", UAR)
def test_the_matrix_is_that_of_an_independent_run(cells: list[Cell], cell: tuple[str, str, str]) -> None:
    assert value(cells, *cell).value == pytest.approx(UAR[cell], abs=0.02)


@pytest.mark.slow
def test_floors_and_the_human_ceiling_are_the_published_ones(cells: list[Cell]) -> None:
    for (space, metric), expected in FLOORS.items():
        assert value(cells, space, "meld", "emotiontalk", metric).floor == pytest.approx(expected, abs=0.0006)
    for (space, metric), expected in HUMAN_TEXT.items():
        assert value(cells, space, "meld", "emotiontalk", metric).ceiling == pytest.approx(expected, abs=0.0006)


@pytest.mark.slow
def test_intervals_are_as_wide_as_dialogues_make_them(cells: list[Cell]) -> None:
    for corpus, expected in HALF_WIDTH.items():
        home = value(cells, "emotion4", corpus, corpus)
        assert (home.high - home.low) / 2 == pytest.approx(expected, rel=0.2)
        assert home.n == {"emotiontalk": 1509, "meld": 2210}[corpus]
        assert home.clusters == {"emotiontalk": 84, "meld": 278}[corpus]
