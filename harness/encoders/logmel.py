"""Statistics of log-mel energies and pitch over an utterance: an acoustic encoder without any model or licence.

Frame energy, 40 log-mel bands, and Kaldi's pitch tracker (how voiced a frame is, and log F0), 25 ms frames every 10 ms,
by the package `kaldi-native-fbank`. Of each of the 43 tracks: mean, standard deviation, 10th and 90th percentile, and
mean absolute step from frame to frame; or, at level `frames`, the tracks themselves, averaged over `every` seconds.
Pitch: Ghahremani et al., ICASSP 2014.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.encoders._frames import averaged, checked_level, frames_in
from harness.features.matrix import Ragged

MODALITY = "audio"
PACKAGES = ("kaldi-native-fbank",)  # its version decides the rows
SHARD = 128  # utterances per piece of work
RATE = 16000  # samples per second of what is encoded
SHORTEST = 0.05  # seconds; less gives no statistics

TRACKS = 43
STEP = 0.01  # seconds from one frame to the next
STATISTICS = 5


class LogMel:
    """The frame extractors and their settings.

    Args:
        level: `utterance` (215 numbers) or `frames` (43 numbers each).
        every: seconds that a frame of level `frames` is the mean of.

    Raises:
        SettingError: `level` is unknown, or `every` is less than a frame.
    """

    def __init__(self, level: str = "utterance", every: float = 0.1) -> None:
        import kaldi_native_fbank as kaldi

        self.frames, self.many = checked_level("logmel", level) == "frames", frames_in("logmel", every, STEP)
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

    def encode(self, sounds: Iterable[NDArray[np.float32]]) -> NDArray[np.float32] | Ragged:
        """Return one row per sound (mono, 16 kHz, -1 to 1), or its frames."""
        tracks = (self._tracks(sound * 32768) for sound in sounds)  # Kaldi's scale, which its energy floor is made for
        if self.frames:
            return Ragged.of([averaged(one, self.many) for one in tracks], TRACKS)
        rows = [_statistics(one) for one in tracks]
        return np.array(rows, dtype=np.float32).reshape(-1, TRACKS * STATISTICS)

    def _tracks(self, sound: NDArray[np.float32]) -> NDArray[np.float64]:
        mel = self.kaldi.OnlineFbank(self.mel)  # keeps the samples it was given, so every sound has its own
        mel.accept_waveform(RATE, sound)
        mel.input_finished()
        pitch = self.kaldi.compute_and_process_kaldi_pitch(self.pitch, self.voice, sound)
        n = min(mel.num_frames_ready, len(pitch))
        frames = np.stack([mel.get_frame(at) for at in range(n)])
        tracks: NDArray[np.float64] = np.concatenate([frames, pitch[:n]], axis=1).astype(np.float64)
        return tracks


def encoder(level: str = "utterance", every: float = 0.1) -> LogMel:
    """Make the encoder."""
    return LogMel(level, every)


def _statistics(tracks: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = np.percentile(tracks, (10, 90), axis=0)
    steps = np.abs(np.diff(tracks, axis=0)).mean(axis=0)
    return np.concatenate([tracks.mean(axis=0), tracks.std(axis=0), low, high, steps])
