"""What the number is worth: every token once, in order, whatever the windows, the batch and the streams."""

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import lstmlab
from lstmlab.data.streams import ScoringLoader
from lstmlab.evaluation import score_windows
from lstmlab.experiment.building import build_data
from lstmlab.experiment.compose import compose_job
from lstmlab.experiment.configuration import plain_config
from lstmlab.models import LanguageModel, build_model


@pytest.fixture
def model(model_config: dict[str, Any]) -> LanguageModel:
    torch.manual_seed(0)
    return build_model(model_config, 9).double()


def token_by_token(model: LanguageModel, ids: np.ndarray) -> np.ndarray:
    """The reference: one step at a time from a blank state."""
    model.eval()
    state, nats = None, []
    with torch.no_grad():
        for now, then in pairwise(ids):
            hidden, state = model.step(torch.tensor([int(now)]), state)
            nats.append(-float(model.head.logits(hidden).log_softmax(-1)[0, int(then)]))
    return np.asarray(nats)


@pytest.mark.parametrize("window", [1, 7, 64, 1000])
def test_the_window_does_not_matter(model: LanguageModel, window: int) -> None:
    ids = np.random.default_rng(0).integers(0, 9, 101)
    scores = score_windows(model, ScoringLoader(ids, 1, window))
    np.testing.assert_allclose(scores.nats, token_by_token(model, ids), rtol=0, atol=1e-12)


@pytest.mark.parametrize("streams", [2, 3, 7])
def test_streams_are_rows_with_a_blank_state_each(model: LanguageModel, streams: int) -> None:
    ids = np.random.default_rng(1).integers(0, 9, 100)
    scores = score_windows(model, ScoringLoader(ids, streams, 16))
    length = -(-99 // streams)
    rows = [token_by_token(model, ids[i * length : min((i + 1) * length, 99) + 1]) for i in range(streams)]
    np.testing.assert_allclose(scores.nats, np.concatenate(rows), rtol=0, atol=1e-12)


def test_scoring_leaves_the_mode_as_it_was(model: LanguageModel) -> None:
    model.train()
    score_windows(model, ScoringLoader(np.arange(9), 1, 4))
    assert model.training


def small(tmp_path: Path, *more: str) -> "lstmlab.TrainedModel":
    return lstmlab.train(
        [
            f"hydra.run.dir={tmp_path}", "data.max_characters=6000", "model.hidden_size=16", "model.embedding_size=16",
            "trainer.max_steps=4", "logger=csv", "trainer.precision=32-true", *more,
        ]
    )  # fmt: skip


def test_the_figure_does_not_depend_on_seq_length_or_batch_size(tmp_path: Path) -> None:
    """The same weights, evaluated under other windows: the very same number."""
    trained = small(tmp_path)
    figures = []
    for seq_length, batch_size in ((64, 32), (7, 3), (200, 1)):
        config = trained.config | {
            "data": trained.config["data"] | {"seq_length": seq_length, "batch_size": batch_size}
        }
        from lstmlab.evaluation import score_part

        data = build_data(config, trained.tokenizer)
        figures.append(score_part(trained.module.model, data.part("test"), data.scoring_streams)[0])
    assert figures[0] == figures[1] == figures[2]
    assert figures[0].loss == trained.summary["test/loss"]


def test_the_summary_is_what_the_losses_say(tmp_path: Path) -> None:
    trained = small(tmp_path)
    losses = np.load(tmp_path / "test_losses.npy").astype(np.float64)  # kept in single precision
    data = build_data(trained.config, trained.tokenizer)
    part = data.part("test")
    assert len(losses) == len(part.ids) - 1
    summary = trained.summary
    assert summary["test/loss"] == pytest.approx(losses.mean(), rel=1e-6)
    assert summary["test/perplexity"] == pytest.approx(math.exp(losses.mean()), rel=1e-6)
    text = part.text()
    unknown = sum(trained.tokenizer.speller.nats(t) for t in trained.tokenizer.unknown(text)[:])
    first = trained.tokenizer.split(text)[0]
    if first not in trained.tokenizer.vocabulary:
        unknown -= trained.tokenizer.speller.nats(first)
    expected = (losses.sum() + unknown) / (math.log(2) * (len(text) - len(first)))
    assert summary["test/bits_per_char"] == pytest.approx(expected, rel=1e-6)


def test_validation_during_training_is_the_summarys(tmp_path: Path) -> None:
    """The LightningModule's validation and the scoring of the summary are two paths to one number."""
    trained = small(tmp_path)
    import csv

    with (tmp_path / "metrics.csv").open(newline="") as file:
        logged = [row for row in csv.DictReader(file) if row["val/loss"]][-1]
    for name in ("loss", "perplexity", "bits_per_char", "accuracy"):
        assert float(logged[f"val/{name}"]) == pytest.approx(trained.summary[f"val/{name}"], rel=1e-6), name


def test_an_unknown_word_pays_for_its_spelling(tmp_path: Path) -> None:
    """A smaller vocabulary makes the token loss easier; bits per character must not be made smaller by hiding words."""
    text = tmp_path / "text.txt"
    rng = np.random.default_rng(0)
    text.write_text(" ".join("".join(rng.choice(list("abcdefg"), 5)) for _ in range(4000)), encoding="utf-8")
    options = ["data=text", f"data.path={text}", "tokenizer=word", "data.seq_length=8", "data.batch_size=8"]
    runs = {}
    for size in (5, 3000):
        composed = [*options, f"tokenizer.max_size={size}", f"hydra.run.dir={tmp_path / str(size)}"]
        runs[size] = lstmlab.train(
            [*composed, "model.hidden_size=16", "model.embedding_size=16", "trainer.max_steps=60", "logger=csv"]
        ).summary
    assert runs[5]["test/loss"] < 0.3 < runs[3000]["test/loss"]  # almost everything is <unk>: easy
    assert runs[5]["test/accuracy"] < 0.1  # and naming no word is not counted as naming the right one
    # Random letters of seven cost log2(7) bits each, five of six characters; no vocabulary can go below that.
    assert runs[5]["test/bits_per_char"] > math.log2(7) * 5 / 6
    assert runs[3000]["test/bits_per_char"] > math.log2(7) * 5 / 6


def test_a_trained_model_comes_near_the_true_entropy_and_not_below(tmp_path: Path) -> None:
    """data=synthetic is the proof that the measure is right: its floor is known."""
    trained = lstmlab.train(
        [
            "data=synthetic", f"hydra.run.dir={tmp_path}", "model.hidden_size=32", "model.embedding_size=16",
            "data.split=[0.8,0.1,0.1]", "data.seq_length=32", "trainer.max_epochs=3", "optim.lr=0.01", "logger=csv",
        ]
    )  # fmt: skip
    composed, _, _ = compose_job("train", ["data=synthetic", "data.split=[0.8,0.1,0.1]"])
    source: Any = build_data(plain_config("train", composed))
    figure = trained.summary["test/bits_per_char"]
    low, _ = source.source.sampling_interval(20_000, 0.99)
    assert low <= figure <= source.source.entropy_rate * 1.02
