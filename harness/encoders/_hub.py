"""Pretrained models of the Hugging Face Hub by `transformers`: from this machine's cache or a folder, never the net.

A row of `encoders` names `model` (a Hub id, or a folder) and `revision` (a commit; a branch or tag is looked up in the
cache). Weights are read from safetensors, or from a `.bin` by torch's unpickler that makes nothing but tensors
(`weights_only`). A model whose weights do not fill its network is refused: the rest would be random numbers.

`trust_remote_code: true` runs the Python files that lie beside the weights with all rights of the user. Baichuan and
ChatGLM2 need it, since `transformers` has no class for them (its `glm` is GLM-4); read the files and pin them by
`revision`: the commit, or the digest of the Python files of a folder.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.core import exact
from harness.core.errors import SettingError
from harness.encoders._pooling import Pooling

COMMIT = re.compile(r"[0-9a-f]{40}")
ELSEWHERE = re.compile(r'"([^"]+)--[^"]*"')  # a class of another repository, in the section `auto_map`
PRECISIONS = ("auto", "fp32", "bf16")
DEVICES = ("cpu", "cuda", "auto")
# Parts that no hidden state passes through: many checkpoints come without them.
UNUSED = re.compile(r"(^|\.)(pooler|masked_spec_embed|position_ids|logit_scale)(\.|$)")


@dataclass(frozen=True, slots=True)
class Source:
    """Which model: Hub id or folder, revision, and whether its own Python files may run."""

    model: str
    revision: str = "main"
    trust_remote_code: bool = False

    def folder(self) -> Path:
        """Return the folder of the model's files; a SettingError says how to get one that is not here."""
        hub = packages()[1]
        place = Path(self.model).expanduser()
        if place.is_dir():
            if self.trust_remote_code:
                self._refuse_other_code(place, code_in(place))
            return place
        if self.model.startswith((".", "/", "~")):
            raise SettingError(f"there is no folder {place} to read a model from")
        try:
            found = Path(hub.snapshot_download(self.model, revision=self.revision, local_files_only=True))
        except (hub.errors.LocalEntryNotFoundError, hub.errors.HFValidationError) as error:
            raise SettingError(self._missing("is not on this machine", hub.constants.HF_HUB_CACHE)) from error
        if not (found / "config.json").is_file():
            raise SettingError(self._missing("is here without its config.json", hub.constants.HF_HUB_CACHE))
        if self.trust_remote_code:
            self._refuse_other_code(found, found.name)
        return found

    def _refuse_other_code(self, folder: Path, pin: str) -> None:
        """Refuse Python files that nobody has read: they are pinned by `revision`, and none come from elsewhere."""
        if self.revision != pin:
            raise SettingError(
                f"the model {self.model} may run its own code only where `revision` pins it; read the Python files in "
                f"{folder} and write `revision: {pin}` in its row of params.yaml"
            )
        for path in sorted(folder.glob("*config.json")):  # of the model, its tokenizer, its processor
            named = re.search(r'"auto_map"\s*:\s*\{[^}]*\}', path.read_text(encoding="utf-8", errors="replace"))
            if named and (elsewhere := ELSEWHERE.search(named[0])):
                raise SettingError(
                    f"the model {self.model} takes Python files from {elsewhere[1]} ({path}), which `revision` does "
                    "not pin; copy them into a folder beside the weights and name them without `--`"
                )

    def _missing(self, what: str, cache: str) -> str:
        return (
            f"the model {self.model} at revision {self.revision} {what} (looked in {cache}, which HF_HOME and "
            f"HF_HUB_CACHE decide); run `hf download {self.model} --revision {self.revision}`"
        )


