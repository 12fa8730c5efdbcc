"""Schedules as functions of the step, against torch's own where it has them."""

import pytest
import torch

from lstmlab.errors import UserError
from lstmlab.training.schedule import Constant, Cosine, OneCycle, Plateau


def rates_of(scheduler: torch.optim.lr_scheduler.LRScheduler, steps: int) -> list[float]:
    rates = []
    for _ in range(steps):
        rates.append(scheduler.get_last_lr()[0])
        scheduler.optimizer.step()
        scheduler.step()
    return rates


def optimizer(lr: float = 1.0) -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)


def test_cosine_is_torchs() -> None:
    expected = rates_of(torch.optim.lr_scheduler.CosineAnnealingLR(optimizer(), T_max=40, eta_min=0.1), 40)
    assert [Cosine(final=0.1).factor(step, 40) for step in range(40)] == pytest.approx(expected, abs=1e-12)


def test_onecycle_rises_and_falls_through_its_corners() -> None:
    schedule = OneCycle(rise=0.25, start=0.04, final=0.0001)
    factors = [schedule.factor(step, 100) for step in range(101)]
    assert factors[0] == pytest.approx(0.04)
    assert factors[25] == pytest.approx(1.0)
    assert factors[100] == pytest.approx(0.0001)
    assert factors[:26] == sorted(factors[:26])
    assert factors[25:] == sorted(factors[25:], reverse=True)


def test_warmup_is_linear_and_starts_above_zero() -> None:
    for schedule in (Constant(warmup_steps=4), Cosine(warmup_steps=4), Plateau(warmup_steps=4)):
        assert [schedule.factor(step, 10) for step in range(4)] == [0.25, 0.5, 0.75, 1.0]
        assert schedule.factor(4, 10) == pytest.approx(1.0)


def test_behind_the_end_the_rate_stays_where_it_ended() -> None:
    assert Cosine(final=0.2).factor(500, 100) == pytest.approx(0.2)


def test_constant_needs_no_end() -> None:
    assert Constant().factor(10**9, None) == 1.0
    assert not Constant.needs_total
    assert Cosine.needs_total
    assert OneCycle.needs_total


def test_a_rise_outside_its_range_is_refused_by_name() -> None:
    for rise in (0.0, 1.0):
        with pytest.raises(UserError, match=r"schedule\.rise"):
            OneCycle(rise=rise)
