"""Which keys an edit of the real code changes: what is extracted, trained and probed again after it, and what stays."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_studies import CHECKOUT

from harness.core import code_digest as digests
from harness.core import imports
from harness.core.code_digest import code_digest
from harness.features.plan import DECIDES_ROWS

OF_TEXT, OF_SOUND, OF_PICTURE = ("ngrams", "e5"), ("logmel",), ("face",)
FEATURES = (*OF_TEXT, *OF_SOUND, *OF_PICTURE)
TRAINED = ("linear", "mlp", "few_shot by mlp")  # models of the matrix, and predictions of a protocol's case
PROBES = ("probes",)

# A file of harness/ and the keys that change when what it does changes.
CHANGED = {
    "core/errors.py": (*FEATURES, *TRAINED, *PROBES),
    "core/files.py": TRAINED,
    "study/labels.py": TRAINED,
    "study/utterance.py": (*OF_SOUND, *OF_PICTURE, *TRAINED, *PROBES),
    "encoders/logmel.py": OF_SOUND,
    "features/rows.py": FEATURES,  # decides rows
    "features/decode_sound.py": OF_SOUND,
    "corpora/media/decode.py": (*OF_SOUND, *OF_PICTURE, *PROBES),
    "training/network.py": TRAINED,
    "training/protocol_case.py": ("few_shot by mlp",),
    "fusion/mlp.py": ("mlp", "few_shot by mlp"),
    "metrics/uar.py": TRAINED,  # what is selected by
}


class Checkout:
    """A copy of harness/ whose files are edited one at a time."""

    def __init__(self, folder: Path) -> None:
        self.harness = folder / "harness"
        shutil.copytree(CHECKOUT / "harness", self.harness, ignore=shutil.ignore_patterns("__pycache__"))
        self.roots = {
            **{name: self._of_features(name, "text") for name in OF_TEXT},
            **{name: self._of_features(name, "audio") for name in OF_SOUND},
            **{name: self._of_features(name, "video") for name in OF_PICTURE},
            **{name: self._files(f"fusion/{name}.py", "training/matrix_row_finish.py") for name in ("linear", "mlp")},
            "few_shot by mlp": self._files("fusion/mlp.py", "training/protocol_case.py"),
            "probes": self._files("corpora/media/probe.py"),
        }
        self.keys = self.keys_now()

    def _files(self, *names: str) -> list[Path]:
        return [self.harness / name for name in names]

    def _of_features(self, encoder: str, modality: str) -> list[Path]:
        return self._files(f"encoders/{encoder}.py", *(f"features/{name}" for name in DECIDES_ROWS[modality]))

    def keys_now(self) -> dict[str, str]:
        for module in (imports, digests):  # a process reads a file once
            for remembered in vars(module).values():
                getattr(remembered, "cache_clear", lambda: None)()
        return {name: code_digest(*files) for name, files in self.roots.items()}

    def changed_by(self, texts: dict[Path, str]) -> set[str]:
        """Return the keys that are others when files have these texts."""
        before = {path: path.read_text(encoding="utf-8") for path in texts}
        for path, text in texts.items():
            assert text != before[path], path
            path.write_text(text, encoding="utf-8")
        now = self.keys_now()
        for path, text in before.items():
            path.write_text(text, encoding="utf-8")
        return {name for name, key in now.items() if key != self.keys[name]}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("checkout")
        patch.setattr(imports, "ROOT", folder)
        copy = Checkout(folder)
        yield copy
    copy.keys_now()


def with_remarks(text: str) -> str:
    """Return a file with another docstring at its top and in each function and class, and with a comment everywhere."""
    lines = text.splitlines()
    documented = (ast.Module, ast.FunctionDef, ast.ClassDef)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, documented) and ast.get_docstring(node) and isinstance(node.body[0], ast.Expr):
            first = node.body[0].lineno - 1
            lines[first] = lines[first].replace('"""', '"""Remark. ', 1)
    return "\n".join(["# A remark.", *lines, "# Another.", ""])


def with_statement(text: str) -> str:
    """Return a file whose first function does one thing more."""
    function = next(node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef))
    lines = text.splitlines()
    last = function.body[-1]
    lines.insert(last.lineno - 1, " " * last.col_offset + "assert True")
    return "\n".join([*lines, ""])


def with_constant(text: str) -> str:
    """Return a file with another value in the first number or string of an assignment at its top."""
    assigned = (node for node in ast.parse(text).body if isinstance(node, ast.Assign | ast.AnnAssign) and node.value)
    values = (part for node in assigned for part in ast.walk(node.value) if isinstance(part, ast.Constant))
    value = next(part for part in values if isinstance(part.value, str | int | float))
    lines = text.splitlines()
    line = lines[value.lineno - 1].encode()
    other = f"{value.value}!" if isinstance(value.value, str) else value.value + 1
    lines[value.lineno - 1] = (line[: value.col_offset] + repr(other).encode() + line[value.end_col_offset :]).decode()
    return "\n".join([*lines, ""])


def test_comments_and_docstrings_in_every_file_change_no_key(checkout: Checkout) -> None:
    texts = {path: with_remarks(path.read_text(encoding="utf-8")) for path in checkout.harness.rglob("*.py")}
    assert len(texts) > 100
    assert checkout.changed_by(texts) == set()


@pytest.mark.parametrize("name", sorted(CHANGED.keys() - {"study/utterance.py"}))  # which has no function
def test_a_changed_function_changes_the_keys_of_what_it_decides(checkout: Checkout, name: str) -> None:
    path = checkout.harness / name
    assert checkout.changed_by({path: with_statement(path.read_text(encoding="utf-8"))}) == set(CHANGED[name])


@pytest.mark.parametrize(
    "name",
    ["study/labels.py", "study/utterance.py", "encoders/logmel.py", "features/rows.py", "training/network.py"],
)
def test_a_changed_constant_changes_the_keys_of_what_it_decides(checkout: Checkout, name: str) -> None:
    path = checkout.harness / name
    assert checkout.changed_by({path: with_constant(path.read_text(encoding="utf-8"))}) == set(CHANGED[name])


def test_code_that_decides_no_key_may_be_rewritten(checkout: Checkout) -> None:
    """How work is shared and what comes after predictions, all at once: nothing is extracted or trained again."""
    folders = ("report", "audit", "tracking", "stages", "verbs", "evaluation")
    paths = [path for folder in folders for path in (checkout.harness / folder).rglob("*.py")]
    paths += [checkout.harness / name for name in ("core/engine.py", "features/extract.py", "features/read_ahead.py")]
    texts = {path: path.read_text(encoding="utf-8") + "\nNEW = 1\n" for path in paths}
    assert checkout.changed_by(texts) == set()
