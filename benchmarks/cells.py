"""Tokens a second of every recurrent layer, the library's and the written-out ones, against ``torch.nn.LSTM``.

    python benchmarks/cells.py [--rounds 9] [--seconds 0.5]

A model of embedding, one layer and a linear output, trained with plain SGD and carried state: forward, backward and
optimiser's step. In turn in one process; the ratio is taken round by round, and its median is what counts: the machine
may be shared and its speed drift. ``naive loop`` is what one writes first: a product for every gate and position.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from lstmlab.nn import (
    Cell,
    CellLayer,
    CoupledLSTMCell,
    GRUCell,
    GRULayer,
    LayerNormLSTMCell,
    LSTMCell,
    LSTMLayer,
    LSTMState,
    MogrifierLSTMCell,
    PeepholeLSTMCell,
    RecurrentLayer,
    RNNCell,
    RNNLayer,
    map_state,
)

STREAMS, WINDOW, SYMBOLS = 32, 35, 28
WIDTHS = [256, 512]
REFERENCE = "nn.LSTM"


class NaiveLSTMCell(LSTMCell):
    """The equations as they stand in a book."""

    def step(self, x: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        w, u, b, d = (p.chunk(4) for p in (self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh))
        i, f, g, o = (x @ w[n].T + b[n] + state.h @ u[n].T + d[n] for n in range(4))
        c = torch.sigmoid(f) * state.c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, LSTMState(h, c)

    def forward(self, x: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        return Cell.forward(self, x, state)


class LoopLSTMCell(LSTMCell):
    """The written-out equations with one product a position, differentiated automatically."""

    def forward(self, x: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState]:
        return super(LSTMCell, self).forward(x, state)


def around(cell: Callable[[int, int], Cell], width: int) -> CellLayer:
    return CellLayer(cell(width, width))


LAYERS: dict[str, Callable[[int], RecurrentLayer]] = {
    REFERENCE: lambda width: LSTMLayer(width, width),
    "nn.GRU": lambda width: GRULayer(width, width),
    "nn.RNN": lambda width: RNNLayer(width, width),
    "LSTM, naive loop": partial(around, NaiveLSTMCell),
    "LSTM, automatic backward": partial(around, LoopLSTMCell),
    "LSTM": partial(around, LSTMCell),
    "GRU": partial(around, GRUCell),
    "RNN": partial(around, RNNCell),
    "coupled LSTM": partial(around, CoupledLSTMCell),
    "peephole LSTM": partial(around, PeepholeLSTMCell),
    "mogrifier LSTM": partial(around, MogrifierLSTMCell),
    "layer norm LSTM": partial(around, LayerNormLSTMCell),
}


class Trained:
    """A model in training on random symbols."""

    def __init__(self, layer: RecurrentLayer, bf16: bool) -> None:
        self.layer, self.bf16 = layer, bf16
        self.embedding = nn.Embedding(SYMBOLS, layer.input_size)
        self.linear = nn.Linear(layer.hidden_size, SYMBOLS)
        self.optimizer = torch.optim.SGD(nn.ModuleList([self.embedding, layer, self.linear]).parameters(), lr=0.1)
        self.ids = torch.randint(SYMBOLS, (STREAMS, WINDOW + 1))

    def tokens_per_second(self, seconds: float) -> float:
        """Over as many windows as fit, at least two, after one that is not counted."""
        state = self.layer.initial_state(STREAMS, torch.device("cpu"), torch.float32)
        state, windows, begun = self._window(state), 0, time.perf_counter()
        while windows < 2 or time.perf_counter() - begun < seconds:
            state = self._window(state)
            windows += 1
        return windows * STREAMS * WINDOW / (time.perf_counter() - begun)

    def _window(self, state: object) -> object:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            hidden, state = self.layer(self.embedding(self.ids[:, :-1]), state)
            loss = nn.functional.cross_entropy(self.linear(hidden).flatten(0, 1), self.ids[:, 1:].flatten())
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return map_state(Tensor.detach, state)


def main() -> None:
    """Print a line a layer, for each width and precision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.5, help="of one measurement")
    arguments = parser.parse_args()
    print(
        f"{torch.get_num_threads()} threads, {arguments.rounds} rounds, {STREAMS} x {WINDOW}; tokens a second (medians)"
    )
    for width in WIDTHS:
        for bf16 in (False, True):
            torch.manual_seed(0)
            trained = {name: Trained(layer(width), bf16) for name, layer in LAYERS.items()}
            measured: dict[str, list[float]] = {name: [] for name in LAYERS}
            for _ in range(arguments.rounds):
                for name, model in trained.items():
                    measured[name].append(model.tokens_per_second(arguments.seconds))
            print(f"1 x {width}, {'bf16' if bf16 else 'fp32'}")
            for name, figures in measured.items():
                ratios = sorted(mine / its for mine, its in zip(figures, measured[REFERENCE], strict=True))
                print(
                    f"  {name:26}{statistics.median(figures):9,.0f}   ratio {statistics.median(ratios):.3f}"
                    f" ({ratios[0]:.3f} to {ratios[-1]:.3f})",
                    flush=True,
                )


if __name__ == "__main__":
    main()
