"""Running a sweep: plan it, train what is missing, say what came out."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.types import HydraContext
from joblib.externals.loky import get_reusable_executor
from omegaconf import DictConfig, OmegaConf, open_dict

from lstmlab.errors import SweepInterrupted, TrialsFailed, UserError
from lstmlab.experiment.building import quieten
from lstmlab.experiment.configuration import write_config
from lstmlab.experiment.sweep.choosing import choice_grid, chosen_values
from lstmlab.experiment.sweep.definition import Definition, combinations, read_definition
from lstmlab.experiment.sweep.directory import SweepDirectory, Trial
from lstmlab.experiment.sweep.outcome import print_outcome, print_plan
from lstmlab.experiment.sweep.planning import Planner, check_base, merged
from lstmlab.experiment.sweep.progress import Progress
from lstmlab.experiment.sweep.resources import share
from lstmlab.experiment.sweep.settings import read_settings
from lstmlab.experiment.sweep.states import state_of, write_table
from lstmlab.experiment.sweep.stopping import until_stopped
from lstmlab.experiment.sweep.trial_runner import run_trial, this_process
from lstmlab.overrides import literal


def run_sweep(context: HydraContext, config: DictConfig, arguments: Sequence[str]) -> None:
    """Train every trial of the sweep that is not complete.

    Raises:
        UserError: the sweep is none, or its directory is taken; nothing was trained.
        SweepInterrupted: a signal stopped it.
        TrialsFailed: some trials did not complete.
    """
    quieten()
    settings, typed, parser = read_settings(context, config, arguments)
    definition = read_definition(
        typed, settings["options"], settings["choose"], parser, OmegaConf.select(config, "seed"),
    )  # fmt: skip
    with open_dict(config):
        config.sweep.name = settings["name"] or definition.name()
    directory = SweepDirectory(Path(str(config.hydra.sweep.dir)))
    Sweeping(context, config, settings, definition, directory).run()


class Sweeping:
    """One start of a sweep."""

    def __init__(
        self,
        context: HydraContext,
        config: DictConfig,
        settings: dict[str, Any],
        definition: Definition,
        directory: SweepDirectory,
    ) -> None:
        self._context, self._config, self._settings = context, config, settings
        self._definition, self._directory = definition, directory
        self._resources = share(config, settings["jobs"], directory.read())
        self._planner = Planner(context, config, definition, self._resources.threads, directory)
        self._tried: set[str] = set()  # in this start
        self._asked_for: set[str] = set()

    def run(self) -> None:
        """Plan, and unless it is a dry run train."""
        base = self._planner.base()
        if "space" in (self._directory.read() or {}):
            raise UserError(f"{self._directory.path} was made by lstmlab tune; choose another sweep.name.")
        check_base(self._directory, self._definition, base)
        if self._definition.choose:
            self._check_choice(base)
        content = {
            "lstmlab": version("lstmlab"),
            "name": self._config.sweep.name,
            "options": self._definition.options(),
            "choose": {one.option: list(one.values) for one in self._definition.choose},
            "threads": self._resources.threads,
            "base": base,
        }
        if self._resources.note:
            print(self._resources.note)
        if self._settings["dry_run"]:
            trials, phase = self._planned()
            print_plan(self._directory, trials, self._planner.configs, self._resources.jobs)
            if phase == "choice":
                later = len(combinations(self._definition.varied))
                print(f"Then {later} trials of the comparison, not in that time: each arm with what it chose.")
            return
        with self._directory.claimed(), until_stopped(self._directory) as received:
            trials, phase = self._planned()
            while True:
                self._directory.write(self._widened(content), trials)
                self._train(trials, received)
                if received or phase == "trial":
                    break
                trials, phase = self._planned()  # every choice that can be made is made now
                if phase == "choice":
                    break
            write_table(self._directory, trials)
        states = {trial.name: state_of(self._directory, trial) for trial in trials}
        print_outcome(self._directory, trials, states)
        if received:
            raise SweepInterrupted(received[0])
        # Those of earlier starts that this one does not ask for are listed above, and nobody's failure now.
        asked = [t for t in trials if t.name in self._asked_for]
        bad = [t.name for t in asked if states[t.name].status != "completed"]
        if bad or phase == "choice":
            raise TrialsFailed(
                f"{len(bad)} of {len(asked)} trials did not complete; the same command tries them again."
            )

    # -- planning ----------------------------------------------------------------------------------------------------

    def _planned(self) -> tuple[list[Trial], str]:
        """All trials as sweep.yaml lists them; "choice" where arms have still to choose, else "trial".

        Raises:
            UserError: not one trial can be made.
        """
        before = self._directory.trials()
        reuse = [Path(path) for path in self._settings["reuse"]]
        planned: list[Trial] = []
        phase = "trial"
        if not self._definition.choose:
            planned = self._planner.trials("trial", self._definition.varied)
        else:
            planned = self._planner.trials("choice", choice_grid(self._definition, self._settings["choose_seeds"]))
            listed = merged(self._directory, before, planned, reuse)
            names = {trial.name for trial in planned}
            choices = [trial for trial in listed if trial.name in names]
            open_choices = any(self._is_open(trial) for trial in choices)
            rows, without = chosen_values(self._definition, self._directory, choices)
            for arm in without if not open_choices else []:
                print(f"lstmlab: {arm}: no training of its choice has completed with a figure.", file=sys.stderr)
            if open_choices or not rows:
                phase = "choice"
            else:
                planned += [self._planner.trial("trial", row) for row in rows]
                before = [replace(t, role="former") if self._rechosen(t, planned) else t for t in before]
                before = [t for t in before if t.role != "former" or self._directory.run_directory(t).status]
        self._asked_for = {trial.name for trial in planned}
        if all(trial.problem for trial in planned):
            raise UserError(str(planned[0].problem))
        return merged(self._directory, before, planned, reuse), phase

    def _rechosen(self, trial: Trial, planned: Sequence[Trial]) -> bool:
        """Whether the trial's arm has made another choice since, whatever seeds are planned now."""
        if trial.role != "trial":
            return False
        chosen = [one.option for one in self._definition.choose]

        def arm(one: Trial) -> dict[str, Any]:
            return {option: value for option, value in one.options.items() if option not in (*chosen, "seed")}

        def choice(one: Trial) -> list[Any]:
            return [one.options.get(option) for option in chosen]

        return any(arm(t) == arm(trial) and choice(t) != choice(trial) for t in planned if t.role == "trial")

    def _is_open(self, trial: Trial) -> bool:
        """Whether a training of the choice is not over and has not been tried in this start. One that still runs is a
        process that a killed sweep has left, which is about to save and end.
        """
        over = state_of(self._directory, trial).status in ("completed", "refused")
        return not over and trial.name not in self._tried

    def _check_choice(self, base: dict[str, Any]) -> None:
        seeds = next((one.values for one in self._definition.varied if one.option == "seed"), (base["seed"],))
        both = sorted(set(seeds) & set(self._settings["choose_seeds"]))
        if base["data"]["split"][1] == 0 and not str(base["data"]["_target_"]).endswith("WikiText2"):
            raise UserError("sweep.choose needs a validation part, but data.split gives val a share of 0.")
        if both or not self._settings["choose_seeds"]:
            raise UserError(
                f"sweep.choose_seeds={self._settings['choose_seeds']} must be seeds that the comparison"
                f" (seed={list(seeds)}) does not use: what was chosen on a training cannot be judged by it."
            )

    def _widened(self, content: dict[str, Any]) -> dict[str, Any]:
        """With the values of earlier starts: their trials are still part of the sweep."""
        before = self._directory.read()
        if before is None:
            return content
        for field in ("options", "choose"):
            values = {option: list(known) for option, known in before[field].items()}
            for option, new in content[field].items():
                values[option] = [*values.get(option, []), *(v for v in new if v not in values.get(option, []))]
            content = content | {field: values}
        return content

    # -- training ----------------------------------------------------------------------------------------------------

    def _train(self, trials: list[Trial], received: list[int]) -> None:
        pending = [
            trial
            for trial in trials
            if trial.name in self._planner.configs and state_of(self._directory, trial).status != "completed"
        ]
        self._tried |= {trial.name for trial in pending}
        done = sum(state_of(self._directory, trial).status == "completed" for trial in trials)
        print(f"{self._directory.path}: {len(trials)} trials, {done} done, {len(pending)} to train, {self._resources}.")
        if not pending:
            return
        self._hand_over(pending)
        if received:  # while it was planned: handing over has cleared the sign to stop
            return
        with Progress(self._directory, trials, pending, self._resources.jobs).shown():
            try:
                self._launch(pending)
            except (Exception, SystemExit) as error:  # a worker of the launcher's that was killed, a queue that is gone
                if not received:
                    said = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
                    raise UserError(
                        f"hydra/launcher: {said}; the trials are saved, the same command goes on."
                    ) from error

    def _hand_over(self, pending: Sequence[Trial]) -> None:
        """For each trial what its process needs."""
        shutil.rmtree(self._directory.handed, ignore_errors=True)
        self._directory.slots.mkdir(parents=True)
        for trial in pending:
            write_config(
                {
                    "process": this_process(),
                    "path": trial.path,
                    "jobs": self._resources.jobs,
                    "gpus": self._resources.gpus,
                    "config": self._planner.configs[trial.name],
                },
                self._directory.handed / f"{trial.name}.yaml",
            )

    def _launch(self, pending: Sequence[Trial]) -> None:
        config = self._config.copy()
        with open_dict(config):
            launcher = config.hydra.launcher
            for option in ("n_jobs", "array_parallelism"):  # joblib's, and Slurm's
                if option in launcher:
                    launcher[option] = self._resources.jobs
        plugin = Plugins.instance().instantiate_launcher(
            hydra_context=self._context, task_function=run_trial, config=config
        )
        name = literal(str(self._config.sweep.name))
        try:
            plugin.launch(
                [[f"sweep.name={name}", f"sweep.trial={literal(trial.name)}"] for trial in pending], initial_job_idx=0
            )
        finally:
            # joblib keeps its workers, with the directory and environment they were begun in, for another call.
            get_reusable_executor().shutdown(wait=True)
