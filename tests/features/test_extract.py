"""Extraction: any kind of encoder, what cannot be encoded counted, the same rows however the work is cut."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clips import write_picture
from numpy.testing import assert_array_equal
from small_studies import params_of, stage

from harness.core import memory, paths
from harness.core.engine import opened
from harness.core.errors import MediaError, ResultError, SettingError
from harness.core.files import digest
from harness.core.pieces import Needs
from harness.corpora.media.clips import Clip, Guard
from harness.features import extract, inventory
from harness.features import store as features
from harness.features.matrix import Pieces, Ragged
from harness.features.plan import Wanted
from harness.features.read_ahead import DEEP, ahead

ENCODERS = {
    "lengths": '''
MODALITY, PACKAGES, SHARD = "text", ("numpy",), {shard}
import numpy as np
from harness.features.matrix import Ragged
def resolved(options): return "abc123"
class E:
    def encode(self, texts, language):
        rows = [[[ord(c)] for c in t if c != "-"] for t in texts]
        return Ragged.of([np.array(r, dtype=np.float32).reshape(-1, 1) for r in rows], 1)
def encoder(): return E()
''',
    "looks": '''
MODALITY, PACKAGES, SHARD, NOTHING = "video", ("numpy",), {shard}, "no_face"
import numpy as np
class E:
    fps, size = 5.0, (32, 16)
    def encode(self, clips):
        rows = [[c.mean(), len(c), c.shape[2]] if len(c) > 1 else [np.nan] * 3 for c in clips]
        return np.array(rows, dtype=np.float32).reshape(-1, 3)
def encoder(): return E()
''',
}  # fmt: skip


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Write the toy encoders into the room of encoders, with the size of their pieces."""
    package = importlib.import_module("harness.encoders")
    folder = tmp_path / "encoders"
    folder.mkdir()
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    monkeypatch.setattr(package.__spec__, "submodule_search_locations", package.__path__)
    monkeypatch.chdir(tmp_path)

    def write(shard: int) -> None:
        for name, text in ENCODERS.items():
            (folder / f"{name}.py").write_text(text.replace("{shard}", str(shard)))
            sys.modules.pop(f"harness.encoders.{name}", None)
        importlib.invalidate_caches()
        memory.forget()

    yield write
    for name in ENCODERS:
        sys.modules.pop(f"harness.encoders.{name}", None)


def wanted(file: str, inputs: dict[str, Any], failed: dict[str, str] | None = None, dtype: str = "float32") -> Wanted:
    made_by = {"digest": digest([file, len(inputs), dtype]), "language": "en"}
    return Wanted("row", "corpus", "native", file, {}, dtype, inputs, failed or {}, made_by, Guard())


def extracted(store: Wanted) -> None:
    with opened({"kind": "local", "workers": 1}) as engine:
        extract.extract([store], engine, "test")


TEXTS = {"a": "xyz", "b": "-", "c": "q", "d": "--", "e": "mn"}


@pytest.mark.parametrize("shard", [1, 2, 5])
def test_frames_are_the_same_however_the_work_is_cut(room: Any, shard: int) -> None:
    room(shard)
    store = wanted("lengths", TEXTS, {"z": "no_text:native"})
    extracted(store)
    found = features.read(store.folder)
    assert found.ids == ["a", "c", "e"]
    assert isinstance(found.matrix, Ragged)
    assert_array_equal(found.matrix.values[:, 0], [ord(c) for c in "xyzqmn"])
    assert_array_equal(found.matrix.lengths, [3, 1, 2])
    assert found.failed == {"b": "no_frames", "d": "no_frames", "z": "no_text:native"}
    assert found.made_by["without"] == {"no_frames": 2, "no_text:native": 1}
    assert_array_equal(found.rows(["e", "a"]).values[:, 0], [ord(c) for c in "mnxyz"])
    before = (store.folder / "made_by.json").stat().st_mtime_ns
    extracted(store)
    assert (store.folder / "made_by.json").stat().st_mtime_ns == before, "a current store was made again"


