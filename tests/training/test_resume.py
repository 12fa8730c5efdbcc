"""A training that is interrupted or killed and goes on is the training that was not, bit for bit."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from lstmlab.errors import Interrupted, UserError
from lstmlab.experiment.compose import compose_job
from lstmlab.experiment.configuration import plain_config, read_config, write_config
from lstmlab.experiment.run_directory import RunDirectory
from lstmlab.experiment.train import train

OVERRIDES = [
    "data.seq_length=20", "data.batch_size=8", "data.max_characters=9000", "model.num_layers=2", "model.hidden_size=32",
    "model.embedding_size=32", "model.dropout=0.3", "trainer.max_epochs=3", "trainer.accumulate_grad_batches=2",
    "trainer.log_every_steps=5", "checkpoint.every_steps=4", "logger=csv", "callbacks.samples.tokens=30",
]  # fmt: skip


def config_of(*more: str) -> dict[str, Any]:
    composed, _, _ = compose_job("train", [*OVERRIDES, *more])
    config = plain_config("train", composed)
    config["trainer"]["precision"] = "bf16-mixed"
    return config


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("undisturbed")
    train(config_of(), directory, resume=False)
    return directory


def metrics(directory: Path) -> list[dict[str, str]]:
    with (directory / "metrics.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [{name: value for name, value in row.items() if name != "train/tokens_per_second"} for row in rows]


def assert_equal_runs(one: Path, other: Path) -> None:
    for name in ("best.ckpt", "last.ckpt"):
        a, b = (torch.load(d / "checkpoints" / name, weights_only=True) for d in (one, other))
        assert a["lstmlab"]["position"] == b["lstmlab"]["position"]
        assert a["state_dict"].keys() == b["state_dict"].keys()
        for key, tensor in a["state_dict"].items():
            assert torch.equal(tensor, b["state_dict"][key]), (name, key)
        (own_a,), (own_b,) = a["lstmlab"]["processes"], b["lstmlab"]["processes"]
        for mine, theirs in zip(own_a["state"], own_b["state"], strict=True):
            assert torch.equal(mine, theirs)
        assert torch.equal(own_a["random"]["cpu"], own_b["random"]["cpu"])
        weights = [c["lstmlab"].get("averaging", {}).get("weights", []) for c in (a, b)]
        assert all(torch.equal(mine, theirs) for mine, theirs in zip(*weights, strict=True))
    assert metrics(one) == metrics(other)
    samples = [{p.name: p.read_text(encoding="utf-8") for p in (d / "samples").iterdir()} for d in (one, other)]
    assert samples[0] == samples[1]
    timings = {"train/tokens_per_second", "wall_seconds", "environment"}
    summaries = [read_config(d / "summary.json") for d in (one, other)]
    assert {k: v for k, v in summaries[0].items() if k not in timings} == {
        k: v for k, v in summaries[1].items() if k not in timings
    }


def test_interrupted_at_every_step(undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal behind each step in turn: every place of an epoch, its end and the validation's beginning among them."""
    from lstmlab.training.module import LanguageModule

    step_of = LanguageModule._step

    def step_and_stop(self: LanguageModule, optimizer: Any) -> None:
        step_of(self, optimizer)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(LanguageModule, "_step", step_and_stop)
    interruptions = 0
    while True:
        try:
            train(config_of(), tmp_path, resume=interruptions > 0)
            break
        except Interrupted as stop:
            assert stop.signum == signal.SIGTERM
            assert RunDirectory(tmp_path).status["status"] == "interrupted"
            interruptions += 1
            if interruptions > 12:  # the rest of the way at once
                monkeypatch.setattr(LanguageModule, "_step", step_of)
    assert interruptions == 13
    assert_equal_runs(undisturbed, tmp_path)


def test_interrupted_within_the_validation(undisturbed: Path, tmp_path: Path) -> None:
    from lstmlab.training.module import LanguageModule

    validate = LanguageModule.validation_step

    def validate_and_stop(self: LanguageModule, window: Any, batch_idx: int) -> None:
        validate(self, window, batch_idx)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LanguageModule, "validation_step", validate_and_stop)
        with pytest.raises(Interrupted):
            train(config_of(), tmp_path, resume=False)
    train(config_of(), tmp_path, resume=True)
    assert_equal_runs(undisturbed, tmp_path)


def test_killed_at_a_random_moment(undisturbed: Path, tmp_path: Path) -> None:
    """SIGKILL in a process of its own, as a power cut does it; the rest in this one."""
    place = tmp_path / "run"
    write_config(config_of(), tmp_path / "config.yaml")
    command = [sys.executable, "-m", "lstmlab.experiment.worker", str(place), str(tmp_path / "config.yaml"), "false"]
    process = subprocess.Popen(command)
    deadline = time.monotonic() + 120
    while not (place / "checkpoints" / "last.ckpt").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    if RunDirectory(place).status["status"] == "completed":
        pytest.fail("the training was over before it could be killed; make it longer")
    assert RunDirectory(place).state() == "interrupted"
    train(config_of(), place, resume=True)
    assert_equal_runs(undisturbed, place)


EVERYTHING = [
    "attention=multihead", "attention.memory=15", "attention.dropout=0.2", "averaging=ema", "data.variable_length=true",
    "trainer.reset_state=0.2", "model.locked_dropout=true", "model.embedding_dropout=0.1", "model.activation_penalty=1",
    "model.temporal_activation_penalty=1", "model.layer.weight_drop=0.2", "trainer.accumulate_grad_batches=1",
]  # fmt: skip


