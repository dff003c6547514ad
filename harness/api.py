"""All that an adapter may import, ours or that of an outside package: the one public surface of the harness.

    from harness.api import Annotation, Release, Utterance, share_emotion

What a release is read into, the shared label spaces, readers that refuse what is damaged or leads out of a release,
folds for a corpus without an official split, and the errors to raise. See docs/add-a-corpus.md.
"""

from __future__ import annotations

from harness.core.errors import HarnessError, ReleaseError, UnknownLabelError
from harness.core.plain_text import trimmed
from harness.corpora.reading.csv_file import Row, read_csv, read_text, refuse_other_bytes
from harness.corpora.reading.folds import speaker_folds, stratified_folds
from harness.corpora.reading.json_file import Pairs, read_json, read_json_lines
from harness.corpora.reading.tree import NEAR, Tree, clip_order
from harness.study.labels import (
    BLANK,
    EMOTION4,
    EMOTION7,
    MAIN_VIEW,
    NO_MAJORITY,
    NOT_ANNOTATED,
    POLARITY3,
    POLARITY_OF_EMOTION,
    VALENCE,
    ClassSpace,
    ScaleSpace,
    Shared,
    absent,
    outside,
    share_emotion,
    share_number,
    share_polarity_of,
    sign_polarity,
)
from harness.study.release import (
    AUDIO_SUFFIXES,
    MEDIA_SUFFIXES,
    VIDEO_SUFFIXES,
    Annotation,
    Dropped,
    Published,
    Release,
    Vote,
)
from harness.study.utterance import SPLITS, MediaPart, Modality, Split, Utterance

__all__ = [
    "AUDIO_SUFFIXES",
    "BLANK",
    "EMOTION4",
    "EMOTION7",
    "MAIN_VIEW",
    "MEDIA_SUFFIXES",
    "NEAR",
    "NOT_ANNOTATED",
    "NO_MAJORITY",
    "POLARITY3",
    "POLARITY_OF_EMOTION",
    "SPLITS",
    "VALENCE",
    "VIDEO_SUFFIXES",
    "Annotation",
    "ClassSpace",
    "Dropped",
    "HarnessError",
    "MediaPart",
    "Modality",
    "Pairs",
    "Published",
    "Release",
    "ReleaseError",
    "Row",
    "ScaleSpace",
    "Shared",
    "Split",
    "Tree",
    "UnknownLabelError",
    "Utterance",
    "Vote",
    "absent",
    "clip_order",
    "outside",
    "read_csv",
    "read_json",
    "read_json_lines",
    "read_text",
    "refuse_other_bytes",
    "share_emotion",
    "share_number",
    "share_polarity_of",
    "sign_polarity",
    "speaker_folds",
    "stratified_folds",
    "trimmed",
]