@pytest.mark.parametrize("threads", [0, 2])
def test_clips_are_decoded_as_the_encoder_asks_and_what_is_odd_is_counted(
    room: Any, tmp_path: Path, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    room(2)
    monkeypatch.setattr(extract, "_needs", lambda store, engine: (Needs(), threads))
    for name, count in (("fine", 25), ("brief", 3), ("long", 100)):
        write_picture(tmp_path / f"{name}.mp4", count)
    (tmp_path / "bad.mp4").write_bytes(b"no film" * 50)
    clips = {name: Clip(tmp_path / f"{name}.mp4", stated=0.5) for name in ("fine", "bad", "brief", "long", "gone")}
    store = wanted("looks", clips)
    sys.modules.pop("harness.encoders.looks", None)
    extracted(store)
    found = features.read(store.folder)
    assert found.ids == ["fine", "long"]
    assert found.failed == {"bad": "unreadable", "brief": "no_face", "gone": "missing"}
    assert found.matrix[:, 2].tolist() == [32, 32]
    assert found.matrix[0, 1] == pytest.approx(5, abs=1)
    assert features.note_of(store.folder) == {"long": "cut"}
    assert found.made_by["notes"] == {"cut": 1}


def test_half_precision_is_kept_and_what_it_cannot_hold_is_refused(tmp_path: Path) -> None:
    rows = np.array([[1.5, 2.0], [3.0, 60000.0]], dtype=np.float32)
    features.write(tmp_path / "x", ["a", "b"], rows, {}, {"digest": "d" * 64}, dtype="float16")
    stored = features.read(tmp_path / "x")
    assert (stored.matrix.dtype, stored.made_by["dtype"]) == (np.float16, "float16")
    assert_array_equal(stored.matrix, rows.astype(np.float16))
    with pytest.raises(ResultError, match=r"a feature is 7e\+04, beyond float16; take float32"):
        features.write(tmp_path / "y", ["a"], np.array([[7e4]], np.float32), {}, {"digest": "d" * 64}, dtype="float16")


@pytest.mark.parametrize("frames", [True, False])
def test_a_store_written_in_pieces_is_the_one_written_whole(tmp_path: Path, frames: bool) -> None:
    chance = np.random.default_rng(4)
    parts: list[Any] = [chance.normal(size=(n, 3)).astype(np.float32) for n in (4, 1, 6)]
    if frames:
        parts = [Ragged.of(np.array_split(part, 2), 3) for part in parts]
    size = sum(len(part) for part in parts)
    ids = [str(at) for at in range(size)]
    pieces = Pieces((size, 3), [lambda part=part: part for part in parts], frames)
    whole = np.concatenate([part.values if frames else part for part in parts])
    matrix = (
        Ragged(whole, np.concatenate([[0], np.cumsum(np.concatenate([p.lengths for p in parts]))])) if frames else whole
    )
    features.write(tmp_path / "pieces", ids, pieces, {}, {"digest": "d" * 64})
    features.write(tmp_path / "whole", ids, matrix, {}, {"digest": "d" * 64})
    for name in ("rows.npy", *(["starts.npy"] if frames else [])):
        a, b = (np.load(tmp_path / kind / name) for kind in ("pieces", "whole"))
        assert a.dtype == b.dtype
        assert_array_equal(a, b)
    assert_array_equal(np.load(tmp_path / "pieces" / "rows.npy"), whole)


def test_another_kind_of_store_leaves_nothing_of_the_one_before(tmp_path: Path) -> None:
    features.write(tmp_path, ["a"], Ragged.of([np.ones((2, 3), np.float32)], 3), {}, {"digest": "d" * 64})
    features.write(tmp_path, ["a"], np.ones((1, 3), np.float32), {}, {"digest": "d" * 64})
    assert not (tmp_path / "starts.npy").exists()
    assert features.read(tmp_path).matrix.shape == (1, 3)


def slow(item: int) -> int:
    time.sleep(0.01 * (item % 3))
    if item == 7:
        raise MediaError(Path("x"), "unreadable", "test")
    return item * item


def test_work_ahead_keeps_the_order_and_its_bound() -> None:
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for item in range(30):
            drawn.append(item)
            yield item

    results = ahead(lambda item: item * item, items(), 2)
    for at in range(30):
        assert next(results) == at * at
        assert len(drawn) <= at + 2 + 2 * DEEP
    assert list(ahead(slow, range(7), 3)) == [n * n for n in range(7)]


def test_an_error_ahead_comes_in_its_place_and_threads_end() -> None:
    before = threading.active_count()
    results = ahead(slow, range(20), 3)
    assert [next(results) for _ in range(7)] == [n * n for n in range(7)]
    with pytest.raises(MediaError):
        next(results)
    early = ahead(slow, range(6), 3)
    next(early)
    early.close()
    assert threading.active_count() == before


def test_the_answers_about_stores(
    room: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    room(2)
    store = wanted("lengths", TEXTS)
    params = {"encoders": {"row": {"encoder": "lengths"}}, "corpora": {"corpus": {}}}
    monkeypatch.setattr(inventory, "wanted", lambda params, encoder, corpus: [store])
    assert "missing" in inventory.listing(params)
    with pytest.raises(ResultError, match="1 feature stores are not as they should be"):
        inventory.answer(params, "verify")
    assert "row corpus native: is not there" in capsys.readouterr().out
    extracted(store)
    line = inventory.listing(params).splitlines()[1].split()
    assert line == ["row", "corpus", "native", "frames", "3", "1", "float32", "6", "2", "0.0", "current"]
    inventory.answer(params, "verify")
    assert "every feature store is whole and current" in capsys.readouterr().out
    assert '"no_frames": 2' in inventory.info(store)
    assert "frames: 6, 2 an utterance, 3 at most" in inventory.info(store)
    with pytest.raises(SettingError, match="of which store"):
        inventory.answer(params, "info", "row")


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda folder: (folder / "ids.txt").write_text("a\nc\nx\n"), "ids.txt is not as it was written"),
        (lambda folder: np.save(folder / "starts.npy", np.array([0, 2, 4, 6])), "starts.npy is not as"),
        (lambda folder: np.save(folder / "rows.npy", np.ones((6, 1), np.float32)), "rows.npy is not as"),
        (lambda folder: (folder / "rows.npy").write_bytes(b"\x93NUMPY"), "rows.npy is not as"),
        (lambda folder: (folder / "rows.npy").unlink(), "rows.npy: No such file"),
        (lambda folder: (folder / "failed.csv").write_text(""), "failed.csv is not as"),
        (lambda folder: (folder / "notes.csv").unlink(), "notes.csv: No such file"),
        (lambda folder: (folder / "made_by.json").write_text("[]"), "its seal is missing"),
        (lambda folder: swap(folder / "made_by.json", '"language": "en"', '"language": "zh"'), "its bytes are not"),
    ],
)
def test_a_store_that_was_edited_is_told_and_made_again(
    room: Any, damage: Any, problem: str, monkeypatch: Any, capsys: Any, caplog: Any
) -> None:
    room(2)
    store = wanted("lengths", TEXTS)
    params = {"encoders": {"row": {"encoder": "lengths"}}, "corpora": {"corpus": {}}}
    monkeypatch.setattr(inventory, "wanted", lambda params, encoder, corpus: [store])
    extracted(store)
    written = {path.name: path.read_bytes() for path in store.folder.iterdir()}
    assert list(inventory.verify(params)) == []
    damage(store.folder)
    (line,) = inventory.verify(params)
    assert str(store.folder) in line
    assert problem in line
    assert "delete it and run `dvc repro features`" in line
    inventory.listing(params)  # does not break on it
    extracted(store)
    assert f"{store.folder}" in caplog.text
    assert "; it is made again" in caplog.text
    assert {path.name: path.read_bytes() for path in store.folder.iterdir()} == written


