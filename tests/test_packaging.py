"""What is installed, and the guards against a wrong copy of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from small_studies import CHECKOUT

from harness.core import plugins
from harness.core.errors import HarnessError


@pytest.mark.slow
def test_the_wheel_holds_the_two_packages_whole_and_nothing_else(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("harness", "adapters"):
        shutil.copytree(CHECKOUT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, tree)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, tree],
        check=True,
    )
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    expected = {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "harness").rglob("*") if _ships(path)}
    adapters = {path.relative_to(CHECKOUT / "adapters").as_posix() for path in (CHECKOUT / "adapters").rglob("*.py")}
    assert held == expected | {f"harness_adapters/{name}" for name in adapters}


def _ships(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def test_an_installed_copy_beside_a_checkout_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"its corpora come from an installed copy in .*pip install -e"):
        plugins._refuse_stale_install(tmp_path)


def test_no_corpora_installed_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "CORPORA", "no_such_package")
    monkeypatch.setattr(plugins, "ENTRY_POINTS", "no.such.group")
    with pytest.raises(HarnessError, match="no corpus is installed; run `make env`"):
        plugins.names("corpus")


def test_two_packages_offering_one_corpus_are_both_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "other_corpora"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "meld.py").touch()
    info = tmp_path / "other-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[harness.corpora]\nother = other_corpora\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(HarnessError, match=r"two packages offer the corpus 'meld': .*adapters and .*other_corpora"):
        plugins.names("corpus")


def test_an_outside_package_adds_its_corpora(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "more_corpora"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "my_corpus.py").write_text("TITLE = 'mine'\n")
    info = tmp_path / "more-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: more\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[harness.corpora]\nmore = more_corpora\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "my_corpus" in plugins.names("corpus")
    assert plugins.find("corpus", "my_corpus").TITLE == "mine"
