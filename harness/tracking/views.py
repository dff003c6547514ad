"""Saved views for MLflow's runs page, two per label space; without one its table shows no param and no metric.

A view is an experiment tag in the form that "Save as new view" of MLflow 3.17 writes. A page of another version that
does not understand it says so and shows its plain table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from harness.study.cells import Cell
from harness.study.metric_facts import higher_is_better
from harness.study.splits import SINGLE_SOURCE
from harness.tracking.records import IN_DOMAIN, primary

PREFIX = "mlflow.sharedViewState."
FRAME = {"attributes.`Run Name`": 165, "runDateAndNestInfo": 45}  # what every table begins with, and its widths
PARAMS = {"recipe": 120, "pair": 115}
LAST = {"protocol": 160, "view": 100}  # alike in most rows
METRICS = ("transfer/{}", "gap/{}", "ratio/{}", "in_domain/{}", "interval/{}_low", "interval/{}_high", "floor/{}")
WIDTHS = {"metrics": 95, "tags": 200}
CHARTS = "harness"
CHART_HEIGHT = 360  # pixels
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
    "isAccordionReordered": True,
    "useGroupedValuesInCharts": True,
    "hideEmptyCharts": True,
    "groupBy": None,
    "groupsExpanded": {},
    "globalLineChartConfig": {"xAxisKey": "step", "lineSmoothness": 0, "selectedXAxisMetricKey": ""},
}


def views(cells: Sequence[Cell], facts: Mapping[str, Any]) -> dict[str, str]:
    """Return experiment tags: for each space all cells by recipe, and the best cross-corpus cells first."""
    spaces = dict.fromkeys(cell.space for cell in cells)
    of = {space: [cell for cell in cells if cell.space == space] for space in spaces}
    return {
        PREFIX + key(space, primary(rows, facts), best): _view(rows[0], primary(rows, facts), best)
        for space, rows in of.items()
        for best in (False, True)
    }


def key(space: str, metric: str, best: bool = False) -> str:
    """Return the name of a view in an address (`viewStateShareKey=`): all cells, or the best ones first."""
    return f"harness-{space}-{metric}" + ("-best" if best else "")


def _view(first: Cell, metric: str, best: bool) -> str:
    widths = _columns(metric)
    order = [*FRAME, *widths]
    state = {
        **STATE,
        "searchFilter": f"params.space = '{first.space}'",
        "selectedColumns": list(widths),
        "columnOrder": order,
        "columnWidths": {**FRAME, **widths},
        **_charts(metric),
    }
    if best:
        state |= {
            "searchFilter": _crossing(first),
            "orderByKey": f"metrics.`transfer/{metric}`",
            "orderByAsc": not higher_is_better(metric),
        }
    name = f"{first.space}, best cross-corpus {metric} first" if best else f"{first.space} by {metric}"
    view = {"name": name, "createdAt": WRITTEN, "updatedAt": WRITTEN, "state": json.dumps(state)}
    return json.dumps(view)


def _columns(metric: str) -> dict[str, int]:
    """Return the columns of a table from left to right, with their widths: the metric is seen on a small screen."""
    metrics = dict.fromkeys((f"metrics.`{name.format(metric)}`" for name in METRICS), WIDTHS["metrics"])
    first, last = ({f"params.`{name}`": width for name, width in some.items()} for some in (PARAMS, LAST))
    return {**first, **metrics, **last, "tags.`warnings`": WIDTHS["tags"]}


def _charts(metric: str) -> dict[str, Any]:
    """Return the charts of a view, one above the other: bars and parallel coordinates of the metric, gap and ratio."""
    common = {"metricSectionId": CHARTS, "deleted": False, "isGenerated": False, "runsCountToCompare": 20}
    value, *others = (f"{name}/{metric}" for name in ("transfer", "gap", "ratio"))
    lines = {"selectedParams": ["recipe", "source", "target"], "selectedMetrics": [value], "showAllRuns": True}
    pairs = {**common, "uuid": f"{CHARTS}-pairs", "type": "PARALLEL", **lines}
    bars = [{**common, "uuid": f"{CHARTS}-{metric}", "type": "BAR", "metricKey": metric} for metric in (value, *others)]
    section = {"uuid": CHARTS, "name": metric, "display": True, "isReordered": True, "deleted": False}
    return {
        "compareRunCharts": [bars[0], pairs, *bars[1:]],
        "compareRunSections": [{**section, "isGenerated": False, "columns": 1, "cardHeight": CHART_HEIGHT}],
        "chartsSearchFilter": f"^(transfer|gap|ratio)/{metric}$",
    }


def _crossing(first: Cell) -> str:
    """Return the filter of the cross-corpus cells of the matrix; what learned from the target does not compete."""
    conditions = [
        f"params.space = '{first.space}'",
        f"params.pair != '{IN_DOMAIN}'",
        f"params.protocol LIKE '{SINGLE_SOURCE}%'",
        *([f"params.view = '{first.view}'"] if first.view else []),
    ]
    return " and ".join(conditions)
