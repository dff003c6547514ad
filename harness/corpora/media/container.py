"""Open media files by FFmpeg, which happens here and nowhere else and may touch nothing but the file itself.

A release is somebody else's folder. FFmpeg would take a text file named `clip.mp4` for a playlist and open what it
names, read a FIFO for ever, treat a colon in a name as a network protocol and ask for gigabytes for one picture. So
only regular files are opened, only by the local file protocol, only as the containers below, and only with pictures
and channels of a credible size.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harness.core.errors import MediaError

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

# Containers that hold their own media. Playlists (hls, concat), descriptions (sdp, dash) and picture sequences
# (image2, which expands patterns in names) are not among them.
FORMATS = "mov,mp4,m4a,avi,matroska,webm,wav,w64,flac,ogg,mp3,aac,aiff,au,caf,asf,flv,mpeg,mpegts"
BOUNDS = {"max_pixels": str(4096 * 4096)}
OPTIONS = {"format_whitelist": FORMATS, "protocol_whitelist": "file", **BOUNDS}


@contextmanager
def open_media(path: Path) -> Iterator[InputContainer]:
    """Open a media file, to be used in a `with` block.

    An error that FFmpeg raises inside the block is turned into one of ours as well.

    Raises:
        MediaError: `missing`, `empty` (no byte), or `unreadable` (no regular file, no media, or damaged).
    """
    import av

    require_file(path)
    # The prefix keeps a colon in the name from being read as a protocol.
    with readable(path), av.open(f"file:{path}", options=OPTIONS, metadata_errors="replace") as container:
        for stream in (*container.streams.audio, *container.streams.video):
            if stream.codec_context is not None:  # there is none for a codec that FFmpeg does not know
                stream.codec_context.options = BOUNDS
                stream.codec_context.thread_count = 1  # clips are read side by side by processes
        yield container


def require_file(path: Path) -> None:
    """Refuse what is no regular file with something in it, before anything opens it: a FIFO would block for ever.

    Raises:
        MediaError: `missing`, `empty` or `unreadable`.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MediaError(path, "missing", "there is no such file") from error
    except (OSError, ValueError) as error:
        raise MediaError(path, "unreadable", f"cannot be looked at ({error})") from error
    if not stat.S_ISREG(found.st_mode):
        raise MediaError(path, "unreadable", "is no regular file")
    if found.st_size == 0:
        raise MediaError(path, "empty", "the file is empty")


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what FFmpeg or the system says about a file into a MediaError `unreadable`."""
    import av

    try:
        yield
    except (av.FFmpegError, OSError) as error:
        said = error.strerror or str(error)
        raise MediaError(path, "unreadable", f"cannot be decoded ({said}); get the file again") from error


def sound_of(container: InputContainer, path: Path) -> AudioStream:
    """Return the stream a player would choose to be heard.

    Raises:
        MediaError: `no_sound`.
    """
    stream = container.streams.best("audio")
    if stream is None or stream.codec_context is None:
        raise MediaError(path, "no_sound", "holds no sound that FFmpeg knows")
    return stream  # type: ignore[return-value]


def picture_of(container: InputContainer, path: Path) -> VideoStream:
    """Return the stream a player would choose to be seen; the cover of a song is no picture.

    Raises:
        MediaError: `no_picture`.
    """
    from av.stream import Disposition

    stream = container.streams.best("video")
    if stream is None or stream.codec_context is None or stream.disposition & Disposition.attached_pic:
        raise MediaError(path, "no_picture", "holds no picture that FFmpeg knows")
    return stream  # type: ignore[return-value]
