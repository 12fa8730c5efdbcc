"""Surprises without a trained model: what a page shows needs no more than an untrained one."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from lstmlab.evaluation.surprise import text_surprise
from lstmlab.models import LanguageModel, build_model
from lstmlab.reports.surprise import Surprise
from lstmlab.text import Tokenizer
from lstmlab.text.tokenizer import make_tokenizer

LEARNT = "the quick brown fox jumps over the lazy dog.\n郭靖道：「那少年提剑下山。」\n" * 3


@pytest.fixture(scope="session")
def surprise_of() -> Callable[..., Surprise]:
    """The surprise of a text to a small model of characters, words or pieces that is sure of something."""
    known: dict[tuple[str, bool], tuple[Tokenizer, LanguageModel]] = {}

    def build(name: str, document_ends: bool) -> tuple[Tokenizer, LanguageModel]:
        tokenizer = make_tokenizer(name)
        tokenizer.fit([LEARNT], document_ends=document_ends)
        config: dict[str, Any] = {
            "model": {
                "layer": {"_target_": "lstmlab.nn.LSTMLayer"}, "num_layers": 1, "hidden_size": 8, "embedding_size": 8,
                "dropout": 0.0, "tie_weights": False,
            },
            "attention": {"_target_": None},
            "head": {"_target_": "lstmlab.nn.LinearHead"},
        }  # fmt: skip
        torch.manual_seed(0)
        model = build_model(config, len(tokenizer.vocabulary)).eval()
        with torch.no_grad():
            model.embedding.weight.normal_(std=3.0)
            model.head.linear.weight.normal_(std=6.0)
        return tokenizer, model

    def of(text: str, tokenizer: str = "char", alternatives: int = 5, document_ends: bool = True) -> Surprise:
        key = (tokenizer, document_ends)
        if key not in known:
            known[key] = build(*key)
        cutter, model = known[key]
        return Surprise.of(text_surprise(model, cutter, text, alternatives), "a <small> model")

    return of
