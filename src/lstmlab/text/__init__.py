"""Text before it is numbers: reading, cleaning, tokenizers, vocabulary, the bundled sample. No torch here."""

from lstmlab.text.document import Document, Part
from lstmlab.text.tokenizer import CharTokenizer, Tokenizer, WordTokenizer, tokenizer_from_dict
from lstmlab.text.vocabulary import Vocabulary

__all__ = [
    "CharTokenizer",
    "Document",
    "Part",
    "Tokenizer",
    "Vocabulary",
    "WordTokenizer",
    "tokenizer_from_dict",
]
