"""How several trainings run: the options of ``sweep``, apart from what was typed of the trainings themselves."""

from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf

from lstmlab.errors import UserError
from lstmlab.experiment.schema import check_sweep


def read_settings(
    context: HydraContext, config: DictConfig, arguments: Sequence[str]
) -> tuple[dict[str, Any], list[str], OverridesParser]:
    """The checked options of ``sweep``, the overrides of everything else, and the parser of these.

    Raises:
        UserError: one of them is wrong, or has several values.
    """
    settings: dict[str, Any] = OmegaConf.to_container(config.sweep, resolve=True)  # type: ignore[assignment]
    check_sweep(settings)
    parser = OverridesParser.create(config_loader=context.config_loader)
    own = [word for word in arguments if word.lstrip("+").startswith(("sweep=", "sweep."))]
    for override in parser.parse_overrides(own):
        if override.is_sweep_override():
            raise UserError(f"{override.input_line}: what says how a sweep runs cannot be varied; give one value.")
    return settings, [word for word in arguments if word not in own], parser
