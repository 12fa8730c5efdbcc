"""A trial of ``lstmlab tune`` says how it does, and ends where it does badly."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from lstmlab.training.module import MONITOR, LanguageModule

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

log = logging.getLogger("lstmlab")

PRUNED = "pruned"  # the trial's attribute that says behind which epoch and step it was


class Pruning(Callback):
    """Reports each validation to an Optuna study, and ends the training in good order where the study says so.

    Args:
        journal: of the study; relative to the run directory.
        study: its name.
        trial: the number of this trial.
        min_epochs: that a trial has before it can be pruned.
        reduction_factor: of successive halving; None: nothing is pruned, only reported.
    """

    def __init__(
        self, journal: str, study: str, trial: int, min_epochs: int = 1, reduction_factor: int | None = 3
    ) -> None:
        self.journal = journal
        self.study = study
        self.trial = trial
        self.min_epochs = min_epochs
        self.reduction_factor = reduction_factor
        self._opened: Study | None = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """A trial that was pruned and killed before its summary has no step left to train."""
        assert isinstance(pl_module, LanguageModule)
        ends = trainer.is_global_zero and self._was_pruned(trainer, pl_module.position.step)
        self._end(trainer, ends)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, LanguageModule)
        if trainer.state.fn == "fit":
            self._end(trainer, trainer.is_global_zero and self._report(trainer, pl_module))

    def _end(self, trainer: pl.Trainer, ends: bool) -> None:
        """Of several processes the first one speaks with the study; all of them end."""
        if trainer.strategy.reduce_boolean_decision(ends, all=False):
            trainer.should_stop = True

    def _report(self, trainer: pl.Trainer, module: LanguageModule) -> bool:
        """Whether the training is to end. A validation that is made again is not reported again."""
        frozen = self._frozen(trainer)
        if frozen is None:
            return False
        from optuna import Trial

        assert self._opened is not None
        trial, position = Trial(self._opened, frozen._trial_id), module.position
        epoch = position.epoch + 1
        if epoch not in frozen.intermediate_values:
            trial.report(float(trainer.callback_metrics[MONITOR]), epoch)
        if PRUNED in frozen.user_attrs:
            return bool(frozen.user_attrs[PRUNED]["epoch"] <= epoch)
        if epoch == trainer.max_epochs or position.step == trainer.max_steps:
            return False  # it ends anyway, and is complete
        if not trial.should_prune():
            return False
        trial.set_user_attr(PRUNED, {"epoch": epoch, "step": position.step})
        log.info("Pruned behind epoch %s: other trials did better by then.", epoch)
        return True

    def _was_pruned(self, trainer: pl.Trainer, step: int) -> bool:
        frozen = self._frozen(trainer)
        return frozen is not None and frozen.user_attrs.get(PRUNED, {"step": step + 1})["step"] <= step

    def _frozen(self, trainer: pl.Trainer) -> "FrozenTrial | None":
        """The trial as the study has it; None where it is over, as when its training goes on with ``run=`` later."""
        import optuna
        from optuna.trial import TrialState

        from lstmlab.training.study_journal import journal_storage, make_pruner

        if self._opened is None:
            path = (Path(trainer.default_root_dir) / self.journal).resolve()
            if not path.is_file():
                log.info("callbacks.pruning: there is no %s; nothing is reported.", path)
                return None
            pruner: Any = make_pruner(self.min_epochs, self.reduction_factor)
            self._opened = optuna.load_study(study_name=self.study, storage=journal_storage(path), pruner=pruner)
        found = next((t for t in self._opened.get_trials(deepcopy=False) if t.number == self.trial), None)
        return found if found is not None and found.state is TrialState.RUNNING else None
