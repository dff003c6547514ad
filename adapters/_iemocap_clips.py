"""Where an IEMOCAP turn can be heard and seen: in a file of its own, or in a part of the dialogue's recording.

sentences/wav/<dialogue>/<turn>.wav     the turn alone
dialog/wav/<dialogue>.wav               both speakers, one a channel
dialog/avi/DivX/<dialogue>.avi          both speakers side by side, the one with the markers on the left half

Some copies hold a film cut for each turn; it is taken as it is, since nobody says which half, or whether, was cut out.
A turn whose times are no span has no part in a recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.api import AUDIO_SUFFIXES, VIDEO_SUFFIXES, MediaPart, Modality, Tree, Utterance

from ._clips import SUPERSEDED, UNLABELLED, unused
from ._iemocap_evaluation import Turn, is_name

DIALOGUE = "dialogue_recording"
_MARKERS = 5  # Ses01F_impro01: the sixth letter is the actor with the markers


class Clips:
    """The sounds and films of a release by the names of turns and dialogues."""

    def __init__(self, tree: Tree) -> None:
        self._sounds, self._films = tree.media(AUDIO_SUFFIXES), tree.media(VIDEO_SUFFIXES)

    def attach(self, turn: Turn, utterance: Utterance) -> None:
        """Set `audio`, `video` and `parts`; a turn without any sound file is heard in its film."""
        span = MediaPart(turn.start, turn.end) if turn.start < turn.end else None
        half = "left" if turn.letter == turn.dialogue[_MARKERS] else "right"
        film = self._films.get(turn.id), self._films.get(turn.dialogue) if span else None
        sound = self._sounds.get(turn.id), self._sounds.get(turn.dialogue) if span else None
        own, shared = sound if any(sound) else film
        utterance.audio = own or shared
        if span and shared and not own:
            utterance.parts[Modality.AUDIO.value] = span
        own, shared = film
        utterance.video = own or shared
        if span and shared and not own:
            utterance.parts[Modality.VIDEO.value] = replace(span, half=half)


def surplus(tree: Tree, utterances: Sequence[Utterance]) -> dict[str, str]:
    """Explain recordings of whole dialogues and clips named like a turn that are no utterance's."""
    ids, dialogues = {row.id for row in utterances}, {row.dialogue for row in utterances}
    sessions = {}
    for stem, path in unused(tree, (*AUDIO_SUFFIXES, *VIDEO_SUFFIXES), utterances):
        if stem in dialogues:
            sessions[path] = DIALOGUE
        elif is_name(stem):
            sessions[path] = SUPERSEDED if stem in ids else UNLABELLED
    return sessions
