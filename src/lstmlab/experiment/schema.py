"""What every option must be: types, ranges, and what excludes what. Checked before anything is loaded."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from lstmlab.errors import UserError
from lstmlab.nearest import did_you_mean

Positive = Annotated[int, Field(ge=1)]
Natural = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
NotNegative = Annotated[float, Field(ge=0)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class Closed(BaseModel):
    """A group whose options are all known: another name is refused."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Open(BaseModel):
    """A group that a class of the user's may extend: its further options are checked against that class's arguments."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class Targeted(Open):
    target: str | None = Field(alias="_target_")


class Data(Targeted):
    seq_length: Positive
    batch_size: Positive
    split: list[Annotated[float, Field(ge=0, le=1)]] = Field(min_length=3, max_length=3)
    scoring_streams: Positive | None
    variable_length: bool
    path: str | None = None
    root: str | None = None


class CharTokenizer(Closed):
    name: Literal["char"]
    min_count: Positive
    max_size: Positive | None


class WordTokenizer(Closed):
    name: Literal["word"]
    min_count: Positive
    max_size: Positive | None


class JiebaTokenizer(Closed):
    name: Literal["jieba"]
    hmm: bool
    user_dict: str | None
    segmenter: Literal["auto", "jieba", "rjieba"]
    min_count: Positive
    max_size: Positive | None


class BpeTokenizer(Closed):
    name: Literal["bpe"]
    min_count: Positive
    max_size: Annotated[int, Field(gt=256)] | None


Tokenizer = Annotated[
    CharTokenizer | WordTokenizer | JiebaTokenizer | BpeTokenizer,
    Field(discriminator="name"),
]


class Layer(Targeted):
    cell: Targeted | None = None


class Model(Closed):
    layer: Layer
    num_layers: Positive
    hidden_size: Positive
    embedding_size: Positive
    dropout: Share
    input_dropout: Share | None
    hidden_dropout: Share | None
    output_dropout: Share | None
    embedding_dropout: Share
    locked_dropout: bool
    activation_penalty: NotNegative
    temporal_activation_penalty: NotNegative
    output_norm: bool
    tie_weights: bool
    pretrained_embeddings: str | None
    freeze_embeddings: bool


class Optim(Targeted):
    lr: Annotated[float, Field(gt=0)]
    weight_decay: NotNegative = 0.0
    momentum: Share = 0.0
    betas: list[Share] = Field(default=[0.9, 0.999], min_length=2, max_length=2)


class Schedule(Targeted):
    warmup_steps: Natural = 0


class Trainer(Closed):
    accelerator: Literal["cpu", "gpu", "auto"]
    strategy: str
    devices: Positive
    num_nodes: Positive
    threads: Positive | None
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed", "64-true"]
    max_epochs: Positive | None
    max_steps: Positive | None
    max_time: Annotated[str, Field(pattern=r"^\d+:\d\d:\d\d:\d\d$")] | None
    gradient_clip_val: Annotated[float, Field(gt=0)] | None
    accumulate_grad_batches: Positive
    validate_every_epochs: Positive
    log_every_steps: Positive
    reset_state: Share
    limit_train_windows: Positive | None
    limit_val_windows: Positive | None
    profiler: Literal["simple", "advanced"] | None


class Checkpoint(Closed):
    every_steps: Positive | None


class EarlyStopping(Closed):
    patience: Positive | None
    min_delta: NotNegative


class Samples(Closed):
    tokens: Natural


class Callbacks(Open):
    """Further entries are callbacks of the user's."""

    early_stopping: EarlyStopping
    samples: Samples
    __pydantic_extra__: dict[str, Targeted]


class Csv(Closed):
    name: Literal["csv"]


class TensorBoard(Closed):
    name: Literal["tensorboard"]


class Wandb(Closed):
    name: Literal["wandb"]
    project: str
    entity: str | None
    run_name: str | None
    group: str | None
    tags: list[str]
    mode: Literal["auto", "online", "offline"]
    init_timeout: Annotated[float, Field(gt=0)]
    watch: Literal["gradients", "parameters", "all"] | None


class Decoding(Closed):  # what a configuration of an earlier version lacks is off
    name: Literal["greedy", "sample", "beam"]
    temperature: NotNegative = 1.0
    top_k: Positive | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    repetition_penalty: Annotated[float, Field(gt=0)] = 1.0
    no_repeat_ngram: Positive | None = None
    num_beams: Positive | None = None
    length_penalty: float = 1.0
    early_stopping: Literal[True, False, "never"] = False


class Prepare(Closed):
    data: Data
    tokenizer: Tokenizer


class Train(Prepare):
    model: Model
    attention: Targeted
    head: Targeted
    optim: Optim
    schedule: Schedule
    averaging: Targeted
    trainer: Trainer
    checkpoint: Checkpoint
    callbacks: Callbacks
    logger: Annotated[Csv | TensorBoard | Wandb, Field(discriminator="name")]
    decoding: Decoding
    seed: Seed
    run: str | None


