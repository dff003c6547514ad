"""`python -m harness check`: what it prints, and how it ends."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest
from small_studies import CHECKOUT, params_of

from harness.cli import main
from harness.core.errors import HarnessError, NameUnknownError
from harness.corpora.contract import check as contract
from harness.corpora.reading import links
from harness.verbs import check


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    monkeypatch.chdir(tmp_path)
    params = params_of(tmp_path, corpora=("meld",), synth={"utterances": 60, "dialogues": 20})
    return {**params, "corpora": {**params["corpora"], "my_iemocap": {}}}


def test_a_made_up_release_is_used_where_none_is_linked(params: dict, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "meld"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"meld: .*/meld\.py, tried on .*/synthetic", lines[0])
    assert len(lines) == len(contract.CHECKS) + 2
    assert all(re.match(r"(ok|warn) +[A-Z`]", line) or line.startswith("ok   read(root)") for line in lines[1:-1])
    assert re.match(rf"meld: {len(contract.CHECKS)} promises: \d+ kept", lines[-1])


def test_the_linked_release_is_used_before_a_made_up_one(params: dict, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    links.link("meld", tmp_path / "empty")
    with pytest.raises(HarnessError, match="broken"):
        check.run(params, "meld")


def test_a_broken_promise_ends_the_command_with_1(
    params: dict, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["check", "meld", str(tmp_path / "empty")]) == 1
    printed = capsys.readouterr()
    assert f"FAIL read(root) gives a Release: {tmp_path}/empty: holds no MELD release; expected" in printed.out
    assert re.search(r"\n--   \d+ promises not looked at, for nothing was read\n$", printed.out)
    assert re.match(
        r"error: meld: \d+ promises: \d+ kept, 1 broken, \d+ not looked at; mend the lines marked FAIL", printed.err
    )


def test_without_any_release_it_asks_for_a_folder(params: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "names", lambda kind: [])
    with pytest.raises(
        HarnessError, match="no release is linked; name its folder, as in `python -m harness check meld"
    ):
        check.run(params, "meld")
    with pytest.raises(HarnessError, match="gone: there is no such folder"):
        check.run(params, "meld", "gone")


def test_an_adapter_needs_no_row_of_params(params: dict) -> None:
    with pytest.raises(NameUnknownError, match="no corpus is called 'my_iemocap'; did you mean 'iemocap'"):
        check.run(params, "my_iemocap")
    params["corpora"]["my_iemocap"] = {"adapter": "iemocap"}
    with pytest.raises(HarnessError, match="gone: there is no such folder"):
        check.run(params, "my_iemocap", "gone")
    with pytest.raises(HarnessError, match="gone: there is no such folder"):
        check.run(params, "m3ed", "gone")


def test_the_corpus_of_the_page_keeps_every_promise(
    params: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (CHECKOUT / "docs" / "add-a-corpus.md").read_text(encoding="utf-8")
    file = tmp_path / "tiny.py"
    file.write_text(re.findall(r"```python\n(.*?)```", page, re.S)[0], encoding="utf-8")
    spec = importlib.util.spec_from_file_location("harness_adapters.tiny", file)
    assert spec is not None
    assert spec.loader is not None
    tiny = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "harness_adapters.tiny", tiny)
    spec.loader.exec_module(tiny)
    (tmp_path / "release").mkdir()
    rows = [f"{s}\t{e}\t你好{n}" for s in ("train", "dev", "test") for n in range(4) for e in ("joy", "grief")]
    (tmp_path / "release" / "tiny.tsv").write_text("\n".join(rows), encoding="utf-8")
    results = list(contract.check(contract.look("tiny", tiny, tmp_path / "release")))
    assert [str(one) for one in results if one.mark not in ("ok", "warn")] == []
    said = [str(one) for one in results if one.mark == "warn"]
    assert len(said) == 1
    assert "2 classes of emotion4 do not occur: neutral, anger" in said[0], "three spaces, of which it has two classes"
