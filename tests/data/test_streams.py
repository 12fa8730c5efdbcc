from itertools import pairwise

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.data.module import ScoringLoader
from lstmlab.data.streams import IGNORED, SCORING_WINDOW, Streams, Window, scoring_streams, scoring_windows
from lstmlab.data.window_plan import WindowPlan


@st.composite
def streams(draw: st.DrawFn) -> tuple[int, int, int]:
    """(tokens, streams, window): at least one input a row."""
    count = draw(st.integers(1, 9))
    return draw(st.integers(count + 1, 300)), count, draw(st.integers(1, 40))


def cut(rows: Streams, window: int) -> list[Window]:
    edges = WindowPlan(rows.length, window).edges(0)
    return [rows.window(start, stop) for start, stop in pairwise(edges)]


@given(streams(), st.sampled_from([np.uint16, np.int32, np.int64]))
def test_rows_are_contiguous_and_every_target_is_the_next_id(sizes: tuple[int, int, int], dtype: type) -> None:
    tokens, count, window = sizes
    rows = Streams(np.arange(tokens).astype(dtype), count)
    windows = cut(rows, window)
    inputs = torch.cat([w.inputs for w in windows], dim=1)  # window i + 1 goes on where window i ended
    targets = torch.cat([w.targets for w in windows], dim=1)
    length = (tokens - 1) // count
    assert inputs.dtype == targets.dtype == torch.int64
    assert inputs.tolist() == [list(range(row * length, (row + 1) * length)) for row in range(count)]
    assert torch.equal(targets, inputs + 1)
    assert [w.inputs.shape[1] for w in windows[:-1]] == [window] * (len(windows) - 1)
    assert 1 <= windows[-1].inputs.shape[1] <= window
    assert tokens - 1 - inputs.numel() < count  # no more is left out than does not fill a column


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 200), st.integers(1, 20))
def test_the_blocks_of_several_processes_are_the_whole(world: int, own: int, extra: int, window: int) -> None:
    count = world * own
    ids = np.random.default_rng(0).integers(0, 1000, count + 1 + extra)
    whole = Streams(ids, count)
    blocks = [Streams(ids, count, first=rank * own, own=own) for rank in range(world)]
    assert {block.length for block in blocks} == {whole.length}
    for all_rows, *parts in zip(cut(whole, window), *(cut(block, window) for block in blocks), strict=True):
        assert {len(part.inputs) for part in parts} == {own}
        assert torch.equal(torch.cat([part.inputs for part in parts]), all_rows.inputs)
        assert torch.equal(torch.cat([part.targets for part in parts]), all_rows.targets)


def test_a_window_is_a_copy() -> None:
    ids = np.arange(20)
    Streams(ids, 2).window(0, 5).inputs.zero_()
    assert ids.tolist() == list(range(20))


@given(st.integers(0, 400), st.integers(1, 12), st.integers(1, 50))
def test_every_id_but_the_first_is_scored_exactly_once(tokens: int, count: int, window: int) -> None:
    windows = list(scoring_windows(np.arange(tokens), count, window))
    if tokens < 2:
        assert windows == []
        return
    inputs = torch.cat([w.inputs for w in windows], dim=1)
    targets = torch.cat([w.targets for w in windows], dim=1)
    scored = targets != IGNORED
    assert len(targets) == count
    assert targets[scored].tolist() == list(range(1, tokens))  # rows one after the other: all in order
    assert torch.equal(inputs[scored], targets[scored] - 1)
    assert (inputs >= 0).all() and (inputs < tokens).all()  # padding is an id too
    for row in scored.tolist():
        assert row == sorted(row, reverse=True)  # padding only behind a row's end
    assert all(w.inputs.shape == w.targets.shape == (count, window) for w in windows[:-1])
    assert sum(w.inputs.shape[1] for w in windows) == -(-(tokens - 1) // count)


@given(st.integers(2, 3000), st.none() | st.integers(1, 80))
def test_the_loader_has_as_many_windows_as_it_says_and_starts_anew(tokens: int, wanted: int | None) -> None:
    loader = ScoringLoader(np.arange(tokens), wanted)
    first, again = list(loader), list(loader)
    assert len(first) == len(again) == len(loader)
    assert all(torch.equal(a.targets, b.targets) for a, b in zip(first, again, strict=True))
    assert sum(int((w.targets != IGNORED).sum()) for w in first) == tokens - 1
    assert all(w.inputs.shape[1] <= SCORING_WINDOW for w in first)


def test_how_many_rows_a_part_is_scored_in() -> None:
    assert [scoring_streams(n, None) for n in (0, 2, 39_999, 40_000, 59_999, 60_000, 10**9)] == [1, 1, 1, 2, 2, 3, 64]
    assert [scoring_streams(10, wanted) for wanted in (1, 5, 9, 10, 99)] == [1, 5, 9, 9, 9]
