"""Hydra's errors in one sentence that names the option and its nearest neighbours."""

import re
from collections.abc import Sequence
from pathlib import Path

import hydra
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from lstmlab.conf_path import conf_directory, config_name
from lstmlab.experiment.schema import option_names
from lstmlab.help import choice_options
from lstmlab.nearest import did_you_mean

_OPTION = re.compile(r"Could not (?:override|append to config|delete from config)\.? ?'([^']+)'")
_MISSING_CHOICE = re.compile(r"Could not find '([^']+)'")
_GROUP = re.compile(r"Could not override '([^']+)'\.\s*\n?No match in the defaults list")
_NO_OVERRIDE = re.compile(r"Error parsing override '([^']*)'")
_SEVERAL = re.compile(r"Ambiguous value for argument '([\w./]+)=(.*)'")
_ADDED = re.compile(r"Multiple values for ([\w/]+)\.")


def explain(error: Exception, job: str, words: Sequence[str] = ()) -> str:
    """One sentence for a user's mistake that Hydra or OmegaConf found in the ``words`` typed."""
    text = str(error)
    if match := _MISSING_CHOICE.search(text):
        group, _, choice = match[1].rpartition("/")
        if choices := _choices(group):
            return f"{group}={choice} does not exist.{did_you_mean(choice, choices)} There is {', '.join(choices)}."
        return f"{group or choice} is no group of options.{did_you_mean(group or choice, _groups())}"
    if match := _GROUP.search(text) or _OPTION.search(text):
        name = match[1]
        if where := _choices_with(name):
            return f"{name} is no option here: it belongs to {' and '.join(where)}."
        options = _options(job)
        if below := [option for option in options if option.startswith(f"{name}.")]:
            return f"{name} is no choice of lstmlab {job}; there is {', '.join(below)}."
        known = {*options, *(option.partition(".")[0] for option in options)} - {name}
        return f"{name} is no option of lstmlab {job}.{did_you_mean(name, known)}"
    if match := _NO_OVERRIDE.search(text):
        return f"{match[1]} cannot be read as option=value."
    if match := _SEVERAL.search(text):
        values = match[2].replace("'", "")
        return f"{match[1]}={values} is several values: write -m to run each, or {match[1]}=[{values}] for one list."
    if match := _ADDED.search(text):
        return f"+{match[1]}=… would choose twice; write it without the +."
    if "Config group override must be" in text:
        nameless = [w for w in words if re.fullmatch(rf"({'|'.join(_groups())})?=(null|true|false|\W*\d.*)", w, re.I)]
        return f"{' '.join(nameless) or 'a group'}: a group of options takes one of its choices, as in logger=csv."
    cause = error.__cause__ or error
    key = getattr(cause, "full_key", None)
    first = next((line for line in text.splitlines() if line.strip()), type(error).__name__).rstrip(".")
    return f"{key}: {first}." if key and str(key) not in first else f"{first}."


def _groups() -> list[str]:
    return sorted(path.name for path in conf_directory().iterdir() if path.is_dir())


def _choices(group: str) -> list[str]:
    folder = conf_directory() / group
    return (
        sorted(path.stem for path in folder.glob("*.yaml") if not path.name.startswith("_")) if folder.is_dir() else []
    )


def _choices_with(name: str) -> list[str]:
    """The choices of a group that have an option which the chosen one lacks, such as data=text for data.path."""
    group = name.partition(".")[0]
    return [f"{group}={choice}" for choice in _choices(group) if name in choice_options(group, choice)]


def _options(job: str) -> list[str]:
    """All options of a job as it is without overrides."""
    name = config_name(job)
    if not Path(conf_directory() / f"{name}.yaml").is_file():
        return []
    GlobalHydra.instance().clear()
    with hydra.initialize_config_dir(version_base="1.3", config_dir=str(conf_directory())):
        composed = hydra.compose(name)
    plain = OmegaConf.to_container(composed)
    return option_names(plain) if isinstance(plain, dict) else []  # type: ignore[arg-type]  # keys of ours are text