def code_in(folder: Path) -> str:
    """Return `sha256:` and the digest of the Python files of a folder, with their names."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return f"sha256:{digest.hexdigest()}"


def packages() -> tuple[Any, Any]:
    """Return the modules `transformers` and `huggingface_hub`."""
    try:
        import huggingface_hub
        import torch  # noqa: F401  # without it transformers has no models
        import transformers
    except ImportError as error:
        raise SettingError(
            "encoders of the Hugging Face Hub need the packages transformers and torch; run "
            "`pip install 'emotransfer[hub]'`, or take these encoders and their recipes out of params.yaml"
        ) from error
    return transformers, huggingface_hub


class Pretrained:
    """A pretrained network, and how its hidden states become features: what all encoders by model id share.

    Args:
        model: Hub id or folder.
        revision: commit of the Hub id; of a folder whose Python files may run, their digest.
        layer: hidden state, or several to be averaged (`Pooling`).
        pooling: over time: mean, mean_std, first or last.
        level: utterance, or frames to keep them.
        every: frames that are averaged to one where they are kept.
        precision: fp32, bf16, or auto: bf16 on a GPU.
        device: cpu, cuda, or auto: a GPU where there is one. Rows of the two differ, so it is in the key (`made_with`).
        trust_remote_code: whether Python files of the model may run.
        load: what makes the network; `network` by default.
    """

    def __init__(
        self,
        model: str,
        revision: str = "main",
        layer: int | Sequence[int] = -1,
        pooling: str = "mean",
        level: str = "utterance",
        every: int = 1,
        precision: str = "auto",
        device: str = "auto",
        trust_remote_code: bool = False,
        load: Callable[[Source, str, str], Any] | None = None,
    ) -> None:
        self.source = Source(model, revision, trust_remote_code)
        self.pooling = Pooling(layer, pooling, level, every)
        of = made_with({"precision": precision, "device": device})
        if of["device"] == "cuda" and device_here() != "cuda":
            raise SettingError(
                "device is 'cuda', and no GPU is seen here; run the stage where there is one, or write `device: auto`"
            )
        if of["device"] == "cuda":
            exact.set_exact()
        self.network = (load or network)(self.source, of["precision"], of["device"])


def resolved(options: Mapping[str, Any]) -> str | None:
    """Return what the row's model really is: the commit of the snapshot, or `sha256:...` of a folder's files.

    None for options without a `model`. A folder is read whole, some seconds for a model of 7 billion weights.
    """
    if "model" not in options:
        return None
    folder = Source(str(options["model"]), str(options.get("revision", "main"))).folder()
    if COMMIT.fullmatch(folder.name) and folder.parent.name == "snapshots":
        return folder.name
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        state = path.stat()
        content = _content(path, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
        digest.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return f"sha256:{digest.hexdigest()}"


@lru_cache(maxsize=4096)  # a folder is asked for by every corpus and route
def _content(path: Path, *state: int) -> str:
    """Return the digest of a file, which is read again only if its size or times have changed."""
    del state
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def ready(
    model: str, revision: str = "main", trust_remote_code: bool = False, precision: str = "auto", device: str = "auto",
    **_: Any,
) -> None:  # fmt: skip
    """Raise a SettingError if the packages or the files of a row's model are not here; its weights are not loaded.

    Args:
        model, revision, trust_remote_code, precision, device: as `Pretrained`; further options are passed over.
    """
    packages()
    Source(model, revision, trust_remote_code).folder()
    made_with({"precision": precision, "device": device})


def made_with(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the precision and the kind of device that rows are made with, which `auto` leaves to the machine.

    They decide the rows: a store that was made in bf16 on a GPU is not the one that a CPU makes in fp32. One that was
    made on a GPU stays current on a machine without where the options say `device: cuda`.

    Raises:
        SettingError: an option is none of its values.
    """
    precision, where = str(options.get("precision", "auto")), str(options.get("device", "auto"))
    for name, value, known in (("precision", precision, PRECISIONS), ("device", where, DEVICES)):
        if value not in known:
            raise SettingError(f"{name} is {value!r}; it is one of {', '.join(known)}")
    used = device_here() if where == "auto" else where
    return {"precision": ("bf16" if used == "cuda" else "fp32") if precision == "auto" else precision, "device": used}


def device_here() -> str:
    """Return "cuda" if torch sees a GPU, else "cpu"."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def kind_of_number(precision: str) -> Any:
    """Return torch's dtype of fp32 or bf16."""
    import torch

    return torch.bfloat16 if precision == "bf16" else torch.float32


@lru_cache(maxsize=1)
def network(source: Source, precision: str, device: str) -> Any:
    """Return the network, frozen, on its device; of an encoder and a decoder the encoder.

    The last one is kept, so that the pieces of an extraction load it once a process.
    """
    packages()
    number = kind_of_number(precision)
    config = part("AutoConfig", source)
    theirs = getattr(config, "auto_map", None) or {}
    alone = "AutoModelForCausalLM" in theirs and "AutoModel" not in theirs  # Baichuan offers no other class
    kind = "AutoModelForCausalLM" if alone and source.trust_remote_code else "AutoModel"
    model, report = part(kind, source, dtype=number, output_loading_info=True)
    lacking = sorted(name for name in report["missing_keys"] if not UNUSED.search(name))
    if lacking:
        raise SettingError(
            f"the weights of the model {source.model} lack {len(lacking)} tensors of {type(model).__name__}, the first "
            f"is {lacking[0]}; they would be random numbers, so take another model or revision"
        )
    if kind != "AutoModel":
        model = model.base_model
    if getattr(config, "is_encoder_decoder", False):
        model = model.get_encoder()
    if hasattr(model.config, "use_cache"):
        model.config.use_cache = False
    return model.eval().requires_grad_(False).to(device)


def part(kind: str, source: Source, **options: Any) -> Any:
    """Return `transformers.<kind>.from_pretrained` of the model's folder, a failure as one SettingError."""
    transformers = packages()[0]
    from safetensors import SafetensorError

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    folder = source.folder()
    loader = getattr(transformers, kind)
    try:
        return loader.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=source.trust_remote_code, **options
        )
    except (OSError, ValueError, ImportError, RuntimeError, SafetensorError) as error:
        if "trust_remote_code" in str(error):
            raise SettingError(
                f"the model {source.model} brings its own Python code; read the files in {folder}, and if they may "
                "run with your rights, write `trust_remote_code: true` in its row of params.yaml"
            ) from error
        problem = " ".join(str(error).split())
        raise SettingError(f"the model {source.model} in {folder} does not load as {kind}: {problem}") from error
