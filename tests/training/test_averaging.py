"""Averages of the weights: their formulas, and who gets to see them."""

import csv
from pathlib import Path

import pytest
import torch
from torch import nn

import lstmlab
from lstmlab.errors import UserError
from lstmlab.experiment.compose import compose_job
from lstmlab.experiment.configuration import plain_config
from lstmlab.experiment.train import train
from lstmlab.training.averaging import Exponential, NonMonotonic
from lstmlab.training.module import LanguageModule

OPTIONS = [
    "data.max_characters=6000", "data.seq_length=20", "data.batch_size=8", "model.hidden_size=16",
    "model.embedding_size=16", "trainer.max_epochs=2", "trainer.precision=32-true", "logger=csv",
    "callbacks.samples.tokens=5", "trainer.log_every_steps=5",
]  # fmt: skip


def walk(steps: int) -> list[list[torch.Tensor]]:
    torch.manual_seed(0)
    return [[torch.randn(3, 2), torch.randn(4)] for _ in range(steps)]


def test_exponential_follows_its_formula() -> None:
    averaging, expected = Exponential(0.7), []
    for n, weights in enumerate(walk(20)):
        averaging.step(weights)
        decay = min(0.7, (1 + n) / (10 + n))
        expected = [decay * a + (1 - decay) * w for a, w in zip(expected, weights, strict=True)] if n else weights
    for mine, theirs in zip(averaging.average, expected, strict=True):
        torch.testing.assert_close(mine, theirs)


def test_non_monotonic_is_the_mean_since_validation_got_worse() -> None:
    averaging, steps = NonMonotonic(patience=2), walk(40)
    figures = [3.0, 2.0, 1.0, 1.5, 2.5, 0.9, 0.8, 0.7]  # 2.5 is the first above the best of those before the last two
    for index, weights in enumerate(steps):
        averaging.step(weights)
        if index % 5 == 4:
            averaging.validated(figures[index // 5])
            assert averaging.triggered == (index // 5 >= 4)
    for place, mean in enumerate(averaging.average):
        torch.testing.assert_close(mean, torch.stack([weights[place] for weights in steps[25:]]).mean(0))


def test_exchange_twice_is_nothing() -> None:
    averaging = Exponential()
    model = nn.Linear(2, 2)
    averaging.step(list(model.parameters()))
    with torch.no_grad():
        model.weight.add_(1)
    before, average = model.weight.clone(), averaging.average[0].clone()
    averaging.exchange(model.parameters())
    assert torch.equal(model.weight, average) and averaging.exchanged
    averaging.exchange(model.parameters())
    assert torch.equal(model.weight, before) and not averaging.exchanged


def test_nothing_is_averaged_before_its_time() -> None:
    averaging = NonMonotonic()
    model = nn.Linear(2, 2)
    averaging.step(list(model.parameters()))
    averaging.exchange(model.parameters())
    assert averaging.average == [] and not averaging.exchanged


def test_the_average_is_what_is_validated_saved_and_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The average, made again outside from the weights behind every step; the weights of training go on untouched."""
    expected = Exponential(0.9)
    step_of = LanguageModule._step

    def step_and_average(self: LanguageModule, optimizer: object) -> None:
        step_of(self, optimizer)  # type: ignore[arg-type]
        expected.step([weight.detach().clone() for weight in self.model.parameters()])

    monkeypatch.setattr(LanguageModule, "_step", step_and_average)
    tied = ["averaging=ema", "averaging.decay=0.9", "model.tie_weights=true"]
    summary = train(plain_config("train", compose_job("train", [*OPTIONS, *tied])[0]), tmp_path / "ema", resume=False)
    monkeypatch.undo()
    train(plain_config("train", compose_job("train", [*OPTIONS, "model.tie_weights=true"])[0]), tmp_path / "plain",
          resume=False)  # fmt: skip

    last = torch.load(tmp_path / "ema" / "checkpoints" / "last.ckpt", weights_only=True)
    plain = lstmlab.load(tmp_path / "plain" / "checkpoints" / "last.ckpt").module.model.parameters()
    for mine, theirs in zip(last["lstmlab"]["averaging"]["weights"], plain, strict=True):
        assert torch.equal(mine, theirs)  # training itself is what it is without an average
    loaded = lstmlab.load(tmp_path / "ema" / "checkpoints" / "last.ckpt").module
    for weight, mean in zip(loaded.model.parameters(), expected.average, strict=True):
        torch.testing.assert_close(weight, mean)
    assert loaded.model.head.linear.weight is loaded.model.embedding.weight
    with (tmp_path / "ema" / "metrics.csv").open(newline="", encoding="utf-8") as file:
        validated = min(float(row["val/bits_per_char"]) for row in csv.DictReader(file) if row["val/bits_per_char"])
    assert summary["val/bits_per_char"] == pytest.approx(validated, abs=1e-6)


@pytest.mark.parametrize("wrong", [lambda: Exponential(1.0), lambda: Exponential(0.0), lambda: NonMonotonic(0)])
def test_wrong_options_are_named(wrong: object) -> None:
    with pytest.raises(UserError, match=r"averaging\.(decay|patience)="):
        wrong()  # type: ignore[operator]
