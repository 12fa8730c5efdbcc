"""Hydra's errors in one sentence that names the option and its nearest neighbours."""

import re
from pathlib import Path

import hydra
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from lstmlab.conf_path import conf_directory
from lstmlab.experiment.schema import option_names
from lstmlab.nearest import did_you_mean

_OPTION = re.compile(r"Could not (?:override|append to config|delete from config)\.? ?'([^']+)'")
_MISSING_CHOICE = re.compile(r"Could not find '([^']+)'")
_GROUP = re.compile(r"Could not override '([^']+)'\.\s*\n?No match in the defaults list")


def explain(error: Exception, job: str) -> str:
    """One sentence for a user's mistake that Hydra or OmegaConf found."""
    text = str(error)
    if match := _GROUP.search(text):
        return (
            f"{match[1]} is no group of options of lstmlab {job}.{did_you_mean(match[1], [*_groups(), *_options(job)])}"
        )
    if match := _MISSING_CHOICE.search(text):
        group, _, choice = match[1].rpartition("/")
        if group:
            choices = _choices(group)
            return f"{group}={choice} does not exist.{did_you_mean(choice, choices)} There is {', '.join(choices)}."
        return f"There is no configuration {choice}."
    if match := _OPTION.search(text):
        name = match[1]
        return f"{name} is no option of lstmlab {job}.{did_you_mean(name, [*_groups(), *_options(job)])}"
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


def _options(job: str) -> list[str]:
    """All options of a job as it is without overrides."""
    config = conf_directory() / f"{job}.yaml"
    if not Path(config).is_file():
        return []
    GlobalHydra.instance().clear()
    with hydra.initialize_config_dir(version_base="1.3", config_dir=str(conf_directory())):
        composed = hydra.compose(job)
    plain = OmegaConf.to_container(composed)
    return option_names(plain) if isinstance(plain, dict) else []  # type: ignore[arg-type]  # keys of ours are text
