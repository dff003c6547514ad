"""Survey every clip of a corpus: what it holds, whether it can be used, and what is odd about it (media.jsonl).

media_rows.py  the rows as a file
probe_many.py  the files, probed side by side in pieces that survive a kill
survey.py      one row per utterance and modality
summary.py     the rows in the corpus card

A row has `id`, `modality` (audio, video), `path`, `state` (`ok` or a reason), `problem` (for people), `seconds` of
the clip, `bytes` and `fingerprint` of its file, `codec`, `rate` and `channels` or `width`, `height`, `fps` and
`frames`, and `flags`. A modality that no utterance of the corpus has a file for has no rows.

States: `ok`; `missing`; `empty`, nothing in it; `unreadable`; `truncated`, its end is not there; `no_sound`;
`no_picture`; `outside_file`, the utterance's part is not in the file.
Flags: `short`; `long`, the guard cuts it; `length_differs` from the stated one, where the file is the utterance's own;
`overruns`, its part ends after the file; `dual_mono`; `length_unknown`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.core.errors import MediaError
from harness.corpora.media.clips import WHOLE, Clip, Guard, stated_length
from harness.corpora.media.decode import span_of
from harness.corpora.media.probe_facts import Probe
from harness.corpora.media.probe_many import probe_files
from harness.study.utterance import Modality, Utterance

MODALITIES = (Modality.AUDIO, Modality.VIDEO)
SHORT = 0.2  # seconds
DIFFERS = 0.3  # seconds
HALVES = (None, "left", "right")
OK = "ok"
OUTSIDE = "outside_file"


def survey(
    root: Path, utterances: Sequence[Utterance], guard: Guard, workers: int, cache: Path, label: str = "media"
) -> list[dict[str, Any]]:
    """Return the rows of media.jsonl, in the order of the utterances.

    Args:
        root: the release.
        utterances: all of the corpus.
        guard: how much of a clip is read at most.
        workers: processes side by side.
        cache: where what was probed is kept, to go on after a kill and to do nothing twice.
        label: what the progress is called.
    """
    linked = [modality for modality in MODALITIES if any(path_of(row, modality) for row in utterances)]
    paths = (path_of(row, modality) for row in utterances for modality in linked)
    probes = probe_files(root, (path for path in paths if path is not None), workers, cache, label)
    return [_row(root, row, modality, guard, probes) for row in utterances for modality in linked]


def path_of(utterance: Utterance, modality: Modality) -> str | None:
    """Return where an utterance can be heard or seen, relative to the release."""
    return utterance.audio if modality is Modality.AUDIO else utterance.video


def _row(
    root: Path, utterance: Utterance, modality: Modality, guard: Guard, probes: Mapping[str, Probe]
) -> dict[str, Any]:
    path, part = path_of(utterance, modality), utterance.parts.get(modality, WHOLE)
    probe = Probe("missing", "the release has no file for it") if path is None else probes[path]
    stream = probe.sound if modality is Modality.AUDIO else probe.picture
    clip = Clip(root / path if path else root, part, stated_length(utterance))
    state, problem = probe.state(modality), probe.problem
    seconds = stream.seconds if stream else None
    if state == OK and part is not WHOLE:
        problem, seconds = _place(clip, guard, seconds)
        state = OUTSIDE if problem else OK
    return {
        "id": utterance.id,
        "modality": modality.value,
        "path": path,
        "state": state,
        "problem": problem if state != OK else "",
        "seconds": None if seconds is None else round(seconds, 4),
        "bytes": probe.bytes,
        "fingerprint": probe.fingerprint,
        **_form(modality, probe, part is WHOLE),
        "flags": list(_flags(clip, guard, modality, probe, seconds)) if state == OK else [],
    }


def _place(clip: Clip, guard: Guard, seconds: float | None) -> tuple[str, float | None]:
    """Return why a part is not in its file, or "", and the seconds of it that are."""
    part = clip.part
    if part.half not in HALVES:
        return f"no half of a picture is called {part.half!r}", None
    try:
        span_of(clip, guard)
    except MediaError as error:
        return str(error).removeprefix(f"{clip.path}: "), None
    start, end = part.start or 0.0, part.end
    if seconds is not None and start >= seconds:
        return f"its part begins at {start:g} s and the file ends at {seconds:g} s", None
    ends = [seconds_or_none for seconds_or_none in (seconds, end) if seconds_or_none is not None]
    return "", min(ends) - start if ends else None


def _form(modality: Modality, probe: Probe, whole: bool) -> dict[str, Any]:
    if modality is Modality.AUDIO:
        sound = probe.sound
        names = ("codec", "rate", "channels")
        return {name: getattr(sound, name, None) for name in names}
    picture = probe.picture
    facts = {name: getattr(picture, name, None) for name in ("codec", "width", "height", "fps", "frames")}
    return facts if whole else {**facts, "frames": None}  # of the file, not of the part


def _flags(clip: Clip, guard: Guard, modality: Modality, probe: Probe, seconds: float | None) -> Iterator[str]:
    part, own = clip.part, clip.part.start is None
    if seconds is None:
        yield "length_unknown"
    else:
        if seconds < SHORT:
            yield "short"
        if seconds > guard.limit(clip.stated):
            yield "long"
        if own and clip.stated is not None and abs(seconds - clip.stated) > DIFFERS:
            yield "length_differs"
        if part.end is not None and part.end - (part.start or 0.0) > seconds + DIFFERS:
            yield "overruns"
    if modality is Modality.AUDIO and probe.sound and probe.sound.dual_mono:
        yield "dual_mono"
