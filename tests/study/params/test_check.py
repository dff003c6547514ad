"""Every fault of params.yaml is found before a stage begins, with its place, and the project's own has none."""

from __future__ import annotations

import copy
import datetime
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_studies import CHECKOUT

from harness.core.plugin_constants import constant
from harness.core.plugins import names
from harness.study.params import only
from harness.study.params.check import faults
from harness.study.params.load import ParamsError, check_options, load, load_whole, resolved
from harness.study.params.plugin_options import faults as faults_of_options
from harness.study.params.yaml_file import in_words

OURS = yaml.safe_load((CHECKOUT / "params.yaml").read_text(encoding="utf-8"))


def changed(place: str, value: Any) -> dict[str, Any]:
    params: dict[str, Any] = copy.deepcopy(OURS)
    *way, last = place.split("/")
    node = params
    for part in way:
        node = node[part]
    node[last] = value
    return params


def test_the_project_s_own_is_right_and_sections_of_rows_may_be_empty() -> None:
    assert faults(OURS) == []
    assert faults_of_options(resolved(OURS)) == []
    for name in ("protocols", "external"):
        assert faults({**OURS, name: {}}) == []
    for name in OURS.keys() - {"tracking"}:  # dvc.yaml names nearly all of them
        told = faults({key: value for key, value in OURS.items() if key != name})
        assert any(text.startswith(f"lacks {name}") for _, text in told), name
    assert faults(changed("settings/my_network", {"hidden": 3})) == []
    assert faults(changed("corpora/v2", {"adapter": "ch_sims"})) == []
    assert faults(changed("recipes/情感", OURS["recipes"]["text_e5"])) == []


