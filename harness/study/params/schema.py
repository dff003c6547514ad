"""What params.yaml may say: one class per section, from which the checks, the JSON schema and docs/params.md are made.

A class says of each option its type, its range and what it means. What an option may name (a file of harness/encoders,
a row of another section) is checked by check.py, and the options of plug-ins by plugin_options.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from harness.statistics.rare_classes import LEAST_SUPPORT
from harness.study.labels import MAIN_VIEW
from harness.study.params.rows import NATIVE
from harness.study.recipes import NORMALISERS, VIEWS
from harness.study.selected_settings import ONE_STANDARD_ERROR, RULES

LARGEST_SEED = 2**32 - 1

Name = Annotated[str, StringConstraints(min_length=1)]
Names = Annotated[list[Name], Field(json_schema_extra={"uniqueItems": True})]
Whole = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]
Positive = Annotated[float, Field(gt=0)]


class ParamsSection(BaseModel):
    """A mapping of known keys, whose values are taken as they are written: no text becomes a number."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    @model_validator(mode="after")
    def _each_once(self) -> ParamsSection:
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, list) and len({repr(item) for item in value}) < len(value):
                raise ValueError(f"{name} has an item twice; leave one of them out")
        return self


class OpenParamsSection(ParamsSection):
    """A mapping whose further keys are arguments of the plug-in that it names."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class Corpus(ParamsSection):
    """A row of `corpora`."""

    adapter: Name | None = Field(None, description="file of adapters/ that reads it; the name of the row without")
    split: Literal["official", "speakers"] = Field(
        "official",
        description="how it is divided: as released, or into folds that share no speaker and no dialogue",
    )
    dev: Literal["fold", "dialogues"] = Field(
        "fold",
        description="dev part of a corpus divided by folds: the next fold, or a tenth of the dialogues of all others",
    )


class Encoder(OpenParamsSection):
    """A row of `encoders`: what makes features; further keys are arguments of the encoder."""

    encoder: Name = Field(description="file of harness/encoders that makes the features")
    preset: Name | None = Field(None, description="row of harness/encoders/presets.yaml whose options are taken")
    routes: list[Name] = Field([NATIVE], description="texts that are encoded: native, or a language translated into")
    dtype: Literal["float32", "float16"] = Field("float32", description="number type of the stored features")
    num_gpus: float = Field(
        1, ge=0, description="GPUs, or a fraction of one, that a piece of an encoder for GPUs has; 0 runs it on CPUs"
    )


class Recipe(ParamsSection):
    """A row of `recipes`: encoders, normaliser, model and its settings."""

    description: str = Field("", description="what tables and pages say of it")
    text: Name = Field(description="encoder of the text, or none")
    audio: Name = Field(description="encoder of the sound, or none")
    video: Name = Field(description="encoder of the picture, or none")
    also: Name = Field(description="one more encoder, of any modality, or none")
    route: Name = Field(description="text that is read: native, or a language translated into")
    normalise: Literal[NORMALISERS] = Field(description="how features are normalised (docs/protocol.md)")  # type: ignore[valid-type]
    fusion: Name = Field(description="model: a file of harness/fusion")
    balanced: bool = Field(description="whether rows are weighted so that every class counts alike")
    settings: Name | dict[str, Any] = Field(description="a row of `settings`, or the settings of the model themselves")
    view: Literal[VIEWS] = Field(MAIN_VIEW, description="label view that is trained on")  # type: ignore[valid-type]
    test_views: list[Literal[VIEWS]] = Field(  # type: ignore[valid-type]
        [MAIN_VIEW], min_length=1, description="label views that are tested against"
    )


class Protocol(OpenParamsSection):
    """A row of `protocols`: cases beside the matrix; further keys are arguments of the protocol."""

    protocol: Name | None = Field(None, description="file of harness/protocols; the name of the row without")
    recipes: Names = Field(min_length=1, description="recipes that are evaluated")
    spaces: Names = Field(min_length=1, description="label spaces in which they are")


class External(ParamsSection):
    """A row of `external`: predictions that somebody else made (docs/external-predictions.md)."""

    file: Name = Field(description="CSV or Parquet file of predictions (docs/external-predictions.md)")
    description: str = Field(description="what made them")
    inputs: list[Literal["audio", "text", "video"]] = Field([], description="modalities that it saw")
    space: Name | None = Field(None, description="label space of all rows, where the file has no such column")
    partial: bool = Field(False, description="whether utterances may be missing")


class Training(ParamsSection):
    """How models are trained."""

    seeds: list[Seed] = Field(min_length=1, description="seeds; a network is trained once with each")
    selection: Literal[RULES] = Field(  # type: ignore[valid-type]
        ONE_STANDARD_ERROR,
        description="rule by which source dev selects penalty, epoch and draw: the simplest within one standard error "
        "of the best, or the best",
    )
    resamples: Whole = Field(
        0, description="times a model without seeds is trained on resampled train dialogues, for `sd_train`; 0: never"
    )
    network_resamples: Whole = Field(0, description="the same for networks, with the first seed")


class Metrics(ParamsSection):
    """Metrics of the cells: files of harness/metrics."""

    classes: Names = Field(description="metrics of label spaces with classes: files of harness/metrics")
    scale: Names = Field(description="metrics of valence")


class Statistics(ParamsSection):
    """Intervals and tests."""

    resamples: int = Field(ge=100, description="resamples of the bootstrap over dialogues")
    level: float = Field(ge=0.5, lt=1, description="coverage of the intervals")
    seed: Seed = Field(description="seed of the resampling")
    few_clusters: Whole = Field(description="a cell with fewer dialogues than this gets a warning")
    least_support: Whole = Field(
        LEAST_SUPPORT, description="test rows that a class needs to enter UAR and macro-F1 of a target"
    )
    baseline: Name | None = Field(description="recipe that the others are tested against; null tests none")


class Selected(ParamsSection):
    """Recipes and label spaces that a stage is for."""

    recipes: Names = Field(description="recipes")
    spaces: Names = Field(description="label spaces")


class Only(ParamsSection):
    """A part of the study to run; an empty list runs all."""

    recipes: Names = Field(description="recipes to run; an empty list runs all")
    spaces: Names = Field(description="label spaces to run; an empty list runs all")
    corpora: Names = Field(description="corpora to train and test on; an empty list takes all")


class Media(ParamsSection):
    """How much of a clip is read."""

    slack: float = Field(ge=0, description="seconds read beyond the length that the annotation states")
    longest: Positive = Field(description="most seconds read of a clip")


class EngineSection(ParamsSection):
    """Where work runs and how it is spread (docs/cluster.md); nothing of it runs a stage again."""

    kind: Literal["auto", "local", "ray"] = Field(
        "auto", description="processes of this machine, or a cluster of Ray; auto: Ray where RAY_ADDRESS is set"
    )
    workers: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        "auto", description="processes of this machine side by side; auto: one per core"
    )
    address: str = Field(
        "auto",
        description="host:port of a running Ray cluster; auto: that of RAY_ADDRESS, or else a cluster of this "
        "machine's cores and GPUs, which `local` always starts",
    )
    num_cpus: Annotated[float, Field(gt=0)] = Field(1, description="cores of a piece of a network")
    num_gpus: Annotated[float, Field(ge=0)] = Field(
        0.25, description="GPUs, or a fraction of one, of a piece of a network; linear models take none"
    )
    memory: Whole = Field(0, description="bytes that Ray sets aside for each piece; 0 sets nothing aside")
    max_retries: Annotated[int, Field(ge=0)] = Field(
        3, description="times that Ray begins a piece again whose worker or machine was lost"
    )
    timeout: Annotated[float, Field(ge=0)] = Field(
        0, description="seconds after which Ray ends a piece and begins it again; 0 waits for ever"
    )
    latency_wait: Annotated[float, Field(ge=0)] = Field(
        60, description="seconds to wait for a file of another machine to be seen on a network file system"
    )
    batch: bool | Literal["auto"] = Field(
        "auto", description="whether the seeds of a network train as one batch; auto: on GPUs, if all stay busy"
    )


class Tracking(ParamsSection):
    """What MLflow is told while stages run."""

    live: bool = Field(False, description="whether a run in the experiment `<study>-live` shows how far a stage is")


class Synth(ParamsSection):
    """Made-up corpora (docs/synthetic.md)."""

    signal: Share = Field(description="share of words that betray the class")
    shift: Share = Field(description="share of those words that are private to a corpus")
    prior_shift: Share = Field(description="distance of the class prior of a corpus from the common one")
    label_noise: Share = Field(description="share of labels replaced by a random class")
    persistence: Share = Field(description="probability that a turn keeps the class of the turn before")
    utterances: Whole = Field(description="utterances per corpus")
    dialogues: int = Field(ge=20, description="dialogues per corpus")
    speakers: int = Field(ge=10, description="speakers per corpus")
    voice: Share = Field(description="how strongly the class shows in the sound")
    face: Share = Field(description="how strongly the class shows in the picture")
    media: bool = Field(description="whether sound and picture are made")
    defects: Literal["all", "none"] | list[Name] = Field(description="defects of real releases to put in")
    seed: Seed = Field(description="seed of everything that is drawn")

    @model_validator(mode="after")
    def _enough_turns(self) -> Synth:
        if self.utterances < 2 * self.dialogues:
            raise ValueError(f"{self.utterances} utterances in {self.dialogues} dialogues; expected two per dialogue")
        return self


class Params(ParamsSection):
    """All of params.yaml; a section may be empty and not left out, for dvc.yaml names them all."""

    study: Name = Field(description="name of the study and of its MLflow experiment")
    only: Only = Field(description="a part of the study to run")
    corpora: dict[str, Corpus | None] = Field(min_length=1, description="corpora")
    spaces: Names = Field(min_length=1, description="label spaces")
    encoders: dict[str, Encoder] = Field(description="encoders")
    recipes: dict[str, Recipe] = Field(description="recipes: encoders, normaliser, model and settings")
    settings: dict[str, dict[str, Any]] = Field(description="settings of models, by a name that recipes give")
    protocols: dict[str, Protocol] = Field(description="protocols beside the matrix (docs/protocol.md)")
    external: dict[str, External] = Field(description="predictions that somebody else made")
    training: Training
    metrics: Metrics
    primary: dict[str, Name] = Field(description="label space -> metric that leads its tables")
    statistics: Statistics
    analysis: Selected = Field(description="recipes and label spaces that `analyse` looks behind")
    foresee: Selected = Field(description="recipes and label spaces whose transfer `foresee` estimates")
    media: Media
    engine: EngineSection
    tracking: Tracking = Field(default_factory=lambda: Tracking(live=False))
    synth: Synth


ROW_CLASSES: Mapping[str, type[ParamsSection]] = {
    "corpora": Corpus,
    "encoders": Encoder,
    "recipes": Recipe,
    "protocols": Protocol,
    "external": External,
}
