"""Where MLflow is: a tracking URI checked before MLflow sees it, and the addresses of the pages to look at."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, unquote

from harness.core.default_study import default_study
from harness.core.errors import HarnessError

SERVERS = ("http", "https", "databricks")
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
LOCAL_SERVER = "http://127.0.0.1:5000"  # where `mlflow ui` listens
LOCK_SECONDS = 5
ARTIFACTS = "mlartifacts"
MODE = "workflowType=machine_learning"  # last in an address; without it MLflow's menu is that for language models
SECRETS = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")  # variables that MLflow reads
SHORTEST = 3  # characters; shorter values stand in every second word
_AUTHORITY = re.compile(r"(?:(?<=://)|^)([^/?#]*)@")
_QUERY = re.compile(r"([?&#;](?:[^=&#;]*=)?)([^&#;]+)")


class TrackingError(HarnessError):
    """MLflow cannot be reached or written; the files under results/ are complete without it."""

    def __init__(self, uri: str, problem: str) -> None:
        self.problem = f"MLflow at {shown(uri)}: {without_secrets(' '.join(problem.split()), uri)}"
        super().__init__(
            f"{self.problem}; nothing is lost, results/ holds everything: mend it or set MLFLOW_TRACKING_URI, then run "
            "`dvc repro track`"
        )


def check(uri: str) -> None:
    """Refuse what cannot work, at once; a database is opened for writing, and its folder is made.

    MLflow itself tries a database that cannot be opened ten times, for two minutes.

    Raises:
        TrackingError: a folder, an unknown scheme, or a database that cannot be written.
    """
    scheme = _scheme(uri)
    if scheme in ("", "file") or Path(uri).is_dir():
        raise TrackingError(uri, "a folder of files can no longer be written by MLflow; use sqlite:///mlflow.db")
    if scheme not in SERVERS + DATABASES:
        raise TrackingError(uri, "no server and no database; expected http://host:5000 or sqlite:///mlflow.db")
    if scheme in DATABASES:
        _check_database(uri)


def is_server(uri: str) -> bool:
    """Tell whether a URI is that of a server, which others may write to."""
    return _scheme(uri) in SERVERS


def is_database(uri: str) -> bool:
    """Tell whether a URI is that of a database, in which this process makes MLflow's tables itself."""
    return _scheme(uri) in DATABASES


def is_private(uri: str) -> bool:
    """Tell whether a URI is that of an SQLite file of this checkout, which no other one writes to."""
    path = sqlite_file(uri)
    return path is not None and path.is_relative_to((default_study() or Path.cwd()).resolve())


def artifact_location(uri: str) -> str | None:
    """Return the folder `mlartifacts` beside an SQLite file as a URI, or None where the server decides.

    MLflow's own choice is a folder of the working directory, wherever the command happens to run.
    """
    path = sqlite_file(uri)
    return None if path is None else (path.parent / ARTIFACTS).as_uri()


def hint(uri: str, experiment_id: str, view: str, best: str, runs: Sequence[str]) -> str:
    """Return how to open the pages: the command where there is no server, two saved views, and `runs` side by side."""
    base = _pages(uri)
    start = f"MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false mlflow ui --workers 1 --backend-store-uri {shown(uri)}"
    pages = f"{base}/#/experiments/{experiment_id}/runs?viewStateShareKey="
    lists = [quote(json.dumps(ids, separators=(",", ":"))) for ids in (list(runs), [experiment_id])]
    return "\n".join(
        [
            *([f"start:   {start}"] if is_database(uri) else []),
            f"table:   {pages}{quote(view)}&{MODE}",
            f"best:    {pages}{quote(best)}&{MODE}",
            f"charts:  {pages}{quote(view)}&compareRunsMode=CHART&{MODE}",
            f"compare: {base}/#/compare-runs?runs={lists[0]}&experiments={lists[1]}&{MODE}",
        ]
    )


def page_of(uri: str, experiment_id: str, run_id: str) -> str:
    """Return the address of the charts of one run."""
    return f"{_pages(uri)}/#/experiments/{experiment_id}/runs/{run_id}/model-metrics?{MODE}"


def shown(uri: str) -> str:
    """Return the URI without what may be secret: a password, a token in the place of a user, every value of a query."""
    return _AUTHORITY.sub(lambda match: f"{_user(match[1])}@", _QUERY.sub(r"\1***", uri))


def without_secrets(text: str, uri: str) -> str:
    """Return a text of others, such as an error of a library, in which no secret of the URI or of MLflow stands."""
    text = text.replace(uri, shown(uri))
    authority = _AUTHORITY.search(uri)
    found = [value for _, value in _QUERY.findall(uri)]
    if authority:
        user, colon, password = authority[1].partition(":")
        found.append(password if colon else user)
    found += [os.environ.get(name, "") for name in SECRETS]
    every = {form for value in found for form in (value, unquote(value), quote(unquote(value), safe=""))}
    for value in sorted((form for form in every if len(form) >= SHORTEST), key=len, reverse=True):
        text = text.replace(value, "***")
    return text


def _pages(uri: str) -> str:
    return LOCAL_SERVER if is_database(uri) else shown(uri).rstrip("/")


def _user(authority: str) -> str:
    user, colon, _ = authority.partition(":")
    return f"{user}:***" if colon else "***"


def _check_database(uri: str) -> None:
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import SQLAlchemyError

    path = sqlite_file(uri)
    try:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(uri, connect_args={"timeout": LOCK_SECONDS} if path is not None else {})
        with engine.connect() as connection:
            if path is not None:
                connection.execute(text("BEGIN IMMEDIATE"))
                connection.execute(text("CREATE TABLE of_no_use (x)"))  # a read-only file lets a transaction begin
                connection.execute(text("ROLLBACK"))
        engine.dispose()
    except (SQLAlchemyError, OSError, ImportError) as error:
        problem = str(error).partition("\n")[0]  # SQLAlchemy goes on with the statement and a link
        raise TrackingError(uri, f"the database cannot be opened for writing ({problem})") from error


def _scheme(uri: str) -> str:
    scheme, colon, _ = uri.partition(":")
    return scheme.lower().split("+")[0] if colon else ""


def sqlite_file(uri: str) -> Path | None:
    """Return the file of an SQLite database, or None."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(uri)
    except (ArgumentError, ValueError):  # not a database at all, such as http://host:5000/path
        return None
    return Path(url.database).resolve() if url.get_backend_name() == "sqlite" and url.database else None
