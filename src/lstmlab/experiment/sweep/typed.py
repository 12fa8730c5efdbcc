"""Overrides as a person types them: for commands that are shown, or run by others."""

from collections.abc import Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from lstmlab.overrides import LITERAL


def typed_again(overrides: Sequence[str]) -> list[str]:
    """Hydra's spelling undone for the options whose values are taken literally: the command line spells them again."""
    parser = OverridesParser.create()
    typed = []
    for one in overrides:
        key = one.partition("=")[0]
        if key.lstrip("+") in LITERAL:
            value = OmegaConf.create({"text": parser.parse_override(one).value()})["text"]
            one = f"{key}={value}"
        typed.append(one)
    return typed
