"""Text as what white space separates."""

import re
from collections.abc import Iterable, Sequence

from lstmlab.text.tokenizers.base import Tokenizer


class WordTokenizer(Tokenizer):
    """One token a run of non-white space, and one a newline. Other white space is not kept."""

    name = "word"
    unit = "word"
    _TOKEN = re.compile(r"\n|[^\s]+")

    def split(self, text: str) -> Sequence[str]:
        return self._TOKEN.findall(text)

    def join(self, tokens: Iterable[str]) -> str:
        return " ".join(tokens).replace(" \n ", "\n").replace(" \n", "\n").replace("\n ", "\n")
