"""From a definition to trials: each composed, checked and told from every other by its identity."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, open_dict

from lstmlab.errors import UserError
from lstmlab.experiment.building import build_data, check_hardware, check_targets
from lstmlab.experiment.configuration import plain_config
from lstmlab.experiment.mistakes import explain
from lstmlab.experiment.pretrained import check_pretrained
from lstmlab.experiment.schema import flat_options
from lstmlab.experiment.sweep.definition import Definition, Varied, combinations, trial_name
from lstmlab.experiment.sweep.directory import SweepDirectory, Trial
from lstmlab.experiment.sweep.identity import identity
from lstmlab.experiment.sweep.states import state_of
from lstmlab.training.precision import resolve_precision

Values = dict[str, tuple[str, Any]]  # for each key its spelling and its value
_NOT_COMPARED = ("logger", "run", "sweep", "decoding")


class Planner:
    """Makes trials. ``configs`` holds the plain configuration of each by its name."""

    def __init__(
        self, context: HydraContext, config: DictConfig, definition: Definition, threads: int, directory: SweepDirectory
    ) -> None:
        self._loader = context.config_loader
        self._config = config
        self._definition = definition
        self._threads = threads
        self._directory = directory
        before = directory.read()
        self._before = [option for option in (before["options"] if before else {}) if option != "seed"]
        self._corpora: dict[str, str | UserError] = {}
        self.configs: dict[str, dict[str, Any]] = {}

    def base(self) -> dict[str, Any]:
        """The configuration without what is varied, resolved where it can be.

        Raises:
            UserError: a fixed option does not exist.
        """
        composed = self.compose(list(self._definition.fixed))
        base: dict[str, Any] = OmegaConf.to_container(composed, resolve=True)  # type: ignore[assignment]
        return {group: options for group, options in base.items() if group not in _NOT_COMPARED}

    def trials(self, role: str, varied: Sequence[Varied]) -> list[Trial]:
        """All combinations."""
        return [self.trial(role, values) for values in combinations(varied)]

    def trial(self, role: str, values: Values, name: str | None = None) -> Trial:
        """One trial, named after its values where no name is given; one whose configuration is refused has a problem
        instead of an identity.

        Raises:
            UserError: an option does not exist.
        """
        typed = [*self._definition.fixed, *(f"{key}={spelt}" for key, (spelt, _) in values.items())]
        composed, choices = self._composed(typed)
        options = self._told(composed, choices) | {key.lstrip("+"): value for key, (_, value) in values.items()}
        name = name or trial_name(options)
        try:
            config = self._checked(composed, name)
            found = identity(config, self._corpus(config))
        except UserError as error:
            return Trial(name, role, None, options, name, str(error))
        except OSError as error:
            if error.filename is None:
                raise
            return Trial(name, role, None, options, name, f"{error.filename} cannot be used: {error.strerror}.")
        self.configs[name] = config
        return Trial(name, role, found, options, name)

    def _told(self, composed: DictConfig, choices: dict[str, Any]) -> dict[str, Any]:
        """What an earlier start of this sweep varied and this one does not: the trial's own value, where it has one; of
        a group its choice.
        """
        found: dict[str, Any] = {}
        for option in self._before:
            value = OmegaConf.select(composed, option, default=...)
            if option in choices:
                found[option] = choices[option]
            elif value is not ... and not OmegaConf.is_dict(value):
                found[option] = OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
        return found

    def compose(self, overrides: list[str]) -> DictConfig:
        """The configuration of a training with these overrides.

        Raises:
            UserError: an option does not exist.
        """
        return self._composed(overrides)[0]

    def _composed(self, overrides: list[str]) -> tuple[DictConfig, dict[str, Any]]:
        """With the choice of each group."""
        try:
            composed = self._loader.load_sweep_config(self._config, overrides)
        except Exception as error:  # Hydra raises what OmegaConf, its parser and its own code do
            raise UserError(explain(error, "train", overrides)) from error
        with open_dict(composed):
            hydra = composed.pop("hydra")
            composed.pop("sweep")
        return composed, dict(hydra.runtime.choices)

    def _checked(self, composed: DictConfig, name: str) -> dict[str, Any]:
        config = plain_config("train", composed)
        if config["run"] is not None:
            raise UserError("run=… goes on with one training and has no place in a sweep.")
        trainer, logger = config["trainer"], config["logger"]
        trainer["threads"] = trainer["threads"] or self._threads
        check_targets(config)
        check_hardware(trainer)
        check_pretrained(config["model"])
        trainer["precision"] = resolve_precision(trainer["precision"], trainer["accelerator"])
        if logger["name"] == "wandb":
            sweep = self._directory.path.name
            logger["run_name"] = logger["run_name"] or name
            logger["group"] = logger["group"] or sweep
            logger["tags"] = list(dict.fromkeys([*logger["tags"], "sweep", *self._definition.options()]))
        return config

    def _corpus(self, config: dict[str, Any]) -> str:
        """The key of the text, prepared here once for all its trials.

        Raises:
            UserError: it is missing, or too short for the windows.
        """
        key = json.dumps([config["data"], config["tokenizer"]], sort_keys=True, default=str)
        if key not in self._corpora:
            try:
                data = build_data(config)
                found: str | UserError = data.cache_key()
                data.prepare()
                data.train_streams()
            except UserError as error:
                found = error
            self._corpora[key] = found
        known = self._corpora[key]
        if isinstance(known, UserError):
            raise known
        return known


def check_base(directory: SweepDirectory, definition: Definition, base: dict[str, Any]) -> None:
    """Whether an earlier sweep of this name has the same options outside of what is varied.

    Raises:
        UserError: it has not, so that its trials could not be compared with the new ones.
    """
    before = directory.read()
    if before is None:
        return
    varied = {*before["options"], *before["choose"], *definition.options(), *(one.option for one in definition.choose)}
    if varied & {"experiment", "debug"}:
        return
    old, new = flat_options(before["base"]), flat_options(base)
    for name in sorted({*old, *new}):
        under = any(name == option or name.startswith(f"{option}.") for option in varied)
        if not under and name.partition(".")[2] not in ("path", "root") and old.get(name) != new.get(name):
            raise UserError(
                f"{directory.path} holds a sweep with {name}={old.get(name)}, and here it is {new.get(name)}: their"
                " trials cannot be compared; choose another sweep.name."
            )


def merged(
    directory: SweepDirectory, before: Sequence[Trial], planned: Sequence[Trial], reuse: Sequence[Path]
) -> list[Trial]:
    """The trials that sweep.yaml is to list: those before and those planned, each once.

    A planned trial that was made before keeps its directory; one that another sweep of ``reuse`` has completed is taken
    from there. One that is refused keeps the identity of what was trained under its name.

    Raises:
        UserError: a name was given to another training before; a directory of ``reuse`` is no sweep.
    """
    elsewhere = _completed_elsewhere(reuse)
    known: dict[str | None, Trial] = {trial.identity: trial for trial in before if trial.identity}
    names = {trial.name: trial for trial in before if trial.identity}
    paths = {trial.path: trial for trial in before if trial.identity}  # a name may have changed, its directory has not
    kept = {trial.name: trial for trial in before}
    for trial in planned:
        named = names.get(trial.name)
        if trial.problem:
            kept[trial.name] = replace(trial, identity=named.identity, path=named.path) if named else trial
            continue
        earlier = named if named and named.identity == trial.identity else known.get(trial.identity)
        clash = named or paths.get(trial.path)
        if earlier is None and clash is not None:
            raise UserError(
                f"{directory.path / clash.path} was trained on another text, or by another version of lstmlab, or with"
                f" other options than {trial.name} would be now; choose another sweep.name."
            )
        if earlier is not None and earlier.name != trial.name:
            kept.pop(earlier.name, None)
        kept[trial.name] = _placed(directory, trial, earlier.path if earlier else trial.path, elsewhere)
    return list(kept.values())


def _completed_elsewhere(reuse: Sequence[Path]) -> dict[str, Path]:
    """The run directories of what other sweeps have completed, by the trials' identities."""
    found: dict[str, Path] = {}
    for lender in reuse:
        other = SweepDirectory(lender.expanduser().absolute())
        if other.read() is None:
            raise UserError(f"sweep.reuse: {lender} is no sweep: it holds no sweep.yaml.")
        for trial in other.trials():
            if trial.identity and state_of(other, trial).status == "completed":
                found[trial.identity] = (other.path / trial.path).resolve()
    return found


def _placed(directory: SweepDirectory, trial: Trial, path: str, elsewhere: Mapping[str, Path]) -> Trial:
    """With its run directory: ``path`` where it is complete, else where it is complete, else one of this sweep."""
    if state_of(directory, replace(trial, path=path)).status == "completed":
        return replace(trial, path=path)
    if lent := elsewhere.get(trial.identity or ""):
        return replace(trial, path=str(lent))
    # Nothing is trained in what another sweep has lent: it may have trained it further, or be gone.
    return replace(trial, path=trial.path if Path(path).is_absolute() else path)
