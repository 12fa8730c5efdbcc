"""Text before it is numbers: reading, cleaning, tokenizers, vocabulary, the bundled sample. No torch here."""

from lstmlab.text.document import Document, Part
from lstmlab.text.tokenizer import (
    BpeTokenizer,
    CharTokenizer,
    JiebaTokenizer,
    Tokenizer,
    WordTokenizer,
    tokenizer_from_dict,
)
from lstmlab.text.vocabulary import Vocabulary

__all__ = [
    "BpeTokenizer",
    "CharTokenizer",
    "Document",
    "JiebaTokenizer",
    "Part",
    "Tokenizer",
    "Vocabulary",
    "WordTokenizer",
    "tokenizer_from_dict",
]
