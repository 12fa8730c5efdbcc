"""The LightningModule: what a training step, a validation and a checkpoint are."""

import math
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from lstmlab.data.spans import Position, Span
from lstmlab.data.streams import IGNORED, Window
from lstmlab.errors import UserError
from lstmlab.models import build_model
from lstmlab.nn.state import State, map_state, where_state
from lstmlab.targets import build
from lstmlab.text import tokenizer_from_dict
from lstmlab.text.vocabulary import UNKNOWN_ID
from lstmlab.training.averaging import Averaging
from lstmlab.training.checkpoint_io import RESUME_KEY
from lstmlab.training.metrics import Total, bits_per_char
from lstmlab.training.optimizer import make_optimizer
from lstmlab.training.resume import put_average_into, restore_counts, restore_training, what_to_resume
from lstmlab.training.schedule import Plateau, Schedule

MONITOR = "val/bits_per_char"


class LanguageModule(pl.LightningModule):
    """A language model under training.

    Built from a resolved configuration and a fitted tokenizer, both plain dicts, which are its hyper-parameters: a
    checkpoint alone rebuilds it (``LanguageModule.load_from_checkpoint(path)``).

    A Lightning batch is a span of windows (``lstmlab.data.spans``), each a step of its own: optimisation is manual.
    """

    def __init__(self, config: dict[str, Any], tokenizer: dict[str, Any]) -> None:
        super().__init__()
        self.save_hyperparameters(logger=False)
        self.automatic_optimization = False
        self.config = config
        self.tokenizer = tokenizer_from_dict(tokenizer)
        self.model = build_model(config, len(self.tokenizer.vocabulary))
        self.schedule: Schedule = build(config["schedule"], Schedule, "schedule")
        averaging = config.get("averaging") or {"_target_": None}  # absent from runs of an earlier version
        self.averaging = build(averaging, Averaging, "averaging") if averaging["_target_"] else None
        self.accumulate: int = config["trainer"]["accumulate_grad_batches"]
        self.reset_state: float = config["trainer"].get("reset_state", 0.0)
        # Tokens of a full window, which the loss is divided by; None where windows vary, each by its own.
        self.full_window: int | None = None if config["data"].get("variable_length") else config["data"]["seq_length"]
        self.position = Position()
        self.total_steps: int | None = None  # planned, for the schedules that need it; set before training
        self.interrupted: Callable[[], bool] = lambda: False
        self.stopping = False  # a signal has come, and training left behind a whole step
        self.recent = Total()  # since the last logged step
        self.epoch_total = Total()
        self.val_total = Total()
        self._step_lengths: list[int] = []  # of the windows of the present step
        self.trained_tokens = 0
        self.trained_seconds = 0.0
        self.gradient_norm = math.nan
        self.train_state: State = None
        self._val_state: State = None
        self._mark = 0.0
        self.logged = (0, 0.0)  # trained tokens and seconds at the last logged step
        self._resume: dict[str, Any] | None = None
        self.latest: dict[str, float] = {}  # what was logged last
        self.finished_epoch: Total | None = None
        self.part_of_epoch: Total | None = None  # where training ended before its first epoch did
        self.trained_before = 0  # tokens of the finished epochs
        self._epoch_is_whole = False

    # -- training ------------------------------------------------------------------------------------------------

    @property
    def span_stops(self) -> tuple[int, ...]:
        """Step counts at whose multiples something is due: a span ends there."""
        every = (self.config["trainer"]["log_every_steps"], self.config["checkpoint"]["every_steps"])
        return tuple(steps for steps in every if steps)

    def on_train_start(self) -> None:
        if self._resume is not None:
            restore_training(self, self._resume)
            self._resume = None

    def on_train_epoch_start(self) -> None:
        if self.position.window == 0:
            self.train_state = None
            self.epoch_total = Total()

    def on_train_batch_start(self, batch: Span, batch_idx: int) -> None:
        if self._mark == 0.0:
            self._mark = time.perf_counter()

    def training_step(self, span: Span, batch_idx: int) -> None:
        """Every window of the span in turn; leaves early, behind a whole step, when training is to be interrupted."""
        optimizer = self.optimizers()
        assert isinstance(optimizer, pl.core.optimizer.LightningOptimizer)
        for window in span:
            self._backward(window.to(self.device))
            self.position.window += 1
            if self.position.window % self.accumulate == 0 or self.position.window == span.windows:
                self._step(optimizer)
                if self._must_stop():
                    break
        if not math.isfinite(self.recent.loss) and self.recent.tokens:
            raise UserError(
                f"the training loss is {self.recent.loss} at step {self.position.step}: the run diverged;"
                f" lower optim.lr (now {self.config['optim']['lr']:g}) or set trainer.gradient_clip_val."
            )
        self._after_span(span)

    def _backward(self, window: Window) -> None:
        streams, length = window.inputs.shape
        total, penalty, state = self.model.total(window.inputs, window.targets, self._state_before(streams))
        self.train_state = map_state(Tensor.detach, state)
        # Divided by the tokens of full windows: in a short last window every token weighs what it weighs elsewhere.
        weight = length / (self.full_window or length)
        loss = total / (streams * length)
        self.manual_backward((loss if penalty is None else loss + penalty) * weight / self.accumulate)
        self._step_lengths.append(length)
        self.recent.add(total.detach().double(), window.targets.numel())
        self.epoch_total.add(total.detach().double(), window.targets.numel())

    def _state_before(self, streams: int) -> State:
        """The carried state, of some streams blank again by chance (``trainer.reset_state``)."""
        if not self.reset_state or self.train_state is None:
            return self.train_state
        # Drawn for the streams of all processes, whose generators are alike: each takes its own.
        drawn = torch.rand(self.trainer.world_size, streams, device=self.device)
        kept = drawn[self.trainer.global_rank] >= self.reset_state
        return where_state(kept, self.train_state, self.model.initial_state(streams))

    def _step(self, optimizer: "pl.core.optimizer.LightningOptimizer") -> None:
        rate = self.schedule.factor(self.position.step, self.total_steps)
        if self.full_window is None:  # a longer window weighs more (Merity et al. 2017, section 4.1)
            rate *= sum(self._step_lengths) / (len(self._step_lengths) * self.config["data"]["seq_length"])
        self._step_lengths = []
        for group in optimizer.param_groups:
            # ReduceLROnPlateau keeps its own rate in the group; only the warm-up is laid over it.
            if not isinstance(self.schedule, Plateau) or self.position.step < self.schedule.warmup_steps:
                group["lr"] = group["initial_lr"] * rate
        scaler = getattr(self.trainer.precision_plugin, "scaler", None)  # of 16-mixed alone
        if scaler is not None:
            scaler.unscale_(optimizer.optimizer)
        clip = self.config["trainer"]["gradient_clip_val"]
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), clip if clip else math.inf)
        self.gradient_norm = norm  # type: ignore[assignment]  # a tensor until it is logged: no step waits for it
        # The optimiser's own step without Lightning's wrapping, and Lightning's count of it.
        if scaler is not None:
            scaler.step(optimizer.optimizer)
            scaler.update()
        else:
            optimizer.optimizer.step()
        progress = self.trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress
        progress.increment_ready()
        progress.increment_completed()
        optimizer.optimizer.zero_grad(set_to_none=True)
        if self.averaging is not None:
            self.averaging.step(list(self.model.parameters()))
        self.position.step += 1

    def _after_span(self, span: Span) -> None:
        """Count, and log what is due: before any callback may save, so that a checkpoint knows what was logged."""
        now = time.perf_counter()
        self.trained_seconds += now - self._mark
        self.trained_tokens = self.trained_before + self.epoch_total.tokens * self.trainer.world_size
        self._mark = now
        self._epoch_is_whole = self.position.window >= span.windows
        if self.position.window % self.accumulate and not self._epoch_is_whole:
            return  # in the middle of a step, as spans of single windows can be
        due = self.position.step % self.config["trainer"]["log_every_steps"] == 0 or self._epoch_is_whole
        if due and self.recent.tokens:
            self._log_training()
        if self.position.step == self.trainer.max_steps:
            self.trainer.should_stop = True  # so that Lightning validates, also within an epoch

    def _log_training(self) -> None:
        tokens, seconds = self.logged
        recent = self._over_processes(self.recent)
        figures = {
            "train/loss": recent.loss,
            "train/perplexity": recent.perplexity,
            "train/gradient_norm": float(self.gradient_norm),
            "train/lr": self.learning_rate,
            "train/tokens_per_second": (self.trained_tokens - tokens) / max(1e-9, self.trained_seconds - seconds),
            "epoch": self.position.epoch,
        }
        self.logged = (self.trained_tokens, self.trained_seconds)
        self.recent = Total()
        self.write(figures)

    def write(self, figures: dict[str, float]) -> None:
        """Give figures to every logger, at the count of optimiser steps; callbacks read them as ``latest``."""
        self.latest = figures
        for logger in self.trainer.loggers:
            logger.log_metrics(figures, step=self.position.step)

    def on_train_epoch_end(self) -> None:
        """Also called where a budget ends within an epoch: that epoch stays the current one."""
        if not self._epoch_is_whole:
            if self.finished_epoch is None:  # shorter than an epoch: what there is of it
                self.part_of_epoch = self._over_processes(self.epoch_total)
            return
        self.finished_epoch = self._over_processes(self.epoch_total)
        self.trained_before += self.epoch_total.tokens * self.trainer.world_size
        self.position.epoch += 1
        self.position.window = 0
        self._mark = 0.0

    # -- validation ----------------------------------------------------------------------------------------------

    def on_validation_start(self) -> None:
        if self.averaging is not None:
            self.averaging.exchange(self.model.parameters())

    def on_validation_end(self) -> None:
        """Behind the callbacks' hooks: samples and checkpoints too are of the average."""
        if self.averaging is not None and self.averaging.exchanged:
            self.averaging.exchange(self.model.parameters())

    def on_validation_epoch_start(self) -> None:
        self._val_state = None
        self.val_total = Total()
        self._mark = 0.0

    def validation_step(self, window: Window, batch_idx: int) -> None:
        """Sums of one scoring window, in full precision whatever the training's is."""
        with torch.autocast(self.device.type, enabled=False):
            nats, correct, self._val_state = self.model.score(window.inputs, window.targets, self._val_state)
        scored = int((window.targets != IGNORED).sum())
        self.val_total.add(nats.double().sum(), scored, (correct & (window.targets != UNKNOWN_ID)).sum())

    def on_validation_epoch_end(self) -> None:
        part = self.trainer.datamodule.part("val")  # type: ignore[attr-defined]  # Lightning sets it in fit()
        complete = self.val_total.tokens == len(part.ids) - 1
        nats = float(self.val_total.nats) + (part.spelling_nats() if complete else 0.0)
        characters = (
            part.scored_characters
            if complete
            else round(part.scored_characters * self.val_total.tokens / len(part.ids))
        )
        figures = {
            "val/loss": self.val_total.loss,
            "val/perplexity": self.val_total.perplexity,
            MONITOR: bits_per_char(nats, characters),
            "val/accuracy": self.val_total.accuracy,
        }
        self.log_dict(figures, logger=False, batch_size=1)  # for early stopping
        if isinstance(self.schedule, Plateau) and self.trainer.state.fn == "fit":
            scheduler = self.lr_schedulers()
            assert isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau)
            scheduler.step(figures[MONITOR])
        if self.averaging is not None and self.trainer.state.fn == "fit":
            self.averaging.validated(figures[MONITOR])
        self.write(figures | {"epoch": self.position.epoch})

    # -- optimiser -----------------------------------------------------------------------------------------------

    def configure_optimizers(self) -> Any:
        half = self.config["trainer"]["precision"] == "16-mixed"  # its gradients are unscaled by hand: not fused
        optimizer = make_optimizer(self.config["optim"], self.model, fused=not half)
        if not isinstance(self.schedule, Plateau):
            return optimizer
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer,
            factor=self.schedule.decay,
            patience=self.schedule.patience,
            threshold=self.schedule.threshold,
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "monitor": MONITOR}}

    @property
    def learning_rate(self) -> float:
        """Of the last step."""
        optimizer = self.optimizers()
        assert isinstance(optimizer, pl.core.optimizer.LightningOptimizer)
        return float(optimizer.param_groups[0]["lr"])

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        return batch.to(device) if isinstance(batch, Window) else batch  # a span's windows move one by one

    # -- checkpoints ---------------------------------------------------------------------------------------------

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        # Lightning's own loop state knows spans, not windows, and its resuming skips hooks; the position replaces it.
        checkpoint.pop("loops", None)
        checkpoint[RESUME_KEY] = what_to_resume(self)
        if self.averaging is not None:
            put_average_into(checkpoint, self)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        # Lightning makes doubles of the weights (64-true) only after it has loaded them, rounded to singles by then.
        self.to(next(iter(checkpoint["state_dict"].values())).dtype)
        self._resume = checkpoint.get(RESUME_KEY)
        if self._resume is not None:  # before the loaders are made, which start from the position
            for name, value in self._resume["position"].items():
                setattr(self.position, name, value)
            restore_counts(self, self._resume)

    def on_fit_start(self) -> None:
        """Tell Lightning where a resumed run stands; what belongs to the first batch waits until ``on_train_start``."""
        fit_loop = self.trainer.fit_loop
        steps = fit_loop.epoch_loop.manual_optimization.optim_step_progress.total
        steps.ready = steps.completed = self.position.step
        for stage in ("ready", "started", "processed", "completed"):
            setattr(fit_loop.epoch_progress.current, stage, self.position.epoch)

    def _must_stop(self) -> bool:
        """Whether a signal has come, to any of the processes: all must leave behind the same step."""
        if self.trainer.world_size > 1:
            flag = torch.tensor(int(self.interrupted()), device=self.device)
            torch.distributed.all_reduce(flag, op=torch.distributed.ReduceOp.MAX)
            self.stopping = bool(flag)
        else:
            self.stopping = self.interrupted()
        return self.stopping

    def _over_processes(self, total: Total) -> Total:
        """The sums of all processes, where there are several."""
        if self.trainer.world_size == 1:
            return total
        nats = total.nats.to(self.device, copy=True)
        torch.distributed.all_reduce(nats)
        return Total(nats, total.tokens * self.trainer.world_size)  # every process owns equally many streams


def parameter_count(parameters: Iterable[nn.Parameter]) -> int:
    """Trained numbers; a shared matrix counts once."""
    return sum({id(p): p.numel() for p in parameters if p.requires_grad}.values())
