"""lstmlab wandb-sweep: the same sweep as a file for W&B's agents."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.types import HydraContext
from omegaconf import DictConfig, open_dict

from lstmlab.errors import UserError
from lstmlab.experiment.building import check_targets
from lstmlab.experiment.configuration import plain_config
from lstmlab.experiment.sweep.definition import Definition, Varied, read_definition
from lstmlab.experiment.sweep.directory import SweepDirectory
from lstmlab.experiment.sweep.planning import Planner
from lstmlab.experiment.sweep.settings import read_settings
from lstmlab.experiment.sweep.typed import typed_again
from lstmlab.experiment.wandb_sweep import write_wandb_sweep


def run_wandb_sweep(context: HydraContext, config: DictConfig, arguments: Sequence[str]) -> Path:
    """Write ``NAME.wandb-sweep.yaml`` into the working directory and say what to do with it.

    grid has the values that ``lstmlab train`` would train; random and bayes draw from ``sweep.space`` where there is
    one, as ``lstmlab tune`` does.

    Raises:
        UserError: nothing varies, an option does not exist, or cannot be written as a parameter of W&B's.
    """
    settings, typed, parser = read_settings(context, config, arguments)
    if settings["choose"]:
        raise UserError(
            "sweep.choose cannot be told to W&B, whose agents know nothing of each other's runs; vary its options"
            " instead, in sweep.options."
        )
    options: dict[str, list[Any]] = {}
    space: dict[str, dict[str, Any]] = {}
    if settings["method"] != "grid" and settings["space"]:
        from lstmlab.experiment.tuning.space import read_space, search_name

        fixed, axes = read_space(typed, settings["space"], parser, config)
        space = {axis.key: axis.stored() for axis in axes}
        definition = Definition(fixed, tuple(axis.varied() for axis in axes), ())
        name = settings["name"] or search_name(axes)
    else:
        definition = read_definition(typed, settings["options"], {}, parser)
        options = {one.key: list(one.values) for one in definition.varied}
        name = settings["name"] or definition.name()
    with open_dict(config):
        config.sweep.name = name
    logger = _checked(context, config, definition)
    path = Path(f"{name}.wandb-sweep.yaml")
    write_wandb_sweep(
        name, options, space, settings["method"], [*typed_again(definition.fixed), *_own_configs(config)], path,
        project=logger.get("project"), entity=logger.get("entity"),
    )  # fmt: skip
    project = "/".join(filter(None, (logger.get("entity"), logger.get("project"))))
    print(f"{path}: {_size(definition.varied) if not space else f'drawn from {len(space)} options'}.")
    print(f"Make the sweep: wandb sweep {path}")
    print(f"Train, on as many machines as you like: wandb agent {project or 'PROJECT'}/ID, with the ID that it prints")
    return path


def _checked(context: HydraContext, config: DictConfig, definition: Definition) -> dict[str, Any]:
    """The logger of a training with the first value of everything, whose options are checked.

    Raises:
        UserError: an option does not exist, or is wrong.
    """
    planner = Planner(context, config, definition, 1, SweepDirectory(Path(str(config.hydra.sweep.dir))))
    planner.base()
    first = [f"{one.key}={one.spelt[0]}" for one in definition.varied]
    plain = plain_config("train", planner.compose([*definition.fixed, *first]))
    check_targets(plain)
    logger: dict[str, Any] = plain["logger"]
    return logger


def _own_configs(config: DictConfig) -> list[str]:
    """``--config-dir`` as it was typed: the agents' trainings need it too."""
    sources = config.hydra.runtime.config_sources
    return [f"--config-dir={one['path']}" for one in sources if one["provider"] == "command-line"]


def _size(varied: Sequence[Varied]) -> str:
    count = 1
    for one in varied:
        count *= len(one.values)
    return f"{count} trainings"