class Space(Closed):
    low: float | int | None = None
    high: float | int | None = None
    log: bool = False
    choices: list[Any] | None = None


class Sweep(Closed):
    """How several trials run; no part of a run's own configuration."""

    name: str | None
    options: dict[str, Any]
    choose: dict[str, Any]
    choose_seeds: list[Seed]
    jobs: Positive
    reuse: list[str]
    dry_run: bool
    space: dict[str, Space]
    trials: Positive
    min_epochs: Positive
    reduction_factor: Annotated[int, Field(ge=2)] | None
    method: Literal["grid", "random", "bayes"]
    trial: str | None


class OfSweep(Closed):
    sweep: Sweep


class WhereData(Closed):
    path: str | None
    root: str | None


class OnRun(Closed):
    run: str
    checkpoint: Literal["best", "last"] | None
    device: str


class Dynamic(Closed):
    rule: Literal["rms", "sgd"]
    lr: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None
    decay: Annotated[float, Field(ge=0, le=1)] | None
    seq_length: Positive


class Cache(Closed):
    size: Positive
    theta: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None
    share: Share | None


class Evaluate(OnRun):
    against: list[str]
    split: Literal["train", "val", "test"]
    references: bool
    ngram_order: Positive
    max_reference_characters: Positive
    calibration: bool
    adapt: list[Literal["dynamic", "cache"]]
    adapt_tokens: Positive
    dynamic: Dynamic
    cache: Cache
    data: WhereData


class Generate(OnRun):
    decoding: Decoding
    prompt: str
    prompt_file: str | None
    on_unknown: Literal["continue", "refuse"]
    max_tokens: Natural
    min_tokens: Natural
    stop: str | list[str]
    num_sequences: Positive
    batch_size: Positive
    seed: Seed
    out: str | None
    details: str | None


class Surprise(OnRun):
    text: str | None
    text_file: str | None
    encoding: str
    split: Literal["train", "val", "test"] | None
    start: Natural | None
    characters: Positive | None
    alternatives: Annotated[int, Field(ge=1, le=50)]
    out: str | None
    data: WhereData


class Export(Closed):
    run: str
    checkpoint: Literal["best", "last"] | None
    out: str | None
    onnx: bool
    overwrite: bool


class Novelty(OnRun):
    decodings: list[Decoding] = Field(min_length=1)
    split: Literal["val", "test"]
    texts: Positive
    characters: Positive
    prompt_characters: Positive
    seed: Seed
    batch_size: Positive
    max_train_characters: Positive
    out: str | None
    data: WhereData


class Report(Closed):
    path: str | list[str] | None
    out: str | None
    publish: bool


JOBS: dict[str, type[BaseModel]] = {
    "prepare": Prepare,
    "train": Train,
    "evaluate": Evaluate,
    "generate": Generate,
    "surprise": Surprise,
    "novelty": Novelty,
    "export": Export,
    "report": Report,
}


def check(job: str, config: dict[str, Any]) -> None:
    """Every option of a resolved configuration, by itself and against the others.

    Raises:
        UserError: the first mistake, by the option's name.
    """
    _validate(JOBS[job], config)
    if job == "train":
        _check_together(config)
    if job == "surprise":
        _check_one_text(config)


def check_sweep(settings: dict[str, Any]) -> None:
    """The options of ``sweep``, which are no part of a run's configuration.

    Raises:
        UserError: the first mistake, by the option's name.
    """
    _validate(OfSweep, {"sweep": settings})


def _validate(model: type[BaseModel], config: dict[str, Any]) -> None:
    try:
        model.model_validate(config)
    except ValidationError as error:
        raise UserError(_sentence(error.errors()[0], config)) from None


def check_value(option: str, annotation: Any, value: Any) -> None:
    """Whether an option's value is what the argument of a class behind it is annotated with.

    Raises:
        UserError: it is not.
    """
    try:
        TypeAdapter(annotation, config=Closed.model_config).validate_python(value)
    except ValidationError as error:
        raise UserError(_sentence(error.errors()[0] | {"loc": (option,)}, {})) from None


# Pydantic puts the tag of a tagged union into a mistake's place; it is no part of the option's name.
_TAGS = {
    "logger": ("wandb", "csv", "tensorboard"),
    "tokenizer": ("char", "word", "jieba", "bpe"),
}


