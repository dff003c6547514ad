"""Where MLflow is: a tracking URI checked before MLflow sees it, and the addresses of the pages to look at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit

from harness.core.errors import HarnessError

SERVERS = ("http", "https", "databricks")
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
LOCAL_SERVER = "http://127.0.0.1:5000"  # where `mlflow ui` listens
LOCK_SECONDS = 5
MODE = "workflowType=machine_learning"  # last in an address; without it MLflow's menu is that for language models


class TrackingError(HarnessError):
    """MLflow cannot be reached or written; the files under results/ are complete without it."""

    def __init__(self, uri: str, problem: str) -> None:
        text = " ".join(problem.split()).replace(uri, shown(uri))
        password = urlsplit(uri).password
        text = text.replace(password, "***") if password else text
        super().__init__(
            f"MLflow at {shown(uri)}: {text}; nothing is lost, results/ holds everything: mend it or set "
            "MLFLOW_TRACKING_URI, then run `dvc repro track`"
        )


def check(uri: str) -> None:
    """Refuse what cannot work, at once; a database is opened for writing, and its folder is made.

    MLflow itself tries a database that cannot be opened ten times, for two minutes.

    Raises:
        TrackingError: a folder, an unknown scheme, or a database that cannot be written.
    """
    scheme = urlsplit(uri).scheme.split("+")[0]
    if scheme in ("", "file") or Path(uri).is_dir():
        raise TrackingError(uri, "a folder of files can no longer be written by MLflow; use sqlite:///mlflow.db")
    if scheme not in SERVERS + DATABASES:
        raise TrackingError(uri, "no server and no database; expected http://host:5000 or sqlite:///mlflow.db")
    if scheme in DATABASES:
        _check_database(uri)


def artifact_location(uri: str) -> str | None:
    """Return the folder `mlartifacts` beside an SQLite file as a URI, or None where the server decides.

    MLflow's own choice is a folder of the working directory, wherever the command happens to run.
    """
    path = _sqlite_file(uri)
    return None if path is None else (path.parent / "mlartifacts").as_uri()


def hint(uri: str, experiment_id: str, view: str, best: str, runs: Sequence[str]) -> str:
    """Return how to open the pages: the command where there is no server, two saved views, and `runs` side by side."""
    local = urlsplit(uri).scheme.split("+")[0] in DATABASES
    base = LOCAL_SERVER if local else shown(uri).rstrip("/")
    start = f"MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false mlflow ui --workers 1 --backend-store-uri {shown(uri)}"
    pages = f"{base}/#/experiments/{experiment_id}/runs?viewStateShareKey="
    lists = [quote(json.dumps(ids, separators=(",", ":"))) for ids in (list(runs), [experiment_id])]
    return "\n".join(
        [
            *([f"start:   {start}"] if local else []),
            f"table:   {pages}{quote(view)}&{MODE}",
            f"best:    {pages}{quote(best)}&{MODE}",
            f"charts:  {pages}{quote(view)}&compareRunsMode=CHART&{MODE}",
            f"compare: {base}/#/compare-runs?runs={lists[0]}&experiments={lists[1]}&{MODE}",
        ]
    )


def shown(uri: str) -> str:
    """Return the URI without its password."""
    parts = urlsplit(uri)
    return uri.replace(f":{parts.password}@", ":***@") if parts.password else uri


def _check_database(uri: str) -> None:
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import SQLAlchemyError

    path = _sqlite_file(uri)
    try:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(uri, connect_args={"timeout": LOCK_SECONDS} if path is not None else {})
        with engine.connect() as connection:
            if path is not None:
                connection.execute(text("BEGIN IMMEDIATE"))
        engine.dispose()
    except (SQLAlchemyError, OSError, ImportError) as error:
        problem = str(error).partition("\n")[0]  # SQLAlchemy goes on with the statement and a link
        raise TrackingError(uri, f"the database cannot be opened for writing ({problem})") from error


def _sqlite_file(uri: str) -> Path | None:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(uri)
    except ArgumentError:  # not a database at all, such as http://host:5000/path
        return None
    return Path(url.database).resolve() if url.get_backend_name() == "sqlite" and url.database else None
