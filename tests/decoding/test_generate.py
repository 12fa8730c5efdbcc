"""The decoding loop against the model it decodes."""

import math
from collections import Counter
from typing import Any

import pytest
import torch

from lstmlab.decoding import Decoding, generate
from lstmlab.errors import UserError
from lstmlab.models import LanguageModel, build_model

VOCABULARY = 6


@pytest.fixture
def model(model_config: dict[str, Any]) -> LanguageModel:
    torch.manual_seed(0)
    built = build_model(model_config, VOCABULARY)
    with torch.no_grad():  # an untrained model is nearly uniform: make its choices matter
        built.head.linear.weight.mul_(20)
    return built.eval()


def distribution(model: LanguageModel, ids: list[int]) -> torch.Tensor:
    """p(next | ids) from the whole sequence at once."""
    with torch.no_grad():
        return model.head.logits(model(torch.tensor([ids]))[0][:, -1])[0].softmax(-1)


def test_greedy_takes_the_most_probable_token_of_the_whole_sequence(model: LanguageModel) -> None:
    ids = list(generate(model, [1, 2, 3], 20, Decoding("greedy"), seed=0))
    text = [1, 2, 3]
    for token in ids:
        assert token == int(distribution(model, text).argmax())
        text.append(token)
    assert len(ids) == 20


def test_temperature_zero_is_greedy(model: LanguageModel) -> None:
    greedy = list(generate(model, [1], 20, Decoding("greedy"), seed=0))
    assert list(generate(model, [1], 20, Decoding("sample", temperature=0), seed=5)) == greedy
    assert list(generate(model, [1], 20, Decoding("sample", top_k=1), seed=5)) == greedy


def test_sampling_follows_the_models_distribution(model: LanguageModel) -> None:
    """The first token over many seeds; every frequency within five standard deviations of its probability."""
    n = 4000
    drawn = Counter(next(generate(model, [1, 4], 1, Decoding("sample"), seed=seed)) for seed in range(n))
    for token, p in enumerate(distribution(model, [1, 4]).tolist()):
        assert abs(drawn[token] - n * p) <= 5 * math.sqrt(n * p * (1 - p)) + 1


def test_same_seed_same_text_other_seed_another(model: LanguageModel) -> None:
    texts = [list(generate(model, [1], 40, Decoding("sample"), seed=seed)) for seed in (3, 3, 4)]
    assert texts[0] == texts[1] != texts[2]


def test_the_global_generator_is_left_alone(model: LanguageModel) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    list(generate(model, [1], 10, Decoding("sample"), seed=0))
    assert torch.equal(torch.get_rng_state(), before)


def test_banned_tokens_never_appear_and_the_end_is_not_yielded(model: LanguageModel) -> None:
    banned = int(distribution(model, [1]).argmax())
    ids = [token for seed in range(20) for token in generate(model, [1], 30, Decoding(), seed=seed, banned=[banned])]
    assert banned not in ids
    assert len(ids) == 600
    end = Counter(ids).most_common(1)[0][0]
    ended = [list(generate(model, [1], 30, Decoding(), seed=seed, banned=[banned], end=end)) for seed in range(20)]
    assert all(end not in text for text in ended)
    assert min(map(len, ended)) < 30


def test_no_tokens_wanted_no_tokens_given(model: LanguageModel) -> None:
    assert list(generate(model, [1], 0, Decoding(), seed=0)) == []


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"name": "beam"}, "decoding.name"),
        ({"temperature": -1.0}, "decoding.temperature"),
        ({"temperature": float("nan")}, "decoding.temperature"),
        ({"top_k": 0}, "decoding.top_k"),
        ({"top_p": 0.0}, "decoding.top_p"),
        ({"top_p": 1.5}, "decoding.top_p"),
    ],
)
def test_values_out_of_range_are_refused_by_name(options: dict[str, object], named: str) -> None:
    with pytest.raises(UserError, match=named.replace(".", r"\.")):
        Decoding(**options)  # type: ignore[arg-type]
