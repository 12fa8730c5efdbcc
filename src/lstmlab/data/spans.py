"""The training loader: spans of consecutive windows, planned so that everything due falls on a span's end."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lstmlab.data.streams import Streams, Window
from lstmlab.data.window_plan import WindowPlan


@dataclass
class Position:
    """Where training stands. Shared by the module, which moves it, and the loader, which starts from it."""

    step: int = 0  # optimiser steps since the run began
    epoch: int = 0
    window: int = 0  # windows of this epoch that are done


class Span:
    """Windows [first, stop) of an epoch: one Lightning batch.

    A small LSTM's step takes milliseconds, and Lightning's loop, hooks and logging cost a fixed time a batch; several
    windows a batch make that cost small without touching what is computed. No dataclass: Lightning takes those apart.
    """

    def __init__(self, streams: Streams, edges: tuple[int, ...], first: int, stop: int) -> None:
        self.streams = streams
        self.edges = edges
        self.first = first
        self.stop = stop
        self.windows = len(edges) - 1

    @property
    def ends_epoch(self) -> bool:
        return self.stop >= self.windows

    def __iter__(self) -> Iterator[Window]:
        for index in range(self.first, self.stop):
            yield self.streams.window(self.edges[index], self.edges[index + 1])


@dataclass(frozen=True)
class SpanLoader:
    """Iterates the spans of one epoch from ``position`` on.

    A span ends where the step count reaches a multiple of one of ``stops`` (logging, checkpoints), at ``max_steps``,
    with the first whole step after ``longest`` windows, and with the epoch. It has no length: Lightning then takes the
    epoch's end from the iterator, also when a run goes on in the middle of an epoch.
    """

    streams: Streams
    plan: WindowPlan
    accumulate: int
    position: Position
    stops: tuple[int, ...] = field(default=())
    max_steps: int | None = None
    longest: int = 16
    single: bool = False  # one window a span, also in the middle of a step

    @property
    def steps_per_epoch(self) -> int:
        """Of the epoch that training is in."""
        return self.plan.steps(self.position.epoch, self.accumulate)

    def __iter__(self) -> Iterator[Span]:
        edges = self.plan.edges(self.position.epoch)
        windows, window, step = len(edges) - 1, self.position.window, self.position.step
        if window >= windows:  # stopped between the last window and the validation: an empty span leads to the latter
            yield Span(self.streams, edges, windows, windows)
        while window < windows:
            first = window
            while window < windows:
                window += 1
                whole = window % self.accumulate == 0 or window == windows
                step += whole
                if self.single or (whole and (self._ends_at(step) or window - first >= self.longest)):
                    break
            yield Span(self.streams, edges, first, window)

    def _ends_at(self, step: int) -> bool:
        return step == self.max_steps or any(step % every == 0 for every in self.stops)
