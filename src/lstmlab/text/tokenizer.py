"""All tokenizers by name."""

from typing import Any

from lstmlab.errors import UserError
from lstmlab.text.tokenizers.base import Ids, Tokenizer
from lstmlab.text.tokenizers.bpe import BpeTokenizer
from lstmlab.text.tokenizers.char import CharTokenizer
from lstmlab.text.tokenizers.jieba import JiebaTokenizer
from lstmlab.text.tokenizers.word import WordTokenizer
from lstmlab.text.vocabulary import END_OF_DOCUMENT

_TOKENIZERS: dict[str, type[Tokenizer]] = {
    tokenizer.name: tokenizer for tokenizer in (CharTokenizer, WordTokenizer, JiebaTokenizer, BpeTokenizer)
}


def make_tokenizer(name: str, **settings: Any) -> Tokenizer:
    """An unfitted tokenizer by its name; ``settings`` are the arguments of its class.

    Raises:
        UserError: no tokenizer has that name, or a setting is out of range.
    """
    if name not in _TOKENIZERS:
        raise UserError(f"tokenizer.name={name} is none of {', '.join(_TOKENIZERS)}.")
    return _TOKENIZERS[name](**settings)


def tokenizer_from_dict(plain: dict[str, Any]) -> Tokenizer:
    """The fitted tokenizer that ``Tokenizer.to_dict`` described."""
    return make_tokenizer(**plain["settings"]).restored(plain)


__all__ = [
    "END_OF_DOCUMENT",
    "BpeTokenizer",
    "CharTokenizer",
    "Ids",
    "JiebaTokenizer",
    "Tokenizer",
    "WordTokenizer",
    "make_tokenizer",
    "tokenizer_from_dict",
]
