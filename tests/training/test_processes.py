"""Two processes are one: the same weights, the same figures; a lost process is an error, a signal stops both."""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch

from lstmlab.experiment.run_directory import RunDirectory

OPTIONS = [
    "data=synthetic", "data.characters=8000", "data.split=[0.8,0.1,0.1]", "data.seq_length=20", "data.batch_size=8",
    "model.hidden_size=24", "model.embedding_size=16", "model.num_layers=2", "trainer.max_epochs=1",
    "trainer.precision=64-true", "trainer.log_every_steps=5", "logger=csv", "callbacks.samples.tokens=20",
]  # fmt: skip


def start(directory: Path, cache: Path, *more: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "LSTMLAB_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "lstmlab.cli", "train", *OPTIONS, f"hydra.run.dir={directory}", *more]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def rows(directory: Path) -> list[dict[str, str]]:
    with (directory / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "more",
    [
        ["trainer.accumulate_grad_batches=2"],  # so that gradients are also summed over windows
        [
            "attention=multihead", "attention.memory=30", "averaging=ema", "data.variable_length=true",
            "model.activation_penalty=1", "model.temporal_activation_penalty=1",
        ],
    ],
    ids=["accumulated", "everything that is not random"],
)  # fmt: skip
def test_two_processes_are_one(more: list[str], tmp_path: Path) -> None:
    for name, trainer in (("one", "trainer=cpu"), ("two", "trainer=ddp")):
        process = start(tmp_path / name, tmp_path / "cache", trainer, *more)
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    one, two = (
        torch.load(tmp_path / name / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
        for name in ("one", "two")
    )
    assert list(one) == list(two)
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, two[name], rtol=0, atol=1e-9)
    for mine, theirs in zip(rows(tmp_path / "one"), rows(tmp_path / "two"), strict=True):
        for name in set(mine) - {"train/tokens_per_second"}:
            assert (mine[name] == theirs[name] == "") or float(mine[name]) == pytest.approx(
                float(theirs[name]), abs=1e-9
            )
    summaries = [json.loads(RunDirectory(tmp_path / name).summary.read_text()) for name in ("one", "two")]
    for name in ("train/perplexity", "val/bits_per_char", "test/bits_per_char", "test/accuracy"):
        assert summaries[0][name] == pytest.approx(summaries[1][name], abs=1e-9), name


def test_two_machines_of_torchrun_are_one(tmp_path: Path) -> None:
    """Two nodes of a process each, both of them here, started as the README says."""
    environment = {**os.environ, "LSTMLAB_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    nodes = []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for rank in (0, 1):
        command = [
            sys.executable, "-m", "torch.distributed.run", "--nnodes=2", f"--node_rank={rank}", "--nproc_per_node=1",
            "--master_addr=127.0.0.1", f"--master_port={port}", "-m", "lstmlab.cli", "train", *OPTIONS, "trainer=ddp",
            "trainer.devices=1", "trainer.num_nodes=2", "trainer.precision=64-true", f"hydra.run.dir={tmp_path}/two",
        ]  # fmt: skip
        nodes.append(subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True))
    for node in nodes:
        _, errors = node.communicate(timeout=200)
        assert node.returncode == 0, errors
    process = start(tmp_path / "one", tmp_path / "cache")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    one, two = (json.loads(RunDirectory(tmp_path / name).summary.read_text()) for name in ("one", "two"))
    assert one["test/bits_per_char"] == pytest.approx(two["test/bits_per_char"], abs=1e-9)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.02)


def test_a_killed_process_ends_the_run_with_an_error(tmp_path: Path) -> None:
    process = start(tmp_path / "run", tmp_path / "cache", "trainer=ddp", "trainer.max_epochs=500")
    wait_for(tmp_path / "run" / "metrics.csv")
    ranks = psutil.Process(process.pid).children()
    second = next(rank for rank in ranks if rank.environ().get("LOCAL_RANK") == "1")
    second.send_signal(signal.SIGKILL)
    _, errors = process.communicate(timeout=90)
    assert process.returncode == 2
    assert "process 1 of 2 was killed by signal 9" in errors
    assert not any(rank.is_running() for rank in ranks)
    assert RunDirectory(tmp_path / "run").status["status"] == "failed"


def test_a_signal_stops_both_saved(tmp_path: Path) -> None:
    process = start(tmp_path / "run", tmp_path / "cache", "trainer=ddp", "trainer.max_epochs=500")
    wait_for(tmp_path / "run" / "metrics.csv")
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=90)
    assert process.returncode == 143, errors
    assert RunDirectory(tmp_path / "run").status["status"] == "interrupted"
    assert (tmp_path / "run" / "checkpoints" / "last.ckpt").is_file()


@pytest.mark.slow
def test_two_stopped_processes_go_on_with_what_each_of_them_knew(tmp_path: Path) -> None:
    """Carried states, attention memories and random numbers of both: the weights are those of undisturbed ones."""
    options = [
        "trainer=ddp", "trainer.max_epochs=8", "data.characters=30000", "model.dropout=0.2", "attention=multihead",
        "attention.memory=30", "trainer.reset_state=0.1", "trainer.accumulate_grad_batches=2", "averaging=ema",
        "checkpoint.every_steps=3",
    ]  # fmt: skip
    process = start(tmp_path / "whole", tmp_path / "cache", *options)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    process = start(tmp_path / "parts", tmp_path / "cache", *options)
    wait_for(tmp_path / "parts" / "checkpoints" / "best.ckpt")  # behind the first epoch, within the next
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=90)
    assert process.returncode == 143, errors
    stopped = torch.load(tmp_path / "parts" / "checkpoints" / "last.ckpt", weights_only=True)["lstmlab"]
    assert stopped["position"]["window"] > 0
    own, other = stopped["processes"]
    assert not torch.equal(own["state"][0], other["state"][0])
    environment = {**os.environ, "LSTMLAB_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "lstmlab.cli", "train", f"run={tmp_path / 'parts'}"]
    subprocess.run(command, env=environment, check=True, timeout=200)
    one, two = (
        torch.load(tmp_path / name / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
        for name in ("whole", "parts")
    )
    for name, tensor in one.items():
        assert torch.equal(tensor, two[name]), name
    for mine, theirs in zip(rows(tmp_path / "whole"), rows(tmp_path / "parts"), strict=True):
        assert {n: v for n, v in mine.items() if "per_second" not in n} == {
            n: v for n, v in theirs.items() if "per_second" not in n
        }
