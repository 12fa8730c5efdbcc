"""The corpora that come with lstmlab or are published, and the synthetic one."""

from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from lstmlab.data.download import PublishedFile, obtain
from lstmlab.data.files import FileData
from lstmlab.data.module import TextData
from lstmlab.errors import UserError
from lstmlab.text.document import Document, Part
from lstmlab.text.synthetic import MarkovSource
from lstmlab.text.tokenizer import Tokenizer


class Sample(FileData):
    """The tales that come with the package: ``language`` "en" or "zh"."""

    def __init__(self, tokenizer: Tokenizer, *, language: Literal["en", "zh"] = "en", **options: Any) -> None:
        super().__init__(tokenizer, **options)
        if language not in ("en", "zh"):
            raise UserError(f"data.language={language} is neither en nor zh.")
        self.language = language

    def sources(self) -> list[tuple[Path, Part | None]]:
        return [(Path(str(files("lstmlab.text") / "sample" / f"{self.language}.txt")), None)]


class PublishedData(FileData):
    """A corpus that is published: found below ``root`` (default ``$LSTMLAB_DATA``), else downloaded."""

    published: tuple[tuple[PublishedFile, Part | None], ...]

    def __init__(self, tokenizer: Tokenizer, *, root: str | None = None, **options: Any) -> None:
        super().__init__(tokenizer, **options)
        self.root = root
        self._found: list[tuple[Path, Part | None]] | None = None  # looked for, and hashed, once

    def sources(self) -> list[tuple[Path, Part | None]]:
        if self._found is None:
            self._found = [(obtain(file, self.root), part) for file, part in self.published]
        return self._found


class TimeMachine(PublishedData):
    """H. G. Wells, The Time Machine, as used by *Dive into Deep Learning*."""

    published = (
        (
            PublishedFile(
                "time_machine/timemachine.txt",
                "http://d2l-data.s3-accelerate.amazonaws.com/timemachine.txt",
                "8424dbd9532ac81f7e5f0b6add90e6952baea29158309d7d1bf3884f4e12c516",
            ),
            None,
        ),
    )


class TinyShakespeare(PublishedData):
    """Karpathy's tiny shakespeare: 1,115,394 characters of the plays."""

    published = (
        (
            PublishedFile(
                "tiny_shakespeare/input.txt",
                "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
                "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            ),
            None,
        ),
    )


_WIKITEXT2 = "https://raw.githubusercontent.com/pytorch/examples/main/word_language_model/data/wikitext-2"


class WikiText2(PublishedData):
    """WikiText-2 (Merity et al. 2016), its own division into training, validation and test files."""

    published = (
        (
            PublishedFile(
                "wikitext2/train.txt",
                f"{_WIKITEXT2}/train.txt",
                "9e9fa1ad55b1c2c95b08e37dd8e653f638fac2c6de904b79e813611eefbc985f",
            ),
            "train",
        ),
        (
            PublishedFile(
                "wikitext2/valid.txt",
                f"{_WIKITEXT2}/valid.txt",
                "f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8",
            ),
            "val",
        ),
        (
            PublishedFile(
                "wikitext2/test.txt",
                f"{_WIKITEXT2}/test.txt",
                "d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0",
            ),
            "test",
        ),
    )


_GUTENBERG = "https://www.gutenberg.org/cache/epub"


class ChineseClassics(PublishedData):
    """三国演义, 水浒传 (70 回), 西游记 and 红楼梦, from Project Gutenberg, whose files change from time to time."""

    published = (
        (PublishedFile("zh_classics/sanguo.txt", f"{_GUTENBERG}/23950/pg23950.txt", None), None),
        (PublishedFile("zh_classics/shuihu.txt", f"{_GUTENBERG}/23863/pg23863.txt", None), None),
        (PublishedFile("zh_classics/xiyou.txt", f"{_GUTENBERG}/23962/pg23962.txt", None), None),
        (PublishedFile("zh_classics/honglou.txt", f"{_GUTENBERG}/24264/pg24264.txt", None), None),
    )


class Synthetic(TextData):
    """Text from a source whose entropy rate is known: see ``lstmlab.text.synthetic``.

    Args:
        characters: length of the text.
        text_seed: of the text; ``source_seed`` is that of the source's probabilities.
    """

    document_ends = False  # the source has no end: a document end would not be the source's

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        characters: int = 200_000,
        symbols: int = 8,
        order: int = 1,
        concentration: float = 0.5,
        source_seed: int = 0,
        text_seed: int = 0,
        **windows: Any,
    ) -> None:
        super().__init__(tokenizer, **windows)
        if characters < 2:
            raise UserError(f"data.characters={characters} must be at least 2.")
        if text_seed < 0 or source_seed < 0:
            raise UserError(f"data.text_seed={text_seed} and data.source_seed={source_seed} must not be negative.")
        self.characters = characters
        self.text_seed = text_seed
        self.source = MarkovSource(symbols, order, concentration, source_seed)

    def documents(self) -> Iterator[Document]:
        yield Document("synthetic", self.source.draw(self.characters, self.text_seed))

    def fingerprint(self) -> Iterable[bytes]:
        yield repr((self.source, self.characters, self.text_seed)).encode()
