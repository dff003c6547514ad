"""The contract of adapters: what is sound passes, and every check can fail and says so in one readable line."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from contract_sample import BROKEN, EMOTIONS, PEOPLE, WARNINGS, after, crash, sound

from harness.core.errors import HarnessError
from harness.core.plugins import find, names
from harness.corpora.contract import check as contract
from harness.corpora.contract import cuts
from harness.corpora.synthetic.release import Plan, write
from harness.corpora.synthetic.world import World
from harness.study.release import Release

CASES = [(name, at) for name, ways in BROKEN.items() for at in range(len(ways))]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "release"
    folder.mkdir()
    rows = [f"{split} {emotion}" for split in PEOPLE for emotion in EMOTIONS]
    (folder / "table.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for number in range(1, len(rows) + 1):
        if number % 7:
            (folder / f"u{number:02d}.wav").write_bytes(b"RIFF")
    (folder / "noise.wav").touch()
    return folder


def results(adapter: ModuleType, root: Path) -> dict[str, contract.Result]:
    found = list(contract.check(contract.look("tiny", adapter, root)))
    return {check.__name__: result for check, result in zip(contract.CHECKS, found, strict=True)}


def test_a_sound_adapter_keeps_every_promise(root: Path) -> None:
    found = results(sound(), root)
    assert [str(one) for one in found.values() if one.mark != "ok"] == []
    assert contract.verdict("tiny", list(found.values())) == f"tiny: {len(found)} promises: {len(found)} kept"


@pytest.mark.parametrize(("name", "at"), CASES)
def test_a_broken_promise_is_found_and_reads_well(root: Path, name: str, at: int) -> None:
    change, text = BROKEN[name][at]
    adapter = sound()
    change(adapter)
    result = results(adapter, root)[name]
    assert text in str(result)
    assert result.mark == ("warn" if (name, at) in WARNINGS else "FAIL")
    assert str(result).startswith(f"{result.mark:<4} {result.promise}: ")


def test_every_promise_has_a_broken_example() -> None:
    assert {check.__name__ for check in contract.CHECKS} == {*BROKEN, "has_a_name"}
    assert len({check.__doc__ for check in contract.CHECKS}) == len(contract.CHECKS)
    assert all(check.__doc__ and check.__doc__.count("\n") == 0 for check in contract.CHECKS), "a promise is one line"


def test_a_name_is_lower_case(root: Path) -> None:
    result = next(contract.check(contract.look("My-Corpus", sound(), root)))
    assert str(result).endswith("the name is 'My-Corpus'; expected letters a-z, digits and _; rename the file")


def test_a_link_that_leads_out_is_found(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "outside.wav").touch()
    (root / "u02.wav").unlink()
    (root / "u02.wav").symlink_to(tmp_path / "outside.wav")
    assert "1 clips lie outside, by a link: u02.wav; expected below root" in str(results(sound(), root)["stays_inside"])
    monkeypatch.setenv("EMOTRANSFER_LINKS", str(tmp_path))
    assert results(sound(), root)["stays_inside"].mark == "ok"


def test_rows_are_not_looked_at_before_there_are_any(root: Path) -> None:
    adapter = sound(crash)
    found = results(adapter, root)
    assert found["reads"].mark == "FAIL"
    assert str(found["has_text"]) == f"--   {found['has_text'].promise}: not looked at, for nothing was read"
    assert contract.verdict("tiny", list(found.values())).endswith("3 broken, 24 not looked at")


def test_many_findings_are_shown_as_five_and_a_count(root: Path) -> None:
    adapter = sound()
    after(lambda r: [one.shared.pop("valence") for one in r.annotations])(adapter)
    lines = str(results(adapter, root)["is_whole"]).splitlines()
    assert len(lines) == 6
    assert lines[-1] == "     and 37 more"


def test_an_interruption_is_not_taken_for_a_crash(root: Path) -> None:
    def interrupted(root: Path) -> Release:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        contract.look("tiny", sound(interrupted), root)


def problems(corpus: str, root: Path) -> list[str]:
    found = list(contract.check(contract.look(corpus, find("corpus", corpus), root)))
    assert len(found) == len(contract.CHECKS)
    return [str(one) for one in found if one.mark not in ("ok", "warn")]


@pytest.mark.parametrize("corpus", names("synthetic layout"))
def test_our_adapters_keep_their_promises_on_made_up_releases(corpus: str, tmp_path: Path) -> None:
    world = World(utterances=80, dialogues=20, speakers=10)
    write(Plan(world, media=True, defects="all"), corpus, corpus, tmp_path / "made")
    assert problems(corpus, tmp_path / "made") == []


REAL = {"MELD": "meld", "CH-SIMS": "ch_sims", "CH-SIMS-v2": "ch_sims", "M3ED": "m3ed", "EmotionTalk": "emotiontalk"}


@pytest.mark.slow
@pytest.mark.parametrize("folder", REAL)
def test_our_adapters_keep_their_promises_on_real_annotations(
    corpora_folder: Path, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without cut files: each is as many reads as places to cut, and made-up releases show it already."""
    checks = tuple(one for one in contract.ROWS if one not in cuts.CHECKS)
    monkeypatch.setattr(contract, "ROWS", checks)
    monkeypatch.setattr(contract, "CHECKS", (*contract.CHECKS[: -len(contract.ROWS) - 1], *checks))
    found = list(contract.check(contract.look(REAL[folder], find("corpus", REAL[folder]), corpora_folder / folder)))
    assert [str(one) for one in found if one.mark not in ("ok", "warn")] == []


def test_an_error_of_the_harness_is_no_crash(root: Path) -> None:
    def refuses(root: Path) -> Release:
        raise HarnessError("1 speakers for 5 folds")

    said = str(results(sound(refuses), root)["reads"])
    assert said.endswith(": 1 speakers for 5 folds; mend the release, or what the adapter expects of it")
