"""Encode made-up texts or sounds with a random model of the Hub's classes, `ours` or `plain`, and print the seconds.

Both read the same folder, written once by `write`: BERT-base (12 layers of 768) for texts as long as
lines of a dialogue, HuBERT-base (12 layers of 768 behind the convolutions) for sounds of 1 to 6 s.
"""

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from harness.core.engine import opened
from harness.core.files import digest
from harness.corpora.media.clips import Clip, Guard
from harness.features import store as features
from harness.features.extract import extract
from harness.features.plan import Wanted

RATE, WORDS = 16_000, 2000
ENCODERS = {"text": "hf_text", "speech": "hf_speech"}


def write(folder: Path, kind: str, count: int) -> None:
    """Write the model and what it is to encode below a folder."""
    import torch
    import transformers as t

    torch.manual_seed(1)
    chance = np.random.default_rng(1)
    folder.mkdir()
    if kind == "text":
        words = [f"w{at}" for at in range(WORDS)]
        (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]), "utf-8")
        t.BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
        t.BertModel(t.BertConfig(vocab_size=WORDS + 5)).save_pretrained(folder)
        lengths = np.clip(chance.lognormal(2.0, 0.7, count), 1, 60).astype(int)
        texts = {f"{at:05d}": " ".join(chance.choice(words, length)) for at, length in enumerate(lengths)}
        (folder / "texts.json").write_text(json.dumps(texts), "utf-8")
        return
    t.HubertModel(t.HubertConfig()).save_pretrained(folder)
    t.Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=False).save_pretrained(folder)
    for at in range(count):
        sound = chance.normal(0, 0.1, int(RATE * chance.uniform(1, 6)))
        soundfile.write(folder / f"{at:05d}.wav", sound, RATE)


def read(folder: Path, kind: str, count: int) -> dict[str, Any]:
    """Return the first inputs by id: a text, or the file of a sound."""
    if kind == "text":
        found: Mapping[str, Any] = json.loads((folder / "texts.json").read_text("utf-8"))
    else:
        found = {path.stem: path for path in sorted(folder.glob("*.wav"))}
    return dict(list(found.items())[:count])


def ours(folder: Path, kind: str, inputs: Mapping[str, Any], processes: int) -> tuple[float, NDArray[np.float32]]:
    """Extract as the stage `features` does, processes and models started in between."""
    of = {"language": "en", "encoder": kind, "corpus": "bench", "digest": digest([str(time.time())])}
    given = inputs if kind == "text" else {name: Clip(path) for name, path in inputs.items()}
    options = {"model": str(folder)}
    store = Wanted(kind, "bench", "native", ENCODERS[kind], options, "float32", dict(given), {}, of, Guard())
    start = time.perf_counter()
    with opened({"kind": "local", "workers": processes}) as engine:
        extract([store], engine, "features")
    return time.perf_counter() - start, np.asarray(features.read(store.folder).matrix)


def plain(folder: Path, kind: str, inputs: Mapping[str, Any], threads: int) -> tuple[float, NDArray[np.float32]]:
    """Loop over the inputs one by one with the library's own classes; loading the model is not counted."""
    import torch
    import transformers as t

    torch.set_num_threads(threads)
    model = t.AutoModel.from_pretrained(folder).eval()
    tool = t.AutoTokenizer.from_pretrained(folder) if kind == "text" else t.AutoFeatureExtractor.from_pretrained(folder)
    rows = []
    start = time.perf_counter()
    with torch.inference_mode():
        for one in inputs.values():
            if kind == "text":
                given = tool(one, return_tensors="pt")
            else:
                given = tool(soundfile.read(one, dtype="float32")[0], sampling_rate=RATE, return_tensors="pt")
            rows.append(model(**given).last_hidden_state[0].mean(dim=0).numpy())
    return time.perf_counter() - start, np.array(rows)


if __name__ == "__main__":
    what, kind, name, count, processes = sys.argv[1:]
    folder = Path(name)
    seconds, rows = {"ours": ours, "plain": plain}[what](folder, kind, read(folder, kind, int(count)), int(processes))
    np.save(folder / f"{what}.npy", rows)
    print(f"\nSECONDS {seconds:.3f}")
