"""A row of `encoders` has the options of its preset, where it does not say otherwise."""

from __future__ import annotations

import pytest

from harness.core.errors import HarnessError, NameUnknownError, SettingError
from harness.core.plugins import names
from harness.study.encoder_rows import encoder_row, presets


def params(**options: object) -> dict:
    return {"encoders": {"mine": options}}


def test_a_row_takes_the_options_of_its_preset_and_may_say_otherwise() -> None:
    file, options = encoder_row(params(encoder="hf_speech", preset="wavlm_base", revision="abc", every=2), "mine")
    assert file == "hf_speech"
    assert options == {"model": "microsoft/wavlm-base", "revision": "abc", "layer": [-4, -3, -2, -1], "every": 2}


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"encoder": "hf_speech", "preset": "wavlm_bas"}, NameUnknownError, "did you mean 'wavlm_base'?"),
        ({"encoder": "hf_text", "preset": "wavlm_base"}, SettingError, "the preset wavlm_base is made by hf_speech"),
        ({"preset": "wavlm_base"}, SettingError, "says no `encoder`"),
    ],
)
def test_a_row_that_cannot_be_made_says_why(options: dict[str, object], error: type[HarnessError], words: str) -> None:
    with pytest.raises(error) as raised:
        encoder_row(params(**options), "mine")
    assert words in str(raised.value)


def test_there_is_a_preset_for_each_of_the_26_encoders_of_the_paper() -> None:
    assert len(presets()) == 26
    assert {row["encoder"] for row in presets().values()} <= set(names("encoder"))


def test_texts_are_pooled_without_special_tokens_as_merbench_does() -> None:
    """Sentence-BERT alone was trained with the mean over all tokens."""
    pooled = {name: row.get("special", True) for name, row in presets().items() if row["encoder"] == "hf_text"}
    assert [name for name, special in pooled.items() if special] == ["sentence_bert"]
