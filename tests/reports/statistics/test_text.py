"""The block bootstrap sees that neighbouring tokens hang together."""

import time

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.signal import lfilter

from lstmlab.reports.statistics import Interval, mean_of_text_interval

Array = NDArray[np.float64]


def drifting(series: int, tokens: int, carried: float, share: float = 1.0) -> Array:
    """Series of mean 0 and variance 1; ``share`` of it is AR(1) with coefficient ``carried``, the rest noise."""
    rng = np.random.default_rng([tokens, round(1000 * carried)])
    steps = rng.normal(size=(series, tokens)) * np.sqrt(1 - carried**2)
    steps[:, 0] /= np.sqrt(1 - carried**2)
    slow = np.asarray(lfilter([1], [1, -carried], steps, axis=1))
    return np.sqrt(share) * slow + np.sqrt(1 - share) * rng.normal(size=(series, tokens))


def coverage(intervals: list[Interval]) -> float:
    return float(np.mean([one.low <= 0 <= one.high for one in intervals]))


@pytest.mark.parametrize(("carried", "share"), [(0.0, 1.0), (0.9, 1.0), (0.98, 1.0), (0.98, 0.1)])
def test_covers_as_it_says(carried: float, share: float) -> None:
    texts = drifting(500, 20_000, carried, share)
    assert 0.93 <= coverage([mean_of_text_interval(text, resamples=999) for text in texts]) <= 0.97


def test_independent_tokens_and_short_blocks_would_be_too_sure() -> None:
    """A tenth of the variance drifts over some hundred tokens."""
    texts = drifting(300, 20_000, 0.98, 0.1)
    half = 1.96 * texts.std(axis=1) / np.sqrt(texts.shape[1])
    assert np.mean(np.abs(texts.mean(axis=1)) <= half) < 0.7
    short = [mean_of_text_interval(text, blocks=round(20_000 ** (2 / 3)), resamples=499) for text in texts]
    assert coverage(short) < 0.85


def test_drift_as_long_as_a_block_is_half_seen() -> None:
    """The limit that the docstring names: 5 % of the variance with a memory of 1,000 tokens in blocks of 1,250."""
    texts = drifting(300, 20_000, 0.999, 0.05)
    ours = coverage([mean_of_text_interval(text, resamples=499) for text in texts])
    short = coverage([mean_of_text_interval(text, blocks=736, resamples=499) for text in texts])
    assert short < 0.4 < 0.75 < ours < 0.93


def test_independent_tokens_are_given_the_usual_width() -> None:
    """On average: Student's t with 15 degrees of freedom."""
    texts = drifting(200, 20_000, 0.0)
    found = [mean_of_text_interval(text, resamples=999) for text in texts]
    expected = 2 * stats.t.ppf(0.975, 15) / np.sqrt(20_000)
    assert np.mean([one.high - one.low for one in found]) == pytest.approx(expected, rel=0.04)


def test_against_the_plain_words_of_its_source() -> None:
    """Draw starts on the ring, join the blocks, take the mean."""
    nats = np.random.default_rng(0).gamma(2.0, size=1003)
    length, drawn = 63, 16
    starts = np.random.default_rng(7).integers(0, len(nats), size=(300, drawn))
    ring = (starts[:, :, None] + np.arange(length)) % len(nats)  # (resamples, blocks, tokens)
    means = nats[ring].mean(axis=(1, 2))
    tail = stats.norm.sf(stats.t.ppf(0.95, 15) * np.sqrt(16 / 15))
    found = mean_of_text_interval(nats, 0.9, resamples=300, seed=7)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, [tail, 1 - tail])))
    assert (found.level, found.method) == (0.9, "block bootstrap")


def test_follows_the_unit_and_repeats_itself() -> None:
    nats = np.random.default_rng(0).gamma(2.0, size=5000)
    one, bits = mean_of_text_interval(nats), mean_of_text_interval(1e6 + nats / np.log(2))
    assert (bits.low - 1e6, bits.high - 1e6) == pytest.approx((one.low / np.log(2), one.high / np.log(2)))
    assert mean_of_text_interval(nats) == one
    assert mean_of_text_interval(nats, seed=1) != one


def test_takes_a_model_s_losses() -> None:
    nats = np.random.default_rng(0).gamma(2.0, size=5000).astype(np.float32)
    exact = mean_of_text_interval(nats.astype(np.float64))
    assert mean_of_text_interval(nats) == exact
    assert exact.low < nats.mean() < exact.high


def test_a_novel_takes_less_than_a_second() -> None:
    nats = np.random.default_rng(0).gamma(2.0, size=300_000)
    before = time.perf_counter()
    mean_of_text_interval(nats)
    assert time.perf_counter() - before < 1


@pytest.mark.parametrize("tokens", [2, 3, 9, 17, 100, 127, 128, 130, 1000])
def test_short_texts(tokens: int) -> None:
    nats = np.random.default_rng(0).gamma(2.0, size=tokens)
    found = mean_of_text_interval(nats)
    assert found.known
    assert found.low <= nats.mean() <= found.high


@pytest.mark.parametrize("nats", [[], [1.0], [1.0, np.nan, 2.0], [1.0, np.inf] * 200])
def test_unknown(nats: list[float]) -> None:
    assert not mean_of_text_interval(nats).known


def test_one_block_is_no_bootstrap() -> None:
    with pytest.raises(ValueError, match="1"):
        mean_of_text_interval([1.0] * 100, blocks=1)
