"""The same tokens and scores as Hugging Face's ``generate`` on the same distribution."""

from typing import Any

import pytest
import torch

from lstmlab.decoding import Context, Decoding, Limits, decode
from lstmlab.decoding.pipeline import Pipeline
from lstmlab.models import LanguageModel, Stepper

transformers = pytest.importorskip("transformers")

VOCABULARY, END = 6, 2


@pytest.fixture
def model(sharp_model: LanguageModel) -> LanguageModel:
    return sharp_model


class Wrapped(transformers.PreTrainedModel, transformers.GenerationMixin):  # type: ignore[misc, name-defined]
    """One of our models for their ``generate``: it reads the whole text again for each token."""

    config_class = transformers.PretrainedConfig

    def __init__(self, model: LanguageModel) -> None:
        super().__init__(transformers.PretrainedConfig(vocab_size=VOCABULARY, num_hidden_layers=1))
        self.model = model
        self.main_input_name = "input_ids"

    def forward(self, input_ids: torch.Tensor, **_: Any) -> Any:
        hidden, _ = self.model(input_ids)
        return transformers.modeling_outputs.CausalLMOutputWithPast(logits=self.model.head.logits(hidden))

    def prepare_inputs_for_generation(
        self, input_ids: torch.Tensor, attention_mask: Any = None, **_: Any
    ) -> dict[str, Any]:
        return {"input_ids": input_ids}


def theirs(model: LanguageModel, prompt: list[int], **options: Any) -> Any:
    wrapped = Wrapped(model)
    configuration = transformers.GenerationConfig(
        eos_token_id=END, pad_token_id=END, return_dict_in_generate=True, output_scores=True, use_cache=False,
        **options,
    )  # fmt: skip
    ids = torch.tensor([prompt])
    return wrapped.generate(ids, attention_mask=torch.ones_like(ids), generation_config=configuration)


def texts(sequences: torch.Tensor, prompt: list[int], longest: int) -> list[list[int]]:
    """Their sequences without prompt, end and padding."""
    rows = [row[len(prompt) :] for row in sequences.tolist()]
    return [row[: row.index(END)] if END in row else row[:longest] for row in rows]


PROCESSED: list[dict[str, Any]] = [
    {}, {"repetition_penalty": 1.4}, {"no_repeat_ngram": 2}, {"repetition_penalty": 0.8, "no_repeat_ngram": 3},
]  # fmt: skip


@pytest.mark.parametrize("length_penalty", [0.0, 1.0, 2.0, -0.7])
@pytest.mark.parametrize("early_stopping", [True, False, "never"])
@pytest.mark.parametrize("num_beams", [2, 4])
def test_beam_search(model: LanguageModel, num_beams: int, early_stopping: Any, length_penalty: float) -> None:
    for number, processed in enumerate(PROCESSED):
        prompt, longest, least = [[1], [4, 3, 1], [5, 3], [1, 4]][number], 9, number % 3
        decoding = Decoding(
            "beam", num_beams=num_beams, length_penalty=length_penalty, early_stopping=early_stopping, **processed
        )
        limits = Limits(longest, min_tokens=least, end=END, banned=(0,))
        [ours] = decode(Stepper(model, num_beams), [Context(tuple(prompt))], decoding, limits, num_sequences=num_beams)
        found = theirs(
            model, prompt, num_beams=num_beams, num_return_sequences=num_beams, max_new_tokens=longest,
            min_new_tokens=least, length_penalty=length_penalty, early_stopping=early_stopping,
            repetition_penalty=decoding.repetition_penalty,
            no_repeat_ngram_size=decoding.no_repeat_ngram or 0, suppress_tokens=[0],
        )  # fmt: skip
        assert [list(one.ids) for one in ours] == texts(found.sequences, prompt, longest)
        assert [one.score for one in ours] == pytest.approx(found.sequences_scores.tolist(), rel=1e-5)


@pytest.mark.parametrize("processed", PROCESSED, ids=str)
def test_greedy(model: LanguageModel, processed: dict[str, Any]) -> None:
    prompt, longest = [4, 3, 1], 15
    limits = Limits(longest, min_tokens=4, end=END, banned=(0,))
    decoding = Decoding("greedy", **processed)
    [[ours]] = decode(Stepper(model, 1), [Context(tuple(prompt))], decoding, limits)
    found = theirs(
        model, prompt, do_sample=False, max_new_tokens=longest, min_new_tokens=4, suppress_tokens=[0],
        repetition_penalty=decoding.repetition_penalty, no_repeat_ngram_size=decoding.no_repeat_ngram or 0,
    )  # fmt: skip
    assert [list(ours.ids)] == texts(found.sequences, prompt, longest)


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 0.6, "top_k": 20, "top_p": 0.8, "min_p": 0.05},
        {"temperature": 1.7, "top_p": 0.95, "repetition_penalty": 1.3},
        {"top_k": 3, "no_repeat_ngram": 2, "repetition_penalty": 0.7},
        {"min_p": 0.3, "temperature": 2.0},
    ],
    ids=str,
)
@pytest.mark.parametrize("generated", [1, 5])
def test_every_processor_in_their_order(options: dict[str, Any], generated: int) -> None:
    """The scores from which a token is drawn, on random logits and histories."""
    size = 40
    logits = torch.randn(4, size, generator=torch.Generator().manual_seed(0)) * 3
    history = torch.randint(1, 8, (4, 7 + generated), generator=torch.Generator().manual_seed(1))
    decoding, limits = Decoding(**options), Limits(9, min_tokens=3, end=END, banned=(0,))
    pipeline = Pipeline(decoding, limits, logits.device)
    ours = pipeline(logits, history if pipeline.needs_history else None, generated)
    configuration = transformers.GenerationConfig(
        do_sample=True, eos_token_id=END, pad_token_id=END, min_new_tokens=3, max_new_tokens=9, suppress_tokens=[0],
        temperature=decoding.temperature, top_k=decoding.top_k or 0, top_p=decoding.top_p or 1.0, min_p=decoding.min_p,
        repetition_penalty=decoding.repetition_penalty, no_repeat_ngram_size=decoding.no_repeat_ngram or 0,
    )  # fmt: skip
    wrapped = Wrapped.__new__(Wrapped)
    torch.nn.Module.__init__(wrapped)
    wrapped.config = transformers.PretrainedConfig(vocab_size=size)
    wrapped._prepare_special_tokens(configuration, device=logits.device)
    chain = wrapped._get_logits_processor(configuration, input_ids_seq_length=7, device="cpu")
    torch.testing.assert_close(ours, chain(history, logits.clone()))
