"""lstmlab tune: a search for the best options, by Optuna."""

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hydra.types import HydraContext
from omegaconf import DictConfig, open_dict
from optuna.trial import FrozenTrial

from lstmlab.errors import SweepInterrupted, TrialsFailed, UserError
from lstmlab.experiment.building import quieten
from lstmlab.experiment.configuration import write_config
from lstmlab.experiment.run_directory import RunDirectory
from lstmlab.experiment.sweep.definition import Definition, spell
from lstmlab.experiment.sweep.planning import Planner, check_base
from lstmlab.experiment.sweep.resources import share
from lstmlab.experiment.sweep.settings import read_settings
from lstmlab.experiment.sweep.stopping import until_stopped
from lstmlab.experiment.sweep.trial_runner import Asked
from lstmlab.experiment.tuning.cost import full_grid, steps_of_a_trial, steps_spent
from lstmlab.experiment.tuning.outcome import grid_sentence, print_outcome, print_space
from lstmlab.experiment.tuning.progress import Progress
from lstmlab.experiment.tuning.search import JOURNAL, Search
from lstmlab.experiment.tuning.space import read_space, search_name
from lstmlab.experiment.tuning.standing import figure_of, standing_of
from lstmlab.experiment.tuning.trials import directory_name, running_elsewhere, write_sweep
from lstmlab.experiment.tuning.worker import Worker

_POLL_SECONDS = 0.2


def run_tuning(context: HydraContext, config: DictConfig, arguments: Sequence[str]) -> None:
    """Train trials of the space until there are ``sweep.trials`` of them, those of earlier starts included.

    Trials that fail count, and are no failure of the search as long as one completes.

    Raises:
        UserError: the space is none, or the directory is of other making; nothing was trained.
        SweepInterrupted: a signal stopped it.
        TrialsFailed: not one trial completed.
    """
    quieten()
    settings, typed, parser = read_settings(context, config, arguments)
    fixed, axes = read_space(typed, settings["space"], parser, config)
    with open_dict(config):
        config.sweep.name = settings["name"] or search_name(axes)
    if not str(config.hydra.launcher["_target_"]).endswith(("BasicLauncher", "JoblibLauncher")):
        raise UserError(
            "hydra/launcher=… has no use for lstmlab tune, which asks for one trial after another; start the same"
            " command in several jobs, they share the search."
        )
    if settings["choose"]:
        raise UserError("sweep.choose has no use for lstmlab tune; put its options into sweep.space.")
    if settings["reuse"]:
        raise UserError("sweep.reuse has no use for lstmlab tune, which draws trials of its own; leave it out.")
    Tuning(context, config, settings, Definition(fixed, tuple(axis.varied() for axis in axes), ()), axes).run()


