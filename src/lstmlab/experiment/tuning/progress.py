"""What the terminal shows of a search while it runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import fmean

from optuna.trial import FrozenTrial, TrialState
from rich.console import Console
from rich.live import Live
from rich.text import Text

from lstmlab.experiment.tuning.search import Search
from lstmlab.experiment.tuning.trials import directory_name
from lstmlab.training.callbacks.console import clock
from lstmlab.training.callbacks.pruning import PRUNED


class Progress:
    """A line for each trial that ends, whoever trained it, and one for how the whole stands."""

    def __init__(self, search: Search, total: int, jobs: int) -> None:
        self._search, self._total, self._jobs = search, total, jobs
        self._terminal = Console(highlight=False, soft_wrap=True)
        self._live: Live | None = None
        self._told: set[int] = {trial.number for trial in search.trials() if trial.state.is_finished()}

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Shows it while entered."""
        if not self._terminal.is_terminal:
            yield
            return
        with Live(console=self._terminal, transient=True, auto_refresh=False) as self._live:
            yield

    def look(self) -> None:
        """Say what has changed."""
        trials = self._search.trials()
        fresh = [trial for trial in trials if trial.state.is_finished() and trial.number not in self._told]
        for trial in fresh:
            self._told.add(trial.number)
            self._terminal.print(self._ending(trial), markup=False)
        if self._live:
            self._live.update(Text(self._line(trials)), refresh=True)
        elif fresh:
            self._terminal.print(self._line(trials), markup=False)

    def _ending(self, trial: FrozenTrial) -> str:
        name = directory_name(trial.number, self._search.options(trial))
        if trial.state is TrialState.FAIL:
            return f"{name}: failed: {trial.user_attrs.get('reason')}"
        took = clock(trial.user_attrs.get("seconds", 0.0))
        figure = f"{trial.value:.4f} bits a character" if trial.value is not None else "no figure"
        if trial.state is TrialState.PRUNED:
            return f"{name}: pruned behind epoch {trial.user_attrs[PRUNED]['epoch']} with {figure}, in {took}"
        return f"{name}: {figure} in {took}"

    def _line(self, trials: list[FrozenTrial]) -> str:
        count = {state: sum(trial.state is state for trial in trials) for state in TrialState}
        told = (
            f"{count[TrialState.COMPLETE]} of {self._total} trials done, {count[TrialState.RUNNING]} running,"
            f" {count[TrialState.PRUNED]} pruned, {count[TrialState.FAIL]} failed"
        )
        best = self._search.best()
        if best is not None:
            name = directory_name(best.number, self._search.options(best))
            told += f"; best {best.value:.4f} bits a character ({name})"
        took = [trial.user_attrs["seconds"] for trial in trials if trial.user_attrs.get("seconds")]
        left = self._total - sum(trial.state.is_finished() for trial in trials)
        if not took or left <= 0:
            return told
        seconds = fmean(took) * (left - 0.5 * count[TrialState.RUNNING]) / min(self._jobs, left)
        return f"{told}; {clock(max(0.0, seconds))} left"
