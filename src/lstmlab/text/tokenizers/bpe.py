"""Text as pieces that occur often, learnt from the training part: byte pair encoding over characters."""

import json
import os
import re
from codecs import getincrementaldecoder
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from itertools import chain, repeat
from typing import Any, Self

import numpy as np

from lstmlab.errors import UserError
from lstmlab.text.speller import BigramSpeller
from lstmlab.text.tokenizers.base import Ids, Tokenizer
from lstmlab.text.vocabulary import Vocabulary

_BYTES = {f"<0x{byte:02X}>": byte for byte in range(256)}

# Characters that the rest is less than one in 2,000 of have pieces of their own (SentencePiece's character_coverage,
# Kudo and Richardson 2018, for languages with many characters); the others are spelt in bytes.
_COVERAGE = 0.9995

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
# Pieces lie inside these stretches. No stretch is longer than 24 characters and a space: what merging costs grows with
# the square of a stretch's length in training, and Chinese has no spaces to end one. A newline stands by itself, so
# that a text cut there has the same pieces; so does "<", so that no piece is spelt like a byte's, "<0x41>".
_STRETCH = re.compile(
    rf"\n|<| ?[{_HAN}]{{1,24}}| ?(?:(?![{_HAN}])[^\W\d_]){{1,24}}| ?\d{{1,3}}| ?(?:[^\w\s<]|_){{1,24}}"
    r"|[^\S\n]{1,24}(?!\S)|[^\S\n]{1,24}"
)
# Characters of the training part that pieces are learnt from, and ranked by: Chinese stretches are nearly all
# different, and take a hundred bytes a character while they are counted.
_LEARNT_FROM = 10_000_000
_AT_ONCE = 50_000  # stretches that are encoded in one call: bounds the memory of a long text
_SURROGATE = re.compile(r"[\uD800-\uDFFF]")


