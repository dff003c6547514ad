"""A digest of what code does: it changes with every statement, and not with a comment or with a file that moves.

A digest covers the statements of some files and of all that they import (imports.py). Comments, docstrings,
formatting, import lines, and the names of files and modules are left out: they decide no result. So a sentence that is
mended and a function that moves to another file make nothing stale; a changed constant or line of code does.

Import lines are left out, but what they bind is not: each name stands for what it means. `np` is `numpy`, and a name
of the harness goes with a digest of the statement that defines it, so code that takes a function of the same name from
another file has another digest.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from harness.core.files import digest
from harness.core.imports import bindings, closure, file_of, is_for_types, syntax_tree

Meaning = Callable[[str, str], str | None]  # of a name, or of an attribute of a module of that name
METADATA = {
    "__all__",
    "__version__",
    "SETTINGS",
    "EXAMPLES",
    "WHOLE_STUDY",
}  # for the command line and the check of params.yaml
# What the files of metrics and protocols say for the report, which depends on these files for it.
FOR_THE_PAGE = {"TITLE", "MEANING", "MATRIX", "REASONS", "QUESTION", "TABLE"}
REPEATS = {"ctx", "type_comment", "kind"}  # fields of a syntax tree that say nothing about what is done


def code_digest(*files: Path) -> str:
    """Return one digest of the statements of these files and of all that they import."""
    return digest(sorted({statement for file in closure(*files) for statement in _statements(file)}))


@cache
def _statements(file: Path) -> frozenset[str]:
    """Return a digest of each statement of a file."""

    def meaning(name: str, attribute: str = "") -> str | None:
        origin = _origin(file, name, attribute)
        if origin is None:
            return None if attribute else bindings(file).get(name, name)
        return f"{origin[1]} {_definition(*origin)}"

    statements = [node for node in syntax_tree(file).body if not (_decides_nothing(node) or _only_tells(node))]
    return frozenset(digest(_form(node, meaning)) for node in statements)


def _form(value: Any, meaning: Meaning) -> Any:
    """Return a node of a syntax tree as nested lists that are the same under every version of Python."""
    if isinstance(value, list):
        return [_form(item, meaning) for item in value if not _decides_nothing(item)]
    if isinstance(value, ast.Name):
        return ["Name", meaning(value.id, "")]
    if (
        isinstance(value, ast.Attribute)
        and isinstance(value.value, ast.Name)
        and (name := meaning(value.value.id, value.attr)) is not None
    ):
        return ["Name", name]
    if isinstance(value, ast.AST):
        fields = ((name, child) for name, child in ast.iter_fields(value) if name not in REPEATS)
        return [
            type(value).__name__,
            *([name, _form(child, meaning)] for name, child in fields if child not in (None, [])),
        ]
    return [type(value).__name__, repr(value)]


def _decides_nothing(node: Any) -> bool:
    """Tell whether a node is an import, a string that stands alone, or for type checkers only."""
    if isinstance(node, ast.Import | ast.ImportFrom) or is_for_types(node):
        return True
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _only_tells(node: ast.stmt) -> bool:
    """Tell whether a statement at the top of a file sets metadata; where other code uses it, it counts there."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id in METADATA | FOR_THE_PAGE for target in targets)


def _origin(file: Path, name: str, attribute: str = "") -> tuple[Path, str] | None:
    """Return the file of the harness that defines a name, and its name there; None for names of others.

    Args:
        file: where the name is used.
        name: what is used, or the module whose attribute is used.
        attribute: of the module; None is returned where `name` is no module of the harness.
    """
    if not attribute and name in _definitions(file):
        return file, name
    bound = bindings(file).get(name, "")
    if module := file_of(bound, file):
        return _origin(module, attribute) or (module, attribute)
    package, _, own = bound.rpartition(".")
    where = None if attribute else file_of(package, file)
    return (_origin(where, own) or (where, own)) if where else None


@cache
def _definition(file: Path, name: str) -> str:
    """Return a digest of the statements that define a name; what they refer to is named only, as there are circles."""

    def meaning(other: str, attribute: str = "") -> str | None:
        origin = _origin(file, other, attribute)
        return origin[1] if origin else None if attribute else bindings(file).get(other, other)

    return digest([_form(node, meaning) for node in _definitions(file).get(name, [])])[:16]


@cache
def _definitions(file: Path) -> dict[str, list[ast.stmt]]:
    """Return the statements at the top of a file that define each of its names."""
    defined: dict[str, list[ast.stmt]] = {}
    for node in syntax_tree(file).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
        else:
            names = []
        for name in names:
            defined.setdefault(name, []).append(node)
    return defined
