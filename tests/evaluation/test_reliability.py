"""Calibration errors against data whose error is known."""

import numpy as np
import pytest

from lstmlab.evaluation.reliability import mass_reliability, top_reliability

RNG = np.random.default_rng(0)


def test_calibrated_predictions_are_off_by_chance_alone() -> None:
    confidence = RNG.uniform(size=200_000)
    found = top_reliability(confidence, RNG.uniform(size=200_000) < confidence)
    assert len(found.bins) == 15 and {one.count for one in found.bins} <= {13333, 13334}
    assert found.error < 0.006 and found.error == pytest.approx(found.by_chance, rel=0.6)
    assert found.by_chance == pytest.approx(np.sqrt(2 / np.pi / 13333) * np.mean(np.sqrt(_variance())), rel=0.02)


def _variance() -> np.ndarray:
    """Of events in the fifteen bins of uniform probabilities, their mean in each."""
    edges = np.linspace(0, 1, 16)
    return np.diff(edges**2 / 2 - edges**3 / 3) * 15


@pytest.mark.parametrize("share", [0.7, 0.9, 1.0])
def test_one_probability_for_everything_is_off_by_the_difference(share: float) -> None:
    """Also where the right ones stand together: equal probabilities are one bin."""
    right = np.arange(1000) < 1000 * share
    found = top_reliability(np.full(1000, 0.9), right)
    assert found.error == pytest.approx(abs(share - 0.9)) and len(found.bins) == 1


def test_overconfident_predictions() -> None:
    """Said c, true 0.8 c: off by a fifth of the mean of c."""
    confidence = RNG.uniform(0.5, 1.0, size=400_000)
    found = top_reliability(confidence, RNG.uniform(size=400_000) < 0.8 * confidence)
    assert found.error == pytest.approx(0.2 * 0.75, abs=0.003)
    assert all(one.frequency < one.probability for one in found.bins)


def test_against_a_loop_over_bins() -> None:
    confidence, right = RNG.uniform(size=997), RNG.uniform(size=997) < 0.5
    order = np.argsort(confidence)
    pieces = np.split(order, np.linspace(0, 997, 16).round().astype(int)[1:-1])
    expected = sum(len(piece) / 997 * abs(right[piece].mean() - confidence[piece].mean()) for piece in pieces)
    assert top_reliability(confidence, right).error == pytest.approx(expected, rel=1e-12)


def test_few_predictions_and_none() -> None:
    assert top_reliability(np.array([0.25]), np.array([True])).error == 0.75
    with pytest.raises(ValueError, match="0 predictions"):
        top_reliability(np.zeros(0), np.zeros(0, bool))
    with pytest.raises(ValueError, match="2 predictions and 1 answers"):
        top_reliability(np.zeros(2), np.zeros(1, bool))
    with pytest.raises(ValueError, match="empty"):
        mass_reliability(np.zeros(3, int), np.zeros(3), np.zeros(3, int), np.zeros(3))


def test_mass_in_the_wrong_place() -> None:
    """Ten events of 0.1 and nine of 1 were said, two and eight came: of a mass of ten, one has to move."""
    counts, mass, came = np.array([10, 0, 9]), np.array([1.0, 0.0, 9.0]), np.array([2, 0, 8])
    found = mass_reliability(counts, mass, came, np.array([0.9, 0.0, 0.0]))
    assert [one.probability for one in found.bins] == [0.1, 1.0]
    assert [one.frequency for one in found.bins] == pytest.approx([0.2, 8 / 9])
    assert found.error == pytest.approx(1 / 10)
    assert found.by_chance == pytest.approx(np.sqrt(2 / np.pi) * np.sqrt(0.9) / 20)


def test_cells_are_joined_to_about_equal_mass() -> None:
    mass = np.ones(150)
    found = mass_reliability(np.full(150, 4), mass, np.ones(150, int), mass * 0.75)
    assert [one.count for one in found.bins] == [40] * 15 and found.error == 0
