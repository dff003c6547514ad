"""A model that brings its own Python files runs them only where they are allowed and pinned."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from tiny_models import SENTENCES, tiny

from harness.core.errors import SettingError
from harness.encoders import hf_text

CODE = """
from pathlib import Path
from transformers import BertConfig, BertModel
Path({ran!r}).touch()


class OwnConfig(BertConfig):
    model_type = "own"


class OwnModel(BertModel):
    config_class = OwnConfig
"""


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """Return a file that is there once the code of the model has run."""
    return tmp_path / "ran"


@pytest.fixture
def model(tmp_path: Path, ran: Path) -> Path:
    folder = tmp_path / "own_model"
    shutil.copytree(tiny("bert"), folder)
    (folder / "own.py").write_text(CODE.format(ran=str(ran)))
    _say(folder, {"AutoConfig": "own.OwnConfig", "AutoModel": "own.OwnModel"})
    return folder


def test_it_is_refused_until_it_is_allowed_and_pinned(model: Path, ran: Path) -> None:
    with pytest.raises(SettingError, match="brings its own Python code; read the files in"):
        hf_text.encoder(model=str(model), precision="fp32")
    pin = _pin(model)
    assert not ran.exists()
    made = hf_text.encoder(model=str(model), precision="fp32", trust_remote_code=True, revision=pin)
    assert made.encode(SENTENCES[:2], "en").shape == (2, 16)
    assert ran.exists()


def test_other_code_needs_another_pin(model: Path, ran: Path) -> None:
    pin = _pin(model)
    (model / "own.py").write_text(CODE.format(ran=str(ran)) + "# changed\n")
    with pytest.raises(SettingError, match="only where `revision` pins it"):
        hf_text.encoder(model=str(model), precision="fp32", trust_remote_code=True, revision=pin)
    assert not ran.exists()


def test_code_of_a_third_repository_is_refused(model: Path, ran: Path) -> None:
    _say(model, {"AutoConfig": "some.body/else-where--own.OwnConfig", "AutoModel": "own.OwnModel"})
    with pytest.raises(SettingError, match=r"takes Python files from some\.body/else-where "):
        hf_text.encoder(model=str(model), precision="fp32", trust_remote_code=True, revision=_pin(model))
    assert not ran.exists()


def _pin(model: Path) -> str:
    """Return what the refusal says to write."""
    with pytest.raises(SettingError) as told:
        hf_text.encoder(model=str(model), precision="fp32", trust_remote_code=True)
    found = re.search(r"write `revision: (sha256:[0-9a-f]{64})`", str(told.value))
    assert found
    return found[1]


def _say(folder: Path, auto_map: dict[str, str]) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "own", "auto_map": auto_map}))
