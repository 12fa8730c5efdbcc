"""Places in held-out text: a prompt and what a human wrote behind it."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lstmlab.text.document import Document


@dataclass(frozen=True)
class Slot:
    """A prompt, and the text that follows it in a document."""

    document: str
    character: int  # of the document's held-out text, from 0, at which the prompt begins
    prompt: str
    human: str


def slots(documents: Sequence[Document], count: int, prompt: int, longest: int) -> list[Slot]:
    """``count`` places spread over documents that do not overlap, each within one document.

    All prompts have ``prompt`` characters, all texts behind them the same number: as many as there is room for, but at
    most ``longest``; none where there is no room for one each.
    """
    texts = ["".join(document.blocks()) for document in documents]

    def there(length: int) -> int:
        return sum(len(text) // (prompt + length) for text in texts)

    # The longest for which there are enough: fewer fit, the longer they are.
    length = bisect_left(range(1, longest + 1), True, key=lambda length: there(length) < count)
    if not length:
        return []
    size = prompt + length
    places = [
        (number, round((len(text) - size) * place / max(1, len(text) // size - 1)))
        for number, text in enumerate(texts)
        for place in range(len(text) // size)
    ]
    chosen = np.linspace(0, len(places) - 1, count).round().astype(int).tolist()
    return [
        Slot(documents[number].name, start, texts[number][start:][:prompt], texts[number][start + prompt :][:length])
        for number, start in (places[one] for one in chosen)
    ]
