"""Look up plug-ins by name (corpora, encoders, fusion models, metrics, stages): the name is the name of a file.

    find("metric", "uar")    -> the module harness/metrics/uar.py
    find("corpus", "meld")   -> the module adapters/meld.py, or that of an outside package

An outside package offers corpora by one entry point in the group `harness.corpora` whose value is a package;
each public module in it is a corpus of that name.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import pkgutil
import sys
import traceback
from functools import cache
from pathlib import Path
from types import ModuleType

from harness.core.errors import HarnessError, NameUnknownError
from harness.core.log import log

ROOMS = {
    "engine": "harness.core.engines",
    "encoder": "harness.encoders",
    "fusion": "harness.fusion",
    "metric": "harness.metrics",
    "protocol": "harness.protocols",
    "protocol table": "harness.report.protocol_tables",
    "stage": "harness.stages",
    "verb": "harness.verbs",
    "synthetic layout": "harness_adapters._synthetic",
}
CORPORA = "harness_adapters"
ENTRY_POINTS = "harness.corpora"


def find(kind: str, name: str) -> ModuleType:
    """Return the module of this kind and name; raise NameUnknownError with what there is."""
    if kind != "corpus" and not name.startswith("_"):  # whether two packages offer a corpus must be looked up
        known = sys.modules.get(f"{ROOMS[kind]}.{name}")
        if known is not None:
            return known
    path = _path(kind, name)
    try:
        return importlib.import_module(path)
    except (Exception, SystemExit) as error:  # code of others, maybe
        if isinstance(error, HarnessError):
            raise
        raise HarnessError(
            f"the {kind} {name!r} cannot be imported: {type(error).__name__}: {error} ({_origin(error)})"
        ) from error


def names(kind: str) -> list[str]:
    """List the names of one kind, sorted."""
    return sorted(_corpora() if kind == "corpus" else _public_modules(ROOMS[kind]))


def source(kind: str, name: str) -> Path:
    """Return the file that defines a plug-in, without running it."""
    spec = importlib.util.find_spec(_path(kind, name))
    if spec is None or spec.origin is None:
        raise HarnessError(f"the {kind} {name!r} has no source file")
    return Path(spec.origin)


def _origin(error: BaseException) -> str:
    """Return the file and the line that an error comes from, of what is no part of Python's own import system."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
    return f"{frames[-1].filename}, line {frames[-1].lineno}"


def _path(kind: str, name: str) -> str:
    if name not in names(kind):
        raise NameUnknownError(kind, name, names(kind))
    package = _corpora()[name] if kind == "corpus" else ROOMS[kind]
    return f"{package}.{name}"


def _corpora() -> dict[str, str]:
    """Map each corpus to the package that offers it; two offers of one name are an error, not a race."""
    points = importlib.metadata.entry_points(group=ENTRY_POINTS)
    offers: dict[str, str] = {}
    for package in dict.fromkeys([CORPORA, *(point.value for point in points)]):
        if package != CORPORA and _spec(package) is None:
            _warn(
                f"no corpus is taken from the package {package}, which an entry point {ENTRY_POINTS} names: it cannot "
                "be found or imported; reinstall or uninstall it"
            )
        for name in _public_modules(package):
            if name in offers:
                raise HarnessError(
                    f"two packages offer the corpus {name!r}: {_folder(offers[name])} and {_folder(package)}; "
                    "uninstall one of them"
                )
            offers[name] = package
    if not offers:
        raise HarnessError("no corpus is installed; run `make env`, or `pip install -e .` in the checkout")
    return offers


@cache  # each once in a process
def _warn(text: str) -> None:
    log.warning(text)


def _public_modules(package: str) -> list[str]:
    spec = _spec(package)
    if spec is None:
        return []
    modules = pkgutil.iter_modules(list(spec.submodule_search_locations or []))
    return [module.name for module in modules if not module.name.startswith("_") and not module.ispkg]


def _folder(package: str) -> str:
    spec = _spec(package)
    return str(next(iter(spec.submodule_search_locations or []), package)) if spec else package


def _spec(package: str) -> importlib.machinery.ModuleSpec | None:
    """Find a package; a checkout beside an installed copy of the adapters must be the same checkout."""
    try:
        spec = importlib.util.find_spec(package)
    except Exception:  # of the package that it lies in: not there, or its code fails
        return None
    if spec is not None and package == CORPORA:
        _refuse_stale_install(Path(next(iter(spec.submodule_search_locations or [""]))))
    return spec


def _refuse_stale_install(installed: Path) -> None:
    checkout = Path(__file__).resolve().parent.parent.parent / "adapters"
    if checkout.is_dir() and installed.resolve() != checkout:
        raise HarnessError(
            f"the harness runs from {checkout.parent}, but its corpora come from an installed copy in {installed}; "
            "run `pip install -e .` in the checkout"
        )
