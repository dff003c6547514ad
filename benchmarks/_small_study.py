"""A small study with text and sound that has run to its end, and digests of all that it keeps."""

from pathlib import Path

from benchmarks import _study
from benchmarks._checkout import Checkout
from harness.core.files import file_digest

CORPORA = ["emotiontalk", "meld"]
KEPT = ("data/features", "data/corpora", "models", "predictions", "protocols", "results/analysis", "results/plots")


def finished(folder: Path, *target: str) -> Checkout:
    """Return a checkout in which `dvc repro` has run, up to a target or all of it."""
    text = {"text": "ngrams", "audio": "none", "video": "none", "also": "none", "route": "native"}
    linear = {"normalise": "none", "fusion": "linear", "settings": {"c": [1]}, "balanced": True}
    sound = {**text, "text": "none", "audio": "logmel", **linear, "normalise": "source_std"}
    small = {"utterances": 200, "dialogues": 40, "speakers": 10, "media": True, "defects": "none"}
    checkout = Checkout(
        folder,
        CORPORA,
        encoders={"ngrams": {"encoder": "ngrams", "buckets": 4096}, "logmel": {"encoder": "logmel"}},
        recipes={"text": {**text, **linear}, "sound": sound},
        protocols={"few_shot": {"recipes": ["text"], "spaces": ["emotion4"], "shots": [5]}},
        training={"seeds": [1]},
        synth={**_study.project_params()["synth"], **small},
    )
    checkout.harness("synth")
    checkout.run("dvc", "repro", *target)
    return checkout


def digests(folder: Path, *further: str) -> dict[str, str]:
    """Return path -> digest of every file that is the same whenever the study runs: pages have a time in them.

    Args:
        folder: of the checkout.
        further: folders beside those that the study keeps, such as what is kept of a stage's work.
    """
    files = (path for top in (*KEPT, *further) for path in sorted((folder / top).rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): file_digest(path) for path in files}
