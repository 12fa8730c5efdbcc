"""Texts that continue prompts, as strings: of a character model, of words, and of pieces in bytes."""

from pathlib import Path

import pytest
import torch

import lstmlab
from lstmlab.decoding import Decoding
from lstmlab.errors import UserError
from lstmlab.generation import Generation, Writer
from lstmlab.models import build_model
from lstmlab.text import Tokenizer
from lstmlab.text.tokenizer import make_tokenizer
from lstmlab.trained_model import TrainedModel

CHINESE = "郭靖道：“好𝄞。”黄蓉笑了。郭靖又道：“走罢😀。”\n" * 30
ENGLISH = "the cat sat on the mat, and the dog sat on the cat.\n" * 30
UNTRAINED = {
    "model": {
        "layer": {"_target_": "lstmlab.nn.LSTMLayer"}, "num_layers": 1, "hidden_size": 8, "embedding_size": 8,
        "dropout": 0.0, "tie_weights": False,
    },
    "attention": {"_target_": None},
    "head": {"_target_": "lstmlab.nn.LinearHead"},
}  # fmt: skip


@pytest.fixture(scope="module")
def model(trained_run: Path) -> TrainedModel:
    return lstmlab.load(trained_run)


def writer(tokenizer: Tokenizer, **options: object) -> Writer:
    torch.manual_seed(0)
    built = build_model(UNTRAINED, len(tokenizer.vocabulary)).eval()
    return Writer(built, tokenizer, Decoding(), **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=["char", "word", "jieba", "bpe"])
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    settings = {"max_size": 290} if request.param == "bpe" else {}
    made = make_tokenizer(request.param, **settings)
    made.fit([ENGLISH if request.param == "word" else CHINESE])
    return made


def test_streamed_and_completed_texts_are_the_same(tokenizer: Tokenizer) -> None:
    """Whatever the tokenizer, with stop strings and without; no piece splits a character or shows a stop string."""
    prompt = "the cat" if tokenizer.name == "word" else "郭靖"
    ends = set()
    for stop in ((), (" ", "。”", "sat on"), ("靖", "😀")):
        for seed in range(8):
            asked = writer(tokenizer, max_tokens=40, stop=stop, seed=seed)
            [whole] = asked.complete([prompt])
            pieces = list(asked.stream(prompt))
            assert "".join(pieces) == whole.text
            assert not any(one in whole.text for one in stop)
            assert len(whole.tokens) == len(whole.log_probs) <= 40
            ends.add(whole.finish)
            if tokenizer.name == "char" and not stop:
                assert all(len(piece) == 1 for piece in pieces)
    assert "stop" in ends


def test_min_tokens_comes_before_stop_strings(tokenizer: Tokenizer) -> None:
    letter = "a" if tokenizer.name == "word" else "道"
    finishes = set()
    for seed in range(10):
        asked = writer(tokenizer, max_tokens=300, min_tokens=30, stop=[letter], seed=seed)
        [found] = asked.complete([""])
        assert len(found.tokens) >= 30
        assert "".join(asked.stream("")) == found.text
        assert letter not in found.text[len(tokenizer.join(found.tokens[:29])) + 1 :]
        finishes.add(found.finish)
    assert "stop" in finishes


def test_prompts_of_all_kinds_are_read(model: TrainedModel) -> None:
    prompts = ["", "The river", "☃ \x00 🦆", "The " * 700, "\n"]
    found = model.complete(prompts, 20, seed=3)
    assert [one.prompt for one in found] == prompts
    assert [one.text for one in found] == [model.generate(prompt, 20, seed=3) for prompt in prompts]
    assert found[2].unknown == ("☃", "\x00", "🦆")
    assert all("<unk>" not in one.text for one in found)
    with pytest.raises(UserError, match=r"lacks '☃', '\\x00', '🦆' of the prompt .* on_unknown=refuse"):
        model.complete(prompts, 20, on_unknown="refuse")
    assert model.complete([]) == []


def test_several_sequences_a_prompt(model: TrainedModel) -> None:
    found = model.complete(["The ", "A "], 15, num_sequences=3, seed=4)
    assert [one.prompt for one in found] == ["The "] * 3 + ["A "] * 3
    assert len({one.text for one in found}) == 6
    assert found[0].text == model.generate("The ", 15, seed=4)
    best = model.complete("The ", 10, name="beam", num_beams=3, num_sequences=2)
    assert best[0].score >= best[1].score
    assert list(model.stream("The ", 10, name="beam", num_beams=3)) == [best[0].text]


def test_a_generation_says_what_the_model_thinks_of_it(model: TrainedModel) -> None:
    [found] = model.complete("The ", 30, name="greedy")
    assert isinstance(found, Generation)
    scored = model.score("The " + found.text).tokens
    assert found.tokens == tuple(one.token for one in scored[4:])
    assert found.log_probs == pytest.approx([-one.nats for one in scored[4:]], abs=1e-4)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"temprature": 1.0}, r"decoding has no option temprature; .* Did you mean temperature\?"),
        ({"name": "greedy", "num_sequences": 2}, "num_sequences=2 and decoding=greedy exclude each other"),
        ({"min_tokens": 30}, "min_tokens=30 and max_tokens=20 exclude each other"),
        ({"stop": ["x", ""]}, "stop holds an empty string"),
        ({"on_unknown": "ask"}, "on_unknown=ask must be continue or refuse"),
        ({"num_sequences": 0}, "num_sequences=0 must be at least 1"),
    ],
)
def test_what_cannot_be_is_one_sentence(model: TrainedModel, options: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        model.complete("The ", 20, **options)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=said):
        list(model.stream("The ", 20, **options))


def test_one_text_where_one_is_given(model: TrainedModel) -> None:
    with pytest.raises(UserError, match="num_sequences=2: generate gives one text a prompt"):
        model.generate("The ", 5, num_sequences=2)
    with pytest.raises(UserError, match="num_sequences=2 cannot be streamed"):
        list(model.stream("The ", 5, num_sequences=2))
