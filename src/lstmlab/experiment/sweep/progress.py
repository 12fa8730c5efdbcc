"""What the terminal shows while trials run."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from statistics import fmean

from rich.console import Console
from rich.live import Live
from rich.text import Text

from lstmlab.experiment.sweep.directory import SweepDirectory, Trial
from lstmlab.experiment.sweep.states import State, marked_at, state_of, write_table
from lstmlab.training.callbacks.console import clock

_SECONDS = 1.0  # between two looks
_ENDED = ("completed", "failed", "interrupted", "refused")


class Progress:
    """Looks at the trials' directories: they may be trained on other machines."""

    def __init__(self, directory: SweepDirectory, trials: Sequence[Trial], pending: Sequence[Trial], jobs: int) -> None:
        self._directory, self._trials, self._jobs = directory, trials, jobs
        self._pending = {trial.name for trial in pending}
        self._terminal = Console(highlight=False, soft_wrap=True)
        # How the pending ones stood before: an earlier failure is not one of this time.
        self._before = {t.name: marked_at(directory.run_directory(t)) for t in pending}
        self._begun = time.time()
        self._said: set[str] = set()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Shows it while entered."""
        over = threading.Event()
        live = Live(console=self._terminal, transient=True, auto_refresh=False) if self._terminal.is_terminal else None

        def look() -> None:
            while not over.wait(_SECONDS):
                with suppress(OSError, ValueError):  # a look that fails is made again
                    self._look(live)

        watcher = threading.Thread(target=look, daemon=True)
        if live:
            live.start()
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
            self._look(None)
            if live:
                live.stop()

    def _look(self, live: Live | None) -> None:
        states = {trial.name: self._now(trial) for trial in self._trials if trial.role != "former"}
        fresh = [name for name in self._pending if states[name].status in _ENDED and name not in self._said]
        for trial in self._trials:
            if trial.name in fresh:
                self._said.add(trial.name)
                self._terminal.print(_ending(trial, states[trial.name]), markup=False)
        if fresh:
            write_table(self._directory, self._trials, settled=False)
        line = self._line(states)
        if live:
            live.update(Text(line), refresh=True)
        elif fresh:
            self._terminal.print(line, markup=False)

    def _now(self, trial: Trial) -> State:
        state = state_of(self._directory, trial, settled=False)
        if trial.name in self._pending and trial.problem is None:
            written = marked_at(self._directory.run_directory(trial))
            if written == self._before[trial.name]:  # nothing has happened to it yet
                return State("missing", None, state.seconds, {})
        return state

    def _line(self, states: dict[str, State]) -> str:
        count = {status: sum(s.status == status for s in states.values()) for status in (*_ENDED, "running", "missing")}
        bad = count["failed"] + count["interrupted"] + count["refused"]
        told = f"{count['completed']} of {len(states)} trials done, {count['running']} running, {bad} failed"
        best = min(((s.figure, name) for name, s in states.items() if s.figure is not None), default=None)
        if best:
            told += f"; best {best[0]:.4f} bits a character ({best[1]})"
        left = self._seconds_left(states)
        return told + (f"; {clock(left)} left" if left is not None else "")

    def _seconds_left(self, states: dict[str, State]) -> float | None:
        """From what this time's trials took, those of the same arm where there are any."""
        took = {name: s.seconds for name, s in states.items() if s.status == "completed" and s.seconds}
        left = [name for name in self._pending if states[name].status in ("missing", "running")]
        if not took or not left:
            return None
        arms: dict[str, list[float]] = {}
        options = {trial.name: _arm(trial) for trial in self._trials}
        for name, seconds in took.items():
            arms.setdefault(options[name], []).append(seconds)
        total = sum(fmean(arms.get(options[name], list(took.values()))) for name in left)
        running = sum(states[name].status == "running" for name in left)
        # Of a running trial about half is behind it.
        return max(0.0, total - 0.5 * running * fmean(took.values())) / min(self._jobs, len(left))


def _arm(trial: Trial) -> str:
    return repr(sorted((o, v) for o, v in trial.options.items() if o != "seed"))


def _ending(trial: Trial, state: State) -> str:
    if state.status == "completed":
        figure = f"{state.figure:.4f} bits a character in " if state.figure is not None else "done in "
        return f"{trial.name}: {figure}{clock(state.seconds)}"
    return f"{trial.name}: {state.status}: {state.reason}"
