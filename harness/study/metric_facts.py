"""What the file of a metric tells a reader: its title, its meaning, its direction, and whether it has a matrix."""

from __future__ import annotations

from types import ModuleType
from typing import NamedTuple

from harness.core import plugins
from harness.core.errors import NameUnknownError, SettingError


def metric_module(metric: str) -> ModuleType:
    """Return the file of a metric, as a module; `recall/sad` is a metric of the file `recall`."""
    return plugins.find("metric", metric.partition("/")[0])


class MetricFacts(NamedTuple):
    """What a reader must know of a metric; `has_matrix` where the page prints its matrix beside the primary one."""

    title: str
    meaning: str
    higher_is_better: bool
    has_matrix: bool


def metric_facts(metric: str) -> MetricFacts:
    """Return what the file of a metric says.

    A file without TITLE goes by its own name, one without MEANING by the first line of its docstring, and one without
    MATRIX has a matrix. cells.csv may hold a metric whose file is gone: it keeps its name, and more counts as better.

    Raises:
        SettingError: the file does not say HIGHER_IS_BETTER.
    """
    name = metric.partition("/")[0]
    try:
        module = metric_module(metric)
    except NameUnknownError:
        return MetricFacts(name, f"harness/metrics/{name}.py is gone; read as if higher is better", True, False)
    if not isinstance(direction := getattr(module, "HIGHER_IS_BETTER", None), bool):
        raise SettingError(f"harness/metrics/{name}.py: HIGHER_IS_BETTER is {direction!r}; set it to True or False")
    lines = (module.__doc__ or "").strip().splitlines() or ["its file does not say what it is"]
    meaning = getattr(module, "MEANING", lines[0].rstrip("."))
    return MetricFacts(
        title=getattr(module, "TITLE", name),
        meaning=meaning if direction else f"{meaning}; lower is better",
        higher_is_better=direction,
        has_matrix=getattr(module, "MATRIX", True),
    )


def metric_title(metric: str) -> str:
    """Return the usual name of a metric, and "recall of sad" of `recall/sad`."""
    name, _, of_class = metric.partition("/")
    return f"{name} of {of_class}" if of_class else metric_facts(metric).title


def higher_is_better(metric: str) -> bool:
    """Tell in which direction a metric improves."""
    return metric_facts(metric).higher_is_better
