"""What lies on disk becomes trials with their state; what is no sweep is refused in one sentence."""

import json
import os
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml

from lstmlab.errors import UserError
from lstmlab.reports.sweep import find, load_sweep


def test_a_sweep(seq_sweep: Path) -> None:
    sweep = load_sweep(seq_sweep)
    assert sweep.name == "seq_length"
    assert sweep.options == {"data.seq_length": (16, 32, 64, 128)}
    assert sweep.choose == {"optim.lr": (0.002, 0.004, 0.008)}
    assert len(sweep.trials) == 32 and len(sweep.counted) == 18
    states = {trial.name: (trial.state, trial.reason) for trial in sweep.trials if trial.state != "completed"}
    assert states == {
        "seq_length=128,seed=3": ("failed", "OutOfMemoryError: <4 GB> & more"),
        "seq_length=16,seed=5": ("missing", "never started"),
    }
    one = sweep.trials[0]
    assert one.options == {"data.seq_length": 16, "optim.lr": 0.004} and one.seed == 1 and one.role == "trial"
    assert one.wall_seconds == 12.0 and one.bits is not None and one.text == "" and sweep.one_text


def test_refused(grid_sweep: Path) -> None:
    (refused,) = [trial for trial in load_sweep([grid_sweep]).trials if trial.state == "refused"]
    assert refused.reason == "model.dropout=0.5 is too much." and not refused.counts


def test_running_only_while_the_process_lives(tmp_path: Path, make_run: Any, make_config: Any) -> None:
    run = make_run(tmp_path / "run", make_config({}), status="running")
    status = json.loads((run / "status.json").read_text())
    for pid, state in ((os.getppid(), "running"), (2**22 + 1, "interrupted")):
        (run / "status.json").write_text(json.dumps(status | {"pid": pid, "host": socket.gethostname()}))
        assert load_sweep(run).trials[0].state == state


def test_completed_without_a_summary_does_not_count(tmp_path: Path, make_run: Any, make_config: Any) -> None:
    run = make_run(tmp_path / "run", make_config({}))
    (run / "summary.json").write_text('{"val/bits')
    trial = load_sweep(run).trials[0]
    assert trial.state == "failed" and "summary.json" in (trial.reason or "") and not trial.counts


def test_diverged_trials_do_not_count_and_are_named(tmp_path: Path, make_run: Any, make_config: Any) -> None:
    runs = [make_run(tmp_path / f"{seed}", make_config({"seed": seed}), 2.0) for seed in (1, 2)]
    runs.append(make_run(tmp_path / "3", make_config({"seed": 3}), 2.0, **{"val/bits_per_char": float("nan")}))
    findings = find(load_sweep(runs))
    assert [len(arm.trials) for arm in findings.arms] == [2]
    (problem,) = findings.problems
    assert problem.trial == "3" and "diverged" in problem.reason


def test_reused_trials_lie_elsewhere(tmp_path: Path, make_sweep: Any) -> None:
    first = make_sweep(tmp_path / "a", {"data.seq_length": [16, 32], "seed": [1, 2]}, lambda one: 2.0)
    content = yaml.safe_load((first / "sweep.yaml").read_text())
    for trial in content["trials"]:
        trial["path"] = str(first / trial["path"])
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "sweep.yaml").write_text(yaml.safe_dump(content | {"name": "b"}))
    assert len(load_sweep(tmp_path / "b").counted) == 4
    assert len(load_sweep([first, tmp_path / "b"]).trials) == 4  # each once


def test_two_sweeps_of_one_option_are_put_together(tmp_path: Path, make_sweep: Any) -> None:
    make_sweep(tmp_path / "a", {"data.seq_length": [16, 64], "seed": [1, 2]}, lambda one: 2.0)
    make_sweep(tmp_path / "b", {"data.seq_length": [32], "seed": [1, 2, 3]}, lambda one: 1.9)
    sweep = load_sweep([tmp_path / "a", tmp_path / "b"])
    assert sweep.options == {"data.seq_length": (16, 32, 64)} and len(sweep.counted) == 7
    assert sweep.name == "a, b" and not sweep.beside


def test_runs_that_no_sweep_made(tmp_path: Path, make_run: Any, make_config: Any) -> None:
    runs = []
    for layers, width, seed in ((1, 64, 1), (1, 64, 2), (2, 128, 1), (2, 128, 2)):
        config = make_config({"model.num_layers": layers, "model.hidden_size": width, "seed": seed})
        config["logger"]["run_name"] = f"{layers} {seed}"
        config["data"]["root"] = f"/somewhere/{seed}"
        runs.append(make_run(tmp_path / f"{layers}-{seed}", config, 2.0 - 0.01 * layers))
    sweep = load_sweep(runs)
    assert sweep.options == {"model.num_layers": (1, 2)}  # not the names of runs, not where files lie, not the seed
    assert sweep.beside == {"model.num_layers": ("model.hidden_size",)}
    assert {trial.seed for trial in sweep.trials} == {1, 2} and sweep.one_text
    assert any("model.hidden_size" in note for note in find(sweep).notes)


def test_what_follows_from_another_option_is_none_of_its_own(tmp_path: Path, make_run: Any, make_config: Any) -> None:
    """Steps by arm follow from seq_length; batch_size is found before seq_length, which says more."""
    runs = []
    for batch, length, steps in ((64, 16, 400), (32, 32, 200), (32, 64, 100)):
        options = {"data.batch_size": batch, "data.seq_length": length, "trainer.max_steps": steps}
        runs.append(make_run(tmp_path / str(length), make_config(options)))
    sweep = load_sweep(runs)
    assert sweep.options == {"data.seq_length": (16, 32, 64)}
    assert set(sweep.beside["data.seq_length"]) == {"data.batch_size", "trainer.max_steps"}