@pytest.mark.parametrize(
    "more",
    [EVERYTHING, [*EVERYTHING, "averaging=ntasgd", "averaging.patience=1", "optim=sgd", "schedule=constant"]],
    ids=["ema", "ntasgd"],
)
def test_with_all_that_is_random_or_averaged(more: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped behind every seventh step, and within each validation."""
    from lstmlab.training.module import LanguageModule

    train(config_of(*more), tmp_path / "whole", resume=False)
    step_of, validate = LanguageModule._step, LanguageModule.validation_step
    stopped: set[Any] = set()

    def stop_once(at: Any) -> None:
        if at not in stopped:
            stopped.add(at)
            os.kill(os.getpid(), signal.SIGTERM)

    def step_and_stop(self: LanguageModule, optimizer: Any) -> None:
        step_of(self, optimizer)
        if self.position.step % 7 == 0:
            stop_once(self.position.step)

    def validate_and_stop(self: LanguageModule, window: Any, batch_idx: int) -> None:
        validate(self, window, batch_idx)
        stop_once(("validation", self.position.step))

    monkeypatch.setattr(LanguageModule, "_step", step_and_stop)
    monkeypatch.setattr(LanguageModule, "validation_step", validate_and_stop)
    begun = False
    while True:
        try:
            train(config_of(*more), tmp_path / "parts", resume=begun)
            break
        except Interrupted:
            begun = True
    assert len(stopped) > 15
    assert_equal_runs(tmp_path / "whole", tmp_path / "parts")


def test_in_double_precision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights of a checkpoint are not rounded to singles on their way back."""
    from lstmlab.training.module import LanguageModule

    double = config_of("averaging=ema")
    double["trainer"]["precision"] = "64-true"
    train(double, tmp_path / "whole", resume=False)
    step_of = LanguageModule._step

    def step_and_stop(self: LanguageModule, optimizer: Any) -> None:
        step_of(self, optimizer)
        if self.position.step == 11:
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(LanguageModule, "_step", step_and_stop)
        with pytest.raises(Interrupted):
            train(double, tmp_path / "parts", resume=False)
    train(double, tmp_path / "parts", resume=True)
    assert_equal_runs(tmp_path / "whole", tmp_path / "parts")


def test_killed_before_the_first_checkpoint(
    undisturbed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is there then: a configuration and a status."""
    place = RunDirectory(tmp_path)
    write_config(config_of(), place.config)
    place.mark("running")
    place.metrics.write_text("step,train/loss\n5,1.0\n", encoding="utf-8")
    train(config_of(), tmp_path, resume=True)
    assert "begins anew" in capsys.readouterr().out
    assert_equal_runs(undisturbed, tmp_path)


def test_a_finished_run_without_its_checkpoints_is_not_trained_again(undisturbed: Path, tmp_path: Path) -> None:
    shutil.copytree(undisturbed, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "checkpoints")
    with pytest.raises(UserError, match=r"last\.ckpt is missing"):
        train(config_of(), tmp_path / "run", resume=True)


def test_more_epochs_for_a_finished_run(undisturbed: Path, tmp_path: Path) -> None:
    """With a constant rate, 2 epochs and then a third are 3 epochs."""
    flat = ["schedule=constant"]
    train(config_of(*flat), tmp_path / "three", resume=False)
    train(config_of(*flat, "trainer.max_epochs=2"), tmp_path / "two", resume=False)
    with pytest.raises(UserError, match="complete"):
        train(config_of(*flat, "trainer.max_epochs=2"), tmp_path / "two", resume=True)
    train(config_of(*flat), tmp_path / "two", resume=True)
    assert_equal_runs(tmp_path / "three", tmp_path / "two")


def test_a_budget_that_ends_within_an_epoch_can_be_extended(tmp_path: Path) -> None:
    flat = ["schedule=constant"]
    train(config_of(*flat, "trainer.max_steps=30"), tmp_path / "whole", resume=False)
    train(config_of(*flat, "trainer.max_steps=11"), tmp_path / "parts", resume=False)
    assert [row["step"] for row in metrics(tmp_path / "parts") if row["val/loss"]] == ["11"]
    train(config_of(*flat, "trainer.max_steps=30"), tmp_path / "parts", resume=True)
    a, b = (torch.load(tmp_path / d / "checkpoints" / "last.ckpt", weights_only=True) for d in ("whole", "parts"))
    assert a["lstmlab"]["position"] == b["lstmlab"]["position"]
    assert all(torch.equal(t, b["state_dict"][k]) for k, t in a["state_dict"].items())


def test_a_second_signal_stops_at_once() -> None:
    """The first is noted, the second is Python's own KeyboardInterrupt."""
    from lstmlab.training.callbacks import Interruption

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a test runner in the background ignores it
    with Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        assert interruption
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)
    signal.signal(signal.SIGINT, before)


def test_outside_the_main_thread_nothing_is_caught() -> None:
    from lstmlab.training.callbacks import Interruption

    seen: list[bool] = []

    def enter() -> None:
        with Interruption() as interruption:
            seen.append(bool(interruption))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [False]


def test_a_run_that_died_before_its_summary_only_lacks_that(undisturbed: Path, tmp_path: Path) -> None:
    """Killed between the last step and summary.json: going on trains nothing and completes the directory."""
    place = RunDirectory(Path(shutil.copytree(undisturbed, tmp_path / "run")))
    place.summary.unlink()
    place.mark("running")
    train(config_of(), place.path, resume=True)
    assert place.status["status"] == "completed"
    assert_equal_runs(undisturbed, place.path)
