"""What a sweep found, in sentences: what won, by how much, how sure."""

import math
from collections.abc import Sequence

from lstmlab.reports.statistics import Comparison, Interval, seeds_needed
from lstmlab.reports.sweep.effects import Effect, Level, differences
from lstmlab.reports.sweep.values import short

SURE = 0.05  # of p after Holm's correction


def verdict(effect: Effect) -> str:
    """One sentence, or two, on one option."""
    option = effect.option
    if len(effect.levels) < 2:
        only = f"only {effect.levels[0].text} has" if effect.levels else "no value has"
        return f"{option}: nothing to compare, {only} a finished trial."
    if effect.changes_text:
        return (
            f"{option} changes the text that is scored: its values' figures are of different texts and say how hard"
            " these are, not which value is better, so they are not compared."
        )
    best, second = effect.ranked[:2]
    found = effect.between(best, second)
    if found is None or not found[2].pairs:
        return (
            f"{option}: {_name(best)} has the lowest mean, {best.mean:.3f} bits a character, but shares no seed with"
            f" {_name(second)}, so that nothing can be said."
        )
    if is_sure(found[2]) and found[0] < 0:  # seeds that one of them lacks have turned the means around
        best, second = second, best
        found = effect.between(best, second) or found
    lead, interval, comparison = found
    if is_sure(comparison):
        return (
            f"{option} {_name(best)} beats {_name(second)} by {_how_sure(lead, interval, comparison)}.{_over(effect)}"
        )
    if comparison.pairs < 2:
        return (
            f"{option}: {_name(best)} is ahead of {_name(second)} by {lead:.3f} bits a character with the one seed that"
            f" both have; one pair tells nothing of chance, five seeds are a beginning.{_over(effect)}"
        )
    return (
        f"{option}: {_name(best)} has the lowest mean, but its lead over {_name(second)} is within the noise:"
        f" {_how_sure(lead, interval, comparison)}; {_settling(effect, best, second)}."
        f"{_beaten(effect, best)}{_over(effect)}"
    )


def decided(effect: Effect) -> bool | None:
    """Whether the best value beats the next for sure; nothing where nothing is compared."""
    if len(effect.levels) < 2 or effect.changes_text:
        return None
    found = effect.between(*effect.ranked[:2])
    return found is not None and is_sure(found[2])


def is_sure(comparison: Comparison) -> bool:
    """Whether a difference is told apart from chance after Holm's correction."""
    return comparison.pairs >= 2 and math.isfinite(comparison.p_adjusted) and comparison.p_adjusted < SURE


def shown_p(p: float) -> str:
    """A probability with its sign: "= 0.004", "< 0.001"."""
    if not math.isfinite(p):
        return "is unknown"
    return "< 0.001" if p < 0.001 else f"= {p:.3f}" if p < 0.01 else f"= {p:.2g}"


def _how_sure(lead: float, interval: Interval, comparison: Comparison) -> str:
    if not interval.known:  # all pairs differ by the same
        return (
            f"{lead:.3f} bits a character ({comparison.pairs} paired seeds without any spread, {comparison.method},"
            f" p {shown_p(comparison.p_adjusted)} after Holm)"
        )
    digits = _digits(lead, interval)
    low, high = (f"{value:.{digits}f}".replace("-", "−") for value in (interval.low, interval.high))
    lead_text = f"{lead:.{digits}f}".replace("-", "−")
    return (
        f"{lead_text} bits a character ({100 * interval.level:g} % CI {low} to {high}, {comparison.pairs} paired seeds,"
        f" {comparison.method}, p {shown_p(comparison.p_adjusted)} after Holm)"
    )


def _digits(lead: float, interval: Interval) -> int:
    """Three digits after the point, more where the interval is too narrow for them."""
    width = interval.high - interval.low
    if not math.isfinite(width) or width <= 0:
        return 3
    return min(6, max(3, 1 - math.floor(math.log10(width))))


def _settling(effect: Effect, best: Level, second: Level) -> str:
    found = differences(best, second)
    if not any(found):
        return "their figures are the same"
    needed = seeds_needed(found, family=max(1, sum(one.pairs > 1 for one in effect.comparisons.values())))
    if needed is None:
        return "more than 1,000 seeds would be needed to settle it"
    more = needed - len(found)
    if more < 1:
        return "a few more seeds would settle it"
    return f"about {more:,} more seed{'s' if more > 1 else ''} would settle it"


def _beaten(effect: Effect, best: Level) -> str:
    """Which other levels the best beats for sure."""
    parts = []
    for level in effect.ranked[2:]:
        found = effect.between(best, level)
        if found and is_sure(found[2]) and found[0] > 0:
            parts.append(f"{_name(level)} by {found[0]:.3f} (p {shown_p(found[2].p_adjusted)})")
    return f" It does beat {joined(parts)}." if parts else ""


def _over(effect: Effect) -> str:
    over = f" Averaged over {joined(effect.over)}." if effect.over else ""
    held = [f"{option}={short(value, 60)}" for option, value in effect.held.items()]
    return over + (f" With {joined(held)}." if held else "")


def joined(parts: Sequence[str]) -> str:
    """a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def _name(level: Level) -> str:
    return short(level.text, 60)
