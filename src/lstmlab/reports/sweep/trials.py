"""A sweep as it lies on disk, for reports and for notebooks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lstmlab.errors import UserError
from lstmlab.nearest import did_you_mean
from lstmlab.reports.facts import facts_html, table_html
from lstmlab.reports.metrics_rows import read_metrics
from lstmlab.reports.picture import Picture
from lstmlab.reports.sweep.values import Value, key, shown

if TYPE_CHECKING:
    import pandas

    from lstmlab.trained_model import TrainedModel

State = Literal["completed", "running", "interrupted", "failed", "refused", "missing"]
# A choice helped an arm to choose, a former trial was made before another choice, a pruned one was ended early.
Role = Literal["trial", "choice", "former", "pruned"]
SEED = "seed"


_FIGURES = (
    "val/bits_per_char",
    "val/perplexity",
    "test/bits_per_char",
    "test/perplexity",
    "parameters",
    "wall_seconds",
)


@dataclass(frozen=True, repr=False)
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

    def load(self) -> "TrainedModel":
        """The model that it trained.

        Raises:
            UserError: it has no checkpoint.
        """
        from lstmlab.loading import load

        return load(self.path)

    def metrics(self) -> list[dict[str, float | None]]:
        """metrics.csv: a row a logged step, a number or None for every column.

        Raises:
            UserError: it never began, or the file is damaged.
        """
        return read_metrics(self.path / "metrics.csv")

    def _facts(self) -> list[tuple[str, str]]:
        facts = [(name, shown(value)) for name, value in self.options.items()]
        facts += [("seed", shown(self.seed)), ("state", self.state + (f": {self.reason}" if self.reason else ""))]
        for name in ("val/bits_per_char", "test/bits_per_char"):
            if (figure := self.figure(name)) is not None:
                facts.append((f"bits a character, {name.partition('/')[0]}", f"{figure:.4f}"))
        return [*facts, ("where", str(self.path))]

    def __repr__(self) -> str:
        bits = "" if self.bits is None else f", {self.bits:.4f} validation bits a character"
        return f"Trial({self.name}, {self.state}{bits})"

    def _repr_html_(self) -> str:
        return facts_html(f"Trial {self.name}", self._facts())


@dataclass(frozen=True, repr=False)
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

    @property
    def best(self) -> Trial:
        """The finished trial with the fewest validation bits a character.

        Raises:
            UserError: none is finished, or they were scored on different texts.
        """
        if not self.counted:
            raise UserError(f"sweep {self.name} has no finished trial with a validation figure; let it go on.")
        if not self.one_text:
            raise UserError(f"sweep {self.name}: its trials were scored on different texts; none is the best of them.")
        return min(self.counted, key=lambda trial: (trial.bits, trial.name))

    def frame(self) -> "pandas.DataFrame":
        """A pandas data frame with a row a trial: its name, what varies, seed, role, state, and figures.

        Raises:
            UserError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise UserError("a data frame needs pandas: pip install 'lstmlab[notebook]'.") from error
        varied = [*self.options, *(name for name in self.choose if name not in self.options)]
        rows = [
            {
                "trial": trial.name,
                **{option: trial.options.get(option) for option in varied},
                "seed": trial.seed, "role": trial.role, "state": trial.state,
                **{name: trial.figure(name) for name in _FIGURES},
            }
            for trial in self.trials
        ]  # fmt: skip
        columns = ["trial", *varied, "seed", "role", "state", *_FIGURES]
        return pandas.DataFrame(rows, columns=columns).set_index("trial")

    def plot(self, option: str | None = None) -> Picture:
        """Validation bits a character by one varied option: a dot a seed, mean and 95 % interval, as in the report.

        Args:
            option: which; the first one that varies by default.

        Raises:
            UserError: nothing varies, the option does not, or no trial is finished.
        """
        from lstmlab.reports.sweep.effects import effect_of
        from lstmlab.reports.sweep.pictures import effect_figure

        if not self.options:
            raise UserError(f"sweep {self.name} varies nothing but the seed: there is no picture to draw.")
        chosen = next(iter(self.options)) if option is None else option
        if chosen not in self.options:
            names = ", ".join(self.options)
            raise UserError(
                f"option={chosen} does not vary in {self.name}; {names} does.{did_you_mean(chosen, self.options)}"
            )
        effect = effect_of(self, chosen)
        if not effect.levels:
            raise UserError(f"sweep {self.name} has no finished trial with a validation figure; let it go on.")
        return Picture(effect_figure(effect), f"validation bits a character by {chosen}")

    def __repr__(self) -> str:
        varied = ", ".join(f"{name} in {[*values]}" for name, values in self.options.items())
        return f"Sweep({self.name}: {len(self.counted)} of {len(self.trials)} trials finished{varied and '; '}{varied})"

    def _repr_html_(self) -> str:
        headers = ["trial", *self.options, "seed", "state", "val bits/char", "test bits/char"]
        rows = []
        for trial in sorted(self.trials, key=lambda each: (each.bits is None, each.bits or 0.0)):
            figures = [trial.figure(f"{part}/bits_per_char") for part in ("val", "test")]
            cells = [trial.name, *(shown(trial.options.get(name)) for name in self.options), shown(trial.seed)]
            rows.append([*cells, trial.state, *("" if one is None else f"{one:.4f}" for one in figures)])
        return table_html(repr(self), headers, rows)
