"""`python -m harness check`: what it prints, and how it ends."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_studies import CHECKOUT, params_of

from harness.cli import main
from harness.core import plugins
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


FACTS = '''"""A corpus."""
from harness.api import *
LANGUAGE, LABEL_MAP, LABEL_SOURCE = "en", {}, "multimodal"
'''


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that installs a package of somebody else with an adapter `theirs` of this text."""

    def install(text: str) -> None:
        package, facts = tmp_path / "site" / "their_corpora", tmp_path / "site" / "their_corpora-1.dist-info"
        for folder in (package, facts):
            folder.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "theirs.py").write_text(text)
        (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: their-corpora\nVersion: 1\n")
        (facts / "entry_points.txt").write_text("[harness.corpora]\ntheirs = their_corpora\n")
        monkeypatch.syspath_prepend(tmp_path / "site")
        (tmp_path / "release").mkdir()
        for name in [name for name in sys.modules if name.partition(".")[0] == "their_corpora"]:
            monkeypatch.delitem(sys.modules, name)  # of another test

    return install


READ = f"{FACTS}\nimport os, sys, time\ndef read(root):\n    "


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import sys\nsys.exit(0)", r"FAIL The module can be imported: .*SystemExit: 0 \(.*theirs\.py, line 2\)"),
        ("import nowhere", r"FAIL The module can be imported: .*No module named 'nowhere' \(.*theirs\.py, line 1\)"),
        (f"{READ}sys.exit(0)", r"FAIL read\(root\) gives a Release: SystemExit \(0\) from .*theirs\.py, line \d"),
        (f"{READ}os._exit(0)", r"FAIL Every call of the adapter returns: it left the program \(exit status 0\)"),
        (f"{READ}time.sleep(60)", r"FAIL Every call of the adapter returns: it has not gone on for 1 s"),
    ],
)
def test_code_that_leaves_the_program_or_never_ends_is_a_broken_promise(
    params: dict, tmp_path: Path, outside: Callable[[str], None], text: str, told: str, monkeypatch: Any, capfd: Any
) -> None:
    outside(text)
    monkeypatch.setattr(check, "LIMIT", 1 if "sleep" in text else 60)
    assert main(["check", "theirs", str(tmp_path / "release")]) == 1
    printed = capfd.readouterr()
    assert re.search(told, printed.out)
    assert printed.err.startswith("error: theirs: ")
    assert "Traceback" not in printed.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import sys\nsys.exit(0)", r"error: the corpus 'theirs' cannot be imported: SystemExit: 0 \(.*line 2\)"),
        (f"{READ}sys.exit(0)", r"error: code that the command called left the program: sys\.exit\(0\) in .*theirs\.py"),
    ],
)
def test_a_stage_does_not_end_well_where_an_adapter_leaves_the_program(
    params: dict, tmp_path: Path, outside: Callable[[str], None], text: str, told: str, capfd: Any
) -> None:
    outside(text)
    rows = tmp_path / "params.yaml"
    rows.write_text(rows.read_text().replace("corpora:\n", "corpora:\n  theirs: {}\n"))
    links.link("theirs", tmp_path / "release")
    assert main(["prepare", "theirs"]) == 1
    assert re.search(told, capfd.readouterr().err)


def test_a_package_that_cannot_be_found_is_left_out_with_a_word(
    params: dict, tmp_path: Path, outside: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    outside(FACTS)
    (tmp_path / "site" / "their_corpora").rename(tmp_path / "site" / "moved")
    plugins._warn.cache_clear()
    assert "theirs" not in plugins.names("corpus")
    assert "meld" in plugins.names("corpus")
    assert caplog.text.count("no corpus is taken from the package their_corpora") == 1
