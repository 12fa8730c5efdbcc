"""When a sequence is finished."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

# The end-of-document token, a stop string, the maximum of tokens; blocked: no token was left to choose.
Finish = Literal["end", "stop", "length", "blocked"]


@dataclass(frozen=True)
class Limits:
    """What finishes a sequence, and what may not come in it."""

    max_tokens: int
    min_tokens: int = 0  # before so many the end is not chosen and no stop string is looked for
    end: int | None = None  # the id that ends a sequence and is no part of it
    banned: tuple[int, ...] = ()  # ids that are never chosen
    stopped: Callable[[Sequence[int], Sequence[int]], bool] | None = None  # see ``finish``

    def finish(self, ids: Sequence[int], prompt: Sequence[int]) -> Finish | None:
        """Why a sequence is finished after ``ids``, of which none is the end; None: it goes on.

        ``stopped`` is asked whether the last of the ids, behind those of the prompt, completed a stop string.
        """
        if self.stopped is not None and len(ids) >= max(1, self.min_tokens) and self.stopped(ids, prompt):
            return "stop"
        return "length" if len(ids) >= self.max_tokens else None
