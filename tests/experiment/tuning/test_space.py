"""The space, and what is drawn from it."""

from typing import Any

import optuna
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from lstmlab.experiment.tuning.sampler import Draws
from lstmlab.experiment.tuning.space import Axis, read_space, size

PARSER = OverridesParser.create()
CONFIG = OmegaConf.create({"model": {"dropout": 0.5, "num_layers": 1}})


def test_what_is_typed_goes_before_the_definition() -> None:
    space: dict[str, Any] = {
        "optim.lr": {"low": 0.001, "high": 0.02, "log": True},
        "model.num_layers": {"low": 1, "high": 3},
        "model.dropout": {"choices": [0, 0.5]},
    }
    fixed, axes = read_space(
        ["model.num_layers=2", "model.dropout=0.1,0.2", "data.seq_length=16,32", "seed=3"], space, PARSER, CONFIG
    )
    assert fixed == ("model.num_layers=2", "seed=3")
    assert axes == (
        Axis("optim.lr", None, 0.001, 0.02, True), Axis("model.dropout", (0.1, 0.2)), Axis("data.seq_length", (16, 32)),
    )  # fmt: skip


@pytest.mark.parametrize(
    "choices",
    [[None, 100], [[1, 2], [3]], ["a,b", "null", "it's"], [True, 1, None], [16, 0.5], [{"a": None}, "{a:null}"]],
)  # fmt: skip
def test_choices_of_any_kind_come_back_as_they_were(choices: list[Any]) -> None:
    (axis,) = read_space([], {"x": {"choices": choices}}, PARSER, CONFIG)[1]
    study = optuna.create_study(sampler=Draws({"x": axis.distribution()}, 0))
    drawn = [axis.value(study.ask({"x": axis.distribution()}).params["x"]) for _ in choices]
    assert sorted(map(repr, drawn)) == sorted(map(repr, choices))  # each once: nothing is drawn twice


def test_whole_numbers_stay_whole_and_a_log_scale_is_one() -> None:
    _, axes = read_space(
        [],
        {"a": {"low": 1, "high": 3}, "b": {"low": 1, "high": 2.5}, "c": {"low": 1e-4, "high": 1.0, "log": True}},
        PARSER,
        CONFIG,
    )
    ends: dict[str, Any] = {"low": 0, "high": 3}
    both = read_space([], {"model.dropout": ends, "model.num_layers": ends}, PARSER, CONFIG)[1]
    assert [axis.whole for axis in both] == [False, True]
    assert size(axes) == float("inf") and size(axes[:1]) == 3
    space = {axis.option: axis.distribution() for axis in axes}
    study = optuna.create_study(sampler=Draws(space, 0))
    drawn = [study.ask(space).params for _ in range(200)]
    assert {type(p["a"]) for p in drawn} == {int} and {type(p["b"]) for p in drawn} == {float}
    assert {p["a"] for p in drawn} == {1, 2, 3}
    assert 70 < sum(p["c"] < 0.01 for p in drawn) < 130


def test_a_search_that_is_begun_anew_draws_what_it_would_have_drawn() -> None:
    """A sampler of the same seed alone would draw the first trial's point again for the next one."""
    space = {"x": Axis("x", None, 0.0, 1.0).distribution(), "y": Axis("y", (1, 2, 3)).distribution()}

    def searched(anew: bool, seed: int) -> list[dict[str, Any]]:
        study = optuna.create_study(sampler=Draws(space, seed))
        for _ in range(25):  # the estimator begins behind ten
            if anew:
                study.sampler = Draws(space, seed)
            trial = study.ask(space)
            study.tell(trial, (trial.params["x"] - 0.7) ** 2 + trial.params["y"])
        return [trial.params for trial in study.get_trials()]

    whole = searched(False, 3)
    assert whole == searched(True, 3) != searched(True, 4)
    late = [params["x"] for params in whole[15:]]
    assert sum(abs(x - 0.7) for x in late) / len(late) < 0.2  # it learns: 0.29 by chance
