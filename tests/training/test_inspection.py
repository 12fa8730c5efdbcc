"""The inspection: what it records is what the model computes, and training is what it is without it."""

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch import nn

import lstmlab
from lstmlab.cli import main
from lstmlab.errors import Interrupted, UserError
from lstmlab.evaluation.tracing import trace_ids
from lstmlab.experiment.building import build_data, check_targets
from lstmlab.experiment.compose import compose_job
from lstmlab.experiment.configuration import plain_config
from lstmlab.experiment.train import train
from lstmlab.models import build_model
from lstmlab.training.callbacks import Inspection
from lstmlab.training.module import LanguageModule

OVERRIDES = [
    "data=synthetic", "data.characters=2500", "data.split=[0.8,0.1,0.1]", "data.seq_length=10", "data.batch_size=8",
    "model.hidden_size=12", "model.embedding_size=8", "model.num_layers=2", "trainer.max_epochs=2",
    "trainer.log_every_steps=4", "logger=csv", "callbacks.samples.tokens=5",
]  # fmt: skip
INSPECT = ["callbacks=inspect", "callbacks.inspection.bins=20", "callbacks.inspection.units=4"]
EVERYTHING = [
    "attention=multihead", "attention.memory=15", "attention.num_heads=2", "averaging=ema", "model.dropout=0.3",
    "trainer.accumulate_grad_batches=2", "model.layer.weight_drop=0.2", "data.variable_length=true",
]  # fmt: skip


