"""How long `dvc repro` takes to see that a release has not changed: EmotionTalk as 77,000 JSON files and as tables.

The tree is a synthetic release of 19,250 utterances in the layout of the real one, four files an utterance; the label
pack is the published one, from the folder that EMOTRANSFER_CORPORA names. Each is asked for three times, in turns.
"""

import os
import tempfile
import time
from pathlib import Path

from benchmarks._checkout import Checkout
from harness.corpora.synthetic.release import Plan, write
from harness.corpora.synthetic.world import World

UTTERANCES = 19_250
TIMES = 3
CORPUS = "emotiontalk"
QUESTION = ("dvc", "repro", f"prepare@{CORPUS}")


def run(utterances: int = UTTERANCES) -> list[str]:
    pack = Path(os.environ["EMOTRANSFER_CORPORA"]) / "EmotionTalk"
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name) / "tree"
        write(Plan(World(utterances=utterances, dialogues=1000, speakers=19)), CORPUS, CORPUS, tree)
        count = sum(len(files) for _, _, files in os.walk(tree))
        checkouts = [_asked(Path(name) / f"checkout{at}", release) for at, release in enumerate((tree, pack))]
        seconds = [[_seconds(checkout) for checkout in checkouts] for _ in range(TIMES)]
        edited = next(tree.rglob("*.json"))
        edited.write_bytes(edited.read_bytes() + b" ")
        noticed = f"Running stage 'prepare@{CORPUS}'" in checkouts[0].run(*QUESTION)
    lines = [f"{count:,} files {of_tree:.2f} s, label pack {of_pack:.2f} s" for of_tree, of_pack in seconds]
    ratio = sum(of_tree for of_tree, _ in seconds) / sum(of_pack for _, of_pack in seconds)
    return [*lines, f"ratio {ratio:.1f}", f"one blank at the end of one file: {'noticed' if noticed else 'MISSED'}"]


def _asked(folder: Path, release: Path) -> Checkout:
    """Return a checkout with a linked release that is prepared already."""
    folder.mkdir()
    checkout = Checkout(folder, [CORPUS])
    checkout.harness("link", CORPUS, str(release))
    checkout.run(*QUESTION)
    return checkout


def _seconds(checkout: Checkout) -> float:
    start = time.perf_counter()
    out = checkout.run(*QUESTION)
    if "Running stage 'prepare" in out:
        raise SystemExit(f"prepare ran again: {out}")
    return time.perf_counter() - start
