"""lstmlab train: one training, from a configuration to a complete run directory."""

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from omegaconf import DictConfig
from pytorch_lightning.loggers import WandbLogger

from lstmlab.data import TextData
from lstmlab.errors import Interrupted, UserError
from lstmlab.experiment.budget import max_seconds, planned_steps
from lstmlab.experiment.building import build_data, build_loggers, check_hardware, check_targets, quieten
from lstmlab.experiment.configuration import plain_config, read_config, write_config
from lstmlab.experiment.corpus_report import cleaning_sentence
from lstmlab.experiment.environment import describe_environment
from lstmlab.experiment.latest import named_run
from lstmlab.experiment.launch import launch_processes, must_launch
from lstmlab.experiment.memory_check import check_memory
from lstmlab.experiment.pretrained import check_pretrained, fill_embedding
from lstmlab.experiment.run_directory import RunDirectory, logging_to, marking, remove_unbegun
from lstmlab.experiment.summary import summarise
from lstmlab.models import resolve_head
from lstmlab.text.tokenizer import make_tokenizer, tokenizer_from_dict
from lstmlab.training.callbacks import Checkpoints, Console, Interruption, Samples
from lstmlab.training.checkpoint_io import RESUME_KEY, read_checkpoint
from lstmlab.training.module import LanguageModule
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
        check_pretrained(config["model"])
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
    if not _is_first_process():
        return _train_in(config, place, resume)
    existed = directory.exists()
    try:
        if must_launch(config):
            goes_on = resume and not place.is_bare()
            data = _build_data(config, read_checkpoint(place.checkpoints / "last.ckpt") if goes_on else None)
            data.train_streams()  # what is wrong with the corpus is said here, once
            vocabulary_size = len(data.prepare().tokenizer.vocabulary)
            check_memory(resolve_head(config, vocabulary_size)[0], vocabulary_size)  # for all processes together
            return launch_processes(config, place, resume)
        with place.claimed(resume), logging_to(place.log), marking(place, resume):
            return _train_in(config, place, resume)
    finally:
        if not existed or not place.status:
            remove_unbegun(directory)


def _is_first_process() -> bool:
    from lightning_fabric.utilities.rank_zero import rank_zero_only

    return bool(getattr(rank_zero_only, "rank", 0) == 0)


def _train_in(config: dict[str, Any], place: RunDirectory, resume: bool) -> dict[str, Any]:
    begun = time.monotonic()
    last = place.checkpoints / "last.ckpt"
    stored = read_checkpoint(last) if resume and not place.is_bare() else None
    position: dict[str, int] | None = stored[RESUME_KEY]["position"] if stored else None
    if config["trainer"].get("threads"):  # a run of an earlier version has no such option
        torch.set_num_threads(config["trainer"]["threads"])
    pl.seed_everything(config["seed"], workers=True, verbose=False)
    data = _build_data(config, stored)
    tokenizer = data.prepare().tokenizer.to_dict()
    if stored and stored["hyper_parameters"]["tokenizer"] != tokenizer:
        before = stored["hyper_parameters"]["tokenizer"]
        if _without_speller(before) != _without_speller(tokenizer):
            raise UserError(f"run={place.path} cannot go on: its corpus has changed since, and with it the vocabulary.")
        # Begun by a version that spelt unknown words in another way: it goes on as it began.
        data, tokenizer = build_data(config, tokenizer_from_dict(before)), before
    data.train_streams()  # too short a training part is found before anything is written
    vocabulary_size = len(data.tokenizer.vocabulary)
    config, chosen = resolve_head(config, vocabulary_size)
    sentences = [cleaning_sentence(data.prepare()), chosen]
    if config["trainer"]["devices"] * config["trainer"]["num_nodes"] == 1:
        check_memory(config, vocabulary_size)
    module = LanguageModule(config, tokenizer)
    word_vectors: dict[str, float] | None = None
    if stored is None and config["model"].get("pretrained_embeddings"):
        word_vectors, found = fill_embedding(module, Path(config["model"]["pretrained_embeddings"]))
        sentences.append(found)
    budget = planned_steps(config, data)
    seconds = max_seconds(config["trainer"]["max_time"])
    over = position is not None and _is_over(place, config, position, budget)
    if not over:
        stored = None  # Lightning reads it again: not twice in memory
    module.total_steps = budget
    first = _is_first_process()
    if first:
        environment = describe_environment()
        write_config(config, place.config)
        place.mark("running", environment=environment)
        if word_vectors is not None:
            place.mark("running", word_vectors=word_vectors)
        _say(f"Training in {place.path} with precision {config['trainer']['precision']}.")
        if resume and position is None:
            _say(f"{place.path} was stopped before its first checkpoint: it begins anew.")
        if position is None:
            for sentence in filter(None, sentences):
                _say(sentence)
        if position is not None:
            _say_how_it_goes_on(module, position["step"])
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
            trainer = make_trainer(
                config, place.path,
                [samples, Console(budget, seconds, samples), *extra_callbacks(config["callbacks"]), checkpoints],
                loggers,
            )  # fmt: skip
            if over and stored:
                module.on_load_checkpoint(stored)
            else:
                _fit(trainer, module, data, last if position is not None else None, interruption)
            if not first:
                return {}
            # The training is saved: from here on a signal may end the process at once.
        summary = summarise(
            config, place, data, module, place.status.get("wall_seconds", 0.0) + time.monotonic() - begun
        )
        if wandb_logger is not None:
            wandb_logger.experiment.summary.update(summary)
        exit_code = 0
        return summary
    except Interrupted as interruption_:
        exit_code = 128 + interruption_.signum
        raise
    finally:
        if wandb_logger is not None:
            wandb_logger.experiment.finish(exit_code=exit_code)  # anything but 0 marks the W&B run as failed


