"""Which files a piece of work depends on: what the import system itself would load, and more where it is lazy."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from harness.core import imports
from harness.core.imports import ROOT, closure
from harness.core.plugins import names, source

STAGES = names("stage")


def relative(*files: Path) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for path in closure(*files)}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of a few made-up files."""
    files = {
        "harness/__init__.py": "",
        "harness/a.py": "import json\nfrom harness import b\n",
        "harness/b.py": "def late():\n    from harness.room.c import thing\n    import numpy\n",
        "harness/room/__init__.py": "",
        "harness/room/c.py": "import harness.d as x\nif False:\n    from harness.nowhere import y\n",
        "harness/d.py": "from harness.a import name  # a circle\n",
        "harness/alone.py": "text = 'from harness import b'\n",
        "adapters/tiny.py": "from harness.d import q\nfrom ._near import z\nfrom . import _beside\n",
        "adapters/_near.py": "",
        "adapters/_beside.py": "",
        "adapters/_synthetic/tiny.py": "from ..tiny import q\nfrom .._near import z\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(imports, "ROOT", tmp_path)
    return tmp_path


CIRCLE = {
    "harness/__init__.py",
    "harness/a.py",
    "harness/b.py",
    "harness/d.py",
    "harness/room/__init__.py",
    "harness/room/c.py",
}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("harness/a.py", CIRCLE),
        ("harness/d.py", CIRCLE),
        ("harness/alone.py", {"harness/alone.py"}),
        ("adapters/tiny.py", CIRCLE | {"adapters/tiny.py", "adapters/_near.py", "adapters/_beside.py"}),
        (
            "adapters/_synthetic/tiny.py",
            CIRCLE | {"adapters/_synthetic/tiny.py", "adapters/tiny.py", "adapters/_near.py", "adapters/_beside.py"},
        ),
    ],
)
def test_imports_are_followed_to_their_end(tree: Path, file: str, expected: set[str]) -> None:
    assert {path.relative_to(tree).as_posix() for path in closure(tree / file)} == expected


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_loads_no_file_of_the_harness_outside_its_closure(stage: str) -> None:
    script = (
        f"import sys, harness.stages.{stage}\n"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'harness'), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {Path(line).resolve() for line in done.stdout.splitlines()}
    own_room = {ROOT / "harness" / "stages" / "__init__.py"}  # one sentence, tested in test_plugins.py
    assert loaded - own_room <= set(closure(source("stage", stage)))


def test_tracking_is_a_dependency_of_its_own_stage_alone() -> None:
    for stage in STAGES:
        assert ("harness/tracking/mirror.py" in relative(source("stage", stage))) == (stage == "track")


def test_a_package_file_holds_a_sentence_and_nothing_that_could_change_a_result() -> None:
    for file in (ROOT / "harness").rglob("__init__.py"):
        sentence, *rest = ast.parse(file.read_text(encoding="utf-8")).body
        assert isinstance(sentence, ast.Expr), file
        assert all(isinstance(node, ast.Assign) and node.targets[0].id == "__version__" for node in rest), file
