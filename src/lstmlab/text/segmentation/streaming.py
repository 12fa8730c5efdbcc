"""Many texts into words: in batches, on all cores where there is enough to do."""

from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from lstmlab.errors import UserError
from lstmlab.text.parallel import cores, in_order
from lstmlab.text.segmentation.routes import route
from lstmlab.text.segmentation.user_dictionary import Entries
from lstmlab.text.segmentation.words import boundaries

_BATCH = 1 << 17  # characters; half a second of jieba's time, some megabytes of arrays
# Below so many characters one process is as fast: starting a worker and reading its dictionary takes a second or two.
_PAYS = {"jieba": 1_000_000, "rjieba": 2 * _BATCH}
_MOST_WORKERS = {"jieba": 8, "rjieba": 4}  # a process has a dictionary of its own (150 MB); threads share one lock
_AHEAD = 3  # batches a worker that are taken from the stream before their turn

# A token by itself for jieba, so that texts with it between them are cut as each alone.
_BETWEEN = "\0"


@dataclass(frozen=True)
class Cutter:
    """How to cut; ``segmenter`` is "jieba" or "rjieba"."""

    segmenter: str
    hmm: bool
    entries: Entries

    def __call__(self, text: str) -> NDArray[np.uint32]:
        """Where the tokens of a text begin, and its end, (tokens + 1,)."""
        return boundaries(text, route(self.segmenter, self.entries), self.hmm).astype(np.uint32)


@dataclass
class _Batch:
    """Texts that are cut at once. A long text is cut at newlines into several, each but its last ``unfinished``."""

    texts: list[str] = field(default_factory=list)
    unfinished: bool = False

    @property
    def joined(self) -> str:
        return _BETWEEN.join(self.texts)

    def tokens(self, begins: NDArray[np.uint32]) -> Iterator[list[str]]:
        """The tokens of each text."""
        start = 0  # of the text in ``joined``
        for text in self.texts:
            first, behind = np.searchsorted(begins, (start, start + len(text)))
            cuts = (begins[first : behind + 1] - np.uint32(start)).tolist()
            yield [text[a:b] for a, b in pairwise(cuts)]
            start += len(text) + len(_BETWEEN)


def split_stream(texts: Iterable[str], cutter: Cutter) -> Iterator[list[str]]:
    """The words of each text, in order.

    Raises:
        UserError: a worker process died.
    """
    batches = _batches(texts)
    head: list[_Batch] = []
    characters = 0
    for batch in batches:
        head.append(batch)
        characters += sum(map(len, batch.texts))
        if characters >= _PAYS[cutter.segmenter]:
            break
    workers = min(cores(), _MOST_WORKERS[cutter.segmenter])
    if workers == 1 or characters < _PAYS[cutter.segmenter]:
        yield from _put_together((batch, cutter(batch.joined)) for batch in chain(head, batches))
        return
    tasks = ((batch, batch.joined) for batch in chain(head, batches))
    yield from _put_together(_by_workers(cutter, workers, tasks))


def _by_workers(
    cutter: Cutter, workers: int, tasks: Iterator[tuple[_Batch, str]]
) -> Iterator[tuple[_Batch, NDArray[np.uint32]]]:
    if cutter.segmenter == "rjieba":  # it and NumPy let other threads work meanwhile
        with ThreadPoolExecutor(workers) as threads:
            yield from in_order(threads, cutter, tasks, _AHEAD * workers)
        return
    # loky's processes need no ``if __name__ == "__main__"`` in a user's script, and notice when one of them dies.
    from loky import ProcessPoolExecutor

    pool = ProcessPoolExecutor(workers, initializer=_set_cutter, initargs=(cutter,))
    try:
        yield from in_order(pool, _cut, tasks, _AHEAD * workers)
    except BrokenExecutor as error:
        raise UserError(
            "a worker process of tokenizer=jieba died, perhaps for want of memory; free some, or take"
            " tokenizer.segmenter=rjieba, which needs no processes."
        ) from error
    finally:
        pool.shutdown()


# Of a worker process: the dictionary, which may be a user's and long, is sent once and not with every batch.
_cutter: Cutter | None = None


def _set_cutter(cutter: Cutter) -> None:
    global _cutter
    _cutter = cutter


def _cut(text: str) -> NDArray[np.uint32]:
    if _cutter is None:
        raise RuntimeError("a worker process was not given its cutter")
    return _cutter(text)


def _batches(texts: Iterable[str]) -> Iterator[_Batch]:
    batch, size = _Batch(), 0
    for text in texts:
        start = 0
        while len(text) - start > _BATCH:
            stop = text.find("\n", start + _BATCH // 2) + 1
            if not 0 < stop < len(text):
                break
            batch.texts.append(text[start:stop])
            batch.unfinished = True
            yield batch
            batch, size, start = _Batch(), 0, stop
        batch.texts.append(text[start:])
        size += len(text) - start
        if size >= _BATCH:
            yield batch
            batch, size = _Batch(), 0
    if batch.texts:
        yield batch


def _put_together(found: Iterable[tuple[_Batch, NDArray[np.uint32]]]) -> Iterator[list[str]]:
    begun: list[str] = []
    for batch, begins in found:
        for number, tokens in enumerate(batch.tokens(begins), 1):
            if begun:
                begun.extend(tokens)
            else:
                begun = tokens
            if not (batch.unfinished and number == len(batch.texts)):
                yield begun
                begun = []
