"""Every file of conf/ composes, passes the checks, and builds what it describes."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from lstmlab.conf_path import conf_directory
from lstmlab.decoding import Context, Decoding, Limits, decode
from lstmlab.errors import UserError
from lstmlab.experiment.building import build_data, build_loggers, check_hardware, check_targets
from lstmlab.experiment.compose import compose_job
from lstmlab.experiment.configuration import plain_config, read_config, write_config
from lstmlab.experiment.schema import JOBS, option_names
from lstmlab.models import Stepper, build_model
from lstmlab.nn.state import map_state, state_tensors
from lstmlab.targets import build
from lstmlab.training.optimizer import make_optimizer
from lstmlab.training.precision import resolve_precision
from lstmlab.training.schedule import Schedule
from lstmlab.training.trainer import extra_callbacks, make_trainer

CONF = conf_directory()
VOCABULARY = 11
# What a choice cannot do without.
NEEDED = {
    choice: ["data.path=nowhere.txt"]
    for choice in ("data=text", "data=jinyong", *(f"experiment=jinyong_{name}" for name in ("char", "jieba", "bpe")))
}


def composed(job: str, *overrides: str) -> dict[str, Any]:
    return plain_config(job, compose_job(job, overrides)[0])


@cache
def groups(job: str) -> tuple[str, ...]:
    """The groups of a job's defaults list."""
    defaults = yaml.safe_load((CONF / f"{job}.yaml").read_text(encoding="utf-8"))["defaults"]
    names = [next(iter(entry)) for entry in defaults if isinstance(entry, dict)]
    return tuple(name for name in names if not name.startswith("override "))


def choices(job: str) -> Sequence[str]:
    files = [path for group in groups(job) for path in sorted((CONF / group).glob("*.yaml"))]
    return [f"{path.parent.name}={path.stem}" for path in files if not path.name.startswith("_")]


# A sweep's definition is of several trainings: below, one by one.
SWEEPS = [choice for choice in choices("train") if choice.startswith("sweep=") and choice != "sweep=none"]


@pytest.mark.parametrize("choice", SWEEPS)
def test_every_value_of_a_sweep_builds(choice: str) -> None:
    options = compose_job("train", [choice])[0].sweep.options
    assert len(options) > 1 and len(options["seed"]) > 1
    for option, values in options.items():
        for value in values:
            config = composed("train", "model.hidden_size=8", "model.embedding_size=8", f"{option}={value}")
            check_targets(config)
            build_model(config, VOCABULARY)
    with pytest.raises(UserError, match="several trainings"):
        composed("train", choice)


@pytest.mark.parametrize("choice", [choice for choice in choices("train") if choice not in SWEEPS])
def test_every_choice_of_train_builds(choice: str, tmp_path: Path) -> None:
    small = ["model.hidden_size=8", "model.embedding_size=8"]
    config = composed("train", *small, *NEEDED.get(choice, []), choice)
    check_targets(config)
    build_data(config)  # reads nothing yet

    model = build_model(config, VOCABULARY)
    optimizer = make_optimizer(config["optim"], model)
    ids = torch.randint(0, VOCABULARY, (2, 5))
    nats, state = model.loss(ids, ids)
    assert nats.shape == (2, 5) and nats.isfinite().all()
    assert all(len(tensor) == 2 for tensor in state_tensors(state))
    nats.sum().backward()
    optimizer.step()
    model.eval()
    whole, _ = model(ids)
    hidden, state = model.step(ids[:, 0])
    hidden, _ = model.step(ids[:, 1], state)
    torch.testing.assert_close(hidden, whole[:, 1], rtol=1e-4, atol=1e-4)

    schedule = build(config["schedule"], Schedule, "schedule")
    assert all(0 <= schedule.factor(step, 100) <= 1 for step in range(100))
    if config["logger"]["name"] != "wandb":  # which would begin a run
        assert build_loggers(config, tmp_path, None, None)
    trainer = config["trainer"]
    if trainer["accelerator"] == "gpu" and not torch.cuda.is_available():
        with pytest.raises(UserError, match="GPU"):
            check_hardware(trainer)
        return
    check_hardware(trainer)
    trainer["precision"] = resolve_precision(trainer["precision"], trainer["accelerator"])
    make_trainer(config, tmp_path, extra_callbacks(config["callbacks"]), [])