E5 = OURS["recipes"]["text_e5"]
TABLE: list[tuple[str, Any, str]] = [
    # types and ranges
    ("protocolls", {}, "protocolls is unknown; did you mean 'protocols'"),
    ("corpora", ["meld"], "corpora is ['meld']; expected a mapping"),
    ("engine", None, "engine is None; expected a mapping"),
    ("external", ["gpt"], "external is ['gpt']; expected a mapping"),
    ("spaces", "emotion4", "spaces is 'emotion4'; expected a list"),
    ("spaces", [], "spaces is []; expected a list that is not empty"),
    ("spaces", ["emotion4", "emotion4"], "spaces has an item twice"),
    ("external/gpt", "given.csv", "external.gpt is 'given.csv'; expected a mapping"),
    ("training/seeds", 3, "training.seeds is 3; expected a list"),
    ("training/seeds", [], "training.seeds is []; expected a list that is not empty"),
    ("training/seeds", [1, 1], "training: seeds has an item twice"),
    ("training/seeds", [1, True], "training.seeds.1 is True; expected a whole number"),
    ("training/seeds", [-1], "training.seeds.0 is -1; expected 0 or more"),
    ("training/seeds", [2**40], "expected 4294967295 or less"),
    ("training/lr", 3, "training.lr is unknown"),
    ("statistics/seed", "x", "statistics.seed is 'x'; expected a whole number"),
    ("statistics/level", 95, "statistics.level is 95; expected less than 1"),
    ("statistics/level", 1e-9, "expected 0.5 or more"),
    ("statistics/level", float("nan"), "statistics.level is nan; expected"),
    ("statistics/resamples", 1, "statistics.resamples is 1; expected 100 or more"),
    ("statistics/resample", 3, "statistics.resample is unknown; did you mean 'resamples'"),
    ("engine/workers", "many", "engine.workers is 'many'; expected a whole number or 'auto'"),
    ("engine/workers", 0, "engine.workers is 0; expected 1 or more"),
    ("media/longest", 0, "media.longest is 0; expected more than 0"),
    ("media/slack", -1, "media.slack is -1; expected 0 or more"),
    ("media/slack", None, "media.slack is None; expected a number"),
    ("media/slak", 1, "media.slak is unknown; did you mean 'slack'"),
    ("synth/signal", 1.01, "synth.signal is 1.01; expected 1 or less"),
    ("synth/speakers", 9, "synth.speakers is 9; expected 10 or more"),
    ("synth/utterances", 219, "synth: 219 utterances in 110 dialogues; expected two per dialogue"),
    ("synth/defects", 3, "synth.defects is 3; expected 'all' or 'none' or a list"),
    ("study", "", "study is ''; expected a name"),
    ("tracking", {"experiment": "x"}, "tracking.experiment is unknown"),
    ("engine", {"kind": "slurm"}, "engine.kind is 'slurm'"),
    ("engine", {"num_gpus": -1}, "engine.num_gpus is -1"),
    ("recipes/text_e5/balanced", "yes", "recipes.text_e5.balanced is 'yes'; expected true or false"),
    ("recipes/text_e5/settings", 3, "recipes.text_e5.settings is 3; expected text or a mapping"),
    ("recipes/text_e5/normalize", "none", "normalize is unknown; did you mean 'normalise'"),
    ("recipes/text_e5/normalise", "std", "expected 'none', 'source_std', 'target_std', 'speaker_std' or 'tfidf'"),
    ("recipes/text_e5/view", "txt", "expected 'multimodal', 'audio', 'text' or 'video'"),
    ("recipes/text_e5/test_views", [], "test_views is []; expected a list that is not empty"),
    ("recipes/text_e5/test_views", ["text", "text"], "test_views has an item twice"),
    ("encoders/e5/dtype", "float8", "encoders.e5.dtype is 'float8'; expected 'float32' or 'float16'"),
    ("external/gpt", {"file": "a.csv"}, "external.gpt lacks description: what made them"),
    ("external/gpt", {"file": 7, "description": ""}, "external.gpt.file is 7; expected text"),
    ("external/gpt", {"file": "a.csv", "description": "", "inputs": ["words"]}, "inputs.0 is 'words'; expected"),
    ("external/gpt", {"file": "a.csv", "description": "", "partial": "yes"}, "partial is 'yes'; expected true or"),
    ("encoders/e5", {"routes": ["native"]}, "encoders.e5 lacks encoder: file of harness/encoders"),
    # names
    ("external/..", {}, "external... cannot be a name"),
    ("recipes/a b", E5, "recipes.a b cannot be a name"),
    ("recipes/x; touch y", E5, "cannot be a name"),
    ("encoders/bge-v1.5", {"encoder": "e5"}, "cannot be a name; take letters, digits, _ and -"),
    ("recipes/-a", E5, "cannot be a name"),
    ("recipes/e\u0301", E5, "cannot be a name"),
    ("recipes/" + "a" * 300, E5, "has 300 characters; a name has 60 at most"),
    ("recipes/Text_e5", E5, "differs from 'text_e5' in case alone"),
    ("recipes/all", E5, "recipes.all means every recipe"),
    ("corpora/none", {"adapter": "meld"}, "stands for a source that is not one corpus"),
    ("corpora/others", {"adapter": "meld"}, "stands for a source that is not one corpus"),
    ("encoders/none", {"encoder": "e5"}, "means no encoder"),
    ("encoders/verify", {"encoder": "e5"}, "is a word of `features`"),
    ("protocols/single_source", {"recipes": ["text_e5"], "spaces": ["emotion4"]}, "names the matrix"),
    ("protocols/few_transductive", {"protocol": "few_shot", "recipes": ["text_e5"], "spaces": ["emotion4"]},
     "which marks cells whose training saw the target"),
    ("external/text_e5", {"file": "a.csv", "description": ""}, "is a row of `recipes`, too"),
    # references
    ("corpora/mled", {}, "corpora.mled.adapter: no adapter is called 'mled'; did you mean 'meld'"),
    ("spaces", ["emotion5"], "no label space is called 'emotion5'; did you mean 'emotion"),
    ("encoders/e5/encoder", "e6", "encoders.e5.encoder: no encoder is called 'e6' (known: compare, e5"),
    ("encoders/h", {"encoder": "hf_speech", "preset": "huber_base"}, "did you mean 'hubert_base'"),
    ("encoders/h", {"encoder": "hf_text", "preset": "hubert_base"}, "hubert_base is made by hf_speech"),
    ("encoders/e5/routes", ["nope"], "encoders.e5.routes.0 is 'nope'; expected native, or a language"),
    ("encoders/logmel/routes", ["zh"], "an encoder of audio has the route native alone"),
    ("recipes/text_e5/text", "e6", "recipes.text_e5.text: no row of encoders is called 'e6' (known: ngrams, e5"),
    ("recipes/text_e5/audio", "e5", "e5 is an encoder of text; name it under `text` or `also`"),
    ("recipes/text_e5/text", "none", "recipes.text_e5 names no encoder"),
    ("recipes/text_e5/route", "zh", "recipes.text_e5.route is 'zh'; e5 has the routes native"),
    ("recipes/text_e5/fusion", "liner", "no model is called 'liner'; did you mean 'linear'"),
    ("recipes/text_e5/settings", "denser", "no row of settings is called 'denser'; did you mean 'dense'"),
    ("protocols/few_shot/recipes", ["text_e6"], "protocols.few_shot.recipes.0: no recipe is called 'text_e6'"),
    ("protocols/few_shot/recipes", [], "protocols.few_shot.recipes is []; expected a list that is not empty"),
    ("protocols/few_shot/recipes", ["text_e5", "text_e5"], "protocols.few_shot: recipes has an item twice"),
    ("protocols/few_shot/protocol", "few_shots", "no protocol is called 'few_shots'; did you mean 'few_shot'"),
    ("protocols/few_shot/protocol", "single_source", "no protocol is called 'single_source'"),
    ("protocols/few_shots", {"recipes": ["text_e5"], "spaces": ["emotion4"]}, "no protocol is called 'few_shots'"),
    ("spaces", ["emotion4", "valence"], "no label space of this study (see `spaces`) is called 'polarity3'"),
    ("analysis/recipes", ["text"], "analysis.recipes.0: no recipe is called 'text'"),
    ("foresee/recipes", ["nobody"], "foresee.recipes.0: no recipe is called 'nobody'"),
    ("foresee/recipe", ["a"], "foresee.recipe is unknown; did you mean 'recipes'"),
    ("metrics/classes", ["uar", "ccc"], "metrics.classes.1: ccc is a metric of scale; name it there"),
    ("metrics/classes", ["uarr"], "no metric is called 'uarr'; did you mean 'uar'"),
    ("metrics/classes", ["wa"], "primary.emotion4: no metric under metrics.classes is called 'uar'"),
    ("primary", {"emotion4": "uar"}, "primary lacks emotion7"),
    ("statistics/baseline", "text_ngramz", "no recipe is called 'text_ngramz'; did you mean 'text_ngrams'"),
    ("only/recipes", ["text"], "only.recipes.0: no recipe is called 'text'"),
    ("only/corpora", ["mled"], "only.corpora.0: no corpus is called 'mled'; did you mean 'meld'"),
    ("only/recipe", ["text_e5"], "only.recipe is unknown; did you mean 'recipes'"),
    ("recipes/text_e5/settings", "${training.c}", "recipes.text_e5.settings: '${training.c}' is a reference"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value", "message"), TABLE)
def test_what_no_stage_could_use_is_told_with_its_place(place: str, value: Any, message: str) -> None:
    told = [in_words(where, text) for where, text in faults(changed(place, value))]
    assert any(message in text for text in told), told


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("encoders/e5/layer", 3, "encoders.e5.layer is unknown"),
        ("encoders/ngrams/buckets", "many", "encoders.ngrams.buckets is 'many'; expected a whole number"),
        ("encoders/h", {"encoder": "hf_speech"}, "encoders.h lacks model"),
        ("encoders/h", {"encoder": "hf_speech", "preset": "hubert_base", "layr": 3}, "layr is unknown; did"),
        ("encoders/h", {"encoder": "hf_speech", "preset": "hubert_base", "load": 3}, "load is unknown"),
        ("protocols/few_shot/shotz", [1], "protocols.few_shot.shotz is unknown; did you mean 'shots'"),
        ("protocols/few_shot/shots", 5, "protocols.few_shot.shots is 5; expected"),
        ("protocols/few_shot/shots", [5, 0], "protocols.few_shot.shots.1 is 0; expected 1 or more"),
        ("protocols/few_shot/shots", [True], "shots.0 is True; expected a whole number"),
        ("protocols/few_shot/shots", [], "protocols.few_shot.shots is []; expected a list that is not empty"),
        ("protocols/few_shot/shots", [5, 5], "shots has 5 twice; leave one of them out"),
        ("protocols/few_shot/share", 1, "protocols.few_shot.share is 1; expected less than 1"),
        ("protocols/few_shot/share", "half", "share is 'half'; expected a number"),
        ("protocols/few_shot/share", float("nan"), "share is nan; expected"),
        ("protocols/missing_modality/rates", [0.5, 2], "rates.1 is 2; expected 1 or less"),
        ("protocols/missing_modality/fills", ["zer"], "fills.0 is 'zer'; expected 'mask', 'zero', 'mean'"),
        ("protocols/size_matched/prior", "siz", "prior is 'siz'; expected 'size' or 'matched'"),
        ("protocols/dann", {"recipes": ["text_e5_mlp"], "spaces": ["emotion4"], "weight": -1}, "expected 0 or more"),
        ("settings/dense", {"c": 1, "d": 2}, "recipes.text_e5.settings: d is no setting of linear (known: c)"),
        ("settings/dense", {}, "lacks c: the penalties"),
        ("settings/dense", {"c": [0]}, "c is 0; expected a number above 0"),
        ("settings/mlp/hiden", 3, "recipes.text_e5_mlp.settings: hiden is no setting of mlp; did you mean 'hidden'"),
        ("settings/mlp/dropout", [0.1, 2], "dropout is 2; expected a share from 0 to 1"),
        ("settings/mlp/layers", 1.5, "layers is 1.5; expected a whole number from 1"),
        ("settings/mlp/lr", {"low": 0, "high": 1}, "lr is 0; expected a number above 0"),
        ("settings/network", {"hidden": 3}, "recipes.fused_lmf.settings lacks lr"),
    ],
)  # fmt: skip
def test_options_that_a_plug_in_does_not_take_are_told(place: str, value: Any, message: str) -> None:
    values = changed(place, value)
    assert faults(values) == []
    told = [in_words(where, text) for where, text in faults_of_options(resolved(values))]
    assert any(message in text for text in told), told


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield (*place, key)
        yield from places(part, (*place, key))


