"""Read a clip as pictures: RGB frames at a wanted rate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import MediaError, SettingError
from harness.corpora.media.clips import Clip, Guard
from harness.corpora.media.container import open_media, picture_of, readable
from harness.corpora.media.decode import Reading, Span, decoded, nothing_in, span_of

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.reformatter import VideoReformatter
    from av.video.stream import VideoStream

Picture = NDArray[np.uint8]
Size = tuple[int, int]

CLOCK = 0.001  # seconds; Matroska knows times no better, so a frame this little late is on screen


def read_frames(
    clip: Clip, fps: float, guard: Guard, size: Size | None = None, reading: Reading | None = None
) -> Picture:
    """Return the pictures of a clip at regular times, as `walk_frames` yields them.

    Returns:
        (n, height, width, 3) RGB, n at least 1.

    Raises:
        MediaError: `missing`, `empty`, `unreadable`, `no_picture`, `outside_file`.
    """
    return np.stack(list(walk_frames(clip, fps, guard, size, reading)))


def walk_frames(
    clip: Clip, fps: float, guard: Guard, size: Size | None = None, reading: Reading | None = None
) -> Iterator[Picture]:
    """Yield the pictures of a clip one by one, so that a long clip costs no memory.

    The k-th is what is on screen k / fps seconds after the clip's start: the last frame that began by then, or the
    first one of all while there is none yet. The clip lasts until its last frame has been shown for its own length.
    The file's own rate may be any and may vary. A picture whose file says that it is to be turned is turned; the shape
    of its pixels is ignored.

    Args:
        clip: where it is; a part's `half` ("left" or "right") is cut out, as displayed, before anything is resized.
        fps: pictures per second wanted.
        guard: how much is read at most; what lies beyond is neither decoded nor kept.
        size: (width, height) wanted, by swscale's bilinear filter; None: as the first frame is.
        reading: told what happened.

    Raises:
        MediaError: as `read_frames`, when the first picture is asked for.
    """
    if not 0 < fps < float("inf"):
        raise SettingError(f"fps is {fps}; expected a number above 0, such as 5")
    from av.video.reformatter import VideoReformatter

    reading, scaler, step = reading or Reading(), VideoReformatter(), 0
    span = span_of(clip, guard)
    last = max(span.length, 2 * CLOCK)
    for frame, until in _shown(clip, span, reading):
        picture = None
        while step / fps + CLOCK < min(until, last):
            if picture is None:
                with readable(clip.path):
                    picture = _picture(frame, clip, size, scaler)
                size = size or (picture.shape[1], picture.shape[0])
            yield picture
            step += 1
    if not step:
        raise nothing_in(clip, reading)


def _shown(clip: Clip, span: Span, reading: Reading) -> Iterator[tuple[VideoFrame, float]]:
    """Yield each frame with the second of the clip at which it leaves the screen."""
    with open_media(clip.path) as container:
        stream = picture_of(container, clip.path)
        held, begin, at = None, span.start, 0.0
        for second, frame in decoded(container, stream, span.start or 0.0, reading):
            begin = second if begin is None else begin
            at = second - begin
            if held is not None:
                yield held, at
            held = frame
            reading.decoded += 1
            reading.damaged |= frame.is_corrupt
            if at >= span.length:
                reading.cut = span.guarded
                return
        if held is not None:
            yield held, at + max(_own_length(held, stream), 2 * CLOCK)


def _own_length(frame: VideoFrame, stream: VideoStream) -> float:
    if frame.duration and frame.time_base:
        return float(frame.duration * frame.time_base)
    return float(1 / stream.average_rate) if stream.average_rate else 0.0


def _picture(frame: VideoFrame, clip: Clip, size: Size | None, scaler: VideoReformatter) -> Picture:
    """Convert a frame: turned, then halved, then resized."""
    import av

    def rgb(source: VideoFrame, wanted: Size | None) -> Picture:
        width, height = wanted or (source.width, source.height)
        scaled = scaler.reformat(source, width, height, "rgb24", interpolation="BILINEAR", threads=1)
        return scaled.to_ndarray().astype(np.uint8, copy=False)

    turns = round(frame.rotation / 90) % 4  # counter-clockwise, in both libraries
    if not turns and clip.part.half is None:
        return rgb(frame, size)
    picture = _half(np.rot90(rgb(frame, None), turns), clip)
    if size is None:
        return picture
    return rgb(av.VideoFrame.from_ndarray(picture, format="rgb24"), size)


def _half(picture: Picture, clip: Clip) -> Picture:
    width = picture.shape[1] // 2
    match clip.part.half:
        case None:
            kept = picture
        case "left":
            kept = picture[:, :width]
        case "right":
            kept = picture[:, -width:]
        case other:
            raise MediaError(clip.path, "outside_file", f"no half of a picture is called {other!r}; left or right is")
    return np.ascontiguousarray(kept)
