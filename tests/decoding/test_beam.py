"""Beam search against greedy decoding, all sequences there are, and the model itself."""

import itertools
from collections.abc import Callable, Sequence

import pytest
import torch

from lstmlab.conf_path import conf_directory
from lstmlab.decoding import Context, Decoding, Limits, beam_search, decode
from lstmlab.models import LanguageModel, Stepper

KINDS = sorted(path.stem for path in (conf_directory() / "model").glob("[!_]*.yaml"))
VOCABULARY = 6


@pytest.fixture
def model(sharp_model: LanguageModel) -> LanguageModel:
    return sharp_model


END = 2
ATTENTION = ["attention=multihead", "attention.memory=3"]


def scored(model: LanguageModel, prompt: Sequence[int], ids: Sequence[int]) -> float:
    """ln p(ids | prompt), read as one sequence."""
    whole = torch.tensor([[*prompt, *ids]])
    with torch.no_grad():
        log_p = model.head.logits(model(whole)[0])[0].log_softmax(-1)
    return sum(float(log_p[len(prompt) - 1 + n, one]) for n, one in enumerate(ids))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("attention", [[], ATTENTION], ids=["plain", "attention"])
def test_width_one_is_greedy_and_every_score_holds(
    model_of_kind: Callable[..., LanguageModel], kind: str, attention: list[str]
) -> None:
    """For every cell: had one tensor of the state stayed with another hypothesis, scores would not add up."""
    model = model_of_kind(kind, *attention)
    prompts = [Context((1, 3)), Context((4,)), Context((5, 1, 3))]
    limits = Limits(12, end=END)
    greedy = decode(Stepper(model, 3), prompts, Decoding("greedy"), limits)
    narrow = decode(Stepper(model, 3), prompts, Decoding("beam", num_beams=1), limits)
    assert [one.ids for [one] in narrow] == [one.ids for [one] in greedy]
    wide = Decoding("beam", num_beams=4, length_penalty=0.7)
    found = decode(Stepper(model, 12), prompts, wide, limits, num_sequences=4)
    for context, several in zip(prompts, found, strict=True):
        assert len({(each.ids, each.finish) for each in several}) == 4
        assert [each.score for each in several] == sorted((each.score for each in several), reverse=True)
        for each in several:
            tokens = [*each.ids, END] if each.finish == "end" else list(each.ids)
            assert each.score == pytest.approx(scored(model, context.ids, tokens) / len(tokens) ** 0.7, abs=1e-9)


@pytest.mark.parametrize("length_penalty", [0.0, 1.0, -0.5])
@pytest.mark.parametrize("early_stopping", [False, "never"])
def test_as_wide_as_all_sequences_it_finds_the_best_of_them(
    model: LanguageModel, length_penalty: float, early_stopping: bool | str
) -> None:
    """All sequences of up to three tokens: those that end, and those of full length that do not."""
    prompt, longest = [1], 3
    others = [one for one in range(VOCABULARY) if one != END]
    every = [(*ids, END) for n in range(longest) for ids in itertools.product(others, repeat=n)]
    every += itertools.product(others, repeat=longest)
    best = sorted(every, key=lambda ids: -scored(model, prompt, ids) / len(ids) ** length_penalty)
    decoding = Decoding(
        "beam", num_beams=VOCABULARY**longest, length_penalty=length_penalty,
        early_stopping=early_stopping,  # type: ignore[arg-type]
    )  # fmt: skip
    [found] = beam_search(Stepper(model, 9), [Context((1,))], decoding, Limits(longest, end=END), 10)
    assert [(*each.ids, END) if each.finish == "end" else each.ids for each in found] == best[:10]


def test_early_stopping_takes_the_first_that_are_finished(model: LanguageModel) -> None:
    """True stops sooner than never, and never is at least as good."""
    limits = Limits(20, end=END)
    scores = {}
    for name in (True, False, "never"):
        decoding = Decoding("beam", num_beams=3, early_stopping=name)  # type: ignore[arg-type]
        [[found]] = beam_search(Stepper(model, 3), [Context((1,))], decoding, limits)
        scores[name] = found.score
    assert scores[True] <= scores[False] <= scores["never"]


def second(model: LanguageModel) -> int:
    """What greedy decoding says at its second step: an end that is met."""
    [[found]] = decode(Stepper(model, 1), [Context((1,))], Decoding("greedy"), Limits(2))
    return found.ids[1]


def test_a_hypothesis_that_ends_leaves_the_beam_to_others(model: LanguageModel) -> None:
    end = second(model)
    [found] = beam_search(Stepper(model, 3), [Context((1,))], Decoding("beam", num_beams=3), Limits(9, end=end), 3)
    assert len(found) == 3
    assert "end" in {each.finish for each in found}
    assert all(end not in each.ids for each in found)


def test_stop_strings_finish_hypotheses(model: LanguageModel) -> None:
    wanted = second(model)

    def stopped(ids: Sequence[int], prompt: Sequence[int]) -> bool:
        return ids[-1] == wanted and list(prompt) == [1]

    limits = Limits(9, stopped=stopped)
    [found] = beam_search(Stepper(model, 3), [Context((1,))], Decoding("beam", num_beams=3), limits, 3)
    ended = [each for each in found if each.finish == "stop"]
    assert ended
    for each in ended:
        assert each.ids.index(wanted) == len(each.ids) - 1
        assert each.score == pytest.approx(scored(model, [1], each.ids) / len(each.ids), abs=1e-9)
