"""lstmlab train: one training, from a configuration to a complete run directory."""

import logging
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
from omegaconf import DictConfig
from pytorch_lightning.loggers import WandbLogger

from lstmlab.data import TextData
from lstmlab.errors import UserError
from lstmlab.evaluation.scoring import score_part
from lstmlab.experiment.building import build_data, build_loggers, check_hardware, check_targets, quieten
from lstmlab.experiment.configuration import plain_config, read_config, write_config
from lstmlab.experiment.environment import describe_environment
from lstmlab.experiment.latest import named_run
from lstmlab.experiment.launch import launch_processes, must_launch
from lstmlab.experiment.run_directory import RunDirectory, remove_empty
from lstmlab.loading import load
from lstmlab.text.document import Part
from lstmlab.training.callbacks import Checkpoints, Console, Interrupted, Interruption, Samples
from lstmlab.training.checkpoint_io import read_checkpoint
from lstmlab.training.module import RESUME_KEY, LanguageModule, parameter_count
from lstmlab.training.precision import resolve_precision
from lstmlab.training.trainer import extra_callbacks, make_trainer

log = logging.getLogger("lstmlab")

BUDGET = ("max_epochs", "max_steps", "max_time")


def run(composed: DictConfig, directory: Path, overrides: Sequence[str]) -> Path:
    """The job: a new training in ``directory``, or with ``run=`` the continuation of one. Gives the run directory."""
    config = plain_config("train", composed)
    if config["run"] is None:
        check_targets(config)
        trainer = config["trainer"]
        check_hardware(trainer)
        trainer["precision"] = resolve_precision(trainer["precision"], trainer["accelerator"])
        train(config, directory, resume=False)
        return directory
    place = named_run(config["run"])
    if place.is_file():
        raise UserError(
            f"run={config['run']} is a checkpoint; give the run directory that the training is to go on in."
        )
    stored = read_config(place / "config.yaml")
    train(_with_budget(stored, config, overrides), place, resume=True)
    return place