def config_of(*more: str, precision: str = "32-true") -> dict[str, Any]:
    composed, _, _ = compose_job("train", [*OVERRIDES, *more])
    config = plain_config("train", composed)
    config["trainer"]["precision"] = precision
    return config


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing has tests of its own, and takes longer than these trainings."""
    monkeypatch.setattr("lstmlab.experiment.summary.draw_inspections", lambda _: [])


def recorded(directory: Path) -> dict[int, dict[str, np.ndarray]]:
    """By step; what holds a pickle cannot be read."""
    found = {}
    for path in sorted((directory / "inspection").glob("*.npz")):
        with np.load(path, allow_pickle=False) as file:
            found[int(path.stem.removeprefix("step-"))] = {name: file[name] for name in file.files}
    return found


def test_recorded_is_what_stepping_computes(tmp_path: Path) -> None:
    passage = 'a, b = "null"'
    overrides = [*OVERRIDES, *INSPECT, f"callbacks.inspection.passage={passage}", f"hydra.run.dir={tmp_path}"]
    module = lstmlab.train(overrides).module
    step, arrays = list(recorded(tmp_path).items())[-1]
    assert int(arrays["step"]) == step and "".join(arrays["tokens"]) == passage
    module.load_state_dict(torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"])
    model, vocabulary = module.model, module.tokenizer.vocabulary
    context = [one for one in [vocabulary.end_id] if one is not None]
    assert arrays["before"].tolist() == [vocabulary.token(one) for one in context]
    states = list(model.initial_state(1)[0])
    rows: dict[str, list[torch.Tensor]] = {}
    with torch.no_grad():
        for position, one in enumerate([*context, *map(vocabulary.id, passage)]):
            x = model.embedding(torch.tensor([one]))
            for index, layer in enumerate(model.core.layers):
                w_x, w_h, b_x, b_h = layer.lstm.all_weights[0]
                forget = torch.sigmoid(x @ w_x.T + b_x + states[index].h @ w_h.T + b_h)[0, 12:24]
                x, states[index] = layer.step(x, states[index])
                for name, row in (("forget gate", forget), ("cell state", states[index].c[0]), ("output", x[0])):
                    if position >= len(context):
                        rows.setdefault(f"layer {index}/{name}", []).append(row)
    assert len(rows) == 6
    for name, wanted in rows.items():
        np.testing.assert_allclose(arrays[name], torch.stack(wanted).numpy(), atol=1e-6, err_msg=name)
    for name, parameter in model.named_parameters():
        counts, edges = np.histogram(parameter.detach().double().numpy(), 20)
        np.testing.assert_array_equal(arrays[f"weights/{name}/counts"], counts)
        np.testing.assert_allclose(arrays[f"weights/{name}/edges"], edges)


def test_gradients_are_those_of_the_step(tmp_path: Path) -> None:
    config = config_of(*INSPECT, "callbacks.inspection.steps=[1,3]", "trainer.gradient_clip_val=0.1")
    train(config, tmp_path, resume=False)
    found = recorded(tmp_path)
    assert {1, 3} < found.keys() and len(found) == 4  # and two epochs' ends
    assert all(int(arrays["gradient_step"]) == step for step, arrays in found.items())

    pl.seed_everything(config["seed"], verbose=False)
    data = build_data(config)
    module = LanguageModule(config, data.prepare().tokenizer.to_dict())
    module.model.train()
    window = data.train_streams().window(0, 10)
    module.model.loss(window.inputs, window.targets)[0].mean().backward()
    nn.utils.clip_grad_norm_(module.model.parameters(), 0.1)
    for name, parameter in module.model.named_parameters():
        assert parameter.grad is not None
        counts, edges = found[1][f"gradients/{name}/counts"], found[1][f"gradients/{name}/edges"]
        assert counts.sum() == parameter.numel()
        gradient = parameter.grad.double().numpy()
        # The loss is divided in another order here: the last bit may fall on the other side of an edge.
        low, high = np.quantile(gradient, [0, 1])
        np.testing.assert_allclose(edges, np.linspace(low, high, 21), rtol=1e-4, atol=1e-9)
        assert np.abs(counts - np.histogram(gradient, 20)[0]).sum() <= 0.01 * len(gradient) + 2


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_training_is_what_it_is_without(precision: str, tmp_path: Path) -> None:
    train(config_of(*EVERYTHING, precision=precision), tmp_path / "without", resume=False)
    chosen = "callbacks.inspection.steps=[1,2,5,6]"
    train(config_of(*EVERYTHING, *INSPECT, chosen, precision=precision), tmp_path / "with", resume=False)
    assert {1, 2, 5, 6} < recorded(tmp_path / "with").keys()
    assert_equal(tmp_path / "without", tmp_path / "with")


def assert_equal(one: Path, other: Path) -> None:
    for name in ("best.ckpt", "last.ckpt"):
        a, b = (torch.load(place / "checkpoints" / name, weights_only=True) for place in (one, other))
        assert all(torch.equal(tensor, b["state_dict"][key]) for key, tensor in a["state_dict"].items())
        (own_a,), (own_b,) = a["lstmlab"]["processes"], b["lstmlab"]["processes"]
        assert torch.equal(own_a["random"]["cpu"], own_b["random"]["cpu"])
        assert all(map(torch.equal, own_a["state"], own_b["state"]))


def test_what_is_recorded_survives_an_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped behind a chosen step, behind one that is not, and behind the last of an epoch."""
    config = config_of(*EVERYTHING, *INSPECT, "callbacks.inspection.steps=[3,6]")
    train(config, tmp_path / "whole", resume=False)
    whole = recorded(tmp_path / "whole")
    step_of = LanguageModule._step
    first_epoch = min(whole.keys() - {3, 6})
    stops = {3, 4, first_epoch}

    def step_and_stop(self: LanguageModule, optimizer: Any) -> None:
        step_of(self, optimizer)
        if self.position.step in stops:
            stops.remove(self.position.step)
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(LanguageModule, "_step", step_and_stop)
    for begun in (False, True, True):
        with pytest.raises(Interrupted):
            train(config, tmp_path / "parts", resume=begun)
    train(config, tmp_path / "parts", resume=True)
    assert_equal(tmp_path / "whole", tmp_path / "parts")
    parts = recorded(tmp_path / "parts")
    assert whole.keys() == parts.keys()
    for step, arrays in whole.items():
        for name, array in arrays.items():
            if step != first_epoch or not name.startswith("gradient"):
                np.testing.assert_array_equal(array, parts[step][name], err_msg=f"{step} {name}")


def test_weights_behind_a_validation_are_the_average(tmp_path: Path) -> None:
    train(config_of(*INSPECT, "averaging=ema", "trainer.max_epochs=1"), tmp_path, resume=False)
    ((_, arrays),) = recorded(tmp_path).items()
    average = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    for name, weight in average.items():
        counts = arrays[f"weights/{name.removeprefix('model.')}/counts"]
        np.testing.assert_array_equal(counts, np.histogram(weight.double().numpy(), 20)[0])


def test_without_a_validation_part_the_end_is_recorded(tmp_path: Path) -> None:
    train(config_of(*INSPECT, "data.split=[0.9,0,0.1]", "trainer.max_steps=5"), tmp_path, resume=False)
    ((step, arrays),) = recorded(tmp_path).items()
    assert step == 5 and len(arrays["tokens"]) == 80 and "<eod>" not in arrays["tokens"][0]