def swap(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_piece_that_was_edited_is_made_again(room: Any, monkeypatch: Any) -> None:
    room(2)
    store = wanted("lengths", TEXTS)
    with monkeypatch.context() as patch:
        patch.setattr(extract, "write_store", lambda work: "")  # killed before the pieces are put together
        extracted(store)
    first, second, third = sorted(paths.WORK.rglob("*.safetensors"))
    pieces = [path.read_bytes() for path in (first, second, third)]
    first.write_bytes(pieces[0][:-4] + b"\x00\x00\x80?")  # the last of its numbers is 1 now
    second.write_bytes(pieces[2])  # a whole piece, of other utterances
    third.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(extract, "write_store", lambda work: "")
        extracted(store)
    assert [path.read_bytes() for path in (first, second, third)] == pieces


def test_a_store_that_was_lost_while_it_was_written_is_written_again(room: Any) -> None:
    room(2)
    store = wanted("lengths", TEXTS)
    with opened({"kind": "local", "workers": 1}) as engine:
        waiting = list(extract.pieces(store, engine))
        while not waiting[0].reads:
            piece = waiting.pop(0)
            assert piece.then is not None
            waiting += list(piece.then(piece.work(piece.job)))
    (write,) = waiting
    told = write.work(write.job)
    assert told == "row corpus native: 3 rows, without: 2 no_frames"
    assert not any(path.exists() for path in write.reads)
    assert write.is_made is not None
    assert write.is_made(write.job), "the shards, which are gone, are not waited for"
    assert write.work(write.job) == told
    (store.folder / "made_by.json").unlink()
    with pytest.raises(ResultError, match="is not there"):
        write.work(write.job)


def test_corpora_that_are_not_linked_have_empty_stores_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    params = params_of(tmp_path, corpora=("m3ed", "iemocap"))
    for corpus in params["corpora"]:
        stage("prepare", params, corpus)
    stage("features", params, "ngrams")
    for corpus in params["corpora"]:
        assert features.read(paths.features("ngrams", corpus, "native")).ids == []