def _with_budget(stored: dict[str, Any], given: dict[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """The stored configuration with the budget that was given, if one was; it replaces the old one as a whole.

    Raises:
        UserError: another option was given: it would make another training of it.
    """
    names = [override.lstrip("+~").partition("=")[0] for override in overrides]
    for name in names:
        if name != "run" and name not in [f"trainer.{budget}" for budget in BUDGET]:
            raise UserError(
                f"{name} cannot be changed when a training goes on (run=…); only trainer.max_epochs,"
                " trainer.max_steps and trainer.max_time can."
            )
    wanted = {budget: given["trainer"][budget] for budget in BUDGET if f"trainer.{budget}" in names}
    if not wanted:
        return stored
    return stored | {"trainer": stored["trainer"] | dict.fromkeys(BUDGET) | wanted}


def train(config: dict[str, Any], directory: Path, *, resume: bool) -> dict[str, Any]:
    """Train what a plain, checked configuration describes, and complete the run directory. Gives the summary.

    Raises:
        UserError: the directory is taken, or an option turns out to be wrong.
        Interrupted: a signal came; the run is saved and marked as interrupted.
    """
    quieten()
    place = RunDirectory(directory)
    if must_launch(config):
        return launch_processes(config, place, resume)
    if not _is_first_process():
        return _train_in(config, place, resume)
    existed = directory.exists()
    try:
        with place.claimed(resume), _logging_to(place.log), _marking(place, resume):
            return _train_in(config, place, resume)
    finally:
        if not existed or not place.status:
            _remove_if_empty(directory)


def _is_first_process() -> bool:
    from lightning_fabric.utilities.rank_zero import rank_zero_only

    return bool(getattr(rank_zero_only, "rank", 0) == 0)


def _remove_if_empty(directory: Path) -> None:
    """A run that never began leaves no directory behind."""
    if not directory.is_dir() or (directory / "config.yaml").exists():
        return
    if {entry.name for entry in directory.iterdir()} <= {".lock", "run.log"}:
        for entry in directory.iterdir():
            entry.unlink()
        remove_empty(directory)


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        handler.close()


@contextmanager
def _marking(place: RunDirectory, resume: bool) -> Iterator[None]:
    """status.json follows what happens, with the reason; seconds add up over continuations."""
    before, begun = place.status.get("wall_seconds", 0.0) if resume else 0.0, time.monotonic()

    def seconds() -> float:
        return round(before + time.monotonic() - begun, 3)

    try:
        yield
        place.mark("completed", wall_seconds=seconds())
    except Interrupted as interruption:
        place.mark("interrupted", str(interruption), wall_seconds=seconds())
        raise
    except KeyboardInterrupt:
        place.mark("interrupted", "interrupted twice: stopped at once", wall_seconds=seconds())
        raise
    except BaseException as error:
        if place.status or place.config.is_file():
            place.mark("failed", f"{type(error).__name__}: {error}", wall_seconds=seconds())
        # For run.log; the terminal gets it from who catches it.
        log.info("The run failed: %s", error, exc_info=None if isinstance(error, UserError) else error)
        raise


def _train_in(config: dict[str, Any], place: RunDirectory, resume: bool) -> dict[str, Any]:
    last = place.checkpoints / "last.ckpt"
    position = _position(last) if resume else None
    pl.seed_everything(config["seed"], workers=True, verbose=False)
    data = build_data(config)
    corpus = data.prepare()
    data.train_streams()  # too short a training part is found before anything is written
    module = LanguageModule(config, corpus.tokenizer.to_dict())
    budget = _planned_steps(config, data)
    if position is not None:
        _refuse_when_complete(place, config, position, budget)
    module.total_steps = budget
    first = _is_first_process()
    if first:
        environment = describe_environment()
        write_config(config, place.config)
        place.mark("running", environment=environment)
        log.info("Training in %s with precision %s.", place.path, config["trainer"]["precision"])
        if resume and config["schedule"]["_target_"].endswith(("Cosine", "OneCycle")):
            log.info("The schedule now runs over %s steps in all.", budget)
    wandb_id = place.status.get("wandb_id") if resume else None
    loggers = build_loggers(config, place.path, position["step"] if position else None, wandb_id) if first else []
    wandb_logger = next((logger for logger in loggers if isinstance(logger, WandbLogger)), None)
    if wandb_logger is not None:
        place.mark("running", wandb_id=wandb_logger.experiment.id)
        if config["logger"]["watch"]:
            wandb_logger.watch(module, log=config["logger"]["watch"], log_freq=config["trainer"]["log_every_steps"])
    exit_code = 1
    try:
        with Interruption() as interruption:
            module.interrupted = interruption.__bool__
            samples = Samples(
                place.samples, config["callbacks"]["samples"]["tokens"], config["decoding"], config["seed"]
            )
            checkpoints = Checkpoints(place.checkpoints, config["checkpoint"]["every_steps"], interruption)
            seconds = _seconds(config["trainer"]["max_time"])
            trainer = make_trainer(
                config, place.path,
                [samples, Console(budget, seconds, samples), *extra_callbacks(config["callbacks"]), checkpoints],
                loggers,
            )  # fmt: skip
            trainer.fit(module, datamodule=data, ckpt_path=last if position is not None else None)
        if not first:
            return {}
        summary = _summarise(config, place, data, module, checkpoints)
        if wandb_logger is not None:
            wandb_logger.experiment.summary.update(summary)
        exit_code = 0
        return summary
    except Interrupted as interruption_:
        exit_code = 128 + interruption_.signum
        raise
    finally:
        if wandb_logger is not None:
            from lstmlab.training.loggers.wandb import finish

            finish(wandb_logger, exit_code)


def _position(last: Path) -> dict[str, int]:
    content = read_checkpoint(last)
    position: dict[str, int] = content[RESUME_KEY]["position"]
    return position


def _planned_steps(config: dict[str, Any], data: TextData) -> int | None:
    """Optimiser steps until ``max_steps`` or ``max_epochs``; None where only ``max_time`` ends training."""
    trainer = config["trainer"]
    windows = data.train_streams().windows(data.seq_length)
    if trainer["limit_train_windows"]:
        windows = min(windows, trainer["limit_train_windows"])
    an_epoch = math.ceil(windows / trainer["accumulate_grad_batches"])
    limits = [trainer["max_steps"]] if trainer["max_steps"] else []
    limits += [trainer["max_epochs"] * an_epoch] if trainer["max_epochs"] else []
    return min(limits) if limits else None


def _refuse_when_complete(
    place: RunDirectory, config: dict[str, Any], position: dict[str, int], budget: int | None
) -> None:
    done = place.state() == "completed" and config["trainer"] == read_config(place.config)["trainer"]
    if done or (budget is not None and position["step"] >= budget):
        raise UserError(
            f"run={place.path} is complete ({position['step']:,} steps, {position['epoch']:,} epochs); give a larger"
            " trainer.max_epochs, trainer.max_steps or trainer.max_time to train it further."
        )


def _seconds(max_time: str | None) -> float | None:
    if max_time is None:
        return None
    days, hours, minutes, seconds = (int(part) for part in max_time.split(":"))
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)


def _summarise(
    config: dict[str, Any],
    place: RunDirectory,
    data: TextData,
    module: LanguageModule,
    checkpoints: Checkpoints,
) -> dict[str, Any]:
    """The final figures, of the best checkpoint where there was a validation, else of the last."""
    taken = load(place.path, device=module.device)
    epoch = module.finished_epoch or module.epoch_total
    summary: dict[str, Any] = {
        "train/perplexity": epoch.perplexity,
        "train/loss": epoch.loss,
        "train/tokens_per_second": module.trained_tokens / module.trained_seconds if module.trained_seconds else None,
        "checkpoint": taken.path.name,
        "checkpoint_step": taken.step,
        "steps": module.position.step,
        "epochs": module.position.epoch,
        "tokens_trained": module.trained_tokens,
        "parameters": parameter_count(module.parameters()),
        "vocabulary": len(module.tokenizer.vocabulary),
        "perplexity_unit": module.tokenizer.unit,
        "precision": config["trainer"]["precision"],
    }
    scored: tuple[Part, ...] = ("val", "test")
    for part in scored:
        if part not in data.prepare().parts or config["trainer"]["limit_val_windows"]:
            continue  # a part that does not exist, or a debugging run: no figure rather than a wrong one
        figures, scores = score_part(taken.module.model, data.part(part), data.scoring_streams)
        for name in ("loss", "perplexity", "bits_per_char", "accuracy"):
            summary[f"{part}/{name}"] = getattr(figures, name)
        summary[f"{part}/scoring_streams"] = figures.streams
        if part == "test":
            np.save(place.test_losses, scores.nats)
    status = place.status
    summary["wall_seconds"] = round(status.get("wall_seconds", 0.0) + time.time() - status.get("time", time.time()), 3)
    summary["environment"] = status.get("environment")
    place.write_summary(summary)
    log.info("Completed: %s", {name: value for name, value in summary.items() if name != "environment"})
    if place.metrics.is_file():
        from lstmlab.reports.learning_curve import draw_learning_curve

        draw_learning_curve(place.metrics, place.learning_curve, unit=module.tokenizer.unit)
    return summary


__all__ = ["run", "train"]
