"""Tokens a second of lstmlab's training, default callbacks and loggers included, against a plain PyTorch loop.

    python benchmarks/training_step.py [--rounds 5] [--seconds 6]

The same model, batch and optimiser formulas, in turn in one process; the ratio is taken round by round, and its median
is what counts: the machine may be shared and its speed drift.
"""

import argparse
import contextlib
import io
import os
import statistics
import tempfile
import time
from pathlib import Path

import torch
from torch import nn

from lstmlab.experiment.compose import compose_job
from lstmlab.experiment.configuration import plain_config
from lstmlab.experiment.train import train

SIZES = [(1, 256, 32, 35), (2, 512, 64, 64)]  # layers, width, streams, window
VOCABULARY = 27  # 26 letters and <unk>


class Plain(nn.Module):
    """What one would write without a framework."""

    def __init__(self, layers: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, width)
        self.lstm = nn.LSTM(width, width, layers, batch_first=True)
        self.linear = nn.Linear(width, VOCABULARY)

    def forward(
        self, ids: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor] | None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        hidden, state = self.lstm(self.embedding(ids), state)
        return self.linear(hidden), state


def plain_loop(layers: int, width: int, streams: int, window: int, steps: int, bf16: bool) -> float:
    """Tokens a second of a plain loop with carried state, clipping and AdamW."""
    torch.manual_seed(0)
    model = Plain(layers, width)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.004)
    text = torch.randint(1, VOCABULARY, (streams, steps * window + 1))
    state, begun = None, time.perf_counter()
    for step in range(steps):
        ids = text[:, step * window : (step + 1) * window + 1]
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            logits, state = model(ids[:, :-1], state)
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        state = (state[0].detach(), state[1].detach())
    return steps * streams * window / (time.perf_counter() - begun)


def ours(layers: int, width: int, streams: int, window: int, steps: int, bf16: bool) -> float:
    """Tokens a second of ``lstmlab train``, from the first batch to the last."""
    characters = int(streams * window * steps * 1.05) + streams + 1
    overrides = [
        "data=synthetic", "data.symbols=26", f"data.characters={characters}", "data.split=[1,0,0]",
        f"data.seq_length={window}", f"data.batch_size={streams}", f"model.num_layers={layers}",
        f"model.hidden_size={width}", f"model.embedding_size={width}", "trainer.max_epochs=null",
        f"trainer.max_steps={steps}", f"trainer.precision={'bf16-mixed' if bf16 else '32-true'}",
    ]  # fmt: skip
    config = plain_config("train", compose_job("train", overrides)[0])
    with tempfile.TemporaryDirectory() as place, contextlib.redirect_stdout(io.StringIO()):
        summary = train(config, Path(place) / "run", resume=False)
    assert summary["steps"] == steps
    return float(summary["train/tokens_per_second"])


def main() -> None:
    """Print a line a size and precision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0, help="of one measurement")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        os.environ["LSTMLAB_CACHE"] = cache
        print(f"{torch.get_num_threads()} threads, {arguments.rounds} rounds; tokens a second (medians)")
        for size in SIZES:
            for bf16 in (False, True):
                probe = plain_loop(*size, steps=8, bf16=bf16)
                steps = max(10, round(arguments.seconds * probe / (size[2] * size[3])))
                pairs = [(plain_loop(*size, steps, bf16), ours(*size, steps, bf16)) for _ in range(arguments.rounds)]
                plain, mine = (statistics.median(column) for column in zip(*pairs, strict=True))
                ratios = sorted(b / a for a, b in pairs)
                name = f"{size[0]} x {size[1]}, {size[2]} x {size[3]}, {'bf16' if bf16 else 'fp32'}"
                print(
                    f"{name:28} plain {plain:9,.0f}   lstmlab {mine:9,.0f}   ratio {statistics.median(ratios):.3f}"
                    f" ({ratios[0]:.3f} to {ratios[-1]:.3f})",
                    flush=True,
                )


if __name__ == "__main__":
    main()
