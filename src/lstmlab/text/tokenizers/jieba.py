"""Chinese text as words."""

from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lstmlab.errors import UserError
from lstmlab.text.segmentation.streaming import Cutter, split_stream
from lstmlab.text.segmentation.user_dictionary import Entries, read_user_dictionary
from lstmlab.text.tokenizers.base import Tokenizer

_SEGMENTERS = ("auto", "jieba", "rjieba")


class JiebaTokenizer(Tokenizer):
    """One token a Chinese word as jieba finds it (github.com/fxsjy/jieba); nothing of the text is lost.

    White space, punctuation and each character that jieba leaves alone are tokens too, ``\\r\\n`` one.

    Args:
        hmm: whether jieba's hidden Markov model joins characters to words that the dictionary lacks.
        user_dict: the path of a user dictionary, lines ``word [frequency] [tag]`` in UTF-8 or GB18030; or its entries,
            pairs (word, frequency or None), as ``settings`` gives them.
        segmenter: "jieba"; or "rjieba", its port to Rust, more than ten times faster and with the same words, but
            without user dictionaries; "auto" takes it where it is installed and there is no user dictionary.
        min_count: types that occur less often in the training part are unknown.
        max_size: the most types a vocabulary holds, the most frequent first; None for all.

    Raises:
        UserError: the user dictionary cannot be read, or the segmenter is not there or does not go with it.
    """

    name = "jieba"
    unit = "word"
    cuts_once = True

    def __init__(
        self,
        hmm: bool = True,
        user_dict: str | Sequence[tuple[str, int | None]] | None = None,
        segmenter: str = "auto",
        min_count: int = 1,
        max_size: int | None = None,
    ) -> None:
        super().__init__(min_count, max_size)
        if segmenter not in _SEGMENTERS:
            raise UserError(f"tokenizer.segmenter={segmenter} is none of {', '.join(_SEGMENTERS)}.")
        self._entries: Entries = (
            read_user_dictionary(Path(user_dict).expanduser())
            if isinstance(user_dict, str)
            else tuple((word, frequency) for word, frequency in user_dict or ())
        )
        if segmenter == "rjieba" and self._entries:
            raise UserError(
                "tokenizer.segmenter=rjieba takes no user dictionary; set tokenizer.user_dict=null or take"
                " tokenizer.segmenter=jieba."
            )
        if segmenter == "auto":
            segmenter = "rjieba" if find_spec("rjieba") and not self._entries else "jieba"
        self._cutter = Cutter(segmenter, hmm, self._entries)

    def split(self, text: str) -> Sequence[str]:
        return next(self.split_all([text]))

    def split_all(self, texts: Iterable[str]) -> Iterator[Sequence[str]]:
        """As the base class: on all cores where there is enough text.

        Raises:
            UserError: a worker process died.
        """
        return split_stream(texts, self._cutter)

    def join(self, tokens: Iterable[str]) -> str:
        return "".join(tokens)

    def prompt_tokens(self, text: str) -> list[str]:
        """``split``, a word that the vocabulary lacks cut into the longest parts that it has, from the left."""
        tokens = []
        for token in self.split(text):
            while token:
                known = (length for length in range(len(token), 0, -1) if token[:length] in self.vocabulary)
                length = next(known, 1)
                tokens.append(token[:length])
                token = token[length:]
        return tokens

    def versions(self) -> dict[str, str]:
        segmenter = self._cutter.segmenter  # rjieba has a dictionary of its own, today the same
        return {"jieba": version("jieba"), segmenter: version(segmenter)}

    def settings(self) -> dict[str, Any]:
        """As the base class. The segmenter decides nothing about the words, so it is left out.

        The user dictionary's entries are in it, so that neither a cache nor a checkpoint depends on the file.
        """
        entries = [list(entry) for entry in self._entries]
        return {**super().settings(), "hmm": self._cutter.hmm, "user_dict": entries or None}
