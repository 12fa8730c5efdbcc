"""Trainings with each head: they reload as they were, go on bit for bit, and are the same over two processes."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import lstmlab
from lstmlab.errors import Interrupted
from lstmlab.experiment.compose import compose_job
from lstmlab.experiment.configuration import plain_config, read_config
from lstmlab.experiment.train import train
from lstmlab.models import head_choice

OPTIONS = [
    "data=sample", "data.max_characters=6000", "data.seq_length=16", "data.batch_size=8", "model.hidden_size=24",
    "model.embedding_size=16", "model.dropout=0.2", "callbacks.samples.tokens=10", "logger=csv",
    "trainer.precision=bf16-mixed", "trainer.log_every_steps=5",
]  # fmt: skip
HEADS = {
    "linear": ["head=linear"],
    "chunked": ["head=chunked", "head.chunk_elements=900"],
    "tied": ["head=chunked", "head.chunk_elements=900", "model.tie_weights=true"],
    "adaptive": ["head=adaptive", "head.cutoffs=[10,30]"],
    "auto": [],
}


def config_of(*overrides: str) -> dict[str, Any]:
    return plain_config("train", compose_job("train", [*OPTIONS, *overrides])[0])


@pytest.mark.parametrize("head", HEADS)
def test_a_trained_model_reloads_as_it_was(tmp_path: Path, head: str) -> None:
    """Its score is, token by token, what decoding sees; a copied checkpoint is enough."""
    trained = lstmlab.train([*OPTIONS, *HEADS[head], "trainer.max_steps=6", f"hydra.run.dir={tmp_path / 'run'}"])
    copied = shutil.copy(trained.path, tmp_path / "copied.ckpt")
    again = lstmlab.load(copied)
    assert again.config["head"] == trained.config["head"] == read_config(tmp_path / "run/config.yaml")["head"]
    text = "The old man went to the river."
    assert again.generate("The ", max_tokens=30, seed=1) == trained.generate("The ", max_tokens=30, seed=1)
    assert again.score(text) == trained.score(text)
    assert 0 < trained.summary["test/loss"] < 4.5

    model, ids = again.module.model, torch.from_numpy(again.tokenizer.encode(text))
    state, nats = None, []
    with torch.no_grad():
        hidden, state = model.step(torch.tensor([again.tokenizer.vocabulary.end_id]), state)
        for token in ids:
            nats.append(float(-model.head.logits(hidden).log_softmax(-1)[0, token]))
            hidden, state = model.step(token[None], state)
    assert nats == pytest.approx([token.nats for token in again.score(text).tokens], abs=1e-4)


@pytest.mark.parametrize("head", ["chunked", "tied", "adaptive"])
def test_going_on_is_bit_for_bit_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: str) -> None:
    from lstmlab.training.module import LanguageModule

    config = config_of(*HEADS[head], "trainer.max_epochs=2", "schedule=constant")
    train(config, tmp_path / "whole", resume=False)
    step_of, steps = LanguageModule._step, []

    def step_and_stop(self: LanguageModule, optimizer: Any) -> None:
        step_of(self, optimizer)
        steps.append(self.position.step)
        if len(steps) in (3, 50):
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(LanguageModule, "_step", step_and_stop)
    for resume in (False, True):
        with pytest.raises(Interrupted):
            train(config, tmp_path / "parts", resume=resume)
    train(config, tmp_path / "parts", resume=True)
    one, other = (torch.load(tmp_path / d / "checkpoints/last.ckpt", weights_only=True) for d in ("whole", "parts"))
    assert one["lstmlab"]["position"] == other["lstmlab"]["position"]
    for name, tensor in one["state_dict"].items():
        assert torch.equal(tensor, other["state_dict"][name]), name


def test_a_choice_is_said_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run goes on with the head it began with, also where head=auto has come to choose otherwise."""
    with monkeypatch.context() as patch:
        patch.setattr(head_choice, "LARGE", 20)
        trained = lstmlab.train([*OPTIONS, "trainer.max_steps=2", f"hydra.run.dir={tmp_path / 'run'}"])
    said = re.search(r"head=auto takes head=adaptive: \d+ types are many for a CPU\.", capsys.readouterr().out)
    assert said and said[0] in (tmp_path / "run/run.log").read_text(encoding="utf-8")
    expected = {"_target_": "lstmlab.nn.AdaptiveHead", "cutoffs": [], "div_value": 4.0}
    assert trained.config["head"] == read_config(tmp_path / "run/config.yaml")["head"] == expected
    onward = lstmlab.train([f"run={tmp_path / 'run'}", "trainer.max_steps=4"])
    assert onward.config["head"] == expected and onward.summary["steps"] == 4
    assert "head=auto" not in capsys.readouterr().out


def test_two_processes_are_one(tmp_path: Path) -> None:
    """Also where no token of a process lies in a cluster: the last one is the rarest letter's alone."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    for name in ("cpu", "ddp"):
        command = [
            sys.executable, "-m", "lstmlab.cli", "train", *OPTIONS[2:], "head=adaptive", "head.cutoffs=[3,8]",
            "data=synthetic", "data.characters=4000", "data.split=[0.8,0.1,0.1]", "trainer.precision=64-true",
            "model.dropout=0", "trainer.max_steps=8", f"trainer={name}", f"hydra.run.dir={tmp_path / name}",
        ]  # fmt: skip
        done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, timeout=200)
        assert done.returncode == 0, done.stderr
    one, two = (
        torch.load(tmp_path / name / "checkpoints/last.ckpt", weights_only=True)["state_dict"]
        for name in ("cpu", "ddp")
    )
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, two[name], rtol=0, atol=1e-9)
