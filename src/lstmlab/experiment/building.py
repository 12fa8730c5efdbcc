"""Building what a configuration describes: the data module, the loggers."""

import logging
from collections.abc import Callable
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import Logger, TensorBoardLogger
from pytorch_lightning.strategies import StrategyRegistry

from lstmlab.data import TextData
from lstmlab.errors import UserError
from lstmlab.experiment.schema import check_value
from lstmlab.models.head_choice import AUTO
from lstmlab.nearest import did_you_mean
from lstmlab.nn import Attention, Cell, Head, RecurrentLayer
from lstmlab.nn.adaptive_head import check_adaptive_options
from lstmlab.targets import build, check_arguments, find_class, parameters_of
from lstmlab.text import Tokenizer
from lstmlab.text.tokenizer import make_tokenizer
from lstmlab.training.averaging import Averaging
from lstmlab.training.loggers import MetricsCsv
from lstmlab.training.schedule import Schedule


def build_data(config: dict[str, Any], tokenizer: Tokenizer | None = None) -> TextData:
    """The data module of a configuration; with the fitted tokenizer of a trained model, where there is one."""
    return build(config["data"], TextData, "data", tokenizer=tokenizer or make_tokenizer(**config["tokenizer"]))


def check_targets(config: dict[str, Any]) -> None:
    """Whether every class that the configuration names is there and takes its options, before anything is loaded.

    Raises:
        UserError: as ``lstmlab.targets``.
    """
    groups: list[tuple[str, Any, Callable[..., Any], tuple[str, ...]]] = [
        ("data", config["data"], TextData, ("tokenizer",)),
        *_layer_groups(config["model"]["layer"]),
        ("attention", config["attention"], Attention, ("width",)),
        ("head", config["head"], Head, ("width", "vocabulary_size", "tied")),
        ("optim", config["optim"], torch.optim.Optimizer, ("params",)),
        ("schedule", config["schedule"], Schedule, ()),
        ("averaging", config["averaging"], Averaging, ()),
    ]
    groups += [
        (f"callbacks.{name}", entry, Callback, ())
        for name, entry in config["callbacks"].items()
        if name not in ("early_stopping", "samples")
    ]
    for group, spec, base, given in groups:
        _check_target(group, spec, base, given)
    if config["head"]["_target_"] == "lstmlab.nn.AdaptiveHead":
        check_adaptive_options(config["head"].get("cutoffs"), config["head"].get("div_value", 4.0))
    build(config["optim"], torch.optim.Optimizer, "optim", params=[torch.nn.Parameter(torch.zeros(1))])
    build(config["schedule"], Schedule, "schedule")
    if config["averaging"]["_target_"] is not None:
        build(config["averaging"], Averaging, "averaging")
    for name, entry in config["callbacks"].items():
        if entry.get("_target_") == "lstmlab.training.callbacks.Inspection":
            build(entry, Callback, f"callbacks.{name}")  # of the user's own nobody knows what building them does


def _layer_groups(spec: dict[str, Any]) -> list[tuple[str, Any, Callable[..., Any], tuple[str, ...]]]:
    """A layer, and the cell that it may be made of."""
    sizes = ("input_size", "hidden_size")
    if spec.get("cell") is None:
        if spec["_target_"] == "lstmlab.nn.CellLayer":
            raise UserError("model.layer.cell is missing; name a cell's class in model.layer.cell._target_.")
        return [("model.layer", spec, RecurrentLayer, sizes)]
    options = {name: value for name, value in spec.items() if name != "cell"}
    return [("model.layer", options, RecurrentLayer, ("cell",)), ("model.layer.cell", spec["cell"], Cell, sizes)]


def check_data_target(config: dict[str, Any]) -> None:
    """``check_targets`` for the data module alone."""
    _check_target("data", config["data"], TextData, ("tokenizer",))


