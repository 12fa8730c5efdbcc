"""Sweeps through the command line: what is trained, what is not trained again, what fails, how one stops."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from lstmlab.cli import main

TINY = [
    "data=synthetic", "data.characters=3000", "data.seq_length=16", "data.batch_size=8", "model.hidden_size=16",
    "model.embedding_size=16", "trainer.max_steps=3", "callbacks.samples.tokens=0", "logger=csv",
]  # fmt: skip


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(sweep: Path) -> dict[str, dict[str, str]]:
    with (sweep / "trials.csv").open(newline="", encoding="utf-8") as file:
        return {row["trial"]: row for row in csv.DictReader(file)}


def times(sweep: Path) -> dict[str, Any]:
    return {p.parent.name: json.loads(p.read_text())["time"] for p in sweep.glob("*/status.json")}


def stale(sweep: Path) -> list[str]:
    """What only a sweep that runs may have there."""
    return [p.name for p in (*sweep.rglob("*.partial"), *sweep.glob(".holder"), *sweep.glob(".trials"))]


def test_no_trial_is_trained_twice(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep = place / "sweeps" / "num_layers"
    assert main(["train", "-m", *TINY, "model.num_layers=1,2", "seed=1", "sweep.dry_run=true"]) == 0
    said = capsys.readouterr().out
    assert "num_layers=1,seed=1: to train" in said and "About 0:00:" in said and not sweep.exists()
    assert main(["train", "-m", *TINY, "model.num_layers=1,2", "seed=1"]) == 0
    said = capsys.readouterr().out
    assert "2 of 2 trials done" in said and "lstmlab report path=sweeps/num_layers" in said
    first = times(sweep)
    assert set(first) == {"num_layers=1,seed=1", "num_layers=2,seed=1"} and not stale(sweep)
    assert main(["train", "-m", *TINY, "model.num_layers=1,2", "seed=1,2", "sweep.dry_run=true"]) == 0
    said = capsys.readouterr().out
    assert "num_layers=1,seed=1: done" in said and "num_layers=2,seed=2: to train" in said
    # More seeds, typed in another order, the threads of the first time: only what is new.
    assert main(["train", "-m", "seed=1,2", "model.num_layers=1", *TINY, "sweep.name=num_layers", "sweep.jobs=2"]) == 0
    assert "3 trials, 2 done, 1 to train" in capsys.readouterr().out
    assert {name: stamp for name, stamp in times(sweep).items() if name in first} == first
    assert set(times(sweep)) - set(first) == {"num_layers=1,seed=2"}
    record = yaml.safe_load((sweep / "sweep.yaml").read_text())
    assert record["options"] == {"model.num_layers": [1, 2], "seed": [1, 2]} and record["threads"] >= 1
    table = rows(sweep)
    assert table["num_layers=2,seed=1"]["status"] == "completed"
    summary = json.loads((sweep / "num_layers=2,seed=1" / "summary.json").read_text())
    assert float(table["num_layers=2,seed=1"]["val/bits_per_char"]) == summary["val/bits_per_char"]


OWN = """
import os, signal, sys
from pytorch_lightning.callbacks import Callback

class Fate(Callback):
    def on_train_batch_end(self, trainer, module, *_):
        if module.position.step < 2 or os.environ.get("LUCK"):
            return
        seed = module.config["seed"]
        if seed == 2:
            raise RuntimeError("the tide came in")
        if seed == 3:
            sys.exit(5)
        if seed == 4:
            os._exit(7)
        if seed == 5:
            os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_trial_that_ends_badly_leaves_the_others_alone(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "fate.py").write_text(OWN)
    words = [
        "train", "-m", *TINY, "seed=1,2,3,4,5", "+callbacks.fate._target_=fate.Fate", "trainer.threads=1",
        "checkpoint.every_steps=1",
    ]  # fmt: skip
    assert main([*words, "sweep.jobs=2"]) == 1
    captured = capsys.readouterr()
    table = rows(place / "sweeps" / "seed")
    assert [table[f"seed={seed}"]["status"] for seed in (1, 2, 3, 4, 5)] == [
        "completed", "failed", "failed", "failed", "interrupted",
    ]  # fmt: skip
    reasons = [table[f"seed={seed}"]["reason"] for seed in (2, 3, 4, 5)]
    assert reasons[0] == "RuntimeError: the tide came in" and "5" in reasons[1]
    assert reasons[2] == "exited with code 7" and reasons[3].startswith("killed by SIGKILL, as happens when memory")
    assert all(reason in captured.out for reason in reasons)
    assert "4 of 5 trials did not complete" in captured.err and "Traceback" not in captured.err
    done = times(place / "sweeps" / "seed")["seed=1"]
    monkeypatch.setenv("LUCK", "1")
    assert main(words) == 0  # what failed is repeated, what was killed goes on from its checkpoint
    table = rows(place / "sweeps" / "seed")
    assert {row["status"] for row in table.values()} == {"completed"}
    assert times(place / "sweeps" / "seed")["seed=1"] == done
    log = (place / "sweeps" / "seed" / "seed=5" / "run.log").read_text()
    assert "Going on from step" in log
    assert not stale(place / "sweeps" / "seed")


