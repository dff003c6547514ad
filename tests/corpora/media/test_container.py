"""Only real media files are opened, and nothing but the file itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from clips import RATE, paint, sine, write_picture, write_sound
from small_studies import SUPPORT

from harness.core.errors import MediaError
from harness.corpora.media.container import open_media, picture_of, sound_of

# Text files that FFmpeg takes for media by their first line, each naming another file.
PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2.0,\n{other}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile {other}\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    "metadata": ";FFMETADATA1\ntitle={other}\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
    '<Representation id="0" bandwidth="1"><BaseURL>{other}</BaseURL></Representation></AdaptationSet></Period></MPD>',
}


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_sound(tmp_path / "song.mp4", sine(0.5))


def reason(path: Path) -> str:
    with pytest.raises(MediaError) as caught, open_media(path):
        pass
    assert "\n" not in str(caught.value)
    return caught.value.reason


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_playlist_named_mp4_opens_no_other_file(kind: str, song: Path) -> None:
    path = song.with_name("clip.mp4")
    path.write_text(PLAYLISTS[kind].format(other=song.name))
    assert reason(path) == "unreadable"


def test_ffmpeg_alone_would_follow_a_playlist(song: Path) -> None:
    path = song.with_name("clip.mp4")
    path.write_text(PLAYLISTS["concat"].format(other=song.name))
    with av.open(str(path)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) > 0


def test_what_is_no_file_with_something_in_it_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.mp4")
    (tmp_path / "nothing.mp4").touch()
    (tmp_path / "dangling.mp4").symlink_to(tmp_path / "gone.mp4")
    (tmp_path / "stub.mp4").write_bytes(b"\0\5\26\7" + bytes(208))
    assert reason(tmp_path / "fifo.mp4") == "unreadable"
    assert reason(tmp_path) == "unreadable"
    assert reason(tmp_path / "stub.mp4") == "unreadable"
    assert reason(tmp_path / "nothing.mp4") == "empty"
    assert reason(tmp_path / "dangling.mp4") == "missing"
    assert reason(tmp_path / "nothing.mp4" / "below.mp4") == "missing"
    assert reason(tmp_path / "a\0b.mp4") == "unreadable"


@pytest.mark.parametrize("name", ["http:host.mp4", "concat:song.mp4|song.mp4", "frame%03d.mp4", "歌 1.mp4", "-i.mp4"])
def test_a_name_is_only_a_name(name: str, song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(song.parent)
    shutil.copy(song, name)
    with open_media(Path(name)) as container:
        assert container.duration == 500_000


def test_clips_are_decoded_by_one_thread(song: Path) -> None:
    film = write_picture(song.with_name("film.mp4"), 3)
    with open_media(film) as container:
        stream = picture_of(container, film)
        next(container.decode(stream))
        assert stream.codec_context.thread_count == 1


def test_a_picture_of_absurd_size_is_refused(tmp_path: Path) -> None:
    film = write_picture(tmp_path / "film.avi", 1, codec="mjpeg", between=0, size=(4112, 4096))
    with av.open(str(film)) as container:  # FFmpeg alone would take the memory
        assert next(container.decode(video=0)).width == 4112
    with pytest.raises(MediaError, match="cannot be decoded"), open_media(film) as container:
        next(container.decode(picture_of(container, film)))


def test_a_stream_that_is_not_there_is_named(song: Path) -> None:
    film = write_picture(song.with_name("film.mp4"), 3)
    with pytest.raises(MediaError) as no_picture, open_media(song) as container:
        picture_of(container, song)
    with pytest.raises(MediaError) as no_sound, open_media(film) as container:
        sound_of(container, film)
    assert (no_picture.value.reason, no_sound.value.reason) == ("no_picture", "no_sound")


def test_a_cover_is_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("libmp3lame", rate=RATE, layout="mono")
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(paint(0, (32, 32)), format="rgb24")
        container.mux(cover.encode(picture.reformat(format="yuvj420p")))
        frame = av.AudioFrame.from_ndarray(sine(0.5)[None], format="fltp", layout="mono")
        frame.sample_rate = RATE
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
        container.mux(cover.encode(None))
    with open_media(path) as container:
        assert container.streams.video
        assert sound_of(container, path).rate == RATE
        with pytest.raises(MediaError, match="no picture"):
            picture_of(container, path)


def test_ffmpeg_says_nothing_on_the_terminal(song: Path) -> None:
    content = bytearray(song.read_bytes())
    start = content.index(b"mdat") + 2_000
    content[start : start + 500] = np.random.default_rng(0).bytes(500)
    song.write_bytes(content)
    script = (
        "import sys; from pathlib import Path; from clips import GUARD, clip\n"
        "from harness.corpora.media.sound import *\n"
        "reading = Reading(); read_sound(clip(Path(sys.argv[1])), 16000, GUARD, reading); print(reading.damaged)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(song)], capture_output=True, text=True, check=True, cwd=SUPPORT
    )
    assert done.stdout == "True\n"
    assert done.stderr == ""
