"""lstmlab tune through the command line: what is tried, what is pruned, what a kill leaves, what several share."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml
from optuna.trial import FrozenTrial, TrialState

from lstmlab.cli import main
from lstmlab.training.study_journal import journal_storage

TINY = [
    "data=synthetic", "data.characters=3000", "data.seq_length=16", "data.batch_size=8", "model.hidden_size=16",
    "model.embedding_size=16", "trainer.max_epochs=4", "trainer.threads=1", "callbacks.samples.tokens=0", "logger=csv",
]  # fmt: skip
GRID = "sweep.options={optim.lr: [0.00001, 0.02], model.num_layers: [1, 2], seed: [0, 1]}"
SPACE = "sweep.space={optim.lr: {choices: [0.00001, 0.02]}, model.num_layers: {low: 1, high: 2}}"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def study(sweep: Path) -> list[FrozenTrial]:
    found = optuna.load_study(study_name=sweep.name, storage=journal_storage(sweep / "study.journal"))
    return found.get_trials()


def rows(sweep: Path) -> list[dict[str, str]]:
    with (sweep / "trials.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def times(sweep: Path) -> dict[str, Any]:
    return {p.parent.name: json.loads(p.read_text())["time"] for p in sweep.glob("*/status.json")}


def test_a_search_prunes_what_is_bad_and_finds_what_the_full_grid_finds(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["tune", *TINY, GRID, SPACE, "sweep.reduction_factor=2"]
    sweep = place / "sweeps" / "tune-lr-num_layers"
    assert main([*words, "sweep.dry_run=true"]) == 0
    said = capsys.readouterr().out
    assert "optim.lr: one of 1e-05, 0.02" in said and "model.num_layers: 1 to 2, whole numbers" in said
    assert "20 trials, 0 done, 88 steps each, 1,760 at the most; nothing was trained." in said
    assert "The full grid: 352 steps (4 trainings)." in said and not sweep.exists()

    assert main([*words, "sweep.trials=3"]) == 0
    first = times(sweep)
    assert len(first) == 3
    assert main([*words, "sweep.trials=30"]) == 0  # more of them, as many as there are
    said = capsys.readouterr().out
    assert "sweeps/tune-lr-num_layers: 30 trials, 3 done" in said
    trials = study(sweep)
    assert len({tuple(sorted(t.params.items())) for t in trials}) == len(trials) == 4
    assert {name: stamp for name, stamp in times(sweep).items() if name in first} == first
    states = {t.params["optim.lr"]: t.state for t in trials if t.number}
    assert states[1e-05] is TrialState.PRUNED
    table = rows(sweep)
    assert sorted(row["role"] for row in table if row["optim.lr"] == "1e-05").count("pruned") >= 1
    steps = [int(row["steps"]) for row in table]
    assert min(steps) == 22 and max(steps) == 88  # an epoch, and four
    assert all(row["status"] == "completed" for row in table)
    assert f"Spent {sum(steps):,} training steps, {sum(steps) / 352:.0%} of the 352 of the full grid" in said

    record = yaml.safe_load((sweep / "sweep.yaml").read_text())
    assert record["options"] == {"optim.lr": [1e-05, 0.02], "model.num_layers": [1, 2], "seed": [0]}
    assert [t["identity"] is None for t in record["trials"]] == [t["role"] == "pruned" for t in record["trials"]]
    assert {type(t["options"]["model.num_layers"]) for t in record["trials"]} == {int}

    # The full grid: what the search completed is what it would train, what was pruned is not.
    completed = sum(row["role"] == "trial" for row in table)
    grid = ["train", "-m", *TINY, GRID, "seed=0", "sweep.name=grid", f"sweep.reuse=[{sweep}]"]
    assert main(grid) == 0
    assert f"4 trials, {completed} done, {4 - completed} to train" in capsys.readouterr().out
    figures = {row["trial"]: float(row["val/bits_per_char"]) for row in rows(place / "sweeps" / "grid")}
    assert min(float(row["val/bits_per_char"]) for row in table if row["role"] == "trial") == min(figures.values())

    for other, code in ((["train", "-m", *TINY, "seed=1,2"], 2), (["tune", *TINY, SPACE, "sweep.space.seed=null"], 2)):
        assert main([*other, f"sweep.name={sweep.name}"]) == code
        assert "Traceback" not in capsys.readouterr().err


FATE = """
import os, signal
from pytorch_lightning.callbacks import Callback

