"""lstmlab.load: from a directory, a checkpoint, a copy, without Hydra."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import lstmlab
from lstmlab.training import LanguageModule


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LSTMLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        directory = tmp_path_factory.mktemp("run")
        lstmlab.train(
            [
                f"hydra.run.dir={directory}", "data.max_characters=8000", "model.hidden_size=32",
                "model.embedding_size=32", "trainer.max_steps=12", "logger=csv",
            ]
        )  # fmt: skip
    return directory


def test_directory_checkpoint_and_copy_are_one_model(run: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copy(run / "checkpoints" / "best.ckpt", tmp_path / "elsewhere.ckpt"))
    moved = Path(shutil.copytree(run, tmp_path / "moved 目录"))
    texts = {lstmlab.load(place).generate("The ", 60, seed=4) for place in (run, str(run), copied, moved)}
    assert len(texts) == 1
    assert lstmlab.load(moved).summary == lstmlab.load(run).summary != {}
    assert lstmlab.load(copied).summary == {}
    assert lstmlab.load(run, checkpoint="last").path.name == "last.ckpt"


def test_lightnings_own_loading_needs_the_path_alone(run: Path) -> None:
    path = run / "checkpoints" / "best.ckpt"
    module = LanguageModule.load_from_checkpoint(path)
    ours = lstmlab.load(run).module
    assert module.state_dict().keys() == ours.state_dict().keys()
    assert all(torch.equal(a, ours.state_dict()[k]) for k, a in module.state_dict().items())
    content = torch.load(path, weights_only=True)
    assert content["hyper_parameters"]["config"]["model"]["hidden_size"] == 32


def test_a_process_that_never_saw_hydra_nor_the_corpus(run: Path, tmp_path: Path) -> None:
    """From a copied checkpoint alone, in another directory, with an empty cache."""
    copied = shutil.copy(run / "checkpoints" / "best.ckpt", tmp_path / "model.ckpt")
    code = (
        "import sys, lstmlab\n"
        f"m = lstmlab.load({str(copied)!r})\n"
        "text = m.generate('The ', 30, seed=1); m.score('The river.')\n"
        "assert not {'hydra', 'omegaconf', 'wandb'} & set(sys.modules), sys.modules.keys()\n"
        "print(text)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.removesuffix("\n") == lstmlab.load(run).generate("The ", 30, seed=1)


def test_generate_one_or_many(run: Path) -> None:
    model = lstmlab.load(run)
    one = model.generate("The ", 25, seed=2)
    assert len(one) <= 25
    assert model.generate(["The ", "A "], 25, seed=2) == [one, model.generate("A ", 25, seed=2)]
    assert "".join(model.stream("The ", 25, seed=2)) == one
    assert model.generate("The ", 25, seed=2) != model.generate("The ", 25, seed=3)
    assert model.generate("The ", 25, name="greedy") == model.generate("The ", 25, seed=9, temperature=0.0)
    assert model.generate("", 0) == ""
    assert "<unk>" not in "".join(model.generate(["The ☃ ", "", "\n"], 200, seed=1))
    with pytest.raises(lstmlab.UserError, match="temprature"):
        model.generate("The ", 5, temprature=1.0)


def test_score_is_the_models_probability(run: Path) -> None:
    model = lstmlab.load(run)
    text = "The river ran on."
    score = model.score(text)
    assert [row["token"] for row in score.table()] == list(text)
    assert score.nats == pytest.approx(sum(token.nats for token in score.tokens))
    assert score.bits_per_char == pytest.approx(score.nats / np.log(2) / len(text))
    ids = torch.tensor([[1, *model.tokenizer.encode(text).tolist()]])
    with torch.no_grad():
        log_p = model.module.model.head.logits(model.module.model(ids[:, :-1])[0]).log_softmax(-1)
    expected = -log_p.gather(-1, ids[:, 1:, None]).sum()
    assert score.nats == pytest.approx(float(expected), rel=1e-5)


def test_score_spells_what_is_unknown(run: Path) -> None:
    score = lstmlab.load(run).score("a☃b")
    assert [token.spelling_nats > 0 for token in score.tokens] == [False, True, False]
    assert np.isfinite(score.nats)
    with pytest.raises(lstmlab.UserError, match="longer"):
        lstmlab.load(run).score("")


def test_repr_says_what_it_is(run: Path) -> None:
    shown = repr(lstmlab.load(run))
    assert "1 x 32" in shown
    assert "bits a character" in shown
    assert json.loads((run / "summary.json").read_text())["checkpoint"] == "best.ckpt"


def test_a_checkpoint_is_tensors_and_plain_values(run: Path) -> None:
    def walk(value: object) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                assert isinstance(key, (str, int))
                walk(inner)
        elif isinstance(value, (list, tuple)):
            for inner in value:
                walk(inner)
        else:
            assert value is None or isinstance(value, (bool, int, float, str, torch.Tensor)), type(value)

    walk(torch.load(run / "checkpoints" / "last.ckpt", weights_only=True))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda p: p["config"].clear(),
        lambda p: p["tokenizer"].clear(),
        lambda p: p["config"].update(model=[]),
        lambda p: p["config"]["model"].update(num_layers="a"),
        lambda p: p["config"]["model"]["layer"].update(_target_=3),
        lambda p: p["config"]["model"].update(hidden_size=33),
    ],
)
def test_a_spoilt_checkpoint_is_one_clear_error(run: Path, tmp_path: Path, spoil: Callable[[Any], None]) -> None:
    content = torch.load(run / "checkpoints" / "best.ckpt", weights_only=True)
    spoil(content["hyper_parameters"])
    torch.save(content, tmp_path / "spoilt.ckpt")
    with pytest.raises(lstmlab.UserError, match="spoilt"):
        lstmlab.load(tmp_path / "spoilt.ckpt")
