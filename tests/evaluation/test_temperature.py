"""The temperature that was put in comes out."""

import pytest
import torch

from lstmlab.evaluation.temperature import HIGHEST, LOWEST, fit_temperature


def sampled(temperature: float, rows: int = 40_000) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits, and targets drawn from them at a temperature."""
    generator = torch.Generator().manual_seed(0)
    z = 2 * torch.randn(rows, 12, generator=generator)
    return z, torch.multinomial((z / temperature).softmax(-1), 1, generator=generator)[:, 0]


@pytest.mark.parametrize("temperature", [0.3, 0.8, 1.0, 1.7, 6.0])
def test_a_known_scaling_is_recovered(temperature: float) -> None:
    z, targets = sampled(temperature)
    pieces = list(zip(z.split(7000), targets.split(7000), strict=True))
    found = fit_temperature(lambda: pieces)
    assert found == pytest.approx(temperature, rel=0.03)
    # Of log-probabilities it is the same: a constant a row changes nothing.
    assert fit_temperature(lambda: [(z.log_softmax(-1), targets)]) == pytest.approx(found, rel=1e-4)


def test_it_is_the_minimum() -> None:
    z, targets = sampled(1.4, 3000)
    found = fit_temperature(lambda: [(z, targets)])

    def loss(temperature: float) -> float:
        return float(torch.nn.functional.cross_entropy(z.double() / temperature, targets))

    assert loss(found) < min(loss(found * 1.01), loss(found * 0.99), loss(1.0))


def test_where_no_temperature_is_best_the_limit_is_taken() -> None:
    z = 0.1 * torch.eye(5)
    assert fit_temperature(lambda: [(z, torch.arange(5))]) == pytest.approx(LOWEST, rel=0.01)  # always right
    assert fit_temperature(lambda: [(z, (torch.arange(5) + 1) % 5)]) == pytest.approx(HIGHEST, rel=0.01)  # always wrong
    assert fit_temperature(lambda: [(torch.zeros(5, 3), torch.zeros(5, dtype=torch.long))]) > 0  # all the same to it
