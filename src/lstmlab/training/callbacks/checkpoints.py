"""best.ckpt and last.ckpt."""

import math
import signal
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Checkpoint

from lstmlab.data.spans import Span
from lstmlab.errors import Interrupted
from lstmlab.training.callbacks.interruption import Interruption
from lstmlab.training.module import MONITOR, LanguageModule


class Checkpoints(Checkpoint):
    """``last.ckpt`` every so many steps, behind each validated epoch, at the end and when interrupted; ``best.ckpt`` by
    ``val/bits_per_char``.

    Not Lightning's ModelCheckpoint: that keeps the best figure only while the directory has not moved, and saves within
    an epoch, from where its own resuming skips hooks.
    """

    def __init__(self, directory: Path, every_steps: int | None, interruption: Interruption) -> None:
        self.directory = directory
        self.every_steps = every_steps
        self.interruption = interruption
        self.best = math.inf
        self.best_step: int | None = None
        self.validated_step: int | None = None
        self._saved_step: int | None = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.interruption.listen()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Span, batch_idx: int
    ) -> None:
        assert isinstance(pl_module, LanguageModule)
        step = pl_module.position.step
        if pl_module.stopping:
            self.save_last(trainer)
            raise Interrupted(self.interruption.signum or signal.SIGTERM)  # the signal may have come to another process
        # At the end of an epoch the position moves on first: see on_train_epoch_end. Behind the last step a validation
        # is still to come, which a run that goes on from there would never make.
        last = batch.ends_epoch or step == trainer.max_steps
        within_step = pl_module.position.window % pl_module.accumulate  # its gradients are in no checkpoint
        due = self.every_steps and step % self.every_steps == 0 and step != self._saved_step
        if due and not last and not within_step:
            self.save_last(trainer)
            self._saved_step = step

    def on_validation_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """One process can stop at once; of several one alone must not: they stop together, behind the next step.

        Nor can the validation that ends a training by its steps be gone on with: the signal waits for its end.
        """
        if trainer.world_size > 1 or trainer.global_step == trainer.max_steps:
            return
        if self.interruption and trainer.state.fn == "fit":
            self.save_last(trainer)  # it goes on with this validation
            self.interruption.raise_if_asked()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, LanguageModule)
        self.validated_step = pl_module.position.step
        figure = float(trainer.callback_metrics[MONITOR])
        if figure < self.best:
            self.best, self.best_step = figure, pl_module.position.step
            trainer.save_checkpoint(self.directory / "best.ckpt")

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Behind the module's own hook: the position is that of the next epoch."""
        assert isinstance(pl_module, LanguageModule)
        step = pl_module.position.step
        if self.validated_step == step or (self.every_steps and step % self.every_steps == 0):
            self.save_last(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.save_last(trainer)
        if trainer.world_size == 1:
            self.interruption.raise_if_asked()  # what is left is the summary

    def save_last(self, trainer: pl.Trainer) -> None:
        """Write ``last.ckpt``."""
        trainer.save_checkpoint(self.directory / "last.ckpt")

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "best_step": self.best_step}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best, self.best_step = state_dict["best"], state_dict["best_step"]
