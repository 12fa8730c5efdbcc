"""What is searched: ``sweep.space``, with what was typed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from lstmlab.errors import UserError
from lstmlab.experiment.sweep.definition import Varied, same_value, short_names, spell

_TRAINING = ("run", "seed", "experiment", "debug")


@dataclass(frozen=True)
class Axis:
    """One option of the space, a range or choices; the study knows its values as ``labels``."""

    key: str  # as it is overridden: optim.lr, model, +data.extra
    choices: tuple[Any, ...] | None = None
    low: float | int = 0
    high: float | int = 0
    log: bool = False

    @property
    def option(self) -> str:
        """The option's name without Hydra's signs."""
        return self.key.lstrip("+")

    @property
    def whole(self) -> bool:
        """Whether a range is of whole numbers."""
        return self.choices is None and isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def labels(self) -> tuple[Any, ...]:
        """What the study holds for the choices. Optuna keeps neither lists nor what is equal but of another type (1 and
        true): unless all are numbers, or all texts, it is told how they are spelt.
        """
        choices = self.choices or ()
        if all(_is_number(one) for one in choices) or all(isinstance(one, str) for one in choices):
            return choices
        return tuple(map(spell, choices))

    def distribution(self) -> BaseDistribution:
        """As Optuna has it."""
        if self.choices is not None:
            return CategoricalDistribution(self.labels)
        if self.whole:
            return IntDistribution(int(self.low), int(self.high), log=self.log)
        return FloatDistribution(float(self.low), float(self.high), log=self.log)

    def value(self, param: Any) -> Any:
        """The option's value for what the study holds."""
        return param if self.choices is None else self.choices[self.labels.index(param)]

    def corners(self) -> list[Any]:
        """The choices, or the ends of the range."""
        return list(self.choices) if self.choices is not None else [self.low, self.high]

    def described(self) -> str:
        """For people."""
        if self.choices is not None:
            return f"one of {', '.join(map(spell, self.choices))}"
        return f"{self.low} to {self.high}{', whole numbers' * self.whole}{', by its logarithm' * self.log}"

    def stored(self) -> dict[str, Any]:
        """For sweep.yaml."""
        if self.choices is not None:
            return {"choices": list(self.choices)}
        return {"low": self.low, "high": self.high, "log": self.log}

    def varied(self) -> Varied:
        """For a sweep's definition."""
        values = self.corners()
        return Varied(self.key, tuple(map(spell, values)), tuple(values))


def read_space(
    arguments: Sequence[str], space: Mapping[str, Mapping[str, Any]], parser: OverridesParser, config: DictConfig
) -> tuple[tuple[str, ...], tuple[Axis, ...]]:
    """What was typed once, and the axes. An option of the space that was typed with one value is fixed to it; one typed
    with several values, whether in the space or not, has these as its choices. What ``config`` holds tells ranges of
    whole numbers from others: a dropout of 0 to 1 is no choice between the two.

    Raises:
        UserError: an axis is wrong, or there is none.
    """
    axes = {key: dict(entry) for key, entry in space.items()}
    fixed = []
    for override in parser.parse_overrides(list(arguments)):
        key = override.get_key_element()
        axes = {name: entry for name, entry in axes.items() if name.lstrip("+") != key.lstrip("+~")}
        if not override.is_sweep_override():
            fixed.append(str(override.input_line))
        elif override.is_discrete_sweep():
            spelt = override.sweep_string_iterator()
            axes[key] = {"choices": [parser.parse_override(f"{key}={one}").value() for one in spelt]}
        else:
            raise UserError(
                f"{override.input_line} is no list of values; a range is given by"
                f" sweep.space={{{key}: {{low: 1, high: 3}}}}."
            )
    if not axes:
        raise UserError(
            "sweep.space is empty, so there is nothing to search: take a definition that has one, as in sweep=grid, or"
            " give sweep.space={optim.lr: {low: 0.001, high: 0.02, log: true}}."
        )
    return tuple(fixed), tuple(
        _axis(key, entry, OmegaConf.select(config, key.lstrip("+"))) for key, entry in axes.items()
    )


def search_name(axes: Sequence[Axis]) -> str:
    """After what is searched."""
    return "tune-" + "-".join(short_names([axis.option for axis in axes]).values())


def size(axes: Sequence[Axis]) -> float:
    """How many different points the space has; infinite with a range of floats that is no single point."""
    counts: list[float] = [
        len(axis.choices) if axis.choices is not None else (axis.high - axis.low + 1 if axis.whole else math.inf)
        for axis in axes
    ]
    return math.prod(counts)


def _axis(key: str, entry: Mapping[str, Any], present: Any) -> Axis:
    name, option = f"sweep.space.{key}", key.lstrip("+")
    if option in _TRAINING or key.startswith("~"):
        raise UserError(
            f"{name}: {option} cannot be searched, for it would make another kind of training; take it out."
        )
    low, high, choices = entry.get("low"), entry.get("high"), entry.get("choices")
    log = bool(entry.get("log"))
    if choices is not None and (low is not None or high is not None):
        raise UserError(f"{name} has both choices and a range: set choices, or low and high, to null.")
    if choices is not None:
        if not choices:
            raise UserError(f"{name}.choices is empty; give the values to choose from, as in [16, 32].")
        if log:
            raise UserError(f"{name}.log=true belongs to a range, and {option} has choices; leave it out.")
        for place, one in enumerate(choices):
            if any(same_value(one, other) for other in choices[:place]):
                raise UserError(f"{name}.choices has the value {spell(one)} twice.")
        return Axis(key, tuple(choices))
    if low is None or high is None:
        lacks = [end for end, value in (("low", low), ("high", high)) if value is None]
        raise UserError(f"{name} lacks {' and '.join(lacks)}: give low and high, or choices.")
    if low >= high:
        raise UserError(f"{name}.low={low} must be below {name}.high={high}.")
    if log and low <= 0:
        raise UserError(f"{name}.low={low} must be above 0 where log is true.")
    if isinstance(present, float) or isinstance(low, int) != isinstance(high, int):
        low, high = float(low), float(high)
    return Axis(key, None, low, high, log)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
