from dataclasses import replace

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.data.spans import Position, Span, SpanLoader
from lstmlab.data.streams import Streams
from lstmlab.data.window_plan import WindowPlan

WINDOW, ROWS = 3, 2


@st.composite
def loaders(draw: st.DrawFn) -> SpanLoader:
    streams = Streams(np.arange(1 + ROWS * draw(st.integers(1, 120))), ROWS)
    return SpanLoader(
        streams,
        WindowPlan(streams.length, WINDOW, draw(st.booleans()), limit=draw(st.none() | st.integers(1, 50))),
        accumulate=draw(st.integers(1, 5)),
        position=Position(),
        stops=tuple(draw(st.lists(st.integers(1, 9), max_size=3))),
        max_steps=draw(st.none() | st.integers(1, 30)),
        longest=draw(st.integers(1, 20)),
    )


def moved(loader: SpanLoader, window: int, epoch: int = 0) -> SpanLoader:
    """The loader where training stands at a step's end after ``window`` windows of an epoch."""
    before = sum(loader.plan.steps(earlier, loader.accumulate) for earlier in range(epoch))
    position = Position(before + -(-window // loader.accumulate), epoch, window)
    return replace(loader, position=position)


def bounds(spans: list[Span]) -> list[tuple[int, int]]:
    return [(span.first, span.stop) for span in spans]


@given(loaders(), st.integers(0, 3))
def test_spans_cover_an_epoch_in_order_and_end_where_something_is_due(loader: SpanLoader, epoch: int) -> None:
    windows = loader.plan.windows(epoch)
    loader = moved(loader, 0, epoch)
    spans = list(loader)
    assert [index for first, stop in bounds(spans) for index in range(first, stop)] == list(range(windows))
    assert [span.ends_epoch for span in spans] == [False] * (len(spans) - 1) + [True]
    assert {span.windows for span in spans} == {windows}

    # Said window by window: a step ends with every accumulate-th window and with the last.
    ends, step, first = [], loader.position.step, 0
    for window in range(1, windows + 1):
        if window % loader.accumulate == 0 or window == windows:
            step += 1
            due = step == loader.max_steps or any(step % every == 0 for every in loader.stops)
            if due or window - first >= loader.longest or window == windows:
                ends.append(window)
                first = window
    assert [span.stop for span in spans] == ends
    assert step - loader.position.step == loader.steps_per_epoch == -(-windows // loader.accumulate)


@given(loaders(), st.data())
def test_going_on_from_anywhere_yields_exactly_the_windows_that_remain(loader: SpanLoader, data: st.DataObject) -> None:
    steps = data.draw(st.integers(0, loader.steps_per_epoch))
    windows = loader.plan.windows(0)
    done = min(steps * loader.accumulate, windows)
    resumed = list(moved(loader, done))
    remaining = [index for first, stop in bounds(resumed) for index in range(first, stop)]
    assert remaining == list(range(done, windows))
    assert resumed[-1].ends_epoch
    if done == windows:
        assert bounds(resumed) == [(done, done)]  # one empty span leads to the validation
        assert list(resumed[0]) == []


@given(loaders())
def test_going_on_from_the_end_of_a_span_yields_the_same_spans(loader: SpanLoader) -> None:
    spans = bounds(list(loader))
    for index, (_, stop) in enumerate(spans[:-1]):
        assert bounds(list(moved(loader, stop))) == spans[index + 1 :]


@given(loaders())
def test_the_windows_of_the_spans_are_those_of_the_streams(loader: SpanLoader) -> None:
    served = [window for span in loader for window in span]
    edges = loader.plan.edges(0)
    assert len(served) == len(edges) - 1
    for index, window in enumerate(served):
        expected = loader.streams.window(edges[index], edges[index + 1])
        assert torch.equal(window.inputs, expected.inputs)
        assert torch.equal(window.targets, expected.targets)


def test_the_position_is_read_when_an_epoch_begins() -> None:
    position = Position()
    streams = Streams(np.arange(1 + ROWS * 30), ROWS)
    loader = SpanLoader(streams, WindowPlan(streams.length, WINDOW), 1, position, stops=(4,))
    assert bounds(list(loader)) == [(0, 4), (4, 8), (8, 10)]
    position.step, position.window = 3, 3
    assert bounds(list(loader)) == [(3, 4), (4, 8), (8, 10)]
    position.step, position.epoch, position.window = 10, 1, 0
    assert bounds(list(loader)) == [(0, 2), (2, 6), (6, 10)]


def test_single_spans_are_one_window_each_also_within_a_step() -> None:
    """For several processes: one forward, one backward a Lightning batch."""
    streams = Streams(np.arange(8 * 50 + 1), 8)
    plan = WindowPlan(streams.length, 7)
    loader = SpanLoader(streams, plan, accumulate=3, position=Position(), stops=(2,), single=True)
    assert [(span.first, span.stop) for span in loader] == [(w, w + 1) for w in range(plan.windows(0))]
