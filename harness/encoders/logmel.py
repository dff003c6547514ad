"""Statistics of log-mel energies and pitch over an utterance: an acoustic encoder without any model or licence.

Frame energy, 40 log-mel bands, and Kaldi's pitch tracker (how voiced a frame is, and log F0), 25 ms frames every 10 ms,
by the package `kaldi-native-fbank`. Of each of the 43 tracks: mean, standard deviation, 10th
and 90th percentile, and mean absolute step from frame to frame. Pitch: Ghahremani et al., ICASSP 2014.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MODALITY = "audio"
PACKAGES = ("kaldi-native-fbank",)  # its version decides the rows
SHARD = 128  # utterances a piece of work
RATE = 16000  # samples a second of what is encoded
SHORTEST = 0.05  # seconds; less gives no statistics

TRACKS = 43
STATISTICS = 5


class LogMel:
    """The frame extractors and their settings."""

    def __init__(self) -> None:
        import kaldi_native_fbank as kaldi

        self.kaldi: Any = kaldi
        self.mel = kaldi.FbankOptions()
        self.mel.frame_opts.samp_freq = RATE
        self.mel.frame_opts.dither = 0  # noise would make two runs differ
        self.mel.frame_opts.snip_edges = False
        self.mel.mel_opts.num_bins = TRACKS - 3
        self.mel.use_energy = True
        self.pitch = kaldi.PitchExtractionOptions()
        self.pitch.samp_freq = RATE
        self.pitch.snip_edges = False
        self.voice = kaldi.ProcessPitchOptions()  # by default it takes the mean out of the pitch
        self.voice.add_normalized_log_pitch = self.voice.add_delta_pitch = False
        self.voice.add_raw_log_pitch = True

    def encode(self, sounds: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Return one row of 215 numbers per sound (mono, 16 kHz, -1 to 1)."""
        rows = [self._row(sound * 32768) for sound in sounds]  # Kaldi's own scale, which its energy floor is made for
        return np.array(rows, dtype=np.float32).reshape(len(sounds), TRACKS * STATISTICS)

    def _row(self, sound: NDArray[np.float32]) -> NDArray[np.float64]:
        mel = self.kaldi.OnlineFbank(self.mel)  # keeps the samples it was given, so every sound has its own
        mel.accept_waveform(RATE, sound)
        mel.input_finished()
        pitch = self.kaldi.compute_and_process_kaldi_pitch(self.pitch, self.voice, sound)
        n = min(mel.num_frames_ready, len(pitch))
        frames = np.stack([mel.get_frame(at) for at in range(n)])
        tracks = np.concatenate([frames, pitch[:n]], axis=1).astype(np.float64)
        low, high = np.percentile(tracks, (10, 90), axis=0)
        steps = np.abs(np.diff(tracks, axis=0)).mean(axis=0)
        return np.concatenate([tracks.mean(axis=0), tracks.std(axis=0), low, high, steps])


def encoder(**options: object) -> LogMel:
    """Make the encoder; it has no options."""
    return LogMel(**options)