@pytest.mark.parametrize("choice", [choice for choice in choices("train") if choice.startswith("decoding=")])
def test_every_decoding_decodes(choice: str) -> None:
    config = composed("generate", choice)
    small = ["model.hidden_size=8", "model.embedding_size=8"]
    model = build_model(composed("train", *small), VOCABULARY).eval()
    limits = Limits(6, banned=(0,))
    [[written]] = decode(Stepper(model, 1), [Context((3,))], Decoding(**config["decoding"]), limits)
    assert len(written.ids) == 6


@pytest.mark.parametrize(
    ("job", "choice"), [(job, choice) for job in JOBS if job != "train" for choice in choices(job)]
)
def test_every_choice_of_the_other_jobs_composes(job: str, choice: str) -> None:
    composed(job, *NEEDED.get(choice, []), choice)


def test_no_file_is_forgotten() -> None:
    """Each is the primary config of a job, a base that others extend, or a choice of a group that some job offers."""
    offered = {choice for job in JOBS for choice in choices(job)}
    for path in CONF.rglob("*.yaml"):
        if path.parent == CONF:
            assert path.stem in JOBS, path
        elif not path.name.startswith("_"):
            assert f"{path.parent.name}={path.stem}" in offered, path


@pytest.mark.parametrize("debug", sorted(path.stem for path in (CONF / "debug").glob("*.yaml")))
def test_debug_shortens_an_experiment(debug: str) -> None:
    """debug= comes last: no recipe lengthens it again."""
    config = composed("train", "experiment=d2l_time_machine", f"debug={debug}")
    check_targets(config)
    shortened = yaml.safe_load((CONF / "debug" / f"{debug}.yaml").read_text(encoding="utf-8"))["trainer"]
    assert shortened.items() <= config["trainer"].items()


@pytest.mark.parametrize("job", JOBS)
def test_no_option_has_the_name_of_a_group(job: str) -> None:
    """Hydra would take checkpoint=last for the choice of a group, in every job, were there a folder conf/checkpoint."""
    plain = {name for name, value in composed(job).items() if not isinstance(value, dict)}
    assert not plain & {path.name for path in CONF.iterdir() if path.is_dir()}


# The names that the issue gives: job, what must be chosen, and the options that are there then.
PROMISED = [
    ("train", ["data=text", "data.path=x"], "data.path data.seq_length data.batch_size data.split data.cleaning"),
    ("train", ["data=time_machine"], "data.root data.cleaning"),
    ("train", ["data=tiny_shakespeare"], "data.root"),
    ("train", ["data=wikitext2"], "data.root"),
    ("train", ["data=sample"], "data.language"),
    ("train", ["tokenizer=char"], "tokenizer.min_count tokenizer.max_size"),
    ("train", ["tokenizer=word"], "tokenizer.min_count tokenizer.max_size"),
    (
        "train",
        ["tokenizer=jieba"],
        "tokenizer.min_count tokenizer.max_size tokenizer.hmm tokenizer.user_dict tokenizer.segmenter",
    ),
    ("train", ["tokenizer=bpe"], "tokenizer.min_count tokenizer.max_size"),
    (
        "train",
        ["data=jinyong", "data.path=x"],
        "data.path data.books data.exclude data.holdout data.cleaning data.encoding data.simplified tokenizer.hmm",
    ),
    ("train", ["head=adaptive"], "head.cutoffs head.div_value"),
    ("train", ["head=chunked"], "head.chunk_elements"),
    (
        "train",
        ["model=lstm"],
        "model.num_layers model.hidden_size model.embedding_size model.dropout model.tie_weights",
    ),
    (
        "train",
        [],
        "model.input_dropout model.hidden_dropout model.output_dropout model.embedding_dropout model.locked_dropout"
        " model.activation_penalty model.temporal_activation_penalty model.pretrained_embeddings"
        " model.freeze_embeddings model.layer.weight_drop data.variable_length trainer.reset_state",
    ),
    *(
        ("train", [f"model={name}"], "model.layer.weight_drop")
        for name in ("lstm", "lstm_scratch", "gru", "gru_scratch")
    ),
    *(("train", [f"model={name}"], "model.layer.weight_drop") for name in ("rnn", "rnn_scratch", "lstm_coupled")),
    ("train", ["model=lstm_peephole"], "model.layer.weight_drop"),
    ("train", ["model=lstm_layer_norm"], "model.layer.weight_drop"),
    ("train", ["model=mogrifier"], "model.layer.cell.rounds model.layer.cell.rank"),
    ("train", ["model=transformer"], "model.layer.num_heads model.layer.memory model.layer.expansion"),
    ("train", ["attention=multihead"], "attention.num_heads attention.dropout attention.memory"),
    ("train", ["averaging=ema"], "averaging.decay"),
    ("train", ["averaging=ntasgd"], "averaging.patience"),
    ("train", ["optim=adamw"], "optim.lr optim.weight_decay"),
    ("train", ["optim=adam"], "optim.lr optim.weight_decay"),
    ("train", ["optim=sgd"], "optim.lr optim.weight_decay"),
    (
        "train",
        ["trainer=cpu"],
        "trainer.max_epochs trainer.max_steps trainer.max_time trainer.precision trainer.devices trainer.num_nodes"
        " trainer.gradient_clip_val trainer.accumulate_grad_batches",
    ),
    ("train", [], "callbacks.early_stopping.patience checkpoint.every_steps seed run"),
    (
        "train",
        ["callbacks=inspect"],
        "callbacks.inspection.passage callbacks.inspection.steps callbacks.inspection.units callbacks.inspection.bins",
    ),
    ("train", ["logger=wandb"], "logger.project"),
    ("train", ["logger=csv"], "logger.name"),
    ("train", ["logger=tensorboard"], "logger.name"),
    ("generate", ["decoding=sample"], "decoding.temperature decoding.top_k decoding.top_p decoding.min_p"),
    ("generate", ["decoding=beam"], "decoding.num_beams decoding.length_penalty decoding.early_stopping"),
    (
        "generate",
        ["decoding=greedy"],
        "run checkpoint prompt prompt_file max_tokens min_tokens stop num_sequences out details seed on_unknown"
        " decoding.repetition_penalty decoding.no_repeat_ngram",
    ),
    ("evaluate", [], "run checkpoint against split data.path data.root"),
    ("prepare", ["data=text", "data.path=x"], "data.path data.split tokenizer.min_count"),
]


