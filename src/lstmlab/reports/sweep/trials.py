"""A sweep as it lies on disk, for reports and for notebooks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lstmlab.reports.sweep.values import Value, key

State = Literal["completed", "running", "interrupted", "failed", "refused", "missing"]
# A choice helped an arm to choose, a former trial was made before another choice, a pruned one was ended early.
Role = Literal["trial", "choice", "former", "pruned"]
SEED = "seed"


@dataclass(frozen=True)
class Trial:
    """One run: what was set in it, how it stands, what came out.

    ``options`` has a value for every option of the sweep (and of those chosen for each arm); ``config`` and ``summary``
    are the run's own, empty where it has none. ``text`` names the text that it was scored on.
    """

    name: str
    path: Path
    options: Mapping[str, Value]
    seed: Value
    role: Role
    state: State
    reason: str | None
    config: Mapping[str, Any]
    summary: Mapping[str, Any]
    wall_seconds: float | None
    text: str = ""

    def figure(self, name: str) -> float | None:
        """A finite number of the summary, or nothing."""
        value = self.summary.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            return None
        return float(value)

    @property
    def bits(self) -> float | None:
        """Validation bits a character: what options are compared and chosen by."""
        return self.figure("val/bits_per_char")

    @property
    def counts(self) -> bool:
        """Whether it takes part in the comparison: finished, with a validation figure, and no run for a choice."""
        return self.role == "trial" and self.state == "completed" and self.bits is not None

    @property
    def tokenization(self) -> tuple[str, str, str]:
        """Trials for which this differs have perplexities that cannot be compared."""
        unit, size = self.summary.get("perplexity_unit"), self.summary.get("vocabulary")
        return str(unit), str(size), key(self.config.get("tokenizer"))

    def level(self, option: str) -> str:
        """A text for the option's value, equal for equal values only."""
        return key(self.options.get(option))


@dataclass(frozen=True)
class Sweep:
    """Trials, and what is varied among them: option → values, in order; the seed, which pairs trials, is not there.

    ``choose`` has the options whose value every arm chose for itself, with all values tried. ``beside`` names further
    options that go along with a varied one, where no sweep.yaml says what was meant to vary. ``notes`` are sentences
    that a reader of the figures must know.
    """

    name: str
    directories: tuple[Path, ...]
    options: Mapping[str, tuple[Value, ...]]
    choose: Mapping[str, tuple[Value, ...]]
    trials: tuple[Trial, ...]
    beside: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()

    @property
    def counted(self) -> tuple[Trial, ...]:
        """The trials whose figures are compared."""
        return tuple(trial for trial in self.trials if trial.counts)

    @property
    def unit(self) -> str | None:
        """What perplexities are per, where they are all per the same and can be compared."""
        found = {trial.tokenization for trial in self.counted}
        return next(iter(found))[0] if len(found) == 1 else None

    @property
    def one_text(self) -> bool:
        """Whether all that is compared was scored on the same text."""
        return len({trial.text for trial in self.counted}) <= 1