class Fate(Callback):
    def on_train_batch_end(self, trainer, module, *_):
        if module.config["data"]["seq_length"] == 24:
            os.kill(os.getpid(), signal.SIGKILL)
        if module.config["data"]["seq_length"] == 20:
            raise RuntimeError("the tide came in")
"""


def test_trials_that_fail_are_told_and_the_others_go_on(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "fate.py").write_text(FATE)
    words = [
        "tune",
        *TINY,
        "+callbacks.fate._target_=fate.Fate",
        "trainer.max_epochs=1",
        "data.seq_length=20,24,16,5000",
    ]
    assert main([*words, "sweep.name=one", "sweep.jobs=2"]) == 0
    said = capsys.readouterr().out
    assert "3 of 4 trials failed" in said and "there is no full grid to hold them against" in said
    reasons = {t.params["data.seq_length"]: t.user_attrs.get("reason", "") for t in study(place / "sweeps" / "one")}
    assert reasons[20] == "RuntimeError: the tide came in" and "fewer than one window" in reasons[5000]
    assert reasons[24].startswith("killed by SIGKILL") and not reasons[16]
    assert all(reason in said for reason in reasons.values())
    words[-1] = "data.seq_length=20,5000"
    assert main([*words, "sweep.name=two"]) == 1
    assert "not one trial of the search completed" in capsys.readouterr().err


# -- kills, signals, several processes ---------------------------------------------------------------------------------

LONG = [
    *TINY, "trainer.max_epochs=40", "checkpoint.every_steps=20", "sweep.name=long", "sweep.trials=3",
    "sweep.space={optim.lr: {low: 0.001, high: 0.02, log: true}}", "sweep.reduction_factor=null",
]  # fmt: skip


def start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "lstmlab.cli", "tune", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def wait_for(condition: Any, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def running(sweep: Path) -> list[Path]:
    """The trials that train and have saved something."""
    states = {p.parent: json.loads(p.read_text()) for p in sweep.glob("*/status.json")}
    saved = [
        p for p, state in states.items() if state["status"] == "running" and (p / "checkpoints/last.ckpt").exists()
    ]
    return saved


def logged(run: Path, words: str) -> int:
    return (run / "run.log").read_text().count(words)


@pytest.mark.slow
def test_a_search_that_is_stopped_or_killed_goes_on_where_it_was(place: Path) -> None:
    sweep = place / "sweeps" / "long"
    process = start(*LONG)
    try:
        wait_for(lambda: running(sweep) or process.poll() is not None)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 143 and "the same command goes on" in err, out + err
        assert [json.loads(p.read_text())["status"] for p in sweep.glob("*/status.json")] == ["interrupted"]

        process = start(*LONG)
        wait_for(lambda: any(not run.name.startswith("000") for run in running(sweep)) or process.poll() is not None)
        done = times(sweep)
        done = {name: stamp for name, stamp in done.items() if (sweep / name / "summary.json").is_file()}
        assert done and process.poll() is None
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        # As if it had been within a line of the journal.
        with (sweep / "study.journal").open("a") as file:
            file.write('{"op_code": 6, "worker')

        process = start(*LONG)
        out, err = process.communicate(timeout=200)
        assert process.returncode == 0, out + err
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    trials = study(sweep)
    assert [t.state for t in trials] == [TrialState.COMPLETE] * 3
    runs = sorted(p.parent for p in sweep.glob("*/status.json"))
    assert len(runs) == 3 and {name: stamp for name, stamp in times(sweep).items() if name in done} == done
    assert sum(logged(run, "Going on from step") for run in runs) == 2  # by the signal, by the kill
    assert [logged(run, "Completed: ") for run in runs] == [1, 1, 1]
    assert [json.loads((run / "summary.json").read_text())["steps"] for run in runs] == [880] * 3
    assert [len(t.intermediate_values) for t in trials] == [40] * 3
    assert not [p.name for p in (*sweep.rglob("*.partial"), *sweep.glob(".trials"))]


def test_two_commands_share_one_search(place: Path) -> None:
    words = [*TINY, "sweep.name=shared", "sweep.trials=5", "sweep.space={optim.lr: {low: 0.001, high: 0.02}}"]
    sweep = place / "sweeps" / "shared"
    both = [start(*words), start(*words)]
    try:
        ends = [process.communicate(timeout=200) for process in both]
    finally:
        for process in both:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    assert [process.returncode for process in both] == [0, 0], ends
    trials = study(sweep)
    assert len(trials) == 5 and all(t.state in (TrialState.COMPLETE, TrialState.PRUNED) for t in trials)
    runs = [p.parent for p in sweep.glob("*/run.log")]
    assert len(runs) == 5 and [logged(run, "Training in") for run in runs] == [1] * 5
    assert len({t.user_attrs["worker"] for t in trials}) == 2 and len(rows(sweep)) == 5


# -- bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "sweep.space is empty, so there is nothing to search"),
        (["sweep.space={optim.lr: {low: 0.1}}"], "sweep.space.optim.lr lacks high: give low and high, or choices."),
        (["sweep.space={optim.lr: {}}"], "sweep.space.optim.lr lacks low and high"),
        (["sweep.space={optim.lr: {low: 0.1, high: 1, choices: [1]}}"], "has both choices and a range"),
        (["sweep.space={optim.lr: {low: 0.1, high: 0.1}}"], "optim.lr.low=0.1 must be below sweep.space.optim.lr.high"),
        (["sweep.space={optim.lr: {low: 0, high: 0.1, log: true}}"], "low=0 must be above 0 where log is true"),
        (["sweep.space={optim.lr: {choices: []}}"], "sweep.space.optim.lr.choices is empty"),
        (["sweep.space={optim.lr: {choices: [1, 1.0]}}"], "has the value 1.0 twice"),
        (["sweep.space={optim.lr: {choices: [1], log: true}}"], "log=true belongs to a range"),
        (["sweep.space={optim.lr: {lo: 1}}"], "sweep.space.optim.lr.lo is no option"),
        (["sweep.space={optim.rl: {low: 1, high: 2}}"], "optim.rl is no option"),
        (["sweep.space={model.num_layer: {low: 1, high: 2}}"], "Did you mean model.num_layers"),
        (["sweep.space={seed: {low: 1, high: 2}}"], "seed cannot be searched"),
        (["sweep=gird"], "sweep=gird does not exist. Did you mean grid?"),
        (["sweep=grid", "sweep.trials=0"], "sweep.trials=0 must be at least 1."),
        (["sweep=grid", "sweep.reduction_factor=1"], "sweep.reduction_factor=1 must be at least 2."),
        (["sweep=grid", "data.seq_length=0"], "data.seq_length=0 must be at least 1."),
        (["sweep=grid", "data.seq_lenth=1"], "Did you mean data.seq_length"),
        (["sweep=grid", "data.split=[0.9,0,0.1]"], "compares trials on the whole validation part"),
        (["sweep=grid", "hydra/launcher=submitit_local"], "start the same command in several jobs"),
        (["sweep=grid", "sweep.reuse=[sweeps/other]"], "sweep.reuse has no use for lstmlab tune"),
        (["sweep=grid", "run=latest"], "run=… goes on with one training and has no place in a sweep."),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_and_leaves_nothing(
    place: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["tune", *[word for word in TINY if "seq_length" not in word], *words]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and "Traceback" not in error
    assert not list(place.iterdir())


def test_its_help_is_that_of_train(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", "--help"]) == 0
    said = capsys.readouterr().out
    assert (
        said.startswith("lstmlab tune [option=value ...]") and "data.seq_length=" in said and "sweep.trials=20" in said
    )
    assert main(["tune", "sweep=grid", "--cfg", "job"]) == 0
    assert "trials: 20" in capsys.readouterr().out
