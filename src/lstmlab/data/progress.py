"""How far a corpus is prepared, where that takes long enough to be asked."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

_PLAIN_SECONDS = 10.0  # between two lines where there is no terminal


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar in a terminal, plain lines elsewhere, with the time left; what is given advances it."""
    console = Console(stderr=True, highlight=False)
    if console.is_terminal:
        columns = [TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()]
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda done: bar.advance(task, done)
        return
    begun = shown = time.monotonic()
    reached = 0

    def advance(done: int) -> None:
        nonlocal reached, shown
        reached += done
        now = time.monotonic()
        if now - shown >= _PLAIN_SECONDS and 0 < reached < total:
            shown = now
            left = timedelta(seconds=round((now - begun) * (total - reached) / reached))
            console.print(f"{what}: {reached / total:.0%}, {left} left")

    yield advance