class BpeTokenizer(Tokenizer):
    """One token a piece that ``fit`` learnt, or a byte of a character that it did not: nothing is ever unknown.

    Byte pair encoding (Sennrich, Haddow and Birch 2016) over characters with Hugging Face's tokenizers. A lone
    surrogate, which is no character of Unicode, is read as U+FFFD; any other text comes back from its ids unchanged.
    Bytes that are no UTF-8, which a model may generate, show as U+FFFD.

    Args:
        min_count: how often two pieces must stand side by side in the training part to be merged into one, and a
            character must occur to have a piece of its own.
        max_size: the most types, the 256 bytes among them; None to merge until nothing is frequent enough.

    Raises:
        UserError: an argument is out of range.
    """

    name = "bpe"
    unit = "piece"

    def __init__(self, min_count: int = 2, max_size: int | None = 8000) -> None:
        super().__init__(min_count, max_size)
        if max_size is not None and max_size <= len(_BYTES):
            raise UserError(
                f"tokenizer.max_size={max_size} must be above {len(_BYTES)} with tokenizer=bpe, whose types begin with"
                f" the {len(_BYTES)} bytes."
            )
        self._merges: list[tuple[str, str]] = []  # the most frequent first
        self._model: Any = None  # tokenizers.Tokenizer; its ids are the places in ``vocabulary.types``

    def fit(self, texts: Iterable[str], *, document_ends: bool = True) -> None:
        """As the base class; of a longer training part its first ten million characters teach the pieces."""
        stretches: Counter[str] = Counter()
        left = _LEARNT_FROM
        for text in texts:
            stretches.update(_stretches(text[:left]))
            left -= len(text)
            if left <= 0:
                break
        if not stretches:
            raise UserError("data.split leaves no token in the training part; give train a larger share or more text.")
        alphabet = self._alphabet(stretches)
        self._merges = self._learn(stretches, alphabet)
        types = [*_BYTES, *alphabet, *dict.fromkeys(left + right for left, right in self._merges)]
        # Numbered as they come, to be counted, and then by their counts: id order is frequency order.
        model = _build(types, self._merges)
        counts = np.zeros(len(types), dtype=np.int64)
        weights = np.array([*stretches.values()])
        for start, some in _portions([*stretches]):
            encoding = model.encode(some, is_pretokenized=True, add_special_tokens=False)
            np.add.at(counts, encoding.ids, weights[np.add(encoding.word_ids, start)])
        ranked = sorted(zip(types, counts.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
        self._vocabulary = Vocabulary(
            tuple(token for token, _ in ranked), tuple(count for _, count in ranked), document_ends
        )
        self._speller = BigramSpeller({})  # never asked: nothing is unknown
        self._model = _build(self._vocabulary.types, self._merges)

    def _alphabet(self, stretches: Counter[str]) -> list[str]:
        """The characters that get pieces of their own, by code point."""
        counts: Counter[str] = Counter()
        for stretch, count in stretches.items():
            for character in stretch:
                counts[character] += count
        room = None if self.max_size is None else self.max_size - len(_BYTES)
        total, covered, alphabet = counts.total(), 0, []
        for character, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:room]:
            if count < self.min_count or covered > _COVERAGE * total:
                break
            covered += count
            alphabet.append(character)
        return sorted(alphabet)

    def _learn(self, stretches: Counter[str], alphabet: list[str]) -> list[tuple[str, str]]:
        """The merges, in the order in which they are to be made."""
        tokenizers = _load()
        # The trainer takes memory for as many types as it may learn: no more than there can be.
        room = len(alphabet) + sum(map(len, stretches))
        if self.max_size is not None:
            room = min(room, self.max_size - len(_BYTES))
        trainer = tokenizers.trainers.BpeTrainer(
            vocab_size=room,
            min_frequency=self.min_count,
            initial_alphabet=alphabet,
            limit_alphabet=len(alphabet),
            show_progress=False,
        )
        # A character without a piece of its own parts what stands around it, which the trainer would join.
        known = re.compile(f"[{re.escape(''.join(alphabet))}]+" if alphabet else r"(?!)")
        parts = (repeat(part, count) for stretch, count in stretches.items() for part in known.findall(stretch))
        model = tokenizers.Tokenizer(tokenizers.models.BPE())
        model.train_from_iterator(chain.from_iterable(parts), trainer)
        return [(left, right) for left, right in json.loads(model.to_str())["model"]["merges"]]

    def fit_counts(self, counts: Counter[str], *, document_ends: bool = True) -> None:
        raise TypeError("the pieces of BpeTokenizer are learnt from text: call fit()")

    def encode(self, text: str) -> Ids:
        """Ids of a text, (N,); of two texts, the first of which ends in a newline, the ids are those of both as one."""
        model = self._fitted_model()
        portions = [np.zeros(0, dtype=np.int64)]
        for _, some in _portions(_stretches(text)):
            encoding = model.encode_batch_fast([some], is_pretokenized=True, add_special_tokens=False)[0]
            portions.append(np.array(encoding.ids, dtype=np.int64) + self.vocabulary.specials)
        return np.concatenate(portions)

    def split(self, text: str) -> Sequence[str]:
        """The pieces of a text, in order, a byte as ``<0x41>``.

        Raises:
            RuntimeError: the pieces are not learnt yet.
        """
        return [self.vocabulary.token(one) for one in self.encode(text).tolist()]

    def join(self, tokens: Iterable[str]) -> str:
        tokens = list(tokens)
        return "".join(tokens if _BYTES.keys().isdisjoint(tokens) else _texts(tokens))

    def unknown(self, text: str) -> list[str]:
        return []

    def decode_stream(self, ids: Iterable[int], before: Sequence[int] = ()) -> Iterator[str]:
        """As the base class; a character in bytes comes with the last of them."""
        yield from _texts(map(self._shown, ids), map(self._shown, before))

    def versions(self) -> dict[str, str]:
        return {"tokenizers": version("tokenizers")}

    def to_dict(self) -> dict[str, Any]:
        """As the base class, and the merges."""
        return {**super().to_dict(), "merges": [list(pair) for pair in self._merges]}

    def restored(self, plain: dict[str, Any]) -> Self:
        self._merges = [(left, right) for left, right in plain["merges"]]
        self._model = None
        return super().restored(plain)

    def _fitted_model(self) -> Any:
        if self._model is None:
            self._model = _build(self.vocabulary.types, self._merges)
        return self._model


def _stretches(text: str) -> list[str]:
    return _STRETCH.findall(_SURROGATE.sub("\ufffd", text) if _SURROGATE.search(text) else text)


def _load() -> Any:
    # Its threads and a later fork do not go together, of which it warns on the terminal unless it was told.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import tokenizers

    return tokenizers


def _build(types: Sequence[str], merges: list[tuple[str, str]]) -> Any:
    """The model with the places in ``types`` as ids."""
    tokenizers = _load()
    places = {token: place for place, token in enumerate(types)}
    return tokenizers.Tokenizer(tokenizers.models.BPE(vocab=places, merges=merges, byte_fallback=True))


def _portions(stretches: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The stretches in portions, each with the place of its first."""
    for start in range(0, len(stretches), _AT_ONCE):
        yield start, stretches[start : start + _AT_ONCE]


def _texts(tokens: Iterable[str], before: Iterable[str] = ()) -> Iterator[str]:
    """The text of tokens piece by piece: a character in bytes with the last of them, U+FFFD for what is no UTF-8.

    Nothing is shown of ``before``, but bytes that it ends with may be the beginning of a character.
    """
    decoder = getincrementaldecoder("utf-8")("replace")

    def text(token: str) -> str:
        if token in _BYTES:
            return decoder.decode(bytes([_BYTES[token]]))
        unfinished = decoder.decode(b"", final=True)
        return unfinished + token

    for token in before:
        text(token)
    for token in tokens:
        if shown := text(token):
            yield shown
    if rest := decoder.decode(b"", final=True):
        yield rest
