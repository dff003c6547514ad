"""A JSON file of a release ends in values that can be written down again, or in one clear error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.core.errors import ReleaseError
from harness.corpora.reading.json_file import DEEPEST, read_json


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.json"


@pytest.mark.parametrize("value", [{"a": [1, -2.5, "é\u2028😀", None, True]}, [], "x", {}])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("ascii", [True, False])
def test_what_json_holds_is_returned(path: Path, value: object, encoding: str, ascii: bool) -> None:
    path.write_text(json.dumps(value, ensure_ascii=ascii), encoding=encoding)
    assert read_json(path) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1, NaN]", r"it holds the number NaN\); expected finite numbers"),
        ("[-Infinity]", "it holds the number -Infinity"),
        ("[1e400]", "it holds the number 1e400"),
        ("[" + "9" * 5000 + "]", "4300 digits"),
        ("[" * 100_000, "nests lists or objects more than 30 deep"),
        ("[" * 100_000 + "]" * 100_000, "nests lists or objects more than 30 deep"),
        ('{"a":' * (DEEPEST + 1) + "1" + "}" * (DEEPEST + 1), "nests lists or objects more than 30 deep"),
        (r'["\ud800"]', "holds half a character"),
        (r'["\uDC00x"]', "holds half a character"),
        ('{"a": 1', "line 1: is not valid JSON"),
        ('\n\n{"a" 1}', "line 3: is not valid JSON"),
        ("", "line 1: is not valid JSON"),
    ],
)
def test_what_cannot_be_written_down_again_is_one_clear_error(path: Path, text: str, said: str) -> None:
    path.write_text(text)
    with pytest.raises(ReleaseError, match=said) as caught:
        read_json(path)
    assert str(caught.value).startswith(str(path))
    assert len(str(caught.value).splitlines()) == 1


def test_the_deepest_that_is_read(path: Path) -> None:
    path.write_text("[" * DEEPEST + "]" * DEEPEST)
    assert isinstance(read_json(path), list)


def test_other_encodings_are_refused(path: Path) -> None:
    path.write_text('["你好"]', encoding="gb18030")
    with pytest.raises(ReleaseError, match="is not UTF-8"):
        read_json(path)


def test_objects_can_be_looked_at_as_they_stand_there(path: Path) -> None:
    path.write_text('{"a": 1, "a": 2}')
    found = []
    assert read_json(path, lambda pairs: found.append(pairs) or dict(pairs)) == {"a": 2}
    assert found == [[("a", 1), ("a", 2)]]
