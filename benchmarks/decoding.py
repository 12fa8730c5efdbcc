"""Decoding on a CPU, tokens a second side by side in one run.

    python benchmarks/decoding.py [--threads 2] [--seconds 0.5] [--rounds 5] [--only NAME]

One LSTM language model a size, the same weights for everybody, sampling at temperature 1. Compared are

- ours: ``lstmlab.decoding.decode``, all that it does included;
- nn.LSTM: a loop over the library's LSTM, one position at a time, softmax and multinomial;
- nn.LSTMCell: the same with the library's cells;
- ONNX Runtime: ``step.onnx`` of ``lstmlab export``, its state passed back in, the same drawing;
- floor: the bytes of the weights that a step must read, by the bandwidth of summing up an array of that size. For few
  types the input products of the first layer can be looked up, so its input matrix is not counted.

The contestants take turns, several rounds each, and the best round of each counts.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lstmlab.decoding import Context, Decoding, Limits, decode
from lstmlab.exporting.onnx_graphs import state_names, write_graphs
from lstmlab.models import LanguageModel, Stepper, build_model
from lstmlab.nn.lstm_step import TABLE_TYPES
from lstmlab.nn.state import state_tensors

CHARACTERS = 100
SIZES = {  # layers, width, types
    "1x256 characters": (1, 256, CHARACTERS),
    "2x512 characters": (2, 512, CHARACTERS),
    "2x1024 characters": (2, 1024, CHARACTERS),
    "2x512, 100,000 words": (2, 512, 100_000),
}


def language_model(layers: int, width: int, types: int) -> LanguageModel:
    """A model with random weights."""
    torch.manual_seed(0)
    config = {
        "model": {
            "layer": {"_target_": "lstmlab.nn.LSTMLayer"}, "num_layers": layers, "hidden_size": width,
            "embedding_size": width, "dropout": 0.0, "tie_weights": False,
        },
        "attention": {"_target_": None},
        "head": {"_target_": "lstmlab.nn.LinearHead"},
    }  # fmt: skip
    return build_model(config, types).eval()


class Plain(nn.Module):
    """The same network as people write it: an embedding, ``nn.LSTM``, a linear layer."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__()
        layers: list[Any] = list(model.core.layers)
        width = layers[0].hidden_size
        self.embedding = model.embedding
        self.lstm = nn.LSTM(width, width, len(layers), batch_first=True)
        for number, layer in enumerate(layers):
            for name, weight in layer.lstm.named_parameters():
                getattr(self.lstm, name.replace("_l0", f"_l{number}")).data.copy_(weight)
        self.head = model.head.linear

    def forward(self, ids: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Ids (B, 1), states (L, B, H) to logits (B, V) and the states after."""
        output, (h, c) = self.lstm(self.embedding(ids), (h, c))
        return self.head(output[:, 0]), h, c


def ours(model: LanguageModel, batch: int) -> Callable[[int], None]:
    contexts = [Context((n % CHARACTERS,)) for n in range(batch)]

    def run(tokens: int) -> None:
        decode(Stepper(model, batch), contexts, Decoding(), Limits(tokens))

    return run


def plain_loop(plain: Plain, batch: int) -> Callable[[int], None]:
    @torch.no_grad()
    def run(tokens: int) -> None:
        h = c = torch.zeros(plain.lstm.num_layers, batch, plain.lstm.hidden_size)
        ids = torch.zeros(batch, 1, dtype=torch.long)
        for _ in range(tokens):
            logits, h, c = plain(ids, h, c)
            ids = torch.multinomial(logits.softmax(-1), 1)

    return run


def cell_loop(plain: Plain, batch: int) -> Callable[[int], None]:
    cells = []
    for number in range(plain.lstm.num_layers):
        cell = nn.LSTMCell(plain.lstm.input_size, plain.lstm.hidden_size)
        cell.load_state_dict({name: getattr(plain.lstm, f"{name}_l{number}") for name in cell.state_dict()})
        cells.append(cell)

    @torch.no_grad()
    def run(tokens: int) -> None:
        zeros = torch.zeros(batch, plain.lstm.hidden_size)
        states = [(zeros, zeros) for _ in cells]
        ids = torch.zeros(batch, dtype=torch.long)
        for _ in range(tokens):
            x = plain.embedding(ids)
            for number, cell in enumerate(cells):
                states[number] = cell(x, states[number])
                x = states[number][0]
            ids = torch.multinomial(plain.head(x).softmax(-1), 1)[:, 0]

    return run


def onnx_loop(model: LanguageModel, batch: int, threads: int) -> Callable[[int], None]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    with tempfile.TemporaryDirectory() as folder:
        write_graphs(model, Path(folder))
        session = onnxruntime.InferenceSession(
            str(Path(folder) / "step.onnx"), options, providers=["CPUExecutionProvider"]
        )  # fmt: skip
    names = state_names(model.initial_state(1))

    def run(tokens: int) -> None:
        state = [tensor.numpy() for tensor in state_tensors(model.initial_state(batch))]
        ids = torch.zeros(batch, dtype=torch.long)
        for _ in range(tokens):
            logits, *state = session.run(None, {"ids": ids.numpy(), **dict(zip(names, state, strict=True))})
            ids = torch.multinomial(torch.from_numpy(logits).softmax(-1), 1)[:, 0]

    return run


def weight_bytes(model: LanguageModel) -> int:
    """What a step must read."""
    layers: list[Any] = list(model.core.layers)
    matrices = [layer.lstm.weight_hh_l0 for layer in layers] + [layer.lstm.weight_ih_l0 for layer in layers[1:]]
    if model.embedding.num_embeddings > TABLE_TYPES:
        matrices.append(layers[0].lstm.weight_ih_l0)
    return sum(4 * matrix.numel() for matrix in [*matrices, model.head.linear.weight])


def floor(size: int) -> Callable[[int], None]:
    array = torch.ones(size // 4)

    def run(tokens: int) -> None:
        for _ in range(tokens):
            array.sum()

    return run


def seconds_a_step(run: Callable[[int], None], seconds: float) -> Callable[[], float]:
    """A round: as many steps as take about so many seconds, and what one of them took."""
    run(3)
    begun = time.perf_counter()
    run(10)
    tokens = max(10, int(seconds * 10 / (time.perf_counter() - begun)))

    def one_round() -> float:
        begun = time.perf_counter()
        run(tokens)
        return (time.perf_counter() - begun) / tokens

    return one_round


def main() -> None:
    parser = argparse.ArgumentParser(description="Decoding, side by side.")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.5, help="of a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="sizes whose name contains this")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"tokens a second, {options.threads} threads, torch {torch.__version__}, fp32")
    for name, (layers, width, types) in SIZES.items():
        if options.only not in name:
            continue
        model = language_model(layers, width, types)
        plain = Plain(model).eval()
        for batch in (1, 64):
            contestants = {
                "ours": ours(model, batch),
                "nn.LSTM": plain_loop(plain, batch),
                "nn.LSTMCell": cell_loop(plain, batch),
                "ONNX Runtime": onnx_loop(model, batch, options.threads),
                "floor": floor(weight_bytes(model)),
            }
            rounds = {who: seconds_a_step(run, options.seconds) for who, run in contestants.items()}
            best = dict.fromkeys(rounds, float("inf"))
            for _ in range(options.rounds):
                for who, one_round in rounds.items():
                    best[who] = min(best[who], one_round())
            rates = ", ".join(f"{who} {batch / step:,.0f}" for who, step in best.items())
            print(
                f"{name}, batch {batch}: {rates}; ours {best['nn.LSTM'] / best['ours']:.1f} x nn.LSTM,"
                f" {best['ours'] / best['floor']:.2f} x the floor's time",
                flush=True,
            )


if __name__ == "__main__":
    main()
