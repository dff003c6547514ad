"""Saved views for MLflow's runs page, two per label space; without one its table shows no param and no metric.

A view is an experiment tag in the form that "Save as new view" of MLflow 3.17 writes. A page of another version that
does not understand it says so and shows its plain table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from harness.report_words import higher_is_better
from harness.tracking_records import IN_DOMAIN, primary
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
    """Return experiment tags: for each space all cells by recipe, and the best cross-corpus cells first."""
    leading = {space: primary([cell for cell in cells if cell.space == space], facts) for space in _spaces(cells)}
    return {
        PREFIX + key(space, metric, best): _view(space, metric, best)
        for space, metric in leading.items()
        for best in (False, True)
    }


def key(space: str, metric: str, best: bool = False) -> str:
    """Return the name of a view in an address (`viewStateShareKey=`): all cells, or the best ones first."""
    return f"harness-{space}-{metric}" + ("-best" if best else "")


def _view(space: str, metric: str, best: bool) -> str:
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
    if best:
        state |= {
            "searchFilter": f"params.space = '{space}' and params.pair != '{IN_DOMAIN}'",
            "orderByKey": f"metrics.`transfer/{metric}`",
            "orderByAsc": not higher_is_better(metric),
        }
    name = f"{space}, best cross-corpus {metric} first" if best else f"{space} by {metric}"
    view = {"name": name, "createdAt": WRITTEN, "updatedAt": WRITTEN, "state": json.dumps(state)}
    return json.dumps(view)


def _spaces(cells: Sequence[Cell]) -> list[str]:
    return list(dict.fromkeys(cell.space for cell in cells))
