"""A name you type is a file you open."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest
from small_studies import CHECKOUT

from harness.core import plugins
from harness.core.errors import NameUnknownError

KINDS = [*plugins.ROOMS, "corpus"]
FOLDERS = {kind: CHECKOUT.joinpath(*room.split(".")) for kind, room in plugins.ROOMS.items()} | {
    "corpus": CHECKOUT / "adapters",
    "synthetic layout": CHECKOUT / "adapters" / "_synthetic",
}
EVERY = [(kind, name) for kind in KINDS for name in plugins.names(kind)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_names_of_a_kind_are_its_public_files(kind: str) -> None:
    files = {path.stem for path in FOLDERS[kind].glob("*.py") if not path.name.startswith("_")}
    assert plugins.names(kind) == sorted(files)
    assert files


@pytest.mark.parametrize(("kind", "name"), EVERY, ids=lambda value: str(value))
def test_a_name_is_its_file(kind: str, name: str) -> None:
    assert plugins.source(kind, name).resolve() == FOLDERS[kind] / f"{name}.py"
    module = plugins.find(kind, name)
    assert isinstance(module, ModuleType)
    assert Path(str(module.__file__)).resolve() == FOLDERS[kind] / f"{name}.py"
    assert (module.__doc__ or "").strip(), "the overview shows its first line"


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_name_lists_what_there_is(kind: str) -> None:
    known = ", ".join(plugins.names(kind))
    for look_up in (plugins.find, plugins.source):
        with pytest.raises(NameUnknownError) as caught:
            look_up(kind, "no such thing")
        assert str(caught.value) == f"no {kind} is called 'no such thing' (known: {known})"


def test_a_near_miss_is_suggested() -> None:
    with pytest.raises(NameUnknownError, match=r"no metric is called 'uarr'; did you mean 'uar'\? \(known: acc2"):
        plugins.find("metric", "uarr")


@pytest.mark.parametrize("name", ["_cut", "__init__", "..errors", "uar.x", ""])
def test_what_is_private_or_a_path_is_not_a_name(name: str) -> None:
    with pytest.raises(NameUnknownError):
        plugins.find("metric", name)


def test_looking_for_the_source_runs_nothing() -> None:
    name = "harness.encoders.e5"
    loaded = sys.modules.pop(name, None)
    try:
        assert plugins.source("encoder", "e5").name == "e5.py"
        assert name not in sys.modules
    finally:
        if loaded is not None:
            sys.modules[name] = loaded


def test_a_new_file_is_a_new_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_metric.py").write_text("KIND = 'classes'\n")
    (tmp_path / "_private.py").write_text("raise RuntimeError\n")
    room = importlib.import_module("harness.metrics")
    monkeypatch.setattr(room, "__path__", [*room.__path__, str(tmp_path)])
    monkeypatch.setattr(room.__spec__, "submodule_search_locations", room.__path__)
    assert {"my_metric", "uar"} <= set(plugins.names("metric"))
    assert "_private" not in plugins.names("metric")
    assert plugins.find("metric", "my_metric").KIND == "classes"
    del sys.modules["harness.metrics.my_metric"]


CONTRACT = {
    "engine": {"Workers"},
    "encoder": {"MODALITY", "PACKAGES", "SHARD", "encoder"},
    "metric": {"KIND", "STATISTIC", "HIGHER_IS_BETTER", "from_statistic", "point"},
    "protocol": {"cases"},
    "protocol table": {"tables"},
    "fusion": {"DETERMINISTIC", "LEVEL"},
    "stage": {"run"},
    "verb": {"run"},
    "corpus": {"TITLE", "LANGUAGE", "FAMILY", "LICENCE", "ACCESS", "CITATION", "VIEWS", "SPACES", "read"},
    "synthetic layout": {"write"},
}


@pytest.mark.parametrize(("kind", "name"), EVERY, ids=lambda value: str(value))
def test_a_plugin_has_what_its_kind_needs(kind: str, name: str) -> None:
    module = plugins.find(kind, name)
    assert not [wanted for wanted in CONTRACT[kind] if not hasattr(module, wanted)]
    if kind == "fusion":
        network, own_fit = {"Model", "BATCHED"}, {"candidates", "fit", "predict"}
        assert network <= set(dir(module)) or own_fit <= set(dir(module))
        assert module.LEVEL in ("utterance", "frames")


def test_there_is_no_list_of_plugins_to_edit() -> None:
    for room in plugins.ROOMS.values():
        init = CHECKOUT.joinpath(*room.replace("harness_adapters", "adapters").split(".")) / "__init__.py"
        if init.exists():
            body = ast.parse(init.read_text(encoding="utf-8")).body
            assert [type(node).__name__ for node in body] in ([], ["Expr"]), f"{init} does more than say what it is"
