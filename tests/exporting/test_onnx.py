"""ONNX graphs against the models they were made of, run by ONNX Runtime."""

import contextlib
import io
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import lstmlab
from lstmlab.cli import main
from lstmlab.decoding import Context, Decoding, Limits, decode
from lstmlab.errors import UserError
from lstmlab.exporting import onnx_graphs
from lstmlab.exporting.onnx_graphs import state_names, write_graphs
from lstmlab.models import LanguageModel, Stepper
from lstmlab.nn.state import state_tensors

onnxruntime = pytest.importorskip("onnxruntime")

# Each layer, attention, head and shared matrix once; those that take long are like one of the others.
MODELS = {
    "lstm": ["lstm", "model.tie_weights=true"],
    "rnn": ["rnn", "head=adaptive", "head.cutoffs=[8,14]"],
    "mogrifier": ["mogrifier", "attention=multihead", "attention.memory=4"],
    "transformer": ["transformer", "model.num_layers=1"],
}
LIKE_THESE = {
    "gru": ["gru"],
    "scratch": ["lstm_scratch"],
    "gru_scratch": ["gru_scratch"],
    "rnn_scratch": ["rnn_scratch"],
    "coupled": ["lstm_coupled"],
    "peephole": ["lstm_peephole"],
    "layer norm": ["lstm_layer_norm"],
    "attention": ["lstm", "attention=multihead", "attention.memory=6"],
}


@pytest.mark.parametrize("name", [*MODELS, *(pytest.param(name, marks=pytest.mark.slow) for name in LIKE_THESE)])
def test_graphs_say_what_the_model_says(model_of_kind: Callable[..., LanguageModel], name: str, tmp_path: Path) -> None:
    """At lengths and batch sizes that they were not exported at, and token after token."""
    kind, *options = (MODELS | LIKE_THESE)[name]
    model = model_of_kind(kind, *options, vocabulary=20).float()
    checks = write_graphs(model, tmp_path)
    assert {(each.graph, each.batch) for each in checks} == {
        (graph, batch) for graph in ("prefill.onnx", "step.onnx") for batch in (1, 3)
    }
    assert len({each.time for each in checks if each.graph == "prefill.onnx"}) == 2
    prefill, step = (onnxruntime.InferenceSession(str(tmp_path / f"{one}.onnx")) for one in ("prefill", "step"))
    names = state_names(model.initial_state(1))
    state = [tensor.numpy() for tensor in state_tensors(model.initial_state(2))]
    prompt = torch.randint(0, 20, (2, 11))
    logits, *state = prefill.run(None, {"ids": prompt.numpy(), **dict(zip(names, state, strict=True))})
    with torch.no_grad():
        expected = model.head.logits(model(prompt)[0]).numpy()
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-3)
    token, texts = logits[:, -1].argmax(-1), []
    for _ in range(12):
        texts.append(token)
        logits, *state = step.run(None, {"ids": token, **dict(zip(names, state, strict=True))})
        token = logits.argmax(-1)
    contexts = [Context(tuple(row)) for row in prompt.tolist()]
    greedy = decode(Stepper(model, 2), contexts, Decoding("greedy"), Limits(12))
    assert np.stack(texts, 1).tolist() == [list(one.ids) for [one] in greedy]


def test_the_cards_example_runs(trained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "model"
    assert main(["export", f"run={trained_run}", f"out={out}", "onnx=true"]) == 0
    card = (out / "README.md").read_text(encoding="utf-8")
    example = [one for one in re.findall(r"```python\n(.*?)```", card, re.DOTALL) if "onnxruntime" in one]
    monkeypatch.chdir(out)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(example[0], {})  # what a reader of the card would run
    ours = lstmlab.load(out).complete("", 40, name="greedy")[0].tokens
    assert said.getvalue().strip() == str(list(ours))
    for name in ("model.safetensors", "prefill.onnx", "step.onnx", "config.json", "tokenizer.json"):
        assert (out / name).is_file()
    assert "layer_0.h` (batch, 32)" in card


def test_a_graph_that_says_something_else_is_refused(
    model_of_kind: Callable[..., LanguageModel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_graphs, "_LARGEST", -1.0)
    with pytest.raises(UserError, match="does not say what the model says"):
        write_graphs(model_of_kind("rnn", vocabulary=20).float(), tmp_path)


def test_a_missing_package_is_named(trained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UserError, match=r"onnx=true needs onnxruntime: pip install 'lstmlab\[onnx\]'"):
        write_graphs(lstmlab.load(trained_run).module.model, tmp_path)
