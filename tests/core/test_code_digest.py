"""A digest of code changes with what the code does, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core import imports
from harness.core.code_digest import code_digest

FILES = {
    "harness/__init__.py": '"""A package."""\n\n__version__ = "1"\n',
    "harness/rates.py": """
        '''Rates.'''
        import math
        import numpy as np
        from harness import tables
        from harness.tables import size as rows
        HIGHEST = 16000
        TITLE = "rate"
        TABLE = [1, 2]
        def rate(x):
            '''Return the rate.'''
            return np.sum(x) / HIGHEST * tables.WIDTH + rows(x)  # per row
        class Rates:
            '''Rates.'''
            MEANING = "all"
            def all(self):
                return TABLE if self else None
            def late(self):
                from harness.late import later
                return later()
    """,
    "harness/tables.py": """
        WIDTH = 3
        def size(x):
            return len(x)
    """,
    "harness/late.py": """
        def later():
            return 1
        def size(x):
            return 2 * len(x)
    """,
    "harness/alone.py": "def nobody(): pass",
}
SAME = {
    "a comment": ("rates", "# per row", "# per line"),
    "the docstring of a function": ("rates", "Return the rate.", "What the rate is."),
    "the docstring of a file": ("rates", "'''Rates.'''\n", "'''All rates.'''\n"),
    "formatting": ("rates", "return np.sum(x) / HIGHEST", "return (np.sum( x )\n                / HIGHEST)"),
    "the name a module is imported as": ("rates", "import tables\n", "import tables as t\n", "tables.WIDTH", "t.WIDTH"),
    "an import that is not used": ("rates", "import math\n", "import cmath\n"),
    "an import for type checkers": (
        "rates",
        "HIGHEST =",
        "if TYPE_CHECKING:\n    from harness import alone\nHIGHEST =",
    ),
    "a name instead of a module": (
        "rates",
        "import tables\n",
        "import tables\nfrom harness.tables import WIDTH\n",
        "tables.WIDTH",
        "WIDTH",
    ),
    "the version of the package": ("__init__", "1", "2"),
    "what a file says for the report": ("rates", '"rate"', '"the rate"'),
    "a file that nobody imports": ("alone", "pass", "return 1"),
}
OTHER = {
    "a constant": ("rates", "16000", "16001"),
    "a function": ("rates", "/ HIGHEST", "* HIGHEST"),
    "a default": ("rates", "def rate(x)", "def rate(x=1)"),
    "a constant of a module": ("tables", "3", "4"),
    "a function that is imported late": ("late", "return 1", "return 2"),
    "a name that is imported from another file": (
        "rates",
        "from harness.tables import size",
        "from harness.late import size",
    ),
    "a name that is imported from another package": ("rates", "import numpy as np", "import jax.numpy as np"),
    "what a file says for the report, where code uses it": ("rates", "[1, 2]", "[1, 3]"),
    "what a class says": ("rates", '"all"', '"each"'),
    "the base of a class": ("rates", "class Rates:", "class Rates(dict):"),
}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(imports, "ROOT", tmp_path)
    return tmp_path


def digest_of(checkout: Path, number: int, edit: tuple[str, ...] = ()) -> str:
    """Write the files, one of them edited, in a folder of their own; files are read once a process."""
    folder = checkout / str(number)
    imports.ROOT = folder
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = text.replace("\n        ", "\n")
        if edit and path.stem == edit[0]:
            for old, new in zip(edit[1::2], edit[2::2], strict=True):
                assert old in text
                text = text.replace(old, new, 1)
        path.write_text(text)
    return code_digest(folder / "harness" / "rates.py")


@pytest.mark.parametrize("edit", SAME.values(), ids=SAME)
def test_what_decides_no_result_changes_no_digest(checkout: Path, edit: tuple[str, ...]) -> None:
    assert digest_of(checkout, 1) == digest_of(checkout, 2, edit)


@pytest.mark.parametrize("edit", OTHER.values(), ids=OTHER)
def test_what_decides_a_result_changes_the_digest(checkout: Path, edit: tuple[str, ...]) -> None:
    assert digest_of(checkout, 1) != digest_of(checkout, 2, edit)


def test_a_function_that_moves_to_another_file_changes_no_digest(checkout: Path) -> None:
    before = digest_of(checkout, 1)
    digest_of(checkout, 2)
    folder = checkout / "2" / "harness"
    (folder / "widths.py").write_text("WIDTH = 3\n")
    (folder / "tables.py").write_text("def size(x):\n    return len(x)\n")
    text = (
        (folder / "rates.py")
        .read_text()
        .replace("import tables\n", "import widths\n")
        .replace("tables.WIDTH", "widths.WIDTH")
    )
    (folder / "moved.py").write_text(text)
    assert code_digest(folder / "moved.py") == before
