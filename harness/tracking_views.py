"""Saved views for MLflow's runs page, one per label space; without one its table shows no param and no metric.

A view is an experiment tag in the form that "Save as new view" of MLflow 3.17 writes. A page of another version that
does not understand it says so and shows its plain table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from harness.tracking_records import primary
from harness.transfer import Cell

PREFIX = "mlflow.sharedViewState."
PARAMS = ("recipe", "pair")
METRICS = ("transfer/{}", "gap/{}", "ratio/{}", "in_domain/{}", "interval/{}_low", "interval/{}_high", "floor/{}")
WIDTHS = {"params": 130, "metrics": 100, "tags": 200}
WRITTEN = 1767225600000  # a fixed date in milliseconds, so that the same view is always the same tag
STATE: Mapping[str, Any] = {
    "orderByKey": "params.`recipe`",
    "orderByAsc": True,
    "startTime": "ALL",
    "lifecycleFilter": "Active",
    "datasetsFilter": [],
    "modelVersionFilter": "All Runs",
    "runsHiddenMode": "FIRST_20_RUNS",
    "viewMaximized": False,
    "runListHidden": False,
    "isAccordionReordered": False,
    "useGroupedValuesInCharts": True,
    "hideEmptyCharts": True,
    "groupBy": None,
    "groupsExpanded": {},
    "chartsSearchFilter": "(transfer|gap|ratio)/",
    "globalLineChartConfig": {"xAxisKey": "step", "lineSmoothness": 0, "selectedXAxisMetricKey": ""},
}


def views(cells: Sequence[Cell], facts: Mapping[str, Any]) -> dict[str, str]:
    """Return experiment tags, one view per space in the order of the cells: its cells by their primary metric."""
    leading = {space: primary([cell for cell in cells if cell.space == space], facts) for space in _spaces(cells)}
    return {PREFIX + key(space, metric): _view(space, metric) for space, metric in leading.items()}


def key(space: str, metric: str) -> str:
    """Return the name of a view in an address (`viewStateShareKey=`)."""
    return f"harness-{space}-{metric}"


def _view(space: str, metric: str) -> str:
    columns = [f"params.`{name}`" for name in PARAMS]
    columns += [f"metrics.`{name.format(metric)}`" for name in METRICS]
    columns += ["tags.`warnings`"]
    state = {
        **STATE,
        "searchFilter": f"params.space = '{space}'",
        "selectedColumns": columns,
        "columnOrder": columns,
        "columnWidths": {column: WIDTHS[column.split(".")[0]] for column in columns},
    }
    view = {"name": f"{space} by {metric}", "createdAt": WRITTEN, "updatedAt": WRITTEN, "state": json.dumps(state)}
    return json.dumps(view)


def _spaces(cells: Sequence[Cell]) -> list[str]:
    return list(dict.fromkeys(cell.space for cell in cells))
