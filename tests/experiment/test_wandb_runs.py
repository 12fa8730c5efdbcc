"""Offline W&B runs read back: a finished, a failing, a killed and a resumed training, and what uploads them."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import lstmlab
from lstmlab.experiment.wandb_crash import record_crash
from lstmlab.experiment.wandb_upload import upload_command
from lstmlab.training import LanguageModule
from lstmlab.training.loggers.wandb_pieces import holds_run, mend, offline_pieces

Read = Callable[[Path], list[Any]]

TINY = ["data.max_characters=4000", "model.hidden_size=16", "model.embedding_size=16", "data.batch_size=8",
        "trainer.log_every_steps=2", "callbacks.samples.tokens=5", "logger.mode=offline", "logger.project=p",
        "logger.group=my sweep", "logger.run_name=seq_length=16", "logger.tags=[a,b]"]  # fmt: skip


def own_service() -> dict[str, str]:
    """The environment without the W&B service of this process: it would not die with a training."""
    return {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}


@pytest.fixture(scope="module")
def killed_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training that was killed while it trained, W&B's own process with it."""
    directory = tmp_path_factory.mktemp("killed") / "run"
    process = subprocess.Popen(
        [sys.executable, "-m", "lstmlab.cli", "train", *TINY, "trainer.max_steps=100000", "trainer.max_epochs=null",
         "checkpoint.every_steps=40", f"hydra.run.dir={directory}"],
        env=own_service(), cwd=directory.parent, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not (directory / "checkpoints" / "last.ckpt").is_file() or not written(directory):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return directory


def written(run: Path) -> bool:
    """Whether W&B has written rows down: it does so every few seconds."""
    return any(b"train/loss" in piece.read_bytes() for piece in offline_pieces(run))


def steps_of(run: Path) -> list[int]:
    """Of the rows of metrics.csv."""
    rows = (run / "metrics.csv").read_text(encoding="utf-8").splitlines()[1:]
    return [int(row.split(",")[0]) for row in rows]


def copied(run: Path, place: Path) -> Path:
    shutil.copytree(run, place, symlinks=True)
    return place


def test_config_group_name_tags_history_and_exit_code(tmp_path: Path, read_offline_wandb: Read) -> None:
    lstmlab.train([*TINY, "trainer.max_steps=6", f"hydra.run.dir={tmp_path}"])
    (run,) = read_offline_wandb(tmp_path)
    assert (run.project, run.group, run.name, run.tags) == ("p", "my sweep", "seq_length=16", ["a", "b"])
    assert run.config == yaml.safe_load((tmp_path / "config.yaml").read_text(encoding="utf-8"))
    assert [row["trainer/global_step"] for row in run.history] == steps_of(tmp_path)
    assert all("train/loss" in row or "val/bits_per_char" in row for row in run.history)
    assert run.exit_code == 0 and run.whole and not run.resumes
    assert run.summary["test/bits_per_char"] > 0 and run.summary["steps"] == 6


def test_a_training_that_raises_is_marked(
    tmp_path: Path, read_offline_wandb: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: LanguageModule) -> None:
        raise RuntimeError("no more memory")

    monkeypatch.setattr(LanguageModule, "on_train_epoch_end", fail)
    with pytest.raises(RuntimeError, match="no more memory"):
        lstmlab.train([*TINY, "trainer.max_steps=4", f"hydra.run.dir={tmp_path}"])
    (run,) = read_offline_wandb(tmp_path)
    assert run.exit_code == 1 and run.history


def test_a_killed_training_is_recorded_by_its_parent(
    tmp_path: Path, killed_run: Path, read_offline_wandb: Read
) -> None:
    run = copied(killed_run, tmp_path / "my run")
    begun = time.monotonic()
    words = [str(run), str(run / "config.yaml"), "137", "killed by SIGKILL, as happens when memory runs out"]
    subprocess.run([sys.executable, "-m", "lstmlab.experiment.wandb_crash", *words], check=True, timeout=60)
    assert time.monotonic() - begun < 20
    first, second = read_offline_wandb(run)
    assert first.exit_code is None and first.whole  # it was cut short and is mended
    assert second.exit_code == 137 and second.resumes
    for name in ("id", "project", "group", "name", "tags", "config"):
        assert getattr(second, name) == getattr(first, name), name
    assert second.summary["crash/reason"].startswith("killed by SIGKILL")
    steps = [row["trainer/global_step"] for row in first.history + second.history]
    assert steps == steps_of(run)  # what W&B had in memory is there again
    command = upload_command(tmp_path)
    assert command is not None
    assert shlex.split(command) == ["wandb", "sync", *(str(piece.parent) for piece in offline_pieces(run))]


def test_a_resumed_training_is_two_pieces_of_one_run(
    tmp_path: Path, killed_run: Path, read_offline_wandb: Read
) -> None:
    run = copied(killed_run, tmp_path / "run")
    lstmlab.train([f"run={run}", f"trainer.max_steps={steps_of(run)[-1] + 2}"])
    first, second = read_offline_wandb(run)
    assert second.id == first.id and second.resumes and second.exit_code == 0
    assert (second.group, second.name) == (first.group, first.name)
    steps = {row["trainer/global_step"] for row in first.history + second.history}
    assert steps >= set(steps_of(run))
    command = upload_command(tmp_path)
    assert command is not None and all(str(piece.parent) in command for piece in offline_pieces(run))


def test_a_run_killed_before_it_wrote_anything(tmp_path: Path, killed_run: Path, read_offline_wandb: Read) -> None:
    run = copied(killed_run, tmp_path / "run")
    (piece,) = offline_pieces(run)
    piece.write_bytes(b"")
    assert not holds_run(piece) and upload_command(tmp_path) is None
    config = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
    (run / "status.json").unlink()  # it had not said yet which W&B run is its own
    subprocess.run(
        [sys.executable, "-m", "lstmlab.experiment.wandb_crash", str(run), str(run / "config.yaml"), "-9", "killed"],
        check=True, timeout=60,
    )  # fmt: skip
    first, second = read_offline_wandb(run)
    assert (first.id, second.id, second.exit_code) == ("", piece.stem.removeprefix("run-"), 137)
    assert second.config == config and second.history  # all of metrics.csv
    command = upload_command(tmp_path)
    assert command is not None and str(piece.parent) not in command  # wandb sync would stop at it


def test_what_is_mended(tmp_path: Path, killed_run: Path) -> None:
    (piece,) = offline_pieces(copied(killed_run, tmp_path / "run"))
    mend(piece)
    whole = piece.read_bytes()
    assert not mend(piece) and piece.read_bytes() == whole
    piece.write_bytes(whole[:12])
    assert not holds_run(piece) and not mend(piece)  # nothing whole is left
    piece.write_bytes(whole[:20] + b"\xff" * 30 + whole[50:])
    assert not holds_run(piece)  # damaged, and no reason to stop
    piece.write_bytes(whole[:-3])
    assert mend(piece) and 0 < len(piece.read_bytes()) < len(whole) - 3
    assert holds_run(piece) and whole.startswith(piece.read_bytes())


def test_the_command_for_many_pieces(tmp_path: Path, killed_run: Path) -> None:
    for name in "abcde":
        copied(killed_run, tmp_path / "my sweep" / name)
    sweep = tmp_path / "my sweep"
    assert upload_command(sweep) == f"wandb sync {shlex.quote(str(sweep))}/*/wandb"
    expanded = subprocess.run(
        f"{sys.executable} -m {upload_command(sweep)} --dry-run",
        shell=True, cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "5 run(s)" in expanded.stderr, expanded.stderr
    for piece in sweep.glob("*/wandb/offline-run-*/*.wandb"):
        piece.with_name(f"{piece.name}.synced").touch()
    assert upload_command(sweep) is None


def test_a_crash_without_an_exit_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="other than 0"):
        record_crash(tmp_path, {"logger": {"name": "wandb"}}, None, 0, "nothing")
