"""The audit of the real annotations finds what is known of them, by itself, to the printed digit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_studies import params_of, stage

from harness.core import paths
from harness.corpora.reading import links

FOLDERS = {
    "emotiontalk": "EmotionTalk",
    "ch_sims": "CH-SIMS",
    "ch_sims_v2": "CH-SIMS-v2",
    "m3ed": "M3ED",
    "meld": "MELD",
}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def audit(corpora_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("audit")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        params = params_of(folder)
        params["corpora"] = {name: {} for name in (*FOLDERS, "iemocap")} | {"ch_sims_v2": {"adapter": "ch_sims"}}
        links.fill_gaps(list(params["corpora"]))
        for name, place in FOLDERS.items():
            links.link(name, corpora_folder / place)
        for name in params["corpora"]:
            stage("prepare", params, name)
        stage("audit", params)
        found: dict[str, Any] = json.loads(paths.AUDIT_JSON.read_text(encoding="utf-8"))
        found["html"] = paths.AUDIT.read_text(encoding="utf-8")
        return found


def texts(audit: dict[str, Any]) -> str:
    return "\n".join(one["text"] for one in audit["findings"])


def test_the_flipped_positives_come_first(audit: dict[str, Any]) -> None:
    first = audit["findings"][0]
    assert first["corpus"] == "emotiontalk"
    assert (
        "the field val contradicts the emotion label: 2,001 of 3,592 positive rows (55.7 %) lie below 0"
        in first["text"]
    )
    assert "their mean is −.048" in first["text"]
    assert "The step 1.8 never occurs, −1.8 does 577 times. Do not use val as valence." in first["text"]
    scale = audit["corpora"]["emotiontalk"]["contradictions"]["scales"]["val"]["the emotion label"]
    assert scale["below"] == pytest.approx(0.784, abs=0.0005)
    assert scale["above"] == pytest.approx(0.102, abs=0.0005)


def test_the_other_corpora_contradict_nothing(audit: dict[str, Any]) -> None:
    assert texts(audit).count("contradicts") == 1
    sentiment = audit["corpora"]["meld"]["contradictions"]["words"]["Sentiment"]
    assert (sentiment["compared"], sentiment["different"]) == (12072, 0)
    assert sentiment["table"]["surprise"] == {"positive": 780, "negative": 856}
    for name, values in (("ch_sims", 11), ("ch_sims_v2", 11)):
        scale = audit["corpora"][name]["contradictions"]["scales"]["label"]["the field annotation"]
        assert not scale["contradicts"]
        assert len(scale["asymmetry"]["counts"]) == values


def test_speakers_and_videos_that_splits_share_are_named(audit: dict[str, Any]) -> None:
    found = texts(audit)
    assert "EmotionTalk: dev and test share 2 speakers (02, 13), who say" in found
    assert "train shares none with test" in found
    assert "58 of 60 dialogues (videos) have utterances in all of train, dev and test" in found
    assert "117 of 145 dialogues (videos) have utterances in all of train, dev and test" in found
    assert "MELD: train and test share 69 speakers" in found


def test_one_corpus_inside_another_is_found(audit: dict[str, Any]) -> None:
    inside = next(pair["contained"] for pair in audit["between"] if pair["contained"])
    assert inside == {
        "small": "ch_sims", "large": "ch_sims_v2", "utterances": 2281, "recur": 2281, "equal_label": 2281,
        "equal_split": 2281, "equal_text": 2281 - 32,
    }  # fmt: skip
    assert sum(bool(pair["contained"]) for pair in audit["between"]) == 1


def test_ids_that_restart_are_found(audit: dict[str, Any]) -> None:
    assert "MELD: 2,067 ids (dia0_utt0, …) recur in another split of the release" in texts(audit)
    assert not any(
        audit["corpora"][name]["duplicates"]["ids"]["repeated"] for name in ("emotiontalk", "ch_sims", "m3ed")
    )


@pytest.mark.parametrize(
    ("a", "b", "equal", "kappa"),
    [
        ("multimodal", "audio", 0.678, 0.572), ("multimodal", "video", 0.663, 0.567),
        ("multimodal", "text", 0.423, 0.258), ("audio", "video", 0.568, 0.427),
        ("text", "audio", 0.464, 0.271), ("text", "video", 0.355, 0.174),
    ],
)  # fmt: skip
def test_views_agree_as_measured_elsewhere(audit: dict[str, Any], a: str, b: str, equal: float, kappa: float) -> None:
    # text: by the published counts of both views chance is 81,988,521 / 19,250^2, so kappa is .2585 and not above it
    pairs = audit["corpora"]["emotiontalk"]["views"]["pairs"]["emotion7"]
    pair = next(pair for pair in pairs if (pair["a"], pair["b"]) == (a, b))
    assert (round(pair["equal"], 3), round(pair["kappa"], 3)) == (equal, kappa)


def test_four_labels_of_one_utterance_as_measured_elsewhere(audit: dict[str, Any]) -> None:
    found = audit["corpora"]["emotiontalk"]["views"]["together"]["emotion7"]
    keys = ("all_equal", "single_equal", "single_different", "fused_alone")
    assert [round(100 * found[key] / found["utterances"], 1) for key in keys] == [24.5, 27.2, 15.7, 11.3]


@pytest.mark.parametrize(
    ("view", "wa", "uar", "wf1", "wf1_of_4"),
    [("audio", 68.8, 59.1, 68.3, 81.5), ("video", 65.9, 54.5, 64.5, 80.2), ("text", 43.2, 34.8, 42.8, 58.1)],
)
def test_human_ceilings_as_measured_elsewhere(
    audit: dict[str, Any], view: str, wa: float, uar: float, wf1: float, wf1_of_4: float
) -> None:
    ceilings = {(c["space"], c["view"]): c for c in audit["corpora"]["emotiontalk"]["views"]["ceilings"]}
    seven, four = ceilings["emotion7", view], ceilings["emotion4", view]
    assert [round(100 * seven[name], 1) for name in ("wa", "uar", "wf1")] == [wa, uar, wf1]
    assert round(100 * four["wf1"], 1) == wf1_of_4
    assert seven["utterances"] == 1929


def test_priors_are_as_far_apart_as_measured_elsewhere(audit: dict[str, Any]) -> None:
    pairs = {(pair["a"], pair["b"]): pair for pair in audit["prior_distance"]["test"]["emotion4"]}
    assert round(pairs["emotiontalk", "meld"]["total_variation"], 3) == 0.069


def test_the_page_shows_chinese_and_says_what_is_absent(audit: dict[str, Any]) -> None:
    assert "嗯嗯嗯。" in audit["html"]
    assert "IEMOCAP is not in this audit: not linked." in audit["html"]
    assert "No utterance of M3ED has a transcript in this form of the release." in audit["html"]
