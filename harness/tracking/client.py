"""MLflow's client, quiet and with its errors in one line."""

from __future__ import annotations

import logging
import os
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.core.errors import HarnessError
from harness.tracking.address import TrackingError, check, is_server

ENVIRONMENT = {  # read by MLflow; what the user has set stays
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
LOGGERS = ("alembic", "mlflow.store.db.utils")
CLIENT = ("mlflow", "google", "requests", "urllib3")  # packages that ask a server; google holds protobuf
TABLE_EXISTS = re.compile(r"\btable \S+ already exists$")
HALF_MADE = "MLflow was killed while it made or renewed the tables: delete the database if no other study is in it"
SILENT = ("urllib3.connectionpool",)  # its warnings quote addresses with what is secret in them


@contextmanager
def errors_in_one_line(uri: str) -> Iterator[None]:
    """Refuse an address that cannot work, make MLflow quiet, and tell what fails inside as a TrackingError."""
    check(uri)
    make_quiet()
    with told_in_one_line(uri):
        yield


def make_quiet() -> None:
    """Import MLflow, quiet and patient for a few seconds alone."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import mlflow  # noqa: F401

    for logger in LOGGERS:
        logging.getLogger(logger).setLevel(logging.WARNING)
    for logger in SILENT:
        logging.getLogger(logger).setLevel(logging.ERROR)


@contextmanager
def told_in_one_line(uri: str) -> Iterator[None]:
    """Tell what fails inside as a TrackingError."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise TrackingError(uri, _cause(error)) from error
    except Exception as error:
        if isinstance(error, HarnessError) or not (is_server(uri) and _is_of_mlflow(error)):
            raise
        problem = f"the server does not answer as MLflow does ({type(error).__name__}: {error})"
        raise TrackingError(uri, problem) from error


def _is_of_mlflow(error: BaseException) -> bool:
    """Tell whether an error comes from MLflow's client, which trusts what a server answers, and not from here."""
    modules = [str(frame.f_globals.get("__name__")) for frame, _ in traceback.walk_tb(error.__traceback__)]
    return any(module.partition(".")[0] in CLIENT for module in modules)


def _cause(error: BaseException) -> str:
    """Return what the operating system said, where it did: MLflow wraps a refused connection four times.

    Of an error of a database its first line is returned: the statement in SQL follows it.
    """
    cause, inner = error, error.__cause__ or error.__context__
    while inner is not None:
        cause, inner = inner if isinstance(inner, OSError) else cause, inner.__cause__ or inner.__context__
    text = str(cause).partition("\n[SQL:")[0]
    return f"{text}; {HALF_MADE}" if TABLE_EXISTS.search(text) else text


def client_of(uri: str) -> Any:
    """Return the client of a tracking server or database."""
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)
