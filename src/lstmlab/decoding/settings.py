"""The options of a decoding."""

import math
from dataclasses import dataclass, fields
from typing import Literal

from lstmlab.errors import UserError

_SAMPLING = ("temperature", "top_k", "top_p", "min_p")
_BEAM = ("num_beams", "length_penalty", "early_stopping")
_WHAT = {"greedy": "always takes the most probable token", "sample": "draws one sequence", "beam": "draws nothing"}


@dataclass(frozen=True)
class Decoding:
    """How the next tokens are chosen: ``greedy``, ``sample`` or ``beam``, and what is done to the scores before.

    Args:
        temperature: of sampling: below 1 safer, above 1 bolder; 0 is greedy.
        top_k: of sampling: only the k most probable tokens.
        top_p: of sampling: only the most probable tokens that together have this probability.
        min_p: of sampling: only tokens at least that many times as probable as the most probable one.
        repetition_penalty: above 1 makes tokens of prompt and text less probable; 1 is off.
        no_repeat_ngram: no n-gram of so many tokens comes twice.
        num_beams: of beam search: hypotheses that are followed at once; None: 4.
        length_penalty: of beam search: scores are divided by length to this power; above 0 favours long sequences.
        early_stopping: of beam search, in the meaning of Hugging Face's ``generate``. True: as soon as ``num_beams``
            hypotheses are finished. False: when the best running one, at its present length, is no better than the
            worst finished. "never": when it cannot become better at any length.

    Raises:
        UserError: a value is out of range, or two options contradict each other.
    """

    name: str = "sample"
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repetition_penalty: float = 1.0
    no_repeat_ngram: int | None = None
    num_beams: int | None = None
    length_penalty: float = 1.0
    early_stopping: bool | Literal["never"] = False

    def __post_init__(self) -> None:
        if self.name not in _WHAT:
            raise UserError(f"decoding.name={self.name} is none of greedy, sample, beam.")
        self._check_ranges()
        foreign = {"greedy": _SAMPLING + _BEAM, "sample": _BEAM, "beam": _SAMPLING}[self.name]
        defaults = {field.name: field.default for field in fields(self)}
        for name in foreign:
            if (value := getattr(self, name)) != defaults[name]:
                other = "beam" if name in _BEAM else "sample"
                raise UserError(
                    f"decoding={self.name} and decoding.{name}={value} exclude each other: {self.name}"
                    f" {_WHAT[self.name]}; take decoding={other} or leave {name} out."
                )

    def _check_ranges(self) -> None:
        def check(right: bool, name: str, wanted: str) -> None:
            if not right:
                raise UserError(f"decoding.{name}={getattr(self, name)} must be {wanted}.")

        check(0 <= self.temperature < math.inf, "temperature", "a number from 0 up")
        check(self.top_k is None or self.top_k >= 1, "top_k", "at least 1, or null for all")
        check(self.top_p is None or 0 < self.top_p <= 1, "top_p", "above 0 and at most 1, or null")
        check(self.min_p is None or 0 <= self.min_p <= 1, "min_p", "from 0 to 1, or null")
        check(0 < self.repetition_penalty < math.inf, "repetition_penalty", "a number above 0; 1 is off")
        check(self.no_repeat_ngram is None or self.no_repeat_ngram >= 1, "no_repeat_ngram", "at least 1, or null")
        check(self.num_beams is None or self.num_beams >= 1, "num_beams", "at least 1, or null for 4")
        check(math.isfinite(self.length_penalty), "length_penalty", "a finite number")
        check(self.early_stopping in (True, False, "never"), "early_stopping", "true, false or never")

    @property
    def draws(self) -> bool:
        """Whether chance decides."""
        return self.name == "sample" and self.temperature > 0

    @property
    def beams(self) -> int:
        """Hypotheses that beam search follows at once."""
        return 4 if self.num_beams is None else self.num_beams