ODD = [None, -1, "x", [["a"]], {1: 2}, float("inf"), datetime.date(2020, 1, 1)]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_a_value_of_any_kind_in_any_place_is_told_or_taken(odd: Any) -> None:
    few = {
        section: dict(list(OURS[section].items())[:2]) for section in ("corpora", "recipes", "protocols", "settings")
    }
    for place in places({**OURS, **few}):
        values = copy.deepcopy({**OURS, **few})
        node: Any = values
        for part in place[:-1]:
            node = node[part]
        node[place[-1]] = odd
        if not faults(values):
            faults_of_options(resolved(values))
            only.apply(resolved(values))


def test_every_model_of_the_package_declares_its_settings() -> None:
    """A setting that a file reads is one that it declares, so that a misspelt one is refused and a right one is not."""
    for name in names("fusion"):
        text = (CHECKOUT / "harness" / "fusion" / f"{name}.py").read_text(encoding="utf-8")
        read = set(re.findall(r'(?:settings, |settings\[|settings\.get\()"(\w+)"', text))
        if name != "misa":  # reads three names by a loop
            assert read == set(constant("fusion", name, "SETTINGS")), name


def test_all_faults_are_one_list_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    text = (CHECKOUT / "params.yaml").read_text(encoding="utf-8")
    text = text.replace("resamples: 2000", "resamples: many").replace("baseline: text_ngrams", "baseline: nobody")
    path.write_text(text.replace("slack: 2.0", "slak: 2.0"), encoding="utf-8")
    lines = text.splitlines()

    def line(part: str) -> int:
        return 1 + next(number for number, line in enumerate(lines) if part in line)

    with pytest.raises(ParamsError) as caught:
        load(path=path)
    told = str(caught.value).splitlines()
    assert told[0] == f"{path} has 4 faults; mend them and run the same command again"
    assert told[1].startswith(
        f"  line {line('resamples: many')}: statistics.resamples is 'many'; expected a whole number"
    )
    assert told[2].startswith(f"  line {line('baseline: nobody')}: statistics.baseline: no recipe is called 'nobody'")
    assert told[3].startswith(f"  line {line('media:')}: media lacks slack: seconds read beyond")
    assert told[4].startswith(f"  line {line('slack: 2.0')}: media.slak is unknown; did you mean 'slack'?")


def test_options_are_told_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    text = (CHECKOUT / "params.yaml").read_text(encoding="utf-8").replace("prior: size", "prior: seize")
    path.write_text(text, encoding="utf-8")
    number = 1 + text.splitlines().index("    prior: seize")
    with pytest.raises(ParamsError, match=rf"params.yaml, line {number}: protocols.size_matched.prior is 'seize'"):
        check_options(load_whole(path=path), path)
