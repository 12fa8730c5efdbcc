"""Curves from metrics.csv, and what they are drawn against."""

import json
from pathlib import Path
from typing import Any

import pytest

from lstmlab.reports.sweep import find, load_sweep
from lstmlab.reports.sweep.curve_panels import COLUMNS, curve_panels
from lstmlab.reports.sweep.curves import mean_curve, read_curves, thinned


def test_a_curve_in_epochs(seq_sweep: Path) -> None:
    panels = {panel.column: panel for panel in curve_panels(find(load_sweep(seq_sweep)))}
    assert list(panels) == list(COLUMNS)
    val = panels["val/bits_per_char"]
    assert val.x_label == "epochs" and val.by == "data.seq_length" and val.lines_shown
    assert [group.name for group in val.groups] == ["16", "32", "64", "128"]
    assert [x for x, _ in val.groups[0].mean] == pytest.approx([1, 2, 3, 4])
    assert [len(group.lines) for group in val.groups] == [4, 5, 5, 4]
    means = [trial.bits for trial in load_sweep(seq_sweep).counted if trial.options["data.seq_length"] == 32]
    assert val.groups[1].mean[-1][1] == pytest.approx(sum(means) / 5)  # type: ignore[arg-type]
    assert panels["train/gradient_norm"].x_label == "optimiser steps"
    assert panels["val/perplexity"].y_label == "perplexity a character" and panels["val/perplexity"].logarithmic


def test_without_a_whole_epoch_it_is_tokens(tmp_path: Path, make_run: Any, make_config: Any) -> None:
    run = make_run(tmp_path / "run", make_config({}), steps=40, epochs=1)
    summary = json.loads((run / "summary.json").read_text())
    (run / "summary.json").write_text(json.dumps(summary | {"epochs": 0}))
    (panel, *_) = curve_panels(find(load_sweep(run)))
    assert panel.x_label == "million training tokens"
    assert panel.groups[0].lines[0][1][-1][0] == pytest.approx(0.04)  # 40,000 tokens


def test_of_many_arms_colours_are_those_of_one_option(tmp_path: Path, make_sweep: Any) -> None:
    root = make_sweep(
        tmp_path / "a",
        {"data.seq_length": [16, 32, 64], "model.num_layers": [1, 2, 3], "seed": [1, 2, 3, 4, 5]},
        lambda one: 2.0,
    )
    panels = curve_panels(find(load_sweep(root)))
    assert {panel.by for panel in panels} == {"data.seq_length", "model.num_layers"}
    assert not any(panel.lines_shown for panel in panels)  # 45 lines would hide each other
    assert all(group.mean for panel in panels for group in panel.groups)


def test_broken_and_missing_metrics(tmp_path: Path, make_run: Any, make_config: Any) -> None:
    run = make_run(tmp_path / "run", make_config({}))
    (trial,) = load_sweep(run).trials
    (run / "metrics.csv").write_text("step,val/loss,train/gradient_norm\n1,nan,0.5\n2,,x\n,1.0,1\n3,2.0")
    found = read_curves(trial, ("val/loss", "train/gradient_norm", "absent"))
    assert found.columns == {"val/loss": ((3.0, 2.0),), "train/gradient_norm": ((1.0, 0.5),), "absent": ()}
    (run / "metrics.csv").unlink()
    assert read_curves(trial, ("val/loss",)).columns == {"val/loss": ()}
    assert curve_panels(find(load_sweep(run))) == []


def test_means_are_at_places_that_all_have() -> None:
    assert mean_curve([((1, 2.0), (2, 4.0)), ((2, 6.0), (3, 1.0))]) == ((2, 5.0),)
    assert mean_curve([((1, 2.0),), ((2, 6.0),)]) == () and mean_curve([]) == ()


def test_long_curves_are_thinned() -> None:
    line = tuple((float(n), 3.0 * n) for n in range(1001))
    short = thinned(line)
    assert len(short) == 200 and all(y == pytest.approx(3 * x) for x, y in short)
    assert thinned(line[:200]) == line[:200]
