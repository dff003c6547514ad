"""Language models of the Hugging Face Hub: BERT and its family, sentence encoders, and decoders such as LLaMA.

Any model that `transformers` loads with a tokenizer: BERT, RoBERTa, LERT, DeBERTa, XLM-R, sentence-BERT (mean pooling),
BLOOM, LLaMA, Vicuna, GLM; of T5 and its like the encoder. Texts of like length share a batch, padded on the right
behind a mask, so in fp32 a row is that of the text alone up to rounding (1e-5 of its largest number); in bf16 the batch
shows in the third digit. The language is not told to the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import SettingError
from harness.encoders import _hub
from harness.encoders._hf_batch import AUTO, held
from harness.encoders._pooling import by_length
from harness.features.matrix import Matrix

MODALITY = "text"
PACKAGES = ("transformers", "tokenizers", "torch")  # their versions decide the rows
SHARD = 1024  # texts per piece of work
GPU = True
ready = _hub.ready  # what `doctor` asks
resolved = _hub.resolved  # the commit that a name such as `main` means decides the rows too
made_with = _hub.made_with  # so do the precision and the device that `auto` stands for

Tokens = tuple[list[int], int, int]  # numbers of the tokens, and the span of them that is pooled


class Text(_hub.Pretrained):
    """A language model and how its hidden states become features.

    Args:
        special: whether tokens that the tokenizer puts around a text, such as [CLS], are pooled too.
        max_tokens: what lies beyond is not read, special tokens included; the model's own limit if that is less.
        batch: tokens, padding included, that are encoded at once; `auto` is 512 on a CPU and 8192 elsewhere.
        shared: those of `Pretrained`, of which `model` is needed.
    """

    def __init__(
        self,
        *,
        special: bool = True,
        max_tokens: int = 512,
        batch: float | str = AUTO,
        **shared: Any,
    ) -> None:
        if shared.get("pooling") == "first" and not special:
            raise SettingError("pooling: first takes the special token that stands first; set special: true")
        super().__init__(**shared)
        self.special, self.batch = special, held(batch, self.network, cpu=512, gpu=8192)
        self.tokenizer: Any = _hub.part("AutoTokenizer", self.source)
        self.longest = min(max_tokens, self.tokenizer.model_max_length)
        pads = (self.tokenizer.pad_token_id, getattr(self.network.config, "pad_token_id", None))
        self.pad = next((pad for pad in pads if pad is not None), 0)  # behind the mask any number will do

    def encode(self, texts: Sequence[str], language: str) -> Matrix:
        """Return one row per text, float32; with level frames Ragged. A text without a token is a row of NaN."""
        rows = by_length(map(self._tokens, texts), lambda tokens: len(tokens[0]), self._rows, self.batch)
        return self.pooling.matrix(list(rows), self.network.config.hidden_size)

    def _tokens(self, text: str) -> Tokens:
        given = self.tokenizer(
            text, truncation=True, max_length=self.longest, return_special_tokens_mask=not self.special
        )
        numbers = list(given["input_ids"])
        if self.special:
            return numbers, 0, len(numbers)
        own = [at for at, special in enumerate(given["special_tokens_mask"]) if not special]
        return (numbers, own[0], own[-1] + 1) if own else (numbers, 0, 0)

    def _rows(self, texts: list[Tokens]) -> list[NDArray[np.float32]]:
        import torch

        longest = max(1, *(len(numbers) for numbers, _, _ in texts), 1)
        numbers = torch.tensor([one + [self.pad] * (longest - len(one)) for one, _, _ in texts])
        mask = torch.arange(longest)[None] < torch.tensor([[len(one)] for one, _, _ in texts])
        with torch.inference_mode():
            given = {"input_ids": numbers, "attention_mask": mask.long()}
            found = self.network(
                **{name: value.to(self.network.device) for name, value in given.items()}, output_hidden_states=True
            )
            states = self.pooling.states(found.hidden_states)
            return self.pooling.rows(one[start:stop] for one, (_, start, stop) in zip(states, texts, strict=True))


def encoder(**options: Any) -> Text:
    """Make the encoder of one row of `encoders` in params.yaml."""
    return Text(**options)
