"""Greedy decoding and sampling against the model they decode."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch

from lstmlab.conf_path import conf_directory
from lstmlab.decoding import Context, Continuation, Decoding, Limits, decode, stepwise
from lstmlab.errors import UserError
from lstmlab.models import LanguageModel, Stepper

KINDS = sorted(path.stem for path in (conf_directory() / "model").glob("[!_]*.yaml"))
VOCABULARY = 6


@pytest.fixture
def model(sharp_model: LanguageModel) -> LanguageModel:
    return sharp_model


def contexts(*prompts: Sequence[int]) -> list[Context]:
    return [Context(tuple(prompt)) for prompt in prompts]


def continued(
    model: LanguageModel, prompt: Sequence[int], max_tokens: int, decoding: Decoding, *, seed: int = 0, **limits: Any
) -> list[int]:
    [[found]] = decode(Stepper(model, 1), contexts(prompt), decoding, Limits(max_tokens, **limits), seed=seed)
    return list(found.ids)


def log_probs(model: LanguageModel, ids: Sequence[int]) -> torch.Tensor:
    """ln p(next | ids), (V,), from the whole sequence at once."""
    with torch.no_grad():
        return model.head.logits(model(torch.tensor([list(ids)]))[0][:, -1])[0].log_softmax(-1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("attention", ["none", "multihead"])
def test_greedy_takes_the_most_probable_token_of_the_whole_sequence(
    model_of_kind: Callable[..., LanguageModel], kind: str, attention: str
) -> None:
    model = model_of_kind(kind, f"attention={attention}", *(["attention.memory=5"] if attention != "none" else []))
    ids = continued(model, [1, 2, 3], 20, Decoding("greedy"))
    text = [1, 2, 3]
    for token in ids:
        assert token == int(log_probs(model, text).argmax())
        text.append(token)
    assert len(ids) == 20


def test_temperature_zero_is_greedy(model: LanguageModel) -> None:
    greedy = continued(model, [1], 20, Decoding("greedy"))
    assert continued(model, [1], 20, Decoding("sample", temperature=0), seed=5) == greedy
    assert continued(model, [1], 20, Decoding("sample", top_k=1), seed=5) == greedy


def test_sampling_follows_the_models_distribution(model: LanguageModel) -> None:
    """The first token over many sequences; every frequency within five standard deviations of its probability."""
    n = 4000
    [found] = decode(Stepper(model, n), contexts([1, 4]), Decoding(), Limits(1), num_sequences=n)
    drawn = Counter(each.ids[0] for each in found)
    for token, p in enumerate(log_probs(model, [1, 4]).exp().tolist()):
        assert abs(drawn[token] - n * p) <= 5 * math.sqrt(n * p * (1 - p)) + 1


def test_same_seed_same_text_other_seed_another(model: LanguageModel) -> None:
    texts = [continued(model, [1], 40, Decoding(), seed=seed) for seed in (3, 3, 4)]
    assert texts[0] == texts[1] != texts[2]
    [several] = decode(Stepper(model, 3), contexts([1]), Decoding(), Limits(40), num_sequences=3, seed=3)
    assert list(several[0].ids) == texts[0]  # the first of several is the one alone
    assert len({each.ids for each in several}) == 3


def test_the_global_generator_is_left_alone(model: LanguageModel) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    continued(model, [1], 10, Decoding())
    assert torch.equal(torch.get_rng_state(), before)


DECODINGS = [
    Decoding("greedy"),
    Decoding(temperature=0.8, top_k=4, top_p=0.95, min_p=0.01),
    Decoding("greedy", repetition_penalty=1.3),
    Decoding("greedy", no_repeat_ngram=2),
    Decoding(repetition_penalty=1.2, no_repeat_ngram=3),
    Decoding("beam", num_beams=3),
    Decoding("beam", num_beams=3, no_repeat_ngram=2, repetition_penalty=1.2),
]


@pytest.mark.parametrize("decoding", DECODINGS, ids=str)
@pytest.mark.parametrize("attention", [[], ["attention=multihead", "attention.memory=4"]], ids=["plain", "attention"])
def test_each_prompt_of_a_batch_is_continued_as_alone(
    model_of_kind: Callable[..., LanguageModel], decoding: Decoding, attention: list[str]
) -> None:
    """Prompts of all lengths, some longer than a window is read at once, which end at different tokens."""
    model = model_of_kind("lstm", *attention, vocabulary=12)
    prompts = [[1], [2, 3, 1], [4, 9], [1, 2, 3, 4, 8], [5] * 600, [2, 3, 1], [3, 7]]
    several = 2 if decoding.draws else 1
    limits = Limits(25, banned=(5,))

    def run(*some: Sequence[int]) -> list[list[Continuation]]:
        return decode(Stepper(model, len(some)), contexts(*some), decoding, limits, num_sequences=several, seed=7)

    endless = [each.ids for found in run(*prompts) for each in found]
    end = max(range(12), key=lambda one: len({ids.index(one) if one in ids else 99 for ids in endless}))
    limits = Limits(25, end=end, banned=(5,))
    together = run(*prompts)
    assert [[each.ids for each in found] for found in together] == [
        [each.ids for each in run(prompt)[0]] for prompt in prompts
    ]
    assert len({len(each.ids) for found in together for each in found}) > 1  # finished at different times
    for prompt, found in zip(prompts, together, strict=True):
        for each in found:
            own = [float(log_probs(model, [*prompt, *each.ids[:n]])[one]) for n, one in enumerate(each.ids)]
            assert each.log_probs == pytest.approx(own, abs=1e-9)


def test_banned_tokens_never_appear_and_the_end_is_not_part_of_a_text(model: LanguageModel) -> None:
    banned = int(log_probs(model, [1]).argmax())
    ids = [token for seed in range(20) for token in continued(model, [1], 30, Decoding(), seed=seed, banned=(banned,))]
    assert banned not in ids
    assert len(ids) == 600
    end = Counter(ids).most_common(1)[0][0]
    ended = [continued(model, [1], 30, Decoding(), seed=seed, banned=(banned,), end=end) for seed in range(20)]
    assert all(end not in text for text in ended)
    assert min(map(len, ended)) < 30
    longer = [continued(model, [1], 30, Decoding(), seed=s, banned=(banned,), end=end, min_tokens=9) for s in range(20)]
    assert all(end not in text for text in longer)
    assert min(map(len, longer)) >= 9


@pytest.mark.parametrize("decoding", [Decoding("greedy"), Decoding(), Decoding("beam", num_beams=2)], ids=str)
def test_a_text_is_finished_for_one_reason(model: LanguageModel, decoding: Decoding) -> None:
    def found(**limits: Any) -> Continuation:
        return decode(Stepper(model, 1), contexts([1]), decoding, Limits(**limits), seed=2)[0][0]

    assert found(max_tokens=6).finish == "length"
    assert len(found(max_tokens=6).ids) == 6
    assert found(max_tokens=0) == Continuation((), (), "length", 0.0)
    if decoding.name != "beam":  # which looks further
        ended = found(max_tokens=30, end=found(max_tokens=6).ids[0])
        assert (ended.finish, ended.ids) == ("end", ())
    stopped = found(max_tokens=30, stopped=lambda ids, prompt: len(ids) == 4 and list(prompt) == [1])
    assert (stopped.finish, len(stopped.ids)) == ("stop", 4)
    late = found(max_tokens=30, min_tokens=3, stopped=lambda ids, prompt: True)
    assert (late.finish, len(late.ids)) == ("stop", 3)


@pytest.mark.parametrize("name", ["greedy", "sample", "beam"])
def test_where_nothing_is_left_to_choose_a_text_is_finished(model: LanguageModel, name: str) -> None:
    """No token twice: after each of them has come there is none."""
    decoding = Decoding(name, no_repeat_ngram=1)
    [[found]] = decode(Stepper(model, 1), contexts([1]), decoding, Limits(30, banned=(0,)))
    assert found.finish == "blocked"
    assert sorted(found.ids) == [2, 3, 4, 5]


def test_the_opening_is_no_repetition(model: LanguageModel) -> None:
    decoding = Decoding("greedy", no_repeat_ngram=1)
    for context, left in ((Context((1, 2)), 4), (Context((2,), opening=(1,)), 5)):
        [[found]] = decode(Stepper(model, 1), [context], decoding, Limits(30))
        assert len(found.ids) == left


def test_the_score_is_the_texts_log_probability(model: LanguageModel) -> None:
    [found] = decode(Stepper(model, 8), contexts([1]), Decoding(), Limits(12, end=2), num_sequences=8, seed=1)
    assert {each.finish for each in found} == {"end", "length"}
    for each in found:
        end = float(log_probs(model, [1, *each.ids])[2]) if each.finish == "end" else 0.0
        assert each.score == pytest.approx(sum(each.log_probs) + end, abs=1e-9)


def test_tokens_come_as_they_are_chosen(model: LanguageModel) -> None:
    """Step by step, with many contexts side by side."""
    chosen = stepwise(Stepper(model, 2), contexts([1], [1, 2]), Decoding("greedy"), Limits(3), [0, 0])
    assert [(one.row, one.finish) for one in chosen] == [
        (0, None), (1, None), (0, None), (1, None), (0, "length"), (1, "length"),
    ]  # fmt: skip


def test_a_model_of_no_numbers_is_refused(model: LanguageModel) -> None:
    with torch.no_grad():
        model.head.linear.bias.fill_(math.nan)
    for decoding in (Decoding("greedy"), Decoding(), Decoding("beam")):
        with pytest.raises(UserError, match="not numbers"):
            continued(model, [1], 5, decoding)
    with pytest.raises(RuntimeError, match="eval"):
        Stepper(model.train(), 1)


def test_large_vocabularies_are_cut_the_same_way(model_of_kind: Callable[..., LanguageModel]) -> None:
    model = model_of_kind("lstm", vocabulary=3000)
    ids = continued(model, [1], 30, Decoding(top_p=0.9), seed=3)
    for n, token in enumerate(ids):
        ordered, order = log_probs(model, [1, *ids[:n]]).exp().sort(descending=True)
        rank = int((order == token).nonzero())
        assert float(ordered[:rank].sum()) < 0.9
    assert len(set(ids)) > VOCABULARY