def _check_target(group: str, spec: dict[str, Any], base: Callable[..., Any], given: tuple[str, ...]) -> None:
    arguments = {name: value for name, value in spec.items() if name != "_target_"}
    if spec["_target_"] is None:
        if group in ("attention", "averaging") and not arguments:
            return
        raise UserError(f"{group}._target_ is null, so {group} has no options; name a class there.")
    if group == "head" and spec["_target_"] == AUTO:
        if arguments:
            raise UserError(
                f"head={AUTO} has no options, so head.{next(iter(arguments))} must go; name the head it is of, as in"
                " head=adaptive."
            )
        return
    cls = find_class(spec["_target_"], base, f"{group}._target_")
    check_arguments(cls, arguments, group, given)
    for name, parameter in (parameters_of(cls) or {}).items():
        if name in arguments and _is_plain(parameter.annotation):
            check_value(f"{group}.{name}", parameter.annotation, arguments[name])


def _is_plain(annotation: Any) -> bool:
    """Whether an annotation is of values in a configuration: ``int``, ``list[int] | None``, ``Literal["en"]``."""
    if isinstance(annotation, UnionType) or get_origin(annotation) is Union:
        return all(map(_is_plain, get_args(annotation)))
    if get_origin(annotation) is list:
        return _is_plain(get_args(annotation)[0])
    return get_origin(annotation) is Literal or annotation in (int, float, str, bool, NoneType)


def check_hardware(trainer: dict[str, Any]) -> None:
    """Whether the strategy exists, and the GPUs that are asked for are here.

    Raises:
        UserError: one is not.
    """
    strategies = ["auto", *StrategyRegistry.available_strategies()]
    if trainer["strategy"] not in strategies:
        raise UserError(
            f"trainer.strategy={trainer['strategy']} is no strategy of Lightning."
            f"{did_you_mean(trainer['strategy'], strategies)}"
        )
    gpus = torch.cuda.device_count() or int(torch.backends.mps.is_available())
    if trainer["accelerator"] == "gpu" and trainer["devices"] > gpus:
        raise UserError(
            f"trainer.accelerator=gpu with trainer.devices={trainer['devices']}: there are {gpus} GPUs here;"
            " take trainer=cpu or fewer."
        )
    if trainer["precision"] == "16-mixed" and not torch.cuda.is_available():
        raise UserError("trainer.precision=16-mixed needs a GPU, and there is none; take bf16-mixed or 32-true.")


def checked_device(name: str) -> str:
    """``device=`` of the jobs on a trained model.

    Raises:
        UserError: torch knows no such device, or it is not here.
    """
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise UserError(f"device={name} cannot be used ({reason}); take cpu.") from error
    return name


def build_loggers(
    config: dict[str, Any], directory: Path, resume_step: int | None, wandb_id: str | None
) -> list[Logger]:
    """metrics.csv always, and the one that ``logger=`` names beside it."""
    loggers: list[Logger] = [MetricsCsv(directory / "metrics.csv", keep_until=resume_step)]
    spec = config["logger"]
    if spec["name"] == "wandb":
        from lstmlab.training.loggers.wandb import make_wandb_logger

        loggers.append(make_wandb_logger(spec, config, directory, wandb_id))
    elif spec["name"] == "tensorboard":
        try:
            loggers.append(
                TensorBoardLogger(save_dir=directory, name="", version="tensorboard", default_hp_metric=False)
            )
        except ModuleNotFoundError as error:
            raise UserError(
                "logger=tensorboard needs the package tensorboard: pip install 'lstmlab[tensorboard]'."
            ) from error
    return loggers


def quieten() -> None:
    """Only what concerns the user reaches the terminal from the libraries."""
    import warnings

    for name in ("pytorch_lightning", "lightning_fabric", "lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Our loader is no torch DataLoader and needs no workers; a single process needs no hint about Slurm.
    warnings.filterwarnings("ignore", module="pytorch_lightning")
    warnings.filterwarnings("ignore", module="lightning_fabric")
