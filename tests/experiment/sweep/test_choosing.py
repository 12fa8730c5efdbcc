"""What an arm chooses, from the trainings of its choice."""

from pathlib import Path

import pytest

from lstmlab.experiment.sweep.choosing import chosen_values
from lstmlab.experiment.sweep.definition import Definition, Varied
from lstmlab.experiment.sweep.directory import SweepDirectory, Trial

DEFINITION = Definition(
    (), (Varied("a", ("1",), (1,)), Varied("seed", ("1", "2"), (1, 2))), (Varied("lr", ("0.1", "0.2"), (0.1, 0.2)),)
)


def trained(directory: SweepDirectory, lr: float, seed: int, bits: float, **more: int) -> Trial:
    name = f"a=1,lr={lr},seed={seed}"
    trial = Trial(name, "choice", name, {**more, "a": 1, "lr": lr, "seed": seed}, name)
    place = directory.run_directory(trial)
    place.path.mkdir()
    place.write_summary({"val/bits_per_char": bits})
    place.mark("completed")
    return trial


def chosen(directory: SweepDirectory, trials: list[Trial]) -> set[float]:
    rows, without = chosen_values(DEFINITION, directory, trials)
    assert not without and [row["seed"] for row in rows] == [("1", 1), ("2", 2)]
    return {row["lr"][1] for row in rows}


def test_the_lowest_mean_is_chosen(tmp_path: Path) -> None:
    directory = SweepDirectory(tmp_path)
    low = [trained(directory, 0.1, seed, bits) for seed, bits in ((8, 2.0), (9, 2.4))]
    high = [trained(directory, 0.2, seed, bits) for seed, bits in ((8, 2.3), (9, 1.9))]
    assert chosen(directory, [*low, *high]) == {0.2}


def test_an_option_that_only_an_earlier_start_varied_tells_no_arms_apart(tmp_path: Path) -> None:
    directory = SweepDirectory(tmp_path)
    assert chosen(directory, [trained(directory, lr, 9, lr, b=3) for lr in (0.1, 0.2)]) == {0.1}


@pytest.mark.parametrize("bits", [float("nan"), float("inf")])
def test_what_diverged_is_not_chosen(tmp_path: Path, bits: float) -> None:
    directory = SweepDirectory(tmp_path)
    assert chosen(directory, [trained(directory, 0.1, 9, bits), trained(directory, 0.2, 9, 2.0)]) == {0.2}
