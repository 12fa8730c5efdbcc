"""An interval and how it was made."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """Of confidence ``level``, in the unit of the values; ``low`` and ``high`` are nan where it is unknown.

    ``method`` is "t", "bootstrap" or "block bootstrap". It is unknown where there are fewer than two values.
    """

    low: float
    high: float
    level: float = 0.95
    method: str = "t"

    @property
    def known(self) -> bool:
        """Whether there is one at all."""
        return not (math.isnan(self.low) or math.isnan(self.high))


def checked_level(level: float) -> float:
    """The level itself; raises a ValueError unless it lies between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"A level of confidence lies between 0 and 1, not at {level}.")
    return level
