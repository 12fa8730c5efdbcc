"""From Hydra's composed configuration to the plain dict that everything else is built from."""

from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from lstmlab.errors import UserError
from lstmlab.experiment.schema import check
from lstmlab.files import replacing

PATHS = (("data", "path"), ("data", "root"), ("tokenizer", "user_dict"), ("model", "pretrained_embeddings"))


def plain_config(job: str, composed: DictConfig) -> dict[str, Any]:
    """Resolved once, checked, paths absolute: nothing in it needs Hydra any more.

    Raises:
        UserError: an option is wrong, or an interpolation leads nowhere.
    """
    config: dict[str, Any]
    try:
        config = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)  # type: ignore[assignment]
    except OmegaConfBaseException as error:
        raise UserError(
            f"{getattr(error, 'full_key', None) or 'the configuration'}: {str(error).splitlines()[0]}."
        ) from error
    config.pop("hydra", None)
    sweep = config.pop("sweep", None)
    if sweep and (sweep["options"] or sweep["choose"]):
        raise UserError("sweep=… is several trainings and runs from the command line: lstmlab train sweep=….")
    check(job, config)
    # A run must find its corpus from another working directory too.
    for group, name in PATHS:
        options = config.get(group) or {}
        if options.get(name):
            options[name] = str(Path(options[name]).expanduser().absolute())
    return config


def write_config(config: dict[str, Any], path: Path) -> None:
    """config.yaml: plain YAML, to be read as such (a text with ``${…}`` in it is just that text)."""
    with replacing(path) as partial:
        partial.write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False), encoding="utf-8")


def read_config(path: Path) -> dict[str, Any]:
    """What ``write_config`` wrote.

    Raises:
        UserError: it is missing or broken.
    """
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing: {path.parent} is no run directory.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as YAML: {str(error).splitlines()[0]}.") from error
    if not isinstance(config, dict):
        raise UserError(f"{path} holds no configuration.")
    return dict(config)
