"""Signals to a sweep."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from lstmlab.experiment.sweep.directory import SweepDirectory


@contextmanager
def until_stopped(directory: SweepDirectory) -> Iterator[list[int]]:
    """Signals tell every trial to save and end, wherever it runs; a second one ends this process as always."""
    received: list[int] = []
    before: dict[int, Any] = {}

    def note(signum: int, _: FrameType | None) -> None:
        received.append(signum)
        directory.handed.mkdir(parents=True, exist_ok=True)
        directory.stop.touch()
        for number, handler in before.items():
            signal.signal(number, handler)

    for each in (signal.SIGINT, signal.SIGTERM):
        before[each] = signal.signal(each, note)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
