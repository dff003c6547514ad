"""Train and predict the cases of one protocol: a row of `protocols` in params.yaml."""

from __future__ import annotations

from typing import Any

from harness.core import memory, paths, processes
from harness.core.default_study import take_over
from harness.core.files import prune, write_json
from harness.core.log import log
from harness.protocols._case import Case
from harness.study.params import only
from harness.study.params.rows import row
from harness.study.reasons import counted
from harness.tracking.at_work import at_work
from harness.training import protocol_case_plan, protocol_cases
from harness.training.matrix_row import TrainingChoices
from harness.training.protocol_case import ProtocolCase

EXAMPLES = ("emotransfer protocols few_shot",)


def run(params: dict[str, Any], protocol: str) -> None:
    """Write protocols/<protocol>/: predictions of its cases, and plan.json naming the file or the reason of each.

    Args:
        params: params.yaml.
        protocol: a row of `protocols`; `protocol` names the file of harness/protocols where it differs.
    """
    memory.forget()
    take_over(paths.PROTOCOLS / protocol)
    processes.prepare(["harness.training.network", "harness.training.protocol_case", "scipy.optimize"])
    options = row(params, "protocols", protocol)
    file = str(options.get("protocol") or protocol)
    planned = protocol_case_plan.planned(params, protocol)
    jobs = [case for case in planned if not case.case.reason]
    if jobs:
        with at_work(params, f"protocols {protocol}") as workers:
            workers.run_pieces(list(protocol_cases.pieces(jobs, workers)), f"protocols {protocol}")
    facts = {"protocol": protocol, "file": file, "options": options, "selection": TrainingChoices.of(params).rule}
    write_json(paths.case_plan(protocol), {**facts, "cells": [_cell(case) for case in planned]})
    if not only.is_part(params):
        prune(paths.PROTOCOLS / protocol, [paths.case_plan(protocol), *(job.path for job in jobs)])
    without = counted(case.case.reason for case in planned if case.case.reason)
    log.info(f"{protocol}: {len(jobs)} of {len(planned)} cases predicted{without}")


def _cell(job: ProtocolCase) -> dict[str, Any]:
    case: Case = job.case
    cell = {"recipe": case.recipe, "space": case.space, "source": case.source, "target": case.target}
    tested = {"variant": case.variant, "by_fold": any(run.tested for run in case.runs)}
    return {**cell, **tested, **({"reason": case.reason} if case.reason else {"file": job.path.as_posix()})}
