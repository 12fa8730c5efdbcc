"""Composing a job's configuration outside Hydra's own command line."""

from collections.abc import Sequence
from pathlib import Path

import hydra
from hydra.errors import HydraException
from omegaconf import DictConfig, open_dict
from omegaconf.errors import OmegaConfBaseException

from lstmlab.conf_path import conf_directory
from lstmlab.errors import UserError
from lstmlab.experiment.mistakes import explain
from lstmlab.overrides import as_typed


def compose_job(
    job: str, overrides: Sequence[str], config_dir: str | Path | None = None
) -> tuple[DictConfig, Path, list[str]]:
    """The composed configuration, its run directory, and the overrides of options (those of Hydra itself left out).

    Raises:
        UserError: an override names no option or group.
    """
    given = as_typed(overrides)
    search = [f"hydra.searchpath=[file://{Path(config_dir).absolute()}]"] if config_dir else []
    try:
        with hydra.initialize_config_dir(version_base="1.3", config_dir=str(conf_directory())):
            composed = hydra.compose(job, [*given, *search], return_hydra_config=True)
            directory = Path(composed.hydra.run.dir)
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        raise UserError(explain(error, job, overrides)) from error
    with open_dict(composed):
        del composed["hydra"]
    return composed, directory, [override for override in given if not override.startswith("hydra.")]
