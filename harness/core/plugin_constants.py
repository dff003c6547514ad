"""Constants of plug-ins, read without running their files: a check of params.yaml loads no network library."""

from __future__ import annotations

import ast
from functools import cache
from typing import Any

from harness.core.plugins import source


@cache
def constant(kind: str, name: str, key: str) -> Any:
    """Return a constant that the file of a plug-in writes out, or None if it has no such constant.

    Args:
        kind: of plug-in (harness/core/plugins.py).
        name: of its file.
        key: name of the constant, assigned alone or as one of several: `KIND, STATISTIC = "classes", "confusion"`.
    """
    for statement in ast.parse(source(kind, name).read_text(encoding="utf-8")).body:
        if not isinstance(statement, ast.Assign):
            continue
        for target in statement.targets:
            targets, values = (getattr(part, "elts", [part]) for part in (target, statement.value))
            for known, value in zip(targets, values, strict=False):
                if isinstance(known, ast.Name) and known.id == key:
                    return _literal(value if len(targets) > 1 else statement.value)
    return None


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:  # an expression: only running the file would tell
        return None
