"""Linking: which release a study reads, and that synthetic and real ones never meet."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_studies import params_of

from harness.core import paths
from harness.core.errors import HarnessError
from harness.core.paths import WATERMARK
from harness.core.plugins import find, names
from harness.corpora.reading import links


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    monkeypatch.chdir(tmp_path)
    return params_of(tmp_path)


def real_copy(corpus: str, folder: str) -> None:
    """Turn a synthetic release into one that passes for real, by taking its watermark away."""
    Path("data/synthetic", corpus).rename(folder)
    Path(folder, WATERMARK).unlink()


def test_every_corpus_has_a_synthetic_layout() -> None:
    assert names("synthetic layout") == names("corpus")


def test_synth_links_every_corpus_and_marks_it(params: dict) -> None:
    find("verb", "synth").run(params)
    assert all(links.is_synthetic(name) for name in params["corpora"])


def test_linking_a_real_release_takes_the_synthetic_ones_out(params: dict) -> None:
    find("verb", "synth").run(params)
    real_copy("meld", "real_meld")
    find("verb", "link").run(params, "meld", "real_meld")
    assert links.is_linked("meld")
    assert not links.is_synthetic("meld")
    assert not links.is_linked("emotiontalk")


def test_synth_refuses_to_mix_and_says_how_not_to(params: dict) -> None:
    find("verb", "synth").run(params)
    real_copy("meld", "real_meld")
    find("verb", "link").run(params, "meld", "real_meld")
    with pytest.raises(HarnessError, match=r"real releases are linked \(meld\).*unlink"):
        find("verb", "synth").run(params)
    find("verb", "synth").run(params, if_unlinked=True)
    assert not links.is_synthetic("meld")
    find("verb", "synth").run(params, replace=True)
    assert links.is_synthetic("meld")
    assert Path("real_meld").is_dir()


def test_a_folder_of_the_users_own_is_never_replaced(params: dict) -> None:
    paths.raw("meld").mkdir(parents=True)
    with pytest.raises(HarnessError, match=r"data/raw/meld is a folder of yours"):
        links.unlink("meld")
    mine = Path("data/synthetic/meld")
    mine.mkdir(parents=True)
    (mine / "thesis.txt").write_text("precious")
    paths.raw("meld").rmdir()
    with pytest.raises(HarnessError, match=r"is not ours to replace"):
        find("verb", "synth").run(params)
    assert (mine / "thesis.txt").read_text() == "precious"


def test_a_release_is_linked_through_the_present_link(params: dict, tmp_path: Path) -> None:
    find("verb", "synth").run(params)
    real_copy("meld", "real_meld")
    find("verb", "link").run(params, "meld", "real_meld")
    for way in ("data/raw/meld", "data/raw/../raw/meld", "real_meld/."):
        find("verb", "link").run(params, "meld", way)
        assert paths.raw("meld").resolve() == tmp_path / "real_meld"
    (tmp_path / "chain").symlink_to(paths.raw("meld").absolute())
    find("verb", "link").run(params, "meld", "chain")
    assert paths.raw("meld").readlink() == tmp_path / "real_meld"


def test_a_folder_around_the_checkout_is_no_release_and_the_old_link_stays(params: dict, tmp_path: Path) -> None:
    (tmp_path / "release").mkdir()
    links.link("meld", tmp_path / "release")
    for folder in (tmp_path, tmp_path.parent, tmp_path / "data", tmp_path / "data" / "raw"):
        with pytest.raises(HarnessError, match="holds this checkout; give the folder that holds the release of meld"):
            links.link("meld", folder)
        assert paths.raw("meld").readlink() == tmp_path / "release"


def test_a_link_that_cannot_be_made_leaves_the_old_one(
    params: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "release").mkdir()
    (tmp_path / "other").mkdir()
    links.link("meld", tmp_path / "release")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "symlink_to", lambda *arguments, **options: (_ for _ in ()).throw(OSError(28, "full")))
        with pytest.raises(OSError, match="full"):
            links.link("meld", tmp_path / "other")
    assert links.is_linked("meld")
    assert paths.raw("meld").readlink() == tmp_path / "release"