@pytest.mark.parametrize(("job", "chosen", "names"), PROMISED)
def test_promised_names(job: str, chosen: list[str], names: str) -> None:
    assert set(names.split()) <= set(option_names(composed(job, *chosen)))


def test_a_written_config_reads_back(tmp_path: Path) -> None:
    config = composed("train", "data=text", "data.path=books/射雕 ${x}.txt", "logger=wandb", "logger.tags=[a,天]")
    assert config["data"]["path"] == str(Path("books/射雕 ${x}.txt").absolute())
    write_config(config, tmp_path / "config.yaml")
    assert read_config(tmp_path / "config.yaml") == config


def test_awd_wikitext2_has_the_published_size() -> None:
    """33 million parameters with WikiText-2's 33,278 words (Merity et al. 2017, table 2)."""
    config = composed("train", "experiment=awd_wikitext2")
    with torch.device("meta"):
        model = build_model(config, 33_278)
    parameters = {id(parameter): parameter.numel() for parameter in model.parameters()}
    assert 33.0e6 < sum(parameters.values()) < 34.0e6
    assert [layer.hidden_size for layer in model.core.layers] == [1150, 1150, 400]
    assert model.head.linear.weight is model.embedding.weight


@pytest.mark.parametrize("choice", [choice for choice in choices("train") if choice.startswith("model=")])
def test_every_model_composes_with_everything(choice: str) -> None:
    """Attention, dropout of every kind, tied weights: one window forwards and backwards, and a second one after it."""
    options = [
        "attention=multihead", "attention.memory=3", "model.tie_weights=true", "model.hidden_size=12",
        "model.embedding_size=8", "model.num_layers=2", "model.dropout=0.2", "model.locked_dropout=true",
        "model.embedding_dropout=0.1", "model.activation_penalty=1", "model.temporal_activation_penalty=1",
        "model.output_norm=true",
    ]  # fmt: skip
    if choice != "model=transformer":
        options.append("model.layer.weight_drop=0.3")
    config = composed("train", choice, *options)
    check_targets(config)
    torch.manual_seed(0)
    model = build_model(config, VOCABULARY)
    ids = torch.randint(0, VOCABULARY, (2, 6))
    for autocast in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            _, _, state = model.total(ids, ids)
            total, penalty, _ = model.total(ids, ids, map_state(torch.Tensor.detach, state))
        assert penalty is not None
        model.zero_grad()
        (total + penalty).backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    model.eval()
    whole, _ = model(ids)
    state, steps = None, []
    for position in ids.unbind(1):
        hidden, state = model.step(position, state)
        steps.append(hidden)
    torch.testing.assert_close(torch.stack(steps, 1), whole, rtol=1e-4, atol=1e-5)
