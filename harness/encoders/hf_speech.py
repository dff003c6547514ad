"""Speech models of the Hugging Face Hub: wav2vec 2.0, HuBERT, WavLM, data2vec-audio and the encoder of Whisper.

Baevski et al. (arXiv 2006.11477), Hsu et al. (2106.07447), Chen et al. (2110.13900), Baevski et al. (2202.03555),
Radford et al. (2212.04356). 50 frames per second. Sounds of like length share a batch, and in fp32 a row is that of the
sound alone up to rounding (1e-5 of its largest number); in bf16 the batch shows in the third digit.

Padding would change the rows of two families, so it is kept out. The base models normalise the first convolution over
time (`feat_extract_norm: group`) and were trained without a mask: here each sound is normalised over its own samples.
Models whose later convolutions see the padding (data2vec-audio, conformers) get batches of one length. Whisper always
sees 30 s: a longer sound is encoded in pieces of 30 s, and the frames that are true sound are pooled.

The last hidden state is the output of the model, after its final layer norm, whatever version of transformers it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import SettingError
from harness.encoders import _hub
from harness.encoders._hf_batch import AUTO, held
from harness.encoders._pooling import by_length
from harness.features.matrix import Matrix

MODALITY = "audio"
PACKAGES = ("transformers", "torch")  # their versions decide the rows
SHARD = 128  # utterances per piece of work
RATE = 16000  # samples per second of what is encoded
SHORTEST = 0.05  # seconds; less gives hardly a frame
GPU = True
ready = _hub.ready  # what `doctor` asks
resolved = _hub.resolved  # the commit that a name such as `main` means decides the rows too
made_with = _hub.made_with  # so do the precision and the device that `auto` stands for

MASKED = ("wav2vec2", "hubert", "wavlm", "unispeech", "unispeech-sat")  # their mask keeps padding out of every frame
Sound = NDArray[np.float32]


class Speech(_hub.Pretrained):
    """A speech model and how its hidden states become features.

    Args:
        max_seconds: what lies beyond is not read; None reads the whole sound.
        batch: seconds of sound, padding included, that are encoded at once; `auto` is 4 on a CPU and 160 elsewhere.
        shared: those of `Pretrained`, of which `model` is needed.
    """

    def __init__(
        self,
        *,
        max_seconds: float | None = None,
        batch: float | str = AUTO,
        **shared: Any,
    ) -> None:
        super().__init__(**shared)
        self.longest = None if max_seconds is None else round(max_seconds * RATE)
        self.budget = held(batch, self.network, cpu=4, gpu=160) * RATE
        self.config: Any = self.network.config
        self.extract: Any = _hub.part("AutoFeatureExtractor", self.source)
        self.whisper = self.config.model_type == "whisper"
        waves = self.extract.model_input_names[0] == "input_values" and hasattr(self.config, "conv_stride")
        if self.extract.sampling_rate != RATE or not (self.whisper or waves):
            raise SettingError(f"the model {self.source.model} is no speech model at {RATE} Hz that hf_speech knows")
        self.equal = not self.whisper and not _masks(self.config)
        if getattr(self.config, "feat_extract_norm", None) == "group":
            self.network.feature_extractor.conv_layers[0].layer_norm.forward = self._normalised

    def encode(self, sounds: Iterable[Sound]) -> Matrix:
        """Return one row per sound (mono, 16 kHz, -1 to 1), float32; with level frames Ragged."""
        read = (sound[: self.longest] for sound in sounds)
        if self.whisper:
            pieces = by_length(read, self._padded, self._of_mels, self.budget)
        else:
            pieces = by_length(read, len, self._of_waves, self.budget, equal=self.equal)
        return self.pooling.matrix(list(pieces), self.config.hidden_size)

    def _of_waves(self, sounds: list[Sound]) -> list[Sound]:
        import torch

        waves = [self.extract(sound, sampling_rate=RATE)["input_values"][0] for sound in sounds]
        self.samples = [len(wave) for wave in waves]
        longest = max(self.samples)
        values = np.stack([np.pad(wave, (0, longest - len(wave))) for wave in waves])
        mask = torch.arange(longest)[None] < torch.tensor(self.samples)[:, None]
        states = self._states(values, {} if mask.all() else {"attention_mask": mask.to(self.network.device)})
        kernels = list(zip(self.config.conv_kernel, self.config.conv_stride, strict=True))
        return self.pooling.rows(one[: _frames(n, kernels)] for one, n in zip(states, self.samples, strict=True))

    def _normalised(self, values: Any) -> Any:
        """Apply the group normalisation of the first convolution to each sound without its padding."""
        import torch

        norm = self.network.feature_extractor.conv_layers[0].layer_norm
        done = torch.zeros_like(values)
        for at, samples in enumerate(self.samples):
            own = (samples - self.config.conv_kernel[0]) // self.config.conv_stride[0] + 1
            done[at : at + 1, :, :own] = type(norm).forward(norm, values[at : at + 1, :, :own])
        return done

    def _padded(self, sound: Sound) -> int:
        """Return the samples that Whisper sees of a sound: whole pieces of 30 s."""
        size = int(self.extract.n_samples)
        return -(-max(len(sound), 1) // size) * size

    def _of_mels(self, sounds: list[Sound]) -> list[Sound]:
        size, step = self.extract.n_samples, 2 * self.extract.hop_length  # the second convolution halves the frames
        pieces = [sound[at : at + size] for sound in sounds for at in range(0, self._padded(sound), size)]
        states = self._states(np.stack([self.extract(p, sampling_rate=RATE)["input_features"][0] for p in pieces]), {})
        counts = [self._padded(sound) // size for sound in sounds]
        own = states.split(counts)
        return self.pooling.rows(
            one.flatten(0, 1)[: -(-len(sound) // step)] for one, sound in zip(own, sounds, strict=True)
        )

    def _states(self, values: NDArray[Any], known: dict[str, Any]) -> Any:
        import torch

        with torch.inference_mode():
            given = torch.from_numpy(values).to(self.network.device, self.network.dtype)
            output = self.network(given, output_hidden_states=True, **known)
        # transformers 5 lists the last state before the final layer norm of the large models, version 4 after it
        return self.pooling.states((*output.hidden_states[:-1], output.last_hidden_state))


def encoder(**options: Any) -> Speech:
    """Make the encoder of one row of `encoders` in params.yaml."""
    return Speech(**options)


def _masks(config: Any) -> bool:
    """Return whether the model's own mask keeps padding out of every frame."""
    return config.model_type in MASKED and not getattr(config, "conv_pos_batch_norm", False)


def _frames(samples: int, kernels: Sequence[tuple[int, int]]) -> int:
    """Return how many frames the convolutions (size, stride) make of so many samples."""
    for size, stride in kernels:
        samples = (samples - size) // stride + 1
    return int(samples)