def test_attention_weights_mix_what_attention_gives(model_config: dict[str, Any]) -> None:
    model_config["attention"] = {"_target_": "lstmlab.nn.MultiheadAttention", "num_heads": 2, "memory": 6}
    model = build_model(model_config, 9).train()
    model.core.eval()
    generator = torch.get_rng_state()
    arrays = trace_ids(model, [3, 4, 5, 6], before=[1, 2])
    assert torch.equal(generator, torch.get_rng_state())
    assert model.training and not model.core.training and model.head.training
    assert not any(parameter.grad is not None for parameter in model.parameters())
    weights = arrays["attention"]
    assert weights.shape == (2, 4, 6 + 4)
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-6)
    seen = weights[0] > 0
    assert not seen[:, :4].any() and seen[:, 4:6].all()  # what was read in front is the end of the memory
    np.testing.assert_array_equal(seen[:, 6:], np.tri(4, dtype=bool))

    model.eval()
    attention: Any = model.attention
    with torch.no_grad():
        _, (core, memory) = model(torch.tensor([[1, 2]]))
        x = model.core(model.embedding(torch.tensor([[3, 4, 5, 6]])), core)[0]
        values = attention.key_value(attention.norm(x)).chunk(2, -1)[1]
        every = torch.cat([memory.values, values], 1)[0].view(10, 2, -1)  # (M + T, heads, H / heads)
        mixed = torch.einsum("htk,khd->thd", torch.from_numpy(weights), every).flatten(1)
        expected = x + attention.output_norm(attention.output(mixed))
        torch.testing.assert_close(attention(x, memory)[0], expected)


def test_trace_of_a_trained_model(trained_run: Path) -> None:
    model = lstmlab.load(trained_run)
    text = "The ☃ river."
    arrays = model.trace(text)
    assert list(arrays["tokens"]) == list(text) and model.unknown(text) == ["☃"]
    assert arrays["layer 0/forget gate"].shape == arrays["layer 0/cell state"].shape == (len(text), 32)
    vocabulary = model.tokenizer.vocabulary
    ids = torch.tensor([[vocabulary.end_id, *map(vocabulary.id, text)]])
    with torch.no_grad():
        hidden = model.module.model(ids)[0][0, 1:]
    last = model.config["model"]["num_layers"] - 1
    np.testing.assert_allclose(arrays[f"layer {last}/output"], hidden, atol=1e-6)
    with pytest.raises(UserError, match="no token"):
        model.trace("")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["steps=[0]"], r"callbacks\.inspection\.steps=\[0\]"),
        (["steps=[1.5]"], r"callbacks\.inspection\.steps"),
        (["steps=3"], r"callbacks\.inspection\.steps=3 must be a list"),
        (["units=0"], r"callbacks\.inspection\.units=0 must be at least 1"),
        (["bins=0"], r"callbacks\.inspection\.bins=0 must be at least 1"),
        (["bins=many"], r"callbacks\.inspection\.bins=many must be a whole number"),
        (["passage="], r"callbacks\.inspection\.passage= is empty"),
    ],
)
def test_wrong_options_are_found_before_anything_is_loaded(options: list[str], named: str) -> None:
    config = config_of(*INSPECT, *(f"callbacks.inspection.{option}" for option in options))
    with pytest.raises(UserError, match=named):
        check_targets(config)


def test_a_passage_without_a_token(tmp_path: Path) -> None:
    words = ["data=sample", "data.max_characters=20000", "tokenizer=word", "data.seq_length=10", "data.batch_size=4"]
    with pytest.raises(UserError, match="holds no token"):
        lstmlab.train([*words, *INSPECT, "callbacks.inspection.passage=  ", "logger=csv", f"hydra.run.dir={tmp_path}"])


def test_numbers_that_are_all_the_same_or_not_finite() -> None:
    from lstmlab.training.callbacks.inspection import _histogram

    same = _histogram("a", torch.full((7,), 1 / 3, dtype=torch.float64), 5)
    assert same["a/counts"].tolist() == [0, 0, 7, 0, 0] and len(same["a/edges"]) == 6
    spoilt = _histogram("a", torch.tensor([torch.nan, 1.0, 2.0, -torch.inf]), 5)
    assert spoilt["a/counts"].sum() == 2
    assert _histogram("a", torch.full((3,), torch.nan), 5)["a/counts"].sum() == 0
    assert Inspection(steps=[]).steps == frozenset()


def test_the_command_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # with the pictures
    small = ["model.hidden_size=16", "model.embedding_size=16", "data.seq_length=16", "data.batch_size=8"]
    words = ["callbacks=inspect", "debug=limit", "logger=csv", "callbacks.inspection.passage=It was, ☃"]
    assert main(["train", *words, *small, "data.max_characters=9000", f"hydra.run.dir={tmp_path / 'run'}"]) == 0
    assert "lacks '☃'" in capsys.readouterr().err
    found = recorded(tmp_path / "run")
    assert list(found) == [5, 10] and "".join(found[10]["tokens"]) == "It was, ☃"
    for what in ("layer-0", "weights", "gradients"):
        assert (tmp_path / "run" / "inspection" / f"step-0000010-{what}.png").stat().st_size > 5000
