"""What a model's figure becomes where it adapts to the text it is scored on, with settings chosen on another part."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lstmlab.data.prepared import PreparedPart
from lstmlab.data.streams import ScoringLoader
from lstmlab.errors import UserError
from lstmlab.evaluation.dynamic import DynamicSettings, dynamic_nats, root_mean_squares
from lstmlab.evaluation.neural_cache import cache_nats, mixed_nats
from lstmlab.evaluation.scoring import score_windows
from lstmlab.models import LanguageModel
from lstmlab.training.metrics import bits_per_char, perplexity

Advance = Callable[[int], None]
Progress = Callable[[str, int], AbstractContextManager[Advance]]  # of what, of how many tokens in all

# What is tried on the validation part; where there is none, the values in the middle of these lists are taken.
_RATES = {"rms": (1e-4, 3e-4, 6e-4), "sgd": (0.1, 0.3, 1.0)}
_DECAYS = (0.0, 0.003, 0.01)
_THETAS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.8)
_SHARES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
_USUAL_SHARE = 0.1


@dataclass(frozen=True)
class CacheSettings:
    """Of a neural cache: how many positions it holds, how sharply it compares, and its share in the mixture."""

    size: int
    theta: float
    share: float


@dataclass(frozen=True)
class Adapted:
    """A part's figures with one way of adapting, read in one stream; ``static_bits_per_char`` is read the same way.

    ``chosen_on`` is the number of validation tokens that settings were chosen on; 0: none was, for all were given or
    there is no validation part.
    """

    kind: Literal["dynamic", "cache"]
    bits_per_char: float
    perplexity: float
    static_bits_per_char: float
    settings: dict[str, Any]
    chosen: tuple[str, ...]  # names of the settings that nobody gave
    chosen_on: int
    seconds: float  # of reading the part, without the choice of settings

    def sentence(self) -> str:
        """What the figure is, in a line."""
        named = {name: value if isinstance(value, str) else f"{value:g}" for name, value in self.settings.items()}
        values = ", ".join(f"{name} {value}" for name, value in named.items())
        if not self.chosen:
            how = "all as given"
        elif self.chosen_on:
            how = f"{' and '.join(self.chosen)} chosen on {self.chosen_on:,} tokens of val"
        else:
            how = f"{' and '.join(self.chosen)} not chosen: there is no validation part"
        what = {
            "dynamic": "dynamic evaluation learns while it reads, as PPMd does",
            "cache": "the neural cache remembers what it has read",
        }[self.kind]
        return (
            f"{self.kind}: {what}; in one stream {self.bits_per_char:.4f} instead of {self.static_bits_per_char:.4f}"
            f" bits a character, {self.perplexity:,.3f} perplexity ({values}; {how}; {self.seconds:,.0f} s)"
        )


def dynamic_figures(
    model: LanguageModel,
    part: PreparedPart,
    train: PreparedPart,
    validation: PreparedPart | None,
    given: dict[str, Any],
    most: int,
    progress: Progress,
) -> Adapted:
    """The figures of dynamic evaluation.

    Args:
        given: rule, lr, decay and seq_length; None as a value of lr or decay: to be chosen.
        most: validation tokens that settings are chosen on, at most.
        progress: shows how far it is.

    Raises:
        UserError: the model diverges: the learning rate is too high.
    """
    settings = DynamicSettings(given["rule"], given["lr"] or 0.0, given["decay"] or 0.0, given["seq_length"])
    roots = None
    if settings.rule == "rms":
        roots = root_mean_squares(model, train.ids, settings.seq_length)
    rates = _RATES[settings.rule] if given["lr"] is None else (given["lr"],)
    decays = _DECAYS if given["decay"] is None else (given["decay"],)
    chosen = tuple(name for name in ("lr", "decay") if given[name] is None)
    ids = None if validation is None else validation.ids[: most + 1]
    if not chosen or ids is None:
        settings = replace(settings, lr=rates[len(rates) // 2], decay=decays[len(decays) // 2])
    else:
        # One after the other: the learning rate at the middle decay, then the decay.
        middle = decays[len(decays) // 2]
        tried = [replace(settings, lr=rate, decay=middle) for rate in rates]
        with progress("dynamic evaluation: settings", (len(rates) + len(decays) - 1) * (len(ids) - 1)) as advance:
            losses = {each: _mean(dynamic_nats(model, ids, each, roots, advance)) for each in tried}
            best = min(tried, key=losses.__getitem__)
            more = [replace(best, decay=decay) for decay in decays if decay != middle]
            losses |= {each: _mean(dynamic_nats(model, ids, each, roots, advance)) for each in more}
        settings = min(losses, key=losses.__getitem__)
    begun = time.monotonic()
    with progress("dynamic evaluation", len(part.ids) - 1) as advance:
        nats = dynamic_nats(model, part.ids, settings, roots, advance)
    seconds = time.monotonic() - begun
    if not np.isfinite(nats).all():
        raise UserError(f"dynamic.lr={settings.lr:g} is too high: the model diverges while it is scored; lower it.")
    still = score_windows(model, ScoringLoader(part.ids, streams=1)).nats
    return _adapted("dynamic", part, nats, still, asdict(settings), chosen, 0 if ids is None else len(ids) - 1, seconds)


def cache_figures(
    model: LanguageModel,
    part: PreparedPart,
    validation: PreparedPart | None,
    given: dict[str, Any],
    most: int,
    progress: Progress,
) -> Adapted:
    """The figures of a neural cache; arguments as of ``dynamic_figures``, ``given`` being size, theta and share."""
    chosen = tuple(name for name in ("theta", "share") if given[name] is None)
    thetas = _THETAS if given["theta"] is None else (given["theta"],)
    shares = _SHARES if given["share"] is None else (given["share"],)
    ids = None if validation is None else validation.ids[: most + 1]
    theta, share = thetas[len(thetas) // 2], _USUAL_SHARE if given["share"] is None else given["share"]
    if chosen and ids is not None:
        with progress("neural cache: settings", len(ids) - 1) as advance:
            own, cached = cache_nats(model, ids, given["size"], list(thetas), advance)
        losses = {
            (one, other): _mean(mixed_nats(own, row, other))
            for one, row in zip(thetas, cached, strict=True)
            for other in shares
        }
        theta, share = min(losses, key=losses.__getitem__)
    begun = time.monotonic()
    with progress("neural cache", len(part.ids) - 1) as advance:
        own, [row] = cache_nats(model, part.ids, given["size"], [theta], advance)
    settings = asdict(CacheSettings(given["size"], theta, share))
    seconds = time.monotonic() - begun
    nats = mixed_nats(own, row, share)
    return _adapted("cache", part, nats, own, settings, chosen, 0 if ids is None else len(ids) - 1, seconds)


def _mean(nats: NDArray[np.float64]) -> float:
    """∞ where a model diverged, so that it is never the best."""
    mean = float(nats.mean())
    return mean if np.isfinite(mean) else float("inf")


def _adapted(
    kind: Literal["dynamic", "cache"],
    part: PreparedPart,
    nats: NDArray[np.float64],
    static: NDArray[np.floating],
    settings: dict[str, Any],
    chosen: tuple[str, ...],
    chosen_on: int,
    seconds: float,
) -> Adapted:
    spelling = part.spelling_nats()
    return Adapted(
        kind,
        bits_per_char(float(nats.sum()) + spelling, part.scored_characters),
        perplexity(float(nats.mean())),
        bits_per_char(float(static.sum(dtype=np.float64)) + spelling, part.scored_characters),
        settings,
        chosen,
        chosen_on if chosen else 0,
        seconds,
    )
