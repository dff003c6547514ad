"""Which source files a piece of work depends on, read from the imports, so that no result outlives its code."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from harness.files import digest, file_digest

ROOT = Path(__file__).resolve().parent.parent


def closure(*files: Path) -> list[Path]:
    """Return these files and every file of the harness they import, at any depth, also inside functions, sorted."""
    seen: set[Path] = set()
    waiting = [file.resolve() for file in files]
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            waiting += _imports(file)
    return sorted(seen)


def code_digest(*files: Path) -> str:
    """Return one digest over the closure's contents; the texts of errors decide no result and are left out."""
    return digest([file_digest(file) for file in closure(*files) if file.name != "errors.py"])


@cache
def _imports(file: Path) -> tuple[Path, ...]:
    found: list[Path] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [path for name in node.names for path in _files(name.name)]
        elif isinstance(node, ast.ImportFrom):
            found += _from(file, node)
    return tuple(found)


def _from(file: Path, node: ast.ImportFrom) -> list[Path]:
    if node.level:  # relative: adapters import their private neighbours so
        folder = file.parent
        for _ in range(node.level - 1):
            folder = folder.parent
        stems = [node.module] if node.module else [name.name for name in node.names]
        return [path for stem in stems if (path := folder / f"{stem.replace('.', '/')}.py").is_file()]
    module = node.module or ""
    return [path for name in ("", *(f".{name.name}" for name in node.names)) for path in _files(module + name)]


def _files(module: str) -> list[Path]:
    """Return the files that importing a module of this checkout executes, its packages' `__init__` among them."""
    if not module.startswith("harness."):
        return [ROOT / "harness" / "__init__.py"] if module == "harness" else []
    path = ROOT.joinpath(*module.split("."))
    file = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
    if not file.is_file():
        return []
    parents = [ROOT.joinpath(*module.split(".")[:depth]) / "__init__.py" for depth in range(1, module.count(".") + 1)]
    return [file, *(parent for parent in parents if parent.is_file())]