def test_a_value_that_some_trials_refuse(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "-m", *TINY, "data.seq_length=16,5000,0", "seed=1"]) == 1
    captured = capsys.readouterr()
    table = rows(place / "sweeps" / "seq_length")
    assert [row["status"] for row in table.values()] == ["completed", "refused", "refused"]
    assert "data.seq_length=0 must be at least 1." in captured.out
    assert "fewer than one window" in table["seq_length=5000,seed=1"]["reason"]
    assert {entry.name for entry in (place / "sweeps" / "seq_length").iterdir() if entry.is_dir()} == {
        "seq_length=16,seed=1"
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-m", "seed=1"], "nothing varies"),
        (["sweep=none", "-m"], "nothing varies"),
        (["sweep=seq_lenght"], "sweep=seq_lenght does not exist. Did you mean seq_length?"),
        (["-m", "data.seq_lenth=1,2"], "data.seq_lenth is no option of lstmlab train. Did you mean data.seq_length,"),
        (["sweep.options={data.seq_lenth: [1,2]}"], "Did you mean data.seq_length,"),
        (["sweep.options={data.seq_length: []}"], "sweep.options.data.seq_length=[] must be a list"),
        (["-m", "seed=1,2", "sweep.jobs=0"], "sweep.jobs=0 must be at least 1."),
        (["-m", "seed=1,2", "sweep.job=2"], "Did you mean sweep.jobs,"),
        (["-m", "seed=1,2", "sweep.jobs=2", "hydra/launcher=basic"], "needs a launcher that runs several"),
        (["-m", "data.seq_length=0,-1"], "data.seq_length=0 must be at least 1."),
        (["-m", "seed=1,2", "sweep.reuse=[sweeps/none]"], "sweep.reuse: sweeps/none is no sweep"),
        (["-m", "seed=1,2", "sweep.choose={optim.lr: [0.1]}", "sweep.choose_seeds=[1]"], "must be seeds that the"),
        (["-m", "seed=1,2", "sweep.jobs=1,2"], "sweep.jobs=1,2: what says how a sweep runs cannot be varied"),
        (
            ["-m", "seed=1,2", "sweep.choose={optim.lr: [0.1]}", "data.split=[0.9,0,0.1]"],
            "sweep.choose needs a validation part",
        ),
        (["-m", "seed=1,2", "run=latest"], "no training with a checkpoint"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_and_leaves_nothing(
    place: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["train", *TINY, *words]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and "Traceback" not in error
    assert not list(place.iterdir())


def test_a_directory_of_other_making_is_left_alone(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep = place / "sweeps" / "mine"
    sweep.mkdir(parents=True)
    (sweep / "notes.txt").write_text("mine")
    words = ["train", "-m", *TINY, "seed=1,2", "sweep.name=mine"]
    assert main(words) == 2
    assert "sweeps/mine holds files but no sweep.yaml: it is no sweep" in capsys.readouterr().err
    for text, said in (("a: [", "cannot be read"), ("hello", "is not whole, or was not written by a sweep")):
        (sweep / "sweep.yaml").write_text(text)
        assert main(words) == 2
        assert said in capsys.readouterr().err
        assert (sweep / "sweep.yaml").read_text() == text
    assert {entry.name for entry in sweep.iterdir()} == {"notes.txt", "sweep.yaml"}


def test_another_sweep_of_the_same_name_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Other fixed options, or another text, would put trials side by side that cannot be compared."""
    Path("a.txt").write_text("the cat sat on the mat " * 200)
    words = ["train", "-m", *TINY[2:], "data=text", "data.path=a.txt", "seed=1,2"]
    assert main([*words, "sweep.dry_run=true"]) == 0
    assert main([*words]) == 0
    capsys.readouterr()
    assert main([*words, "model.hidden_size=32"]) == 2
    assert "holds a sweep with model.hidden_size=16, and here it is 32" in capsys.readouterr().err
    Path("a.txt").write_text("the dog sat on the mat " * 200)
    assert main(words) == 2
    assert "was trained on another text, or by another version" in capsys.readouterr().err


def test_trials_of_another_sweep_are_taken_when_asked(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "-m", *TINY, "seed=1,2"]) == 0
    words = ["train", "-m", *TINY, "model.num_layers=1,2", "seed=1", "trainer.threads=2", "sweep.name=second"]
    words[words.index("trainer.threads=2")] = f"trainer.threads={threads_of(place / 'sweeps' / 'seed')}"
    assert main([*words, "sweep.reuse=[sweeps/seed]"]) == 0
    assert "2 trials, 1 done, 1 to train" in capsys.readouterr().out
    table = rows(place / "sweeps" / "second")
    assert table["num_layers=1,seed=1"]["path"] == str(place / "sweeps" / "seed" / "seed=1")
    assert not (place / "sweeps" / "second" / "num_layers=1,seed=1").exists()


def threads_of(sweep: Path) -> int:
    return int(yaml.safe_load((sweep / "sweep.yaml").read_text())["threads"])


def test_each_arm_chooses_on_seeds_of_its_own(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "train", "-m", *TINY, "model.num_layers=1,2", "seed=1,2", "sweep.choose={optim.lr: [0.0001, 0.02]}",
        "trainer.threads=1", "trainer.max_steps=12", "sweep.jobs=2",
    ]  # fmt: skip
    assert main(words) == 0
    sweep = place / "sweeps" / "num_layers"
    table = rows(sweep)
    chosen = [row for row in table.values() if row["role"] == "trial"]
    assert len(table) == 8 and len(chosen) == 4
    for layers in ("1", "2"):
        tried = [r for r in table.values() if r["role"] == "choice" and r["model.num_layers"] == layers]
        best = min(tried, key=lambda row: float(row["val/bits_per_char"]))
        assert {r["optim.lr"] for r in chosen if r["model.num_layers"] == layers} == {best["optim.lr"]}
        assert {r["seed"] for r in tried} == {"0"}
    capsys.readouterr()
    assert main(words) == 0
    assert "8 trials, 8 done, 0 to train" in capsys.readouterr().out


# -- signals and other processes ---------------------------------------------------------------------------------------

LONG = [
    *TINY[:-2],
    "logger=csv",
    "callbacks.samples.tokens=0",
    "trainer.max_steps=100000",
    "trainer.max_epochs=null",
    "trainer.threads=1",
]


def start(*words: str) -> subprocess.Popen[str]:
    """The command in a process group of its own, as a shell starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "lstmlab.cli", "train", "-m", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def wait_for(condition: Any, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def training(sweep: Path) -> list[int]:
    """The processes of the trials that have begun to write metrics."""
    begun = [p.parent / "status.json" for p in sweep.glob("*/metrics.csv")]
    states = [json.loads(p.read_text()) for p in begun if p.is_file()]
    return [state["pid"] for state in states if state["status"] == "running"]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize(
    ("number", "code", "group"), [(signal.SIGINT, 130, True), (signal.SIGTERM, 143, False), (signal.SIGTERM, 143, True)]
)
def test_a_signal_stops_a_sweep_in_good_order(place: Path, number: signal.Signals, code: int, group: bool) -> None:
    """Ctrl-C goes to the whole group, SIGTERM to the one process or, from a service, to all; every trial is saved."""
    sweep = place / "sweeps" / "seed"
    process = start(*LONG, "seed=1,2,3", "sweep.jobs=2")
    try:
        wait_for(lambda: len(training(sweep)) == 2 or process.poll() is not None)
        pids = training(sweep)
        if group:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        out, err = process.communicate(timeout=120)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == code, out + err
    assert "every trial is saved, the same command goes on" in err and "Traceback" not in err
    states = [json.loads(p.read_text()) for p in sorted(sweep.glob("*/status.json"))]
    assert [state["status"] for state in states] == ["interrupted"] * 2
    assert len(list(sweep.glob("*/checkpoints/last.ckpt"))) == 2 and not any(map(alive, pids))
    assert rows(sweep)["seed=3"]["status"] == "missing" and not stale(sweep)


def test_a_second_process_is_refused_and_trials_end_with_their_sweep(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = place / "sweeps" / "seed"
    process = start(*LONG, "seed=1,2")
    try:
        wait_for(lambda: training(sweep) or process.poll() is not None)
        (pid,) = training(sweep)
        assert main(["train", "-m", *LONG, "seed=1,2"]) == 2
        assert f"sweeps/seed is being run by process {process.pid}" in capsys.readouterr().err
        process.kill()  # it alone: its trial notices, saves and ends
        wait_for(lambda: not alive(pid))
    finally:
        process.kill()
        process.communicate()
    state = json.loads((sweep / "seed=1" / "status.json").read_text())
    assert state["status"] == "interrupted" and (sweep / "seed=1" / "checkpoints" / "last.ckpt").is_file()


# -- launchers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("launcher", ["basic", "joblib", "submitit_local", pytest.param("ray", marks=pytest.mark.slow)])
def test_every_launcher_trains_the_same(place: Path, launcher: str) -> None:
    """In a process of its own, as Ray and submitit leave threads and settings behind."""
    jobs = 1 if launcher == "basic" else 2
    words = [*TINY, "seed=1,2", "trainer.threads=1", f"sweep.name={launcher}", f"sweep.jobs={jobs}"]
    process = start(*words, f"hydra/launcher={launcher}")
    out, err = process.communicate(timeout=280)
    assert process.returncode == 0, out + err
    table = rows(place / "sweeps" / launcher)
    assert [row["status"] for row in table.values()] == ["completed"] * 2 and not stale(place / "sweeps" / launcher)
    single = main(["train", *TINY, "seed=1", "trainer.threads=1", "hydra.run.dir=single"])
    alone = json.loads(Path("single/summary.json").read_text())["val/bits_per_char"]
    assert single == 0 and float(table["seed=1"]["val/bits_per_char"]) == alone


def test_slurm_is_asked_for_what_a_trial_needs(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No Slurm is here: what can be seen is that its launcher is chosen, and that its absence is told."""
    words = [*TINY, "seed=1,2", "hydra/launcher=submitit_slurm", "hydra.launcher.cpus_per_task=3"]
    assert main(["train", "-m", *words, "sweep.dry_run=true"]) == 0
    assert main(["train", "-m", *words]) == 2
    captured = capsys.readouterr()
    assert "2 at a time" not in captured.out and "3 threads each" in captured.out
    assert "hydra/launcher: " in captured.err and "Traceback" not in captured.err


def test_damaged_files_cost_one_trial_at_most(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "-m", *TINY, "seed=1,2,3", "trainer.threads=1"]
    assert main(words) == 0
    sweep = place / "sweeps" / "seed"
    expected = {name: row["val/bits_per_char"] for name, row in rows(sweep).items()}
    summary = sweep / "seed=1" / "summary.json"
    summary.write_text(summary.read_text()[:100])
    status = sweep / "seed=2" / "status.json"
    status.write_text(status.read_text()[:40])
    untouched = (sweep / "seed=3" / "status.json").stat().st_mtime_ns
    capsys.readouterr()
    assert main(words) == 0
    assert "3 trials, 1 done, 2 to train" in capsys.readouterr().out
    assert {name: row["val/bits_per_char"] for name, row in rows(sweep).items()} == expected
    assert (sweep / "seed=3" / "status.json").stat().st_mtime_ns == untouched


def test_threads_are_those_that_were_set_for_everything(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for told, threads in (("1", "1 thread each"), ("3", "3 threads each")):
        monkeypatch.setenv("OMP_NUM_THREADS", told)
        assert main(["train", "-m", *TINY, "seed=1,2", f"sweep.name=t{told}", "trainer.max_steps=1"]) == 0
        assert threads in capsys.readouterr().out


@pytest.mark.parametrize("job", ["tune", "wandb-sweep"])
def test_what_has_no_choices_says_so(place: Path, capsys: pytest.CaptureFixture[str], job: str) -> None:
    words = [*TINY, "sweep=grid", "sweep.choose={optim.lr: [0.1]}"]
    assert main([job, *words]) == 2
    error = capsys.readouterr().err
    assert "sweep.choose" in error and error.count("\n") == 1 and not list(place.iterdir())
