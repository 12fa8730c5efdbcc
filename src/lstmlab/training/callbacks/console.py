"""What the terminal shows while a model learns."""

import time
from datetime import timedelta
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from rich.console import Console as Terminal
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from lstmlab.data.spans import Span
from lstmlab.training.callbacks.samples import Samples
from lstmlab.training.module import MONITOR, LanguageModule, parameter_count

_PLAIN_SECONDS = 10.0  # between two lines where there is no terminal


class Console(Callback):
    """Before training its size and an estimate of its time; then progress, each validation and its sample.

    A bar in a terminal, plain lines elsewhere. ``budget`` is the number of planned steps, None where only time ends it.
    """

    def __init__(self, budget: int | None, seconds: float | None, samples: Samples) -> None:
        self.budget = budget
        self.seconds = seconds
        self.samples = samples
        self.terminal = Terminal(highlight=False, soft_wrap=True)
        self._bar: Progress | None = None
        self._started = self._shown = 0.0
        self._first_step = 0
        self._last_shown_step: int | None = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, LanguageModule)
        self.terminal.quiet = not trainer.is_global_zero  # of several processes the first one speaks
        self._started, self._first_step = time.monotonic(), pl_module.position.step
        loader: Any = trainer.train_dataloader
        tokens = loader.streams.length * pl_module.config["data"]["batch_size"]
        self.terminal.print(
            f"{parameter_count(pl_module.parameters()):,} parameters,"
            f" {len(pl_module.tokenizer.vocabulary):,} vocabulary entries,"
            f" {tokens:,} training tokens, {loader.steps_per_epoch:,} steps an epoch"
            + (f", {self.budget:,} steps in all" if self.budget else "")
        )
        if self.budget and self.budget > pl_module.position.step:
            seconds = self._seconds_a_step(pl_module, loader) * (self.budget - pl_module.position.step)
            if self.seconds is not None:
                seconds = min(seconds, self.seconds)
            self.terminal.print(f"Estimated time: {clock(seconds)}")
        if self.terminal.is_terminal:
            text = TextColumn("{task.description}")
            columns = [BarColumn(bar_width=16), TaskProgressColumn(), text] if self.terminal.width >= 110 else [text]
            self._bar = Progress(*columns, console=self.terminal, transient=True)
            self._bar.start()
            self._task = self._bar.add_task("", total=self.budget, completed=self._first_step)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Span, batch_idx: int
    ) -> None:
        assert isinstance(pl_module, LanguageModule)
        now = time.monotonic()
        pause = 0.2 if self._bar else _PLAIN_SECONDS
        if now - self._shown < pause or "train/loss" not in pl_module.latest:
            return
        self._shown = now
        line = self._line(pl_module)
        if self._bar:
            self._bar.update(self._task, completed=pl_module.position.step, description=line)
        else:
            self.terminal.print(line)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, LanguageModule)
        step = pl_module.position.step
        if trainer.state.fn != "fit" or step == self._last_shown_step:
            return
        self._last_shown_step = step
        figures = pl_module.latest
        self.terminal.print(
            f"step {step:,}, epoch {pl_module.position.epoch + 1}:"
            f" validation perplexity {figures['val/perplexity']:.3f}"
            f" a {pl_module.tokenizer.unit}, {figures[MONITOR]:.3f} bits a character"
        )
        if sample := " ".join(self.samples.latest[:160].split("\n")):
            self.terminal.print(f"  {sample}", style="dim", markup=False)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._close()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar:
            self._bar.stop()
            self._bar = None

    def _line(self, module: LanguageModule) -> str:
        step, figures = module.position.step, module.latest
        parts = [
            f"step {step:,}" + (f"/{self.budget:,}" if self.budget else ""),
            f"epoch {module.position.epoch + 1}",
            f"loss {figures['train/loss']:.3f}",
            f"perplexity {figures['train/perplexity']:.2f}",
            f"{figures['train/tokens_per_second']:,.0f} tokens/s",
        ]
        elapsed, done = time.monotonic() - self._started, step - self._first_step
        left = [elapsed / done * (self.budget - step)] if self.budget and done else []
        left += [self.seconds - elapsed] if self.seconds is not None else []
        return ", ".join(parts + ([f"{clock(min(left))} left"] if left else []))

    @staticmethod
    def _seconds_a_step(module: LanguageModule, loader: Any) -> float:
        """Of two windows there and back, with the generators put back: training is what it is without the estimate."""
        window = loader.streams.window(*loader.plan.edges(module.position.epoch)[:2]).to(module.device)
        devices = [module.device] if module.device.type == "cuda" else []
        with torch.random.fork_rng(devices), module.trainer.precision_plugin.train_step_context():
            for _ in range(2):  # the second one counts: the first pays for warming up
                begun = time.perf_counter()
                total, _, _ = module.model.total(window.inputs, window.targets)
                torch.autograd.backward(total / window.targets.numel())
                float(next(module.model.parameters()).detach().sum())  # wait for the device
                seconds = time.perf_counter() - begun
        module.model.zero_grad(set_to_none=True)
        return seconds * module.accumulate


def clock(seconds: float) -> str:
    """Seconds as H:MM:SS."""
    return str(timedelta(seconds=max(0, round(seconds))))