def test_a_group_of_a_sweep_is_recognised_in_a_run(tmp_path: Path, make_run: Any, make_config: Any) -> None:
    models = {"lstm": {"_target_": "LSTM", "num_layers": 1}, "gru": {"_target_": "GRU", "num_layers": 1}}
    trials = []
    for name, group in models.items():
        config = make_config({"seed": 1}) | {"model": group}
        make_run(tmp_path / "a" / name, config)
        trials.append({"name": name, "options": {"model": name, "seed": 1}, "path": name})
    content = {"lstmlab": "0.1.0", "name": "a", "options": {"model": ["lstm", "gru"], "seed": [1]}, "trials": trials}
    (tmp_path / "a" / "sweep.yaml").write_text(yaml.safe_dump(content))
    own = make_run(tmp_path / "own", make_config({"seed": 2}) | {"model": models["gru"]})
    sweep = load_sweep([tmp_path / "a", own])
    assert sweep.options == {"model": ("lstm", "gru")}
    assert [trial.options["model"] for trial in sweep.trials] == ["lstm", "gru", "gru"]


def test_the_same_arm_and_seed_twice_counts_once(tmp_path: Path, make_run: Any, make_config: Any) -> None:
    runs = [make_run(tmp_path / name, make_config({"seed": 1}), bits) for name, bits in (("a", 2.0), ("b", 1.9))]
    sweep = load_sweep(runs)
    assert [trial.name for trial in sweep.counted] == ["a"]
    assert any(str(tmp_path / "b") in note for note in sweep.notes)


def test_an_option_chosen_in_one_source_only_tells_arms_apart(tmp_path: Path, make_sweep: Any) -> None:
    chosen = make_sweep(
        tmp_path / "a", {"data.seq_length": [16, 32], "seed": [1, 2]}, lambda one: 2.0,
        chosen=lambda one: {"optim.lr": 0.002}, tried={"optim.lr": [0.002, 0.004]},
    )  # fmt: skip
    plain = make_sweep(tmp_path / "b", {"data.seq_length": [32, 64], "seed": [1, 2]}, lambda one: 1.9)
    sweep = load_sweep([chosen, plain])
    assert sweep.options == {"data.seq_length": (16, 32, 64), "optim.lr": (0.002, 0.004)} and not sweep.choose


def test_values_of_any_kind(tmp_path: Path, make_sweep: Any, make_run: Any, make_config: Any) -> None:
    values = [None, True, 1, 1.5, "text", [0.9, 0.1], "1"]
    root = make_sweep(tmp_path / "a", {"optim.betas": values, "seed": [1, 2]}, lambda one: 2.0)
    content = yaml.safe_load((root / "sweep.yaml").read_text())
    for number, trial in enumerate(content["trials"]):  # the directories of 1 and "1" would be the same
        trial["path"] = str(make_run(root / f"{number}", make_config(trial["options"])))
    (root / "sweep.yaml").write_text(yaml.safe_dump(content))
    sweep = load_sweep(root)
    assert sweep.options["optim.betas"] == tuple(values)
    names = [arm.name for arm in find(sweep).arms]
    assert names == ["null", "true", "1", "1.5", "text", "[0.9,0.1]", '"1"']


def refusal(path: Any) -> str:
    with pytest.raises(UserError) as refused:
        find(load_sweep(path))
    message = str(refused.value)
    assert "\n" not in message and message.endswith((".", "?"))
    return message


def test_a_misspelt_path(seq_sweep: Path) -> None:
    assert f"does not exist. Did you mean {seq_sweep}?" in refusal(seq_sweep.parent / "seq_lenght")


def test_neither_sweep_nor_run(tmp_path: Path, make_run: Any, make_config: Any) -> None:
    assert "neither a sweep nor a run" in refusal(tmp_path)
    make_run(tmp_path / "inside", make_config({}))
    assert "inside" in refusal(tmp_path)
    assert "path names nothing" in refusal([])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: [", "cannot be read as YAML"),
        ("", "is no sweep of lstmlab's"),
        ("method: grid\nparameters: {}\n", "is no sweep of lstmlab's: lstmlab: field required"),
        ("lstmlab: 0.1.0\nname: a\noptions: {seed: 3}\ntrials: []\n", "options.seed"),
        ("lstmlab: 0.1.0\nname: a\noptions: {}\ntrials: [{name: a}]\n", "trials.0.options"),
    ],
)
def test_sweep_files_of_other_code(content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text(content)
    message = refusal(tmp_path)
    assert said in message and str(tmp_path / "sweep.yaml") in message


def test_no_finished_trial(tmp_path: Path, make_sweep: Any) -> None:
    without = {"seq_length=16,seed=1": "missing", "seq_length=32,seed=1": "it broke"}
    root = make_sweep(tmp_path / "a", {"data.seq_length": [16, 32], "seed": [1]}, lambda one: 2.0, without=without)
    message = refusal(root)
    assert "no finished trial" in message and "1 failed and 1 missing" in message


def test_a_broken_config_of_a_run(tmp_path: Path, make_run: Any, make_config: Any) -> None:
    run = make_run(tmp_path / "run", make_config({}))
    (run / "config.yaml").write_text("[")
    assert "config.yaml cannot be read" in refusal(run)


def test_a_directory_that_a_sweep_lost(seq_sweep: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(seq_sweep, tmp_path / "copy")
    shutil.rmtree(copy / "seq_length=32,seed=1")
    states = {trial.name: trial.state for trial in load_sweep(copy).trials}
    assert states["seq_length=32,seed=1"] == "missing" and states["seq_length=32,seed=2"] == "completed"
