"""Mix the channels of a recording down to one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

Float = NDArray[np.float32]

# How loud each loudspeaker is in the one that is left, before division by their sum (ITU-R BS.775).
WEIGHTS = {
    "FC": 1.0,
    **dict.fromkeys(("FL", "FR"), 0.5**0.5),
    **dict.fromkeys(("BL", "BR", "SL", "SR", "BC"), 0.5),
    "LFE": 0.0,
}
MOST_PLANES = 8  # PyAV reads fewer than this without harm
FIVE_ONE = ("FL", "FR", "FC", "LFE", "BL", "BR")  # the order of six channels in a wav or flac


def weights(count: int, names: Sequence[str] = ()) -> Float:
    """Return how loud each of `count` channels is in the one that is left; the sum is 1.

    A stereo recording, a dual mono one, and channels whose loudspeakers are not known become their mean. Surround
    sound is mixed by ITU-R BS.775: in 5.1 the centre, where films put the dialogue, counts 0.29, left and right 0.21
    each, the surrounds 0.15 each, and the bass effects nothing. That is what `ffmpeg -ac 1` makes of 16-bit
    sound, so clips that others converted are like ours; the mean of six would leave dialogue 4.9 dB lower.

    Args:
        count: of the channels.
        names: the loudspeaker of each channel in FFmpeg's letters, if known.
    """
    loudness = np.array([WEIGHTS.get(name, np.nan) for name in names])
    if len(names) != count or not loudness.sum() > 0:
        loudness = np.ones(count)
    shares: Float = (loudness / loudness.sum()).astype(np.float32)
    return shares


def mix(samples: Float, loudness: Float) -> Float:
    """Mix samples (n, channels) down to one channel, in [-1, 1] if they are; damage in them comes out as it is."""
    with np.errstate(invalid="ignore", over="ignore"):
        mixed: Float = samples @ loudness
    return mixed


class Mixer:
    """Turns the decoded frames of one stream into one channel, in [-1, 1] as far as the codec keeps to it.

    Frames of other than a few float planes are packed by FFmpeg first: asked for a frame with eight or more channels
    in planes of their own, PyAV 18 reads past the end of its list of planes, and the process dies.
    """

    def __init__(self) -> None:
        self._form: tuple[str, str, int] | None = None

    def mono(self, frame: AudioFrame) -> Float:
        """Return the samples of one frame."""
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if form != self._form:
            self._form = form
            self._prepare(frame)
        if form[0] == "fltp" and len(self._loudness) < MOST_PLANES:
            return mix(_floats(frame).T, self._loudness)
        packed = [_floats(part).reshape(-1, len(self._loudness)) for part in self._packer.resample(frame)]
        return mix(np.concatenate(packed), self._loudness)

    def _prepare(self, frame: AudioFrame) -> None:
        import av

        self._packer = av.AudioResampler("flt", frame.layout, frame.sample_rate)
        self._loudness = weights(frame.layout.nb_channels, [channel.name for channel in frame.layout.channels])


def _floats(frame: AudioFrame) -> Float:
    return frame.to_ndarray().astype(np.float32, copy=False)
