"""Checkpoints are whole or not there, and nothing in them runs."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lstmlab.errors import UserError
from lstmlab.training.checkpoint_io import AtomicCheckpointIO, read_checkpoint

GOOD = {
    "hyper_parameters": {"config": {}, "tokenizer": {}},
    "state_dict": {"w": torch.ones(1000)},
    "lstmlab": {"position": {}},
}


def test_saved_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints" / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint(GOOD, path)
    assert torch.equal(read_checkpoint(path)["state_dict"]["w"], torch.ones(1000))
    assert [entry.name for entry in path.parent.iterdir()] == ["last.ckpt"]


def test_a_full_disk_leaves_the_last_good_checkpoint(tmp_path: Path) -> None:
    """The operating system's own limit of a file's size stands in for a full disk: the write really fails."""
    path = tmp_path / "checkpoints" / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint(GOOD, path)
    before = path.read_bytes()
    code = f"""
import resource, sys, torch
from lstmlab.errors import UserError
from lstmlab.training.checkpoint_io import AtomicCheckpointIO
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    AtomicCheckpointIO().save_checkpoint({{"state_dict": {{"w": torch.ones(10**6)}}}}, {str(path)!r})
except UserError as error:
    print(error)
    sys.exit(7)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 7, done.stderr
    assert str(path) in done.stdout
    assert "could not be saved" in done.stdout
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["last.ckpt"]


class Malicious:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_code_in_a_checkpoint_is_refused_and_does_not_run(tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    for name, write in (
        ("torch.ckpt", lambda p: torch.save({**GOOD, "extra": Malicious(trace)}, p)),
        ("pickle.ckpt", lambda p: p.write_bytes(pickle.dumps({**GOOD, "extra": Malicious(trace)}))),
    ):
        path = tmp_path / name
        write(path)
        with pytest.raises(UserError, match=name):
            read_checkpoint(path)
    assert not trace.exists()


def test_truncated_foreign_and_missing_are_told_apart(tmp_path: Path) -> None:
    good = tmp_path / "good.ckpt"
    torch.save(GOOD, good)
    half = tmp_path / "half.ckpt"
    half.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    foreign = tmp_path / "foreign.ckpt"
    torch.save({"state_dict": {}}, foreign)
    half_made = tmp_path / "half_made.ckpt"
    torch.save({"hyper_parameters": GOOD["hyper_parameters"]}, half_made)
    text = tmp_path / "text.ckpt"
    text.write_text("Once upon a time\n" * 50, encoding="utf-8")
    tensor = tmp_path / "tensor.ckpt"
    torch.save(torch.ones(3), tensor)
    for path, said in (
        (half, "truncated"), (foreign, "not a checkpoint of lstmlab"), (tensor, "not a checkpoint of lstmlab"),
        (tmp_path / "none.ckpt", "missing"), (half_made, "not a whole checkpoint"), (text, "no checkpoint"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=said):
            read_checkpoint(path)