def _sentence(mistake: Any, config: dict[str, Any]) -> str:
    path = [str(step) for step in mistake["loc"]]
    tag = path.pop(1) if path[1:2] and path[1] in _TAGS.get(path[0], ()) else None
    name, kind, value = ".".join(path), mistake["type"], mistake["input"]
    if kind == "extra_forbidden":
        others = {*config, *option_names(config, without=name)} - {name}
        owner = f" of {path[0]}={tag}" if tag else ""
        return f"{name} is no option{owner}.{did_you_mean(name, others)}"
    if path[0] == "callbacks" and (kind == "model_type" or path[-1] == "_target_"):
        name = f"callbacks.{path[1]}"
        known = [f"callbacks.{one}" for one in Callbacks.model_fields]
        return f"{name} is no callback: it has no _target_.{did_you_mean(name, known)}"
    if kind == "missing" or (kind == "union_tag_not_found"):
        return f"{name} is missing; give it a value."
    context = mistake.get("ctx", {})
    if kind == "union_tag_invalid":
        name, value = f"{name}.name", context["tag"]
    wanted = {
        "greater_than_equal": f"must be at least {context.get('ge')}",
        "greater_than": f"must be above {context.get('gt')}",
        "less_than": f"must be below {context.get('lt')}",
        "less_than_equal": f"must be at most {context.get('le')}",
        "int_type": "must be a whole number",
        "float_type": "must be a number",
        "bool_type": "must be true or false",
        "string_type": "must have the form DD:HH:MM:SS" if name == "trainer.max_time" else "must be text",
        "finite_number": "must be a finite number",
        "model_type": "must be a group of options",
        "list_type": "must be a list in brackets",
        "literal_error": f"must be {context.get('expected')}",
        "too_short": f"must have {context.get('min_length')} entries",
        "too_long": f"must have {context.get('max_length')} entries",
        "union_tag_invalid": f"must be {context.get('expected_tags')}",
        "string_pattern_mismatch": "must have the form DD:HH:MM:SS",
    }.get(kind, mistake["msg"][0].lower() + mistake["msg"][1:])
    return f"{name}={_shown(value)} {wanted}."


def _shown(value: Any) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def option_names(config: dict[str, Any], prefix: str = "", without: str = "") -> list[str]:
    """Dotted names of all options in a configuration."""
    names: list[str] = []
    for key, value in config.items():
        name = f"{prefix}{key}"
        if name == without:
            continue
        names += option_names(value, f"{name}.", without) if isinstance(value, dict) else [name]
    return names


def flat_options(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Every option by its dotted name."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        name = f"{prefix}{key}"
        flat |= flat_options(value, f"{name}.") if isinstance(value, dict) and value else {name: value}
    return flat


def _check_together(config: dict[str, Any]) -> None:
    trainer, schedule = config["trainer"], config["schedule"]["_target_"]
    if not any(trainer[name] for name in ("max_epochs", "max_steps", "max_time")):
        raise UserError(
            "trainer.max_epochs, trainer.max_steps and trainer.max_time are all null: set one, or training never ends."
        )
    if schedule in ("lstmlab.training.schedule.Cosine", "lstmlab.training.schedule.OneCycle") and not (
        trainer["max_epochs"] or trainer["max_steps"]
    ):
        raise UserError(
            f"schedule={schedule.rpartition('.')[2].lower()} needs to know its end: set trainer.max_epochs or"
            " trainer.max_steps beside trainer.max_time, or take schedule=constant."
        )
    if config["data"]["split"][1] == 0 and not config["data"]["_target_"].endswith("WikiText2"):
        if config["callbacks"]["early_stopping"]["patience"] is not None:
            raise UserError(
                "callbacks.early_stopping.patience needs a validation part, but data.split gives val a share of 0."
            )
        if schedule == "lstmlab.training.schedule.Plateau":
            raise UserError("schedule=plateau needs a validation part, but data.split gives val a share of 0.")
        if config["averaging"]["_target_"] == "lstmlab.training.averaging.NonMonotonic":
            raise UserError("averaging=ntasgd needs a validation part, but data.split gives val a share of 0.")
    if config["data"]["variable_length"] and schedule == "lstmlab.training.schedule.Plateau":
        raise UserError(
            "data.variable_length=true and schedule=plateau exclude each other: both set the learning rate; take"
            " another schedule."
        )
    if config["model"]["tie_weights"] and config["head"]["_target_"] == "lstmlab.nn.AdaptiveHead":
        raise UserError(
            "model.tie_weights=true and head=adaptive exclude each other: an adaptive head has no matrix as large as"
            " the embedding's; take head=chunked or model.tie_weights=false."
        )
    processes = trainer["devices"] * trainer["num_nodes"]
    if config["data"]["batch_size"] % processes:
        raise UserError(
            f"data.batch_size={config['data']['batch_size']} does not divide by trainer.devices x trainer.num_nodes ="
            f" {processes}; it counts the streams over all of them."
        )
    if trainer["precision"] == "16-mixed" and trainer["accelerator"] == "cpu":
        raise UserError("trainer.precision=16-mixed needs a GPU; on a CPU take bf16-mixed or 32-true.")


def _check_one_text(config: dict[str, Any]) -> None:
    named = [name for name in ("text", "text_file", "split") if config[name] is not None]
    if len(named) > 1:
        raise UserError(f"{named[0]} and {named[1]} exclude each other: each names what is read; give one of them.")
    if config["encoding"] != "auto" and config["text_file"] is None:
        raise UserError(
            f"encoding={config['encoding']} is of text_file, and text_file is null; give it, or leave both."
        )
    for name in ("start", "characters"):
        if config["text"] is not None and config[name] is not None:
            raise UserError(
                f"text and {name}={config[name]} exclude each other: a text that is typed is read whole; {name} is of"
                " text_file and split."
            )
