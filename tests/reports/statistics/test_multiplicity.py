"""Holm's correction, by hand and by its properties."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.reports.statistics import Comparison, Interval, holm

P = st.one_of(st.floats(0, 1), st.just(math.nan))


def of(p: float) -> Comparison:
    return Comparison(0.1, Interval(0.0, 0.2), p, p, "paired t", 5, (1, 2, 3, 4, 5))


def adjusted(values: list[float]) -> list[float]:
    return [one.p_adjusted for one in holm([of(p) for p in values])]


def test_by_hand() -> None:
    """Sorted: 4 · 0.005, 3 · 0.01, 2 · 0.03, then 0.04, which may not come below 0.06."""
    assert adjusted([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert adjusted([0.6, 0.5]) == [1, 1]
    assert adjusted([0.03]) == [0.03]
    assert holm([]) == []


def test_nan_stays_and_does_not_count() -> None:
    assert adjusted([0.02, math.nan, 0.01]) == pytest.approx([0.02, math.nan, 0.02], nan_ok=True)


@given(st.lists(P, max_size=12))
def test_properties(values: list[float]) -> None:
    after = np.array(adjusted(values))
    before = np.array(values, dtype=float)
    tested = ~np.isnan(before)
    assert (np.isnan(after) == ~tested).all()
    assert (after[tested] >= before[tested]).all()
    assert (after[tested] <= np.minimum(1, tested.sum() * before[tested])).all()  # Bonferroni is never less strict
    order = np.argsort(before[tested], kind="stable")
    assert (np.diff(after[tested][order]) >= 0).all()


def test_nothing_else_changes() -> None:
    before = of(0.02)
    after = holm([before, of(0.5)])[0]
    assert (after.p, after.difference, after.interval, after.keys) == (0.02, 0.1, before.interval, before.keys)
    assert before.p_adjusted == 0.02
