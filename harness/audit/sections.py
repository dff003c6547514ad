"""The sections of the page, one topic each: how it was computed, and its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from harness.audit import section_rows as rows
from harness.audit.formats import Facts, present, titles
from harness.report.tables import Question, Table, table_of

Maker = Callable[[Facts], list[Table]]


def sections(facts: Facts) -> list[Question]:
    """Return the sections in the order of the page; one without any table says why."""
    topics = []
    for anchor, title, method, empty, makers in TOPICS:
        tables = [table for make in makers for table in make(facts)]
        topics.append(Question(anchor, title, title, [method] if tables else [method, empty], tables))
    return topics


def _each(caption: str, make: Callable[[Facts], Iterable[rows.Record]]) -> Maker:
    """Return what makes a table of the records of each corpus, with its title in front."""

    def table(facts: Facts) -> list[Table]:
        names = titles(facts)
        records = [{"corpus": names[name], **row} for name, corpus in present(facts).items() for row in make(corpus)]
        return table_of(caption, records)

    return table


# anchor, title, how it was computed, what is said where there is no table, the tables
TOPICS: Sequence[tuple[str, str, str, str, Sequence[Maker]]] = (
    ("contradictions", "Labels that contradict each other",
     "Every native field is tried: words of polarity are crossed with the emotion; numbers that rank positive above "
     "negative utterances with a chance of at least .7 are a sentiment scale, and contradict the label if more than a "
     "quarter of positive rows lie below its middle (or of negative rows above), or a mean is on the wrong side. A "
     "step is absent if it never occurs though its mirror makes at least 10 rows expected.",
     "No corpus has both an emotion and a sentiment field.",
     (_each("Numbers that rank positive above negative utterances, held against a label", rows.scales),
      _each("The same numbers by class", rows.scale_classes),
      _each("Emotion against the corpus' own sentiment label, rows", rows.words))),
    ("overlap", "Between splits",
     "Shared of those in the other split. A long text has at least 4 words, or 8 characters where words are not "
     "spaced; an id is compared without the split in front of it.",
     "No corpus is here.",
     (_each("Two splits or folds of one corpus", rows.split_pairs),
      _each("Dialogues (videos) in several splits", rows.dialogues))),
    ("between", "Between corpora",
     "Long texts and ids that both have; where at least half of the smaller corpus' ids recur, how many of those rows "
     "have the same label (in every space both answer), split and text. Speaker names mean nothing elsewhere.",
     "There is one corpus only.", (rows.corpus_pairs,)),
    ("agreement", "Agreement of annotators",
     "κ (statsmodels) sees utterances on which every annotator named one class and that have the most frequent number "
     "of votes; nominal α (krippendorff) those with any number of votes; α over sets takes votes that name several "
     "classes, with the MASI distance. In majorities a vote of several classes is shared out; a tied utterance has "
     "none.",
     "No corpus here came with its annotators' votes.",
     (_each("Class votes", rows.votes), _each("Ratings on a scale", rows.ratings),
      _each("Plain and confidence-weighted majority", rows.majorities))),
    ("views", "Label views",
     "Where people labelled each modality alone: share of equal labels and Cohen's κ (scikit-learn), over utterances "
     "with a label in both views; on a scale, Pearson's r and the mean distance.",
     "No corpus here was labelled once per modality.",
     (_each("Two views of one utterance", rows.view_pairs), _each("All views of one utterance", rows.together))),
    ("ceilings", "Human ceilings of one modality",
     "The label people gave one modality, taken for a prediction of the fused label on the test split (all rows of a "
     "corpus with folds), by the project's own metrics; utterances whose label the space lacks are left out.",
     "No corpus here was labelled once per modality.", (_each("People with one modality alone", rows.ceilings),)),
    ("priors", "Class priors",
     "Shares of labelled utterances. Entropy is divided by its largest value: 1 is balanced. Ratio: largest class over "
     "smallest that occurs (* where a class never does).",
     "No corpus here answers a space of classes.", (rows.priors,)),
    ("distance", "Distance of class priors",
     "Above the diagonal total variation (the share of rows that would have to change class), below it the "
     "Jensen-Shannon distance to base 2 (scipy). Test rows are those a transfer is scored on: all rows of a corpus "
     "with folds.",
     "Fewer than two corpora share a space of classes.", (rows.distances,)),
    ("duplicates", "Duplicates",
     "Transcripts are compared as they are, letter by letter. Ids are compared without the split in front. Rows are "
     "held together only where the annotation gives a time.",
     "No corpus is here.",
     (_each("Repeated transcripts", rows.texts),
      _each("Long transcripts that recur in another split or fold, by stratum", rows.strata),
      _each("Repeated ids, rows and clips", rows.repeated))),
    ("sizes", "Sizes and lengths",
     "Seconds are those of the probed clip, else of the annotated time span (each card says of how many); text length "
     "is in words, or in letters where words are not spaced. Ranges are the 5th to 95th percentile.",
     "No corpus is here.", (_each("By split or fold", rows.sizes),)),
    ("media", "Clips",
     "What `prepare` found when it opened every clip; without that only whether the release holds a file.",
     "No corpus is here.", (_each("By modality", rows.clips),)),
)  # fmt: skip
