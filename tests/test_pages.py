"""What the pages and docstrings name is there: files, modules and what is imported from them."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from small_studies import CHECKOUT

PAGES = [CHECKOUT / "README.md", *sorted(CHECKOUT.glob("docs/*.md")), *sorted(CHECKOUT.glob("examples/*/README.md"))]
CODE = [CHECKOUT / "params.yaml", *sorted(CHECKOUT.glob("harness/**/*.py")), *sorted(CHECKOUT.glob("adapters/**/*.py"))]


def imports(page: Path) -> Iterator[tuple[str, str]]:
    """Return the module and the name of each `from harness... import ...` of a page's blocks of Python."""
    for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("harness"):
                yield from ((node.module or "", alias.name) for alias in node.names)


def is_there(module: str, name: str) -> bool:
    found = importlib.import_module(module)
    return hasattr(found, name) or (hasattr(found, "__path__") and find_spec(f"{module}.{name}") is not None)


def test_a_file_that_is_named_is_there() -> None:
    named = {
        (path.relative_to(CHECKOUT).as_posix(), name)
        for path in (*PAGES, *CODE)
        for name in re.findall(r"\b(?:harness|adapters|tests)/[\w/]+\.py\b", path.read_text(encoding="utf-8"))
    }
    missing = sorted(f"{path}: {name}" for path, name in named if not (CHECKOUT / name).is_file())
    assert not missing, "\n".join(missing)


def test_a_file_that_a_docstring_names_is_there() -> None:
    there = {path.name for path in (*CHECKOUT.glob("harness/**/*.py"), *CHECKOUT.glob("adapters/**/*.py"))}
    modules = (path for path in CODE if path.suffix == ".py")
    docstrings = ((path, ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "") for path in modules)
    named = {(path.name, name) for path, text in docstrings for name in re.findall(r"(?<![\w/])\w+\.py\b", text)}
    assert len(named) > 10
    assert not {(path, name) for path, name in named if name not in there}


def test_the_readme_shows_every_folder_of_the_package_in_the_order_of_its_imports() -> None:
    shown = re.findall(r"\[\w+\]\(harness/(\w+)\)", PAGES[0].read_text(encoding="utf-8"))
    assert set(shown) == {path.parent.name for path in CHECKOUT.glob("harness/*/__init__.py")}
    upward = {
        f"{folder} imports {other}"
        for place, folder in enumerate(shown)
        for path in CHECKOUT.glob(f"harness/{folder}/**/*.py")
        for other in re.findall(r"^\s*from harness\.(\w+)", path.read_text(encoding="utf-8"), re.M)
        if other in shown[place + 1 :]
    }
    assert not upward


def test_what_a_page_imports_is_there() -> None:
    named = {(page.name, *imported) for page in PAGES for imported in imports(page)}
    assert len(named) > 10
    missing = sorted(f"{page}: {module}.{name}" for page, module, name in named if not is_there(module, name))
    assert not missing, "\n".join(missing)
