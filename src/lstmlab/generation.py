"""Text that continues prompts: what stands between a model's ids and its user's strings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from lstmlab.decoding import (
    Context,
    Continuation,
    Decoding,
    Finish,
    Limits,
    check_request,
    decode,
    sequence_seeds,
    stepwise,
)
from lstmlab.errors import UserError
from lstmlab.models import LanguageModel, Stepper
from lstmlab.nearest import did_you_mean
from lstmlab.text import Tokenizer
from lstmlab.text.stop_strings import StopStrings
from lstmlab.training.context import opening_context

_BYTES_A_CHARACTER = 4  # tokens that a character may be spread over, at most


@dataclass(frozen=True)
class Generation:
    """A text that continues a prompt, without it.

    ``tokens`` with the model's own ``log_probs`` of each, ln p(token | all before it), whatever the decoding made of
    them. ``finish``: "end" (of the document), "stop" (a stop string, which the text stops short of while the tokens
    hold it), "length" (max_tokens), or "blocked" (no token was left to choose). ``score``: the sum of ``log_probs``,
    that of the end included; of beam search, what it was ranked by. ``unknown``: tokens of the prompt that the
    vocabulary lacks, read as ``<unk>``.
    """

    prompt: str
    text: str
    tokens: tuple[str, ...]
    log_probs: tuple[float, ...]
    finish: Finish
    score: float
    unknown: tuple[str, ...] = ()


def decoding_of(options: dict[str, Any]) -> Decoding:
    """A decoding from named options.

    Raises:
        UserError: there is no such option, a value is out of range, or two exclude each other.
    """
    known = [each.name for each in fields(Decoding)]
    for name in options:
        if name not in known:
            raise UserError(f"decoding has no option {name}; it has {', '.join(known)}.{did_you_mean(name, known)}")
    return Decoding(**options)


def unknown_tokens(tokenizer: Tokenizer, prompt: str) -> list[str]:
    """The tokens of a prompt that the vocabulary lacks, each once."""
    tokens = tokenizer.prompt_tokens(prompt)
    return list(dict.fromkeys(token for token in tokens if token not in tokenizer.vocabulary))


@dataclass
class Writer:
    """Continues prompts with one model, by one decoding.

    Raises:
        UserError: options are out of range or exclude each other.
    """

    model: LanguageModel
    tokenizer: Tokenizer
    decoding: Decoding
    max_tokens: int
    min_tokens: int = 0
    num_sequences: int = 1
    stop: Sequence[str] = ()
    seed: int = 0
    refuse_unknown: bool = False
    _stops: StopStrings = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._stops = StopStrings([self.stop] if isinstance(self.stop, str) else self.stop)
        check_request(self.decoding, self._limits(), self.num_sequences)

    def complete(self, prompts: Sequence[str]) -> list[Generation]:
        """``num_sequences`` texts for each prompt, those of one after those of the other, all in one batch.

        Raises:
            UserError: a prompt holds what the vocabulary lacks, and that is to be refused.
        """
        contexts = [self._context(prompt) for prompt in prompts]
        model = Stepper(self.model, len(contexts) * max(self.num_sequences, self._beams()))
        found = decode(
            model, contexts, self.decoding, self._limits(), num_sequences=self.num_sequences, seed=self.seed
        )  # fmt: skip
        return [
            self._generation(prompt, context, continuation)
            for prompt, context, continuations in zip(prompts, contexts, found, strict=True)
            for continuation in continuations
        ]

    def stream(self, prompt: str) -> Iterator[str]:
        """The text piece by piece: that of each token as soon as it is chosen, of a byte with its character.

        What may be the beginning of a stop string waits until it is none. Beam search knows its text at the end only.

        Raises:
            UserError: as ``complete``, or several sequences are asked for.
        """
        if self.num_sequences > 1:
            raise UserError(f"num_sequences={self.num_sequences} cannot be streamed: the texts would mix; take 1.")
        if self.decoding.name == "beam":
            yield self.complete([prompt])[0].text
            return
        context = self._context(prompt)
        limits = self._limits()
        written: list[int] = []
        stopped = False

        def ids() -> Iterator[int]:
            nonlocal stopped
            seeds = sequence_seeds(self.seed, context.ids, 1)
            for chosen in stepwise(Stepper(self.model, 1), [context], self.decoding, limits, seeds):
                if chosen.id is not None:
                    written.append(chosen.id)
                    stopped = chosen.finish == "stop"
                    yield chosen.id

        waiting = ""
        for piece in self.tokenizer.decode_stream(ids(), before=context.prompt):
            waiting += piece
            if stopped:
                break
            ready = len(waiting) - self._stops.held_back(waiting)
            if ready:
                yield waiting[:ready]
                waiting = waiting[ready:]
        if stopped:
            shown = len(self._shown(written, context.prompt)) - len(waiting)
            waiting = self._text(written, "stop", context.prompt)[shown:]
        if waiting:
            yield waiting

    def _context(self, prompt: str) -> Context:
        vocabulary = self.tokenizer.vocabulary
        if self.refuse_unknown and (lacking := unknown_tokens(self.tokenizer, prompt)):
            raise UserError(
                f"the vocabulary lacks {', '.join(map(repr, lacking))} of the prompt {prompt!r}, and"
                " on_unknown=refuse; write it otherwise, or take on_unknown=continue: the model then reads <unk> there."
            )
        given = tuple(vocabulary.id(token) for token in self.tokenizer.prompt_tokens(prompt))
        if given and vocabulary.end_id is None:
            return Context(given)
        return Context(given, opening=tuple(opening_context(vocabulary, self.seed)))

    def _beams(self) -> int:
        return self.decoding.beams if self.decoding.name == "beam" else 1

    def _limits(self) -> Limits:
        vocabulary = self.tokenizer.vocabulary
        tail = _BYTES_A_CHARACTER * (self._stops.longest + 1)

        def stopped(ids: Sequence[int], prompt: Sequence[int]) -> bool:
            before = ids[-tail - 1 : -tail] if len(ids) > tail else prompt
            return self._stop(ids[-tail:], before) is not None

        return Limits(
            self.max_tokens, self.min_tokens, vocabulary.end_id, (vocabulary.unknown_id,),
            stopped if self._stops else None,
        )  # fmt: skip

    def _shown(self, ids: Sequence[int], before: Sequence[int]) -> str:
        return "".join(self.tokenizer.decode_stream(ids, before=before))

    def _stop(self, ids: Sequence[int], before: Sequence[int]) -> int | None:
        """Where in the text of ``ids`` a stop string begins that the last of them completed."""
        settled = self._shown(ids[:-1], before).rstrip("\ufffd")  # what the last id may still make a character
        return self._stops.find(self._shown(ids, before), len(settled))

    def _text(self, ids: Sequence[int], finish: Finish, before: Sequence[int]) -> str:
        text = self._shown(ids, before)
        return text[: self._stop(ids, before)] if finish == "stop" else text

    def _generation(self, prompt: str, context: Context, found: Continuation) -> Generation:
        return Generation(
            prompt,
            self._text(found.ids, found.finish, context.prompt),
            tuple(map(self.tokenizer.vocabulary.token, found.ids)),
            found.log_probs,
            found.finish,
            found.score,
            tuple(unknown_tokens(self.tokenizer, prompt)),
        )