class Tuning:
    """One start of a search."""

    def __init__(
        self,
        context: HydraContext,
        config: DictConfig,
        settings: dict[str, Any],
        definition: Definition,
        axes: Sequence[Any],
    ) -> None:
        self._settings, self._fixed = settings, definition.fixed
        self._worker = Worker(Path(str(config.hydra.sweep.dir)))
        self._directory = self._worker.directory
        self._axes = axes
        before = self._before()
        self._resources = share(config, settings["jobs"], before)
        self._planner = Planner(context, config, definition, self._resources.threads, self._directory)
        base = self._planner.base()
        check_base(self._directory, definition, base)
        self._seed = int(base["seed"])
        pruning = {"min_epochs": settings["min_epochs"], "reduction_factor": settings["reduction_factor"]}
        self._search = Search(self._directory, str(config.sweep.name), axes, self._seed, pruning)
        self._content = {
            "lstmlab": version("lstmlab"), "name": self._search.name, "options": {}, "choose": {},
            "threads": self._resources.threads, "base": base, "space": {axis.option: axis.stored() for axis in axes},
        }  # fmt: skip
        self._running: dict[Future[str], tuple[FrozenTrial, int]] = {}
        self._asked = Asked(worker=False)

    def run(self) -> None:
        """Search, unless it is a dry run."""
        self._probe()
        grid = full_grid(self._planner, self._settings["options"], self._fixed)
        if self._settings["dry_run"]:
            steps = steps_of_a_trial(self._planner, self._search.axes)
            print_space(self._search, self._directory, self._settings["trials"], steps)
            if grid is not None:
                print(grid_sentence(grid, None))
            return
        if self._resources.note:
            print(self._resources.note)
        received = self._work()
        print_outcome(self._search, self._directory, self._fixed, grid)
        if received:
            raise SweepInterrupted(received[0])
        if others := running_elsewhere(self._search, []):
            print(f"{len(others)} trials are still being trained by other processes.")
        elif self._search.best() is None:
            raise TrialsFailed("not one trial of the search completed, for what is said above.")

    def _before(self) -> dict[str, Any] | None:
        """What an earlier start wrote, or another process.

        Raises:
            UserError: that was no search, or one of another space.
        """
        before = self._directory.read()
        if before is not None and "space" not in before:
            raise UserError(f"{self._directory.path} was not made by lstmlab tune; choose another sweep.name.")
        if before is not None and before["space"] != {axis.option: axis.stored() for axis in self._axes}:
            raise UserError(
                f"{self._directory.path} searches another space, as its sweep.yaml says; choose another sweep.name."
            )
        return before

    def _probe(self) -> None:
        """What no trial could be trained with is said before anything is made.

        Raises:
            UserError: an option does not exist, or the configuration is wrong whatever is drawn.
        """
        corner = {axis.key: (axis.varied().spelt[0], axis.corners()[0]) for axis in self._search.axes}
        first, plain = self._planner.trial("trial", corner), self._planner.trial("trial", {}, "probe")
        if first.problem and plain.problem:
            raise UserError(plain.problem)
        config = self._planner.configs[plain.name if first.problem else first.name]
        if config["trainer"]["limit_val_windows"] or (
            config["data"]["split"][1] == 0 and not config["data"]["_target_"].endswith("WikiText2")
        ):
            raise UserError(
                "lstmlab tune compares trials on the whole validation part: data.split must give it a share, and"
                " trainer.limit_val_windows must be null."
            )

    # -- the search --------------------------------------------------------------------------------------------------

    def _work(self) -> list[int]:
        """Until nothing is left to begin, or a signal comes; gives the signals."""
        worker, search = self._worker, self._search
        with search.alone():
            if self._before() is None:
                self._directory.write(self._content, [])
        with worker.working(search.alone()), until_stopped(self._directory) as received:
            begun = search.trials()
            done = sum(trial.state.is_finished() for trial in begun)
            print(f"{self._directory.path}: {self._settings['trials']} trials, {done} done, {self._resources}.")
            progress = Progress(search, self._settings["trials"], self._resources.jobs)
            with progress.shown(), ThreadPoolExecutor(self._resources.jobs) as threads:
                try:
                    while not received and (self._begin(threads, received) or self._running):
                        self._collect()
                        progress.look()
                        time.sleep(_POLL_SECONDS)
                    while self._running:
                        self._collect()
                        time.sleep(_POLL_SECONDS)
                except BaseException as error:  # a second signal does not wait for trials to save
                    self._asked.times = 2 if isinstance(error, KeyboardInterrupt) else 1
                    raise
                finally:
                    progress.look()
            write_sweep(self._directory, self._content, search, self._seed)
        return received

    def _begin(self, threads: ThreadPoolExecutor, received: list[int]) -> bool:
        """Fill the places that are free; whether a trial was begun."""
        begun = False
        while len(self._running) < self._resources.jobs and not received:
            own = [trial.number for trial, _ in self._running.values()]
            trial = self._search.claim(self._settings["trials"], self._worker, own)
            if trial is None:
                return begun
            begun = True
            if self._settle(trial):  # by a process that was killed before it could say so
                continue
            handed = self._hand_over(trial)
            if handed is not None:
                slot = min(set(range(self._resources.jobs)) - {number for _, number in self._running.values()})
                place = self._place(trial)
                settings = {"gpus": self._resources.gpus, "config": self._planner.configs[place.path.name]}
                future = threads.submit(self._worker.train, place, handed, settings, slot, self._asked)
                self._running[future] = trial, slot
            write_sweep(self._directory, self._content, self._search, self._seed)
        return begun

    def _hand_over(self, trial: FrozenTrial) -> Path | None:
        """What the trial's process needs; None where its configuration is refused, and the trial over."""
        values = self._search.options(trial)
        name = directory_name(trial.number, values)
        planned = self._planner.trial(
            "trial", {axis.key: (spell(values[axis.option]), values[axis.option]) for axis in self._search.axes}, name
        )
        if planned.problem is not None:
            self._search.note(trial.number, problem=planned.problem)
            self._search.fail(trial.number, planned.problem)
            return None
        self._search.note(trial.number, identity=planned.identity)
        config = self._planner.configs[name]
        config["callbacks"]["pruning"] = {
            "_target_": "lstmlab.training.callbacks.Pruning", "journal": f"../{JOURNAL}", "study": self._search.name,
            "trial": trial.number, **self._search.pruning,
        }  # fmt: skip
        handed = self._directory.handed / f"{name}.yaml"
        write_config({"config": config}, handed)
        return handed

    def _collect(self) -> None:
        """Tell the study of the trials that have ended; those that were stopped stay open."""
        for future in [future for future in self._running if future.done()]:
            trial, _ = self._running.pop(future)
            outcome = future.result()
            if outcome != "stopped":
                self._settle(trial, outcome)
                write_sweep(self._directory, self._content, self._search, self._seed)

    def _settle(self, trial: FrozenTrial, ended: str | None = None) -> bool:
        """Tell the study how a trial stands, if its training is over; ``ended`` is how it did under our eyes."""
        place = self._place(trial)
        standing, reason = standing_of(place, ended)
        if standing == "open":
            return False
        summary = figure_of(place) if standing == "completed" else {}
        self._search.note(
            trial.number, steps=steps_spent(place, summary), seconds=place.status.get("wall_seconds") or 0.0
        )
        figure = summary.get("val/bits_per_char")
        if figure is not None and figure == figure:
            self._search.complete(trial.number, figure)
        else:
            self._search.fail(trial.number, reason or "it ended without a figure of the validation part")
        return True

    def _place(self, trial: FrozenTrial) -> RunDirectory:
        return RunDirectory(self._directory.path / directory_name(trial.number, self._search.options(trial)))
