"""Windows cover the streams once, in order, and the variable ones are drawn as AWD-LSTM draws them."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.data.window_plan import WindowPlan


@given(
    st.integers(1, 500), st.integers(1, 80), st.booleans(), st.integers(0, 9), st.integers(0, 3), st.none() | st.just(4)
)
def test_windows_follow_each_other(
    length: int, seq_length: int, variable: bool, seed: int, epoch: int, limit: int | None
) -> None:
    plan = WindowPlan(length, seq_length, variable, seed, limit)
    edges = plan.edges(epoch)
    assert edges[0] == 0 and all(a < b for a, b in pairwise(edges))
    assert edges[-1] == length or (limit is not None and len(edges) == limit + 1)
    assert plan.windows(epoch) == len(edges) - 1
    widths = np.diff(edges)
    if variable:
        assert (widths[:-1] >= min(5, seq_length)).all()
    else:
        assert (widths[:-1] == seq_length).all() and widths[-1] <= seq_length


def test_what_is_drawn_depends_on_seed_and_epoch_alone() -> None:
    plan = WindowPlan(10_000, 70, variable=True, seed=3)
    assert plan.edges(2) == WindowPlan(10_000, 70, variable=True, seed=3).edges(2)
    others = {plan.edges(0), plan.edges(1), plan.edges(2), WindowPlan(10_000, 70, variable=True, seed=4).edges(2)}
    assert len(others) == 4


def test_lengths_are_those_of_awd_lstm() -> None:
    """70 ± 5 nineteen times in twenty, else 35 ± 5."""
    widths = np.diff(WindowPlan(3_000_000, 70, variable=True).edges(0))[:-1]
    short = widths < 52
    assert abs(short.mean() - 0.05) < 0.005
    assert abs(widths[~short].mean() - 70) < 0.3 and abs(widths[short].mean() - 35) < 0.5
    assert abs(widths[~short].std() - 5) < 0.2


def test_steps_round_up() -> None:
    plan = WindowPlan(100, 10)
    assert [plan.steps(0, accumulate) for accumulate in (1, 3, 10, 11)] == [10, 4, 1, 1]
