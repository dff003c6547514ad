"""Run by a Python that has MMSA: `python _mmsa_run.py PICKLE MODEL FOLDER EPOCHS`; trains one model as MMSA does.

On a machine without a GPU MMSA stops at `torch.cuda.set_device`, which is made to do nothing here; nothing else of it
is changed. EPOCHS ends the training early, for a model whose own stop would take too long; 0 does not. The last line is
JSON: seconds of imports, of reading, of each epoch and of all, and what MMSA says of the test split.
"""

import contextlib
import itertools
import json
import logging
import sys
import time

BEGAN = time.perf_counter()

import torch  # noqa: E402
from MMSA import MMSA_run  # noqa: E402

IMPORTED = time.perf_counter()


class Epochs(logging.Handler):
    """Notes when each epoch begins and ends, from what MMSA logs."""

    def __init__(self, largest: int) -> None:
        super().__init__()
        self.largest, self.read, self.ends, self.said = largest, 0.0, list[float](), ""

    def emit(self, record: logging.LogRecord) -> None:
        """Take one message."""
        text = record.getMessage()
        if "trainable parameters" in text:
            self.read = time.perf_counter()
        if text.startswith("VAL-("):
            self.ends.append(time.perf_counter())
        if text.startswith("TEST-("):
            self.said = text
        if self.largest and len(self.ends) >= self.largest:
            raise SystemExit


def main(pickle: str, model: str, folder: str, largest: int) -> None:
    """Train one model with one seed and print what it took."""
    torch.cuda.set_device = lambda device: None
    epochs = Epochs(largest)
    logging.getLogger("MMSA").addHandler(epochs)
    places = {"model_save_dir": folder, "res_save_dir": folder, "log_dir": folder}
    with contextlib.suppress(SystemExit):
        options = {"config": {"featurePath": pickle}, "seeds": [1111], "gpu_ids": [], "num_workers": 0}
        MMSA_run(model, "sims", verbose_level=0, **options, **places)
    steps = [epochs.read, *epochs.ends]
    found = {
        "imports": IMPORTED - BEGAN,
        "read": epochs.read - IMPORTED,
        "epochs": [after - before for before, after in itertools.pairwise(steps)],
        "seconds": time.perf_counter() - BEGAN,
        "test": epochs.said,
    }
    print("\n" + json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
