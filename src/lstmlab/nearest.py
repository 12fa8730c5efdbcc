"""The known names nearest to a mistyped one, for messages that say what was meant."""

from collections.abc import Iterable
from difflib import SequenceMatcher

_ALIKE = 0.6  # difflib's own cutoff


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """At most `count` of the `known` dotted names, nearest first, whatever their case.

    A known name is near when the whole of it, or its last part, resembles that of `name`. Where a last part
    is exactly right (`seq_length` for `data.seq_length`), the merely similar names are left out.
    """
    scores = {candidate: _likeness(name.lower(), candidate.lower()) for candidate in known}
    exact = [candidate for candidate, (last, _) in scores.items() if last == 1.0]
    near = exact or [candidate for candidate, score in scores.items() if max(score) >= _ALIKE]
    return sorted(near, key=lambda candidate: (-sum(scores[candidate]), candidate))[:count]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence to end an error message with, such as " Did you mean data.seq_length?", or nothing."""
    *others, last = nearest(name, known) or [""]
    return f" Did you mean {', '.join(others)}{' or ' if others else ''}{last}?" if last else ""


def _likeness(name: str, candidate: str) -> tuple[float, float]:
    """How alike the last dotted parts are, and how alike the whole names."""
    last = SequenceMatcher(None, name.rpartition(".")[2], candidate.rpartition(".")[2]).ratio()
    return last, SequenceMatcher(None, name, candidate).ratio()
