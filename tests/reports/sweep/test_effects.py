"""Effects of options, alone and together, from complete combinations only."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstmlab.reports.sweep import find, load_sweep
from lstmlab.reports.sweep.arms import adjusted_means
from lstmlab.reports.sweep.effects import bits, by_level_and_seed, effect_of
from lstmlab.reports.sweep.importance import importances_of
from lstmlab.reports.sweep.tradeoffs import pareto_front, tradeoffs_of


def table(path: Path) -> dict[tuple[Any, ...], float]:
    """(values…, seed) → bits, from the trials themselves."""
    return {(*t.options.values(), t.seed): t.bits or 0.0 for t in load_sweep(path).counted}


def test_a_main_effect_is_over_combinations_that_all_its_values_have(grid_sweep: Path) -> None:
    """num_layers=2, dropout=0.5, seed=3 was refused: for seed 3, dropout 0.5 takes no part in comparing layers."""
    figures, sweep = table(grid_sweep), load_sweep(grid_sweep)
    layers = {level.value: level.by_seed for level in effect_of(sweep, "model.num_layers").levels}
    for value, by_seed in layers.items():
        for seed in (1, 2, 3):
            drops = (0.0, 0.25) if seed == 3 else (0.0, 0.25, 0.5)
            assert by_seed[str(seed)] == pytest.approx(np.mean([figures[value, drop, seed] for drop in drops]))
    dropout = {level.value: level.by_seed for level in effect_of(sweep, "model.dropout").levels}
    assert dropout[0.25]["3"] == pytest.approx(figures[1, 0.25, 3])
    assert dropout[0.25]["1"] == pytest.approx(np.mean([figures[layers, 0.25, 1] for layers in (1, 2)]))


def test_a_planted_interaction_is_shown(grid_sweep: Path) -> None:
    """The best dropout is 0 with one layer and 0.25 with two."""
    (one,) = find(load_sweep(grid_sweep)).interactions
    best = {
        layers: min((mean, drop) for (of, drop), (mean, *_) in one.means.items() if of == layers)[1]
        for layers in ("1", "2")
    }
    assert best == {"1": "0", "2": "0.25"}
    assert one.means["2", "0.5"][2] == 2 and one.means["1", "0.5"][2] == 3  # seeds
    assert "the best model.num_layers is" in one.sentence or "is the best at every value" in one.sentence


def test_an_effect_is_of_the_values_that_others_were_combined_with(
    tmp_path: Path, make_run: Any, make_config: Any
) -> None:
    """No grid: layers vary at length 16 only. The length is held, and other lengths say nothing of layers."""
    runs = [
        make_run(
            tmp_path / f"{length}-{layers}-{seed}",
            make_config({"data.seq_length": length, "model.num_layers": layers, "seed": seed}),
            2.0 + 0.1 * seed - 0.05 * layers + 0.001 * seed * layers - length / 100,
        )
        for length, layers in ((16, 1), (16, 2), (32, 1))
        for seed in (1, 2, 3)
    ]
    effect = effect_of(load_sweep(runs), "model.num_layers")
    assert effect.held == {"data.seq_length": "16"} and not effect.over
    assert [level.mean for level in effect.levels] == pytest.approx([2.0 + 0.2 - 0.05 + 0.002 - 0.16, 1.944])
    assert find(load_sweep(runs)).sentences[1].endswith("With data.seq_length=16.")


def test_levels_that_lack_combinations_do_not_hide_the_others(tmp_path: Path, make_sweep: Any) -> None:
    """Everything of 64 with two layers failed, and 128 altogether."""
    without = {f"seq_length=64,num_layers=2,seed={seed}": "x" for seed in (1, 2)}
    without |= {f"seq_length=128,num_layers={layers},seed={seed}": "x" for seed in (1, 2) for layers in (1, 2)}
    root = make_sweep(
        tmp_path / "a", {"data.seq_length": [16, 64, 128], "model.num_layers": [1, 2], "seed": [1, 2]},
        lambda one: 2.0 + 0.01 * one["seed"] - one["data.seq_length"] / 1000 - one["model.num_layers"] / 10,
        without=without,
    )  # fmt: skip
    effect = effect_of(load_sweep(root), "data.seq_length")
    assert [level.text for level in effect.levels] == ["16", "64"] and effect.absent == ("128",)
    assert effect.levels[0].by_seed == pytest.approx({"1": 1.894, "2": 1.904})  # with one layer, as 64 has it
    assert any("128 can be compared with no other value" in note for note in find(load_sweep(root)).notes)


def test_means_are_adjusted_for_seeds_that_are_missing() -> None:
    random = np.random.default_rng(0)
    rows, seeds = random.normal(size=4), random.normal(size=6)
    whole = {n: {str(s): rows[n] + seeds[s] for s in range(6)} for n in range(4)}
    expected = {n: rows[n] + seeds.mean() for n in range(4)}
    assert adjusted_means(whole) == pytest.approx(expected)
    ragged: dict[int, Mapping[str, float]] = {
        n: {seed: value for seed, value in of.items() if (n + int(seed)) % 4} for n, of in whole.items()
    }
    assert adjusted_means(ragged) == pytest.approx(expected)


def test_figures_besides_quality(seq_sweep: Path) -> None:
    sweep = load_sweep(seq_sweep)
    found = by_level_and_seed(sweep, ("data.seq_length",), lambda trial: trial.wall_seconds)
    assert all(value == 12.0 for by_seed in found.figures.values() for value in by_seed.values())
    assert by_level_and_seed(sweep, ("data.seq_length",), bits).used == {}


def test_importance_finds_what_matters(tmp_path: Path, make_sweep: Any) -> None:
    root = make_sweep(
        tmp_path / "a",
        {"data.seq_length": [16, 32, 64], "model.num_layers": [1, 2], "model.dropout": [0.0, 0.5], "seed": [1, 2, 3]},
        lambda one: 2.0 - one["data.seq_length"] / 200 - 0.05 * one["model.num_layers"] + 0.001 * one["seed"],
    )
    sweep = load_sweep(root)
    found = {one.option: one for one in importances_of(sweep)}
    assert list(found)[:2] == ["data.seq_length", "model.num_layers"]
    assert found["data.seq_length"].share > 0.8 and 0.03 < found["model.num_layers"].share < 0.2
    assert found["model.dropout"].share < 0.02 and found["seed"].share < 0.02
    assert all(one.low <= one.share <= one.high for one in found.values())
    assert list(importances_of(sweep)) == list(found.values())  # the same again


def test_importance_needs_two_options(seq_sweep: Path) -> None:
    assert importances_of(load_sweep(seq_sweep)) == []


def test_the_pareto_front_against_all_pairs() -> None:
    random = np.random.default_rng(1)
    for _ in range(50):
        points = [tuple(point) for point in random.integers(0, 6, (12, 2)).astype(float).tolist()]
        front = pareto_front(points)
        for index, (cost, quality) in enumerate(points):
            beaten = any(
                c <= cost and q <= quality and (c, q) != (cost, quality) for c, q in points
            )  # in one at least as good, in the other better
            assert ((cost, quality) in [points[n] for n in front]) == (not beaten), (points, index)
        assert [points[n][0] for n in front] == sorted(points[n][0] for n in front)


def test_what_quality_costs(seq_sweep: Path) -> None:
    (speed,) = tradeoffs_of(find(load_sweep(seq_sweep)))  # time and size are the same for all
    assert [point.cost for point in speed.points] == [16e3, 32e3, 64e3, 128e3]
    best = min(range(4), key=lambda n: speed.points[n].bits)
    assert set(speed.front) == {3, best}  # the fastest; the best, where that is slower
    assert speed.ticks is not None and speed.ticks[0] <= 16e3 and speed.ticks[-1] >= 128e3
