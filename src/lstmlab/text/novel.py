"""Chinese novels from download sites to plain text with one paragraph a line.

The rules are few and each takes away only what it knows; where a line may be the book's, it stays.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from lstmlab.text.novels.characters import characters, lines
from lstmlab.text.novels.furniture import without_frame, without_furniture
from lstmlab.text.novels.spaces import spaces
from lstmlab.text.novels.wrapping import unwrapped
from lstmlab.text.reading import newlines

_BLOCK = 1 << 18  # characters of an output block, about


def novel(blocks: Iterable[str], removed: Counter[str]) -> Iterator[str]:
    """The paragraphs of a novel, each a line: no advertising, page furniture, mark-up, indentation or empty line.

    The text neither begins nor ends with a newline, every block but the last ends behind one, and the result is the
    same however the input is cut into blocks. A file that is wrapped at a fixed width is put together again.

    ``removed`` counts, a rule: "site lines" (also one that hangs at the end of a paragraph), "page furniture" (whole
    lines); "library marks", "html" (tags and entities), "control characters", "user-defined codes" (one each); "spaces"
    (runs inside a line that were shortened or taken away), "joined lines" (line ends inside a paragraph).
    """
    page = without_frame(lines(characters(newlines(blocks), removed)), removed)
    book = without_furniture(page, removed)
    waiting: list[str] = []
    size = 0
    for paragraph in unwrapped(book, removed):
        text = spaces(paragraph, removed)
        if not text:
            continue
        if size >= _BLOCK:
            yield "\n".join(waiting) + "\n"
            waiting, size = [], 0
        waiting.append(text)
        size += len(text)
    if waiting:
        yield "\n".join(waiting)
