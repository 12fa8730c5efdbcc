"""The surprise of a text is its score token by token, with the whole distribution behind it."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from lstmlab.errors import UserError
from lstmlab.evaluation.surprise import LN2, TextSurprise, text_surprise
from lstmlab.models import LanguageModel, build_model
from lstmlab.text import Tokenizer
from lstmlab.text.tokenizer import make_tokenizer

LEARNT = "the quick brown fox jumps over the lazy dog. the end of a tale, and the next begins.\n"
HEADS: dict[str, dict[str, Any]] = {
    "linear": {"_target_": "lstmlab.nn.LinearHead"},
    "chunked": {"_target_": "lstmlab.nn.ChunkedHead", "chunk_elements": 40},
    "adaptive": {"_target_": "lstmlab.nn.AdaptiveHead", "cutoffs": [5, 12], "div_value": 2.0},
}


def tokenizer(name: str = "char", document_ends: bool = True) -> Tokenizer:
    made = make_tokenizer(name)
    made.fit([LEARNT], document_ends=document_ends)
    return made


def sure_model(config: dict[str, Any], size: int, head: str = "linear") -> LanguageModel:
    """An untrained model is nearly uniform: larger weights make it sure of something."""
    torch.manual_seed(0)
    model = build_model(config | {"head": HEADS[head]}, size).double().eval()
    with torch.no_grad():
        for parameter in model.head.parameters():
            parameter.normal_(std=1.5)
    return model


def naive(model: LanguageModel, ids: list[int]) -> list[torch.Tensor]:
    """ln p of the whole vocabulary (V,) in front of each id but the first, one step at a time."""
    state, rows = None, []
    with torch.no_grad():
        for one in ids[:-1]:
            hidden, state = model.step(torch.tensor([one]), state)
            rows.append(model.head.logits(hidden).log_softmax(-1)[0])
    return rows


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("document_ends", [True, False])
def test_every_figure_is_the_naive_one(model_config: dict[str, Any], head: str, document_ends: bool) -> None:
    cutter = tokenizer(document_ends=document_ends)
    vocabulary = cutter.vocabulary
    model = sure_model(model_config, len(vocabulary), head)
    text = "the fox Ω jumps, and Ω begins.\n" * 12  # longer than a window
    ids = ([vocabulary.end_id] if document_ends else []) + cutter.encode(text).tolist()
    surprise = text_surprise(model, cutter, text, alternatives=4)
    rows = naive(model, ids)
    assert surprise.context == ("" if document_ends else "t")
    assert len(surprise) == len(rows) == len(text) - (not document_ends)
    for token, row, one in zip(surprise, rows, ids[1:], strict=True):
        assert token.nats == pytest.approx(-float(row[one]), abs=1e-10)
        assert token.probability == pytest.approx(math.exp(row[one]), rel=1e-9)
        order = row.argsort(descending=True, stable=True).tolist()
        assert token.rank == order.index(one) + 1
        assert [alternative.token for alternative in token.alternatives] == [vocabulary.token(n) for n in order[:4]]
        assert [alternative.probability for alternative in token.alternatives] == pytest.approx(
            [math.exp(row[n]) for n in order[:4]], rel=1e-9
        )
        assert token.known == (token.token != "Ω")
        assert token.spelling_nats == (0.0 if token.known else cutter.speller.nats("Ω"))
        assert token.bits == (token.nats + token.spelling_nats) / LN2
    total = -sum(float(row[one]) for row, one in zip(rows, ids[1:], strict=True)) + 24 * cutter.speller.nats("Ω")
    assert surprise.total_nats == pytest.approx(total, rel=1e-12)
    assert surprise.bits_per_char == pytest.approx(total / LN2 / len(surprise), rel=1e-12)


def test_an_unknown_token_is_told_as_such(model_config: dict[str, Any]) -> None:
    cutter = tokenizer()
    surprise = text_surprise(sure_model(model_config, len(cutter.vocabulary)), cutter, "fΩx")
    rows = surprise.table()
    assert [row["known"] for row in rows] == [True, False, True]
    assert rows[1]["spelling_bits"] > 5 and rows[0]["spelling_bits"] == 0
    assert rows[1]["bits"] == pytest.approx(-math.log2(rows[1]["probability"]) + rows[1]["spelling_bits"])
    assert rows[1]["token"] == "Ω" and rows[0]["expected"] == surprise[0].alternatives[0].token
    assert surprise.most_surprising(1) == [1]


def test_the_model_is_left_in_its_mode(model_config: dict[str, Any]) -> None:
    cutter = tokenizer()
    model = sure_model(model_config, len(cutter.vocabulary)).train()
    first = text_surprise(model, cutter, "the fox")
    assert model.training
    np.testing.assert_array_equal(first.nats, text_surprise(model.eval(), cutter, "the fox").nats)  # without dropout


@pytest.mark.parametrize(("asked", "given"), [(0, 0), (3, 3), (500, None)])
def test_as_many_alternatives_as_there_are(model_config: dict[str, Any], asked: int, given: int | None) -> None:
    cutter = tokenizer()
    surprise = text_surprise(sure_model(model_config, len(cutter.vocabulary)), cutter, "the fox", asked)
    count = len(cutter.vocabulary) if given is None else given
    assert all(len(token.alternatives) == count for token in surprise)
    if given is None:
        assert sum(one.probability for one in surprise[2].alternatives) == pytest.approx(1)
    assert surprise.table()[0]["expected"] == (surprise[0].alternatives[0].token if count else None)


def test_a_text_of_words(model_config: dict[str, Any]) -> None:
    cutter = tokenizer("word")
    surprise = text_surprise(sure_model(model_config, len(cutter.vocabulary)), cutter, "the  lazy fox\nthe bear")
    assert list(surprise.tokens) == ["the", "lazy", "fox", "\n", "the", "bear"]
    assert surprise.characters == len("the  lazy fox\nthe bear") and not surprise[5].known
    assert [one.token for one in surprise[1:3]] == ["lazy", "fox"]
    assert isinstance(surprise, TextSurprise) and surprise[-1].token == "bear"


@pytest.mark.parametrize(("text", "alternatives", "said"), [("", 5, "has 0 tokens"), ("a", -1, "alternatives=-1")])
def test_what_cannot_be_read(model_config: dict[str, Any], text: str, alternatives: int, said: str) -> None:
    cutter = tokenizer()
    with pytest.raises(UserError, match=said):
        text_surprise(sure_model(model_config, len(cutter.vocabulary)), cutter, text, alternatives)
