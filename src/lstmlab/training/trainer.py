"""The Lightning Trainer of a configuration."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning.callbacks import Callback, EarlyStopping
from pytorch_lightning.loggers import Logger

from lstmlab.errors import UserError
from lstmlab.targets import build
from lstmlab.training.checkpoint_io import AtomicCheckpointIO
from lstmlab.training.module import MONITOR


def make_trainer(
    config: dict[str, Any], directory: Path, callbacks: list[Callback], loggers: list[Logger]
) -> pl.Trainer:
    """Lightning's Trainer with our checkpoints, our loggers and contiguous streams."""
    spec = config["trainer"]
    try:
        return pl.Trainer(
            accelerator=spec["accelerator"],
            devices=spec["devices"],
            num_nodes=spec["num_nodes"],
            strategy=spec["strategy"],
            precision=spec["precision"],
            max_epochs=spec["max_epochs"] if spec["max_epochs"] is not None else -1,
            max_steps=spec["max_steps"] if spec["max_steps"] is not None else -1,
            max_time=spec["max_time"],
            limit_val_batches=spec["limit_val_windows"],
            profiler=spec["profiler"],
            check_val_every_n_epoch=spec["validate_every_epochs"],
            callbacks=callbacks,
            logger=loggers,
            plugins=[AtomicCheckpointIO()],
            default_root_dir=directory,
            log_every_n_steps=1,  # the module decides when it logs
            use_distributed_sampler=False,  # a process keeps its own contiguous streams
            num_sanity_val_steps=0,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
    except (ValueError, RuntimeError, MisconfigurationException) as error:
        raise UserError(f"trainer: Lightning refuses these settings: {' '.join(str(error).split())}") from error


def extra_callbacks(spec: dict[str, Any]) -> list[Callback]:
    """Early stopping where it has a patience, and the user's own: every entry of ``callbacks`` with a ``_target_``."""
    callbacks: list[Callback] = []
    stopping = spec["early_stopping"]
    if stopping["patience"] is not None:
        callbacks.append(EarlyStopping(MONITOR, patience=stopping["patience"], min_delta=stopping["min_delta"]))
    for name, entry in spec.items():
        if isinstance(entry, dict) and "_target_" in entry:
            callbacks.append(build(entry, Callback, f"callbacks.{name}"))
    return callbacks
