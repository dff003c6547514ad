"""The files of the harness that some files depend on, read from their imports without running them."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


def closure(*files: Path) -> list[Path]:
    """Return these files and every file of the harness that they import, at any depth, also inside functions, sorted.

    What is imported for type checkers alone does not count: it is never executed.
    """
    seen: set[Path] = set()
    waiting = [file.resolve() for file in files]
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            waiting += _imported(file)
    return sorted(seen)


@cache
def syntax_tree(file: Path) -> ast.Module:
    """Return the syntax tree of a file; a process reads each once."""
    return ast.parse(file.read_text(encoding="utf-8"))


def is_for_types(node: Any) -> bool:
    """Tell whether a node is `if TYPE_CHECKING:`, which is never executed."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


@cache
def bindings(file: Path) -> dict[str, str]:
    """Return what the imports of a file bind: local name -> what is imported, as `harness.files.digest` or `numpy`."""
    bound = {}
    for node in _import_nodes(file):
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        else:
            bound |= {alias.asname or alias.name: name for alias, name in zip(node.names, _names(node), strict=True)}
    return bound


def file_of(module: str, importer: Path) -> Path | None:
    """Return the file of a module of the harness, or of a relative import; None for modules of other packages."""
    if module.startswith("."):
        name = module.lstrip(".")
        folder = importer.parents[len(module) - len(name) - 1]
    elif module == "harness" or module.startswith("harness."):
        name, folder = module, ROOT
    else:
        return None
    path = folder.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


@cache
def _imported(file: Path) -> tuple[Path, ...]:
    """Return the files that the imports of a file execute, the `__init__.py` of their packages among them."""
    modules: list[str] = []
    for node in _import_nodes(file):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        else:
            modules += ["." * node.level + (node.module or ""), *_names(node)]
    parents = [
        module.rsplit(".", depth)[0] for module in modules if module[0] != "." for depth in range(module.count(".") + 1)
    ]
    relative = [module for module in modules if module[0] == "." and module.strip(".")]
    return tuple(path for name in (*parents, *relative) if (path := file_of(name, file)))


def _names(node: ast.ImportFrom) -> list[str]:
    """Return the names that a `from ... import ...` binds, in full."""
    module = "." * node.level + (node.module or "")
    return [f"{module}{'' if module.endswith('.') else '.'}{alias.name}" for alias in node.names]


@cache
def _import_nodes(file: Path) -> list[ast.Import | ast.ImportFrom]:
    nodes: list[ast.Import | ast.ImportFrom] = []
    waiting: list[ast.AST] = [syntax_tree(file)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            nodes.append(node)
        waiting += (child for child in ast.iter_child_nodes(node) if not is_for_types(child))
    return nodes
