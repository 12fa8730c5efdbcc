"""Gates, cell states, attention and the spread of weights and gradients, recorded while training goes on."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
from numpy.typing import NDArray
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from lstmlab.data.spans import Span
from lstmlab.errors import UserError
from lstmlab.evaluation.tracing import Arrays, trace_ids
from lstmlab.files import replacing
from lstmlab.training.module import LanguageModule

PASSAGE_TOKENS = 80


class Inspection(Callback):
    """Writes ``inspection/step-N.npz`` behind each validation, behind chosen steps and at the end of training.

    Plain arrays, to be read by ``numpy.load`` and drawn by ``lstmlab.reports.inspection``:

    - ``step``, ``units``; ``tokens`` (T,) of the passage and ``before``, those read in front of it;
    - ``layer 0/forget gate`` and so on, (T, H), and ``attention``, (heads, T, M + T): see ``trace_ids``;
    - ``weights/NAME/counts`` (bins,) and ``weights/NAME/edges`` (bins + 1,) for each parameter, those that the model
      holds then: behind a validation the average, where there is one;
    - ``gradients/NAME/…`` as the optimiser got them, clipped, in step ``gradient_step``: the one that led to ``step``,
      or, where 16-mixed skipped that, one before. They are missing where a run went on right in front of a validation.

    Training is what it is without it. Beside the model it keeps one copy of the gradients.

    Args:
        passage: the text that is read; None for the first tokens of the validation part, or of the training part where
            there is no other.
        steps: counts of optimiser steps behind which it records besides.
        units: how many hidden units the pictures show.
        bins: of each histogram.
    """

    def __init__(
        self, passage: str | None = None, steps: list[int] | None = None, units: int = 32, bins: int = 100
    ) -> None:
        if passage == "":
            raise UserError("callbacks.inspection.passage= is empty; give some text, or leave it out for the corpus's.")
        if steps is not None and min(steps, default=1) < 1:
            raise UserError(f"callbacks.inspection.steps={steps} must hold counts of optimiser steps, at least 1 each.")
        for option, value in (("units", units), ("bins", bins)):
            if value < 1:
                raise UserError(f"callbacks.inspection.{option}={value} must be at least 1.")
        self.passage = passage
        self.steps = frozenset(steps or ())
        self.units = units
        self.bins = bins
        self._tokens: Sequence[str] = ()
        self._ids: Sequence[int] = ()
        self._before: Sequence[int] = ()
        self._span_stop = 0
        self._gradients: dict[str, Tensor] = {}
        self._gradient_step = 0
        self._recorded_step: int | None = None
        self._hook: Any = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, LanguageModule)
        if not trainer.is_global_zero:
            return
        self._choose_passage(trainer, pl_module)
        self._recorded_step = pl_module.position.step  # a run that goes on has recorded where it stands, gradients too
        # Right in front of the optimiser's step: behind it, the gradients are gone.
        self._hook = trainer.optimizers[0].register_step_pre_hook(lambda *_: self._before_step(trainer, pl_module))

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Span, batch_idx: int
    ) -> None:
        self._span_stop = batch.stop

    def _before_step(self, trainer: pl.Trainer, module: LanguageModule) -> None:
        self._record_chosen(trainer, module)  # nothing has moved the weights since the last step
        following = module.position.step + 1
        # Validations follow spans: none can come behind a step that is neither chosen nor the last of its span.
        if following in self.steps or module.position.window == self._span_stop:
            # A copy, since some optimisers work within the gradients.
            self._gradients = {
                name: parameter.grad.detach().clone()
                for name, parameter in module.model.named_parameters()
                if parameter.grad is not None
            }
            self._gradient_step = following

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Span, batch_idx: int
    ) -> None:
        assert isinstance(pl_module, LanguageModule)
        self._record_chosen(trainer, pl_module)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, LanguageModule)
        if trainer.state.fn == "fit":
            self._record(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, LanguageModule)
        if self._recorded_step != pl_module.position.step:
            self._record(trainer, pl_module)
        self._let_go()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self._let_go()

    def _let_go(self) -> None:
        if self._hook is not None:
            self._hook.remove()
        self._hook, self._gradients = None, {}

    def _record_chosen(self, trainer: pl.Trainer, module: LanguageModule) -> None:
        step = module.position.step
        if step in self.steps and step != self._recorded_step:
            self._record(trainer, module)

    def _record(self, trainer: pl.Trainer, module: LanguageModule) -> None:
        if not trainer.is_global_zero:
            return
        step, model = module.position.step, module.model
        vocabulary = module.tokenizer.vocabulary
        arrays: Arrays = {
            "step": np.array(step),
            "units": np.array(self.units),
            "tokens": np.array(self._tokens),
            "before": np.array([vocabulary.token(one) for one in self._before], dtype=np.str_),
        }
        arrays |= trace_ids(model, self._ids, self._before)
        for name, parameter in model.named_parameters():
            arrays |= _histogram(f"weights/{name}", parameter.detach(), self.bins)
        if self._gradients:
            arrays["gradient_step"] = np.array(self._gradient_step)
        for name, gradient in self._gradients.items():
            arrays |= _histogram(f"gradients/{name}", gradient, self.bins)
        directory = Path(trainer.default_root_dir) / "inspection"
        directory.mkdir(parents=True, exist_ok=True)
        with replacing(directory / f"step-{step:07d}.npz") as partial, partial.open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # takes any name but allow_pickle
        self._recorded_step = step

    def _choose_passage(self, trainer: pl.Trainer, module: LanguageModule) -> None:
        vocabulary = module.tokenizer.vocabulary
        self._before = [] if vocabulary.end_id is None else [vocabulary.end_id]
        if self.passage is None:
            parts = trainer.datamodule.prepare().parts  # type: ignore[attr-defined]  # Lightning sets it in fit()
            part = parts.get("val") or parts["train"]
            leading = part.figures.leading
            self._ids = part.ids[leading : leading + PASSAGE_TOKENS].tolist()
            self._tokens = [vocabulary.token(one) for one in self._ids]
            return
        self._tokens = list(module.tokenizer.prompt_tokens(self.passage))
        if not self._tokens:
            raise UserError(f"callbacks.inspection.passage={self.passage} holds no token; give a longer text.")
        self._ids = [vocabulary.id(token) for token in self._tokens]
        if lacking := list(dict.fromkeys(token for token in self._tokens if token not in vocabulary)):
            print(
                f"lstmlab: the vocabulary lacks {' '.join(map(repr, lacking))} of callbacks.inspection.passage; the"
                " model reads <unk> there.",
                file=sys.stderr,
            )


def _histogram(name: str, values: Tensor, bins: int) -> Arrays:
    """How often the finite numbers of a tensor fall between equidistant edges, from the smallest to the largest."""
    array: NDArray[Any] = values.flatten().cpu().double().numpy()
    array = array[np.isfinite(array)]
    low, high = (float(array.min()), float(array.max())) if len(array) else (0.0, 0.0)
    if not np.all(np.diff(np.linspace(low, high, bins + 1)) > 0):  # one value, or as good as one
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(array, bins, (low, high))
    return {f"{name}/counts": counts, f"{name}/edges": edges}
