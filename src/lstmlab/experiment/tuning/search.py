"""The study of a search: what was tried, what is tried now and by whom, what is tried next."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import filelock
import optuna
from optuna import Study, Trial
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from lstmlab.experiment.sweep.directory import SweepDirectory
from lstmlab.experiment.tuning.sampler import Draws
from lstmlab.experiment.tuning.space import Axis, size
from lstmlab.experiment.tuning.worker import Worker
from lstmlab.training.callbacks.pruning import PRUNED
from lstmlab.training.study_journal import journal_storage, make_pruner

JOURNAL = "study.journal"


class Search:
    """The study in a sweep's directory, shared by all processes that work on it. Only the main thread may use it."""

    def __init__(
        self, directory: SweepDirectory, name: str, axes: Sequence[Axis], seed: int, pruning: dict[str, Any]
    ) -> None:
        self.name, self.axes, self.pruning = name, axes, pruning
        self._space = {axis.option: axis.distribution() for axis in axes}
        self._lock = filelock.FileLock(directory.path / ".lock")
        self._journal = directory.path / JOURNAL
        self._seed = seed
        self._study: Study | None = None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While entered, no other process chooses a trial or writes what the study says."""
        self._journal.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            yield

    @property
    def study(self) -> Study:
        """Begun where there is none."""
        if self._study is None:
            self._study = optuna.create_study(
                study_name=self.name, storage=journal_storage(self._journal), load_if_exists=True,
                sampler=Draws(self._space, self._seed), pruner=make_pruner(**self.pruning), direction="minimize",
            )  # fmt: skip
        return self._study

    def trials(self) -> list[FrozenTrial]:
        """Those whose point is known, by their numbers."""
        found = self.study.get_trials(deepcopy=False)
        return [trial for trial in found if set(self._space) <= set(trial.params)]

    def claim(self, total: int, worker: Worker, own: Sequence[int]) -> FrozenTrial | None:
        """The next trial for ``worker``, which trains those numbered ``own``: one whose process is gone, else a new
        one. None where nothing is left to begin.
        """
        with self.alone():
            listed = self.study.get_trials(deepcopy=False)
            running = [trial for trial in listed if trial.state is TrialState.RUNNING and trial.number not in own]
            orphan = next((t for t in running if not worker.lives(t.user_attrs.get("worker"))), None)
            if orphan is None and len(listed) >= min(total, size(self.axes)):
                return None
            trial = Trial(self.study, orphan._trial_id) if orphan else self.study.ask()
            for name, distribution in self._space.items():
                _suggest(trial, name, distribution)
            trial.set_user_attr("worker", worker.name)
            return self.frozen(trial.number)

    def frozen(self, number: int) -> FrozenTrial:
        """A trial as the study has it now."""
        return next(trial for trial in self.study.get_trials(deepcopy=False) if trial.number == number)

    def note(self, number: int, **attributes: Any) -> None:
        """Keep something with a trial that runs."""
        trial = Trial(self.study, self.frozen(number)._trial_id)
        for name, value in attributes.items():
            trial.set_user_attr(name, value)

    def complete(self, number: int, figure: float) -> None:
        """A trial was trained to its end, or pruned: that was noted by itself."""
        if PRUNED in self.frozen(number).user_attrs:
            self.study.tell(number, state=TrialState.PRUNED)
        else:
            self.study.tell(number, figure)

    def fail(self, number: int, reason: str) -> None:
        """A trial will have no figure."""
        self.note(number, reason=reason)
        self.study.tell(number, state=TrialState.FAIL)

    def options(self, trial: FrozenTrial) -> dict[str, Any]:
        """The values of the searched options."""
        return {axis.option: axis.value(trial.params[axis.option]) for axis in self.axes}

    def best(self) -> FrozenTrial | None:
        """Of the trials that were trained to their end."""
        return min(self.completed(), key=lambda trial: (trial.value or 0.0, trial.number), default=None)

    def completed(self) -> list[FrozenTrial]:
        """The trials that were trained to their end."""
        return [trial for trial in self.trials() if trial.state is TrialState.COMPLETE]


def _suggest(trial: Trial, name: str, distribution: BaseDistribution) -> None:
    """Through Optuna's own methods, which keep what a process that was killed here had drawn already."""
    if isinstance(distribution, CategoricalDistribution):
        trial.suggest_categorical(name, distribution.choices)
    elif isinstance(distribution, IntDistribution):
        trial.suggest_int(name, distribution.low, distribution.high, log=distribution.log)
    else:
        assert isinstance(distribution, FloatDistribution)
        trial.suggest_float(name, distribution.low, distribution.high, log=distribution.log)