def _build_data(config: dict[str, Any], stored: dict[str, Any] | None) -> TextData:
    """The data module; that of a training that goes on with the tokenizer settings of its checkpoint.

    Not with the configuration's: the user dictionary that it names may be gone.
    """
    settings = stored["hyper_parameters"]["tokenizer"]["settings"] if stored else config["tokenizer"]
    return build_data(config, make_tokenizer(**settings))


def _without_speller(tokenizer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in tokenizer.items() if name != "speller"}


def _fit(
    trainer: pl.Trainer, module: LanguageModule, data: TextData, checkpoint: Path | None, interruption: Interruption
) -> None:
    try:
        trainer.fit(module, datamodule=data, ckpt_path=checkpoint)
    except SystemExit as stop:  # what Lightning makes of a second Ctrl-C
        if interruption.signum is not None:
            raise KeyboardInterrupt from stop
        raise


def _say_how_it_goes_on(module: LanguageModule, step: int) -> None:
    """What becomes of the schedule: a new budget moves the end that it is stretched to."""
    said = f"Going on from step {step:,}."
    if module.schedule.needs_total and module.total_steps:
        rate = module.config["optim"]["lr"] * module.schedule.factor(step, module.total_steps)
        name = type(module.schedule).__name__.lower()
        said += f" schedule={name} ends at step {module.total_steps:,}; the learning rate goes on at {rate:.3g}."
    _say(said)


def _say(sentence: str) -> None:
    print(sentence)
    log.info(sentence)


def _is_over(place: RunDirectory, config: dict[str, Any], position: dict[str, int], budget: int | None) -> bool:
    """Whether nothing is left to train. A run that died between its last validation and its summary only lacks the
    latter; one that stopped within that validation still stands in an epoch.

    Raises:
        UserError: the run is complete, summary and all.
    """
    spent, seconds = place.status.get("wall_seconds", 0.0), max_seconds(config["trainer"]["max_time"])
    over = budget is not None and position["step"] >= budget
    by_steps = config["trainer"]["max_steps"]
    over = over and (position["window"] == 0 or (by_steps is not None and position["step"] >= by_steps))
    over = over or (place.state() == "completed" and (seconds is None or spent >= seconds) and budget is None)
    if over and place.state() == "completed":
        raise UserError(
            f"run={place.path} is complete ({position['step']:,} steps, {position['epoch']:,} epochs); give a larger"
            " trainer.max_epochs, trainer.max_steps or trainer.max_time to train it further."
        )
    return over
