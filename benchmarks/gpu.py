"""Tokens a second of lstmlab's training on a GPU against a plain cuDNN loop, and the share of the GPU's peak.

    python benchmarks/gpu.py [--sizes 1x256 3x1150 2x1024] [--rounds 5] [--seconds 6]
    python benchmarks/gpu.py --device cpu --tiny     proves that the benchmark itself works, where there is no GPU

Default callbacks and loggers included (W&B offline). The loop beside it is what one would write: nn.LSTM, the text on
the GPU from the beginning, fused AdamW, autocast, torch.amp.GradScaler for fp16. Same model (the numbers of parameters
are compared), windows, clipping and optimiser formulas, in turn in one process; the ratio is taken round by round, and
its median is what counts: the machine may be shared and its speed drift. 0.97 or more is aimed at.

The share of the peak counts what a model must compute, 6 FLOPs a token for each weight of the layers and the head, two
of them forward and four backward, and holds it against a large matrix product in the same precision in the same run.
3x1150 is AWD-LSTM's shape (Merity et al. 2017): embedding 400, shared with the head, so the last layer is 400 wide.
"""

import argparse
import contextlib
import io
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

AIM = 0.97
WINDOWS = 200  # an epoch


@dataclass(frozen=True)
class Size:
    """A model and how it is fed."""

    layers: int
    width: int
    embedding: int
    tied: bool
    types: int  # of words in the text; ids there are a few more
    streams: int
    window: int

    @property
    def widths(self) -> list[int]:
        """What enters the first layer and what leaves each."""
        last = self.embedding if self.tied else self.width
        return [self.embedding, *[self.width] * (self.layers - 1), last]

    def weights(self, vocabulary: int) -> int:
        """Of the layers' matrices and the head's."""
        layers = sum(4 * above * (below + above) for below, above in pairwise(self.widths))
        return layers + vocabulary * self.widths[-1]


SIZES = {
    "1x256": Size(1, 256, 256, False, 100, 64, 64),
    "3x1150": Size(3, 1150, 400, True, 10_000, 80, 70),
    "2x1024": Size(2, 1024, 1024, False, 256, 128, 128),
}
TINY = {name: replace(size, width=24, embedding=16, types=30, streams=4, window=8) for name, size in SIZES.items()}
# lstmlab's trainer.precision; float32's matrix products are in TF32 throughout.
PRECISIONS = {"tf32": "32-true", "bf16": "bf16-mixed", "fp16": "16-mixed"}


def write_text(path: Path, size: Size) -> None:
    """Words drawn by Zipf's law; every type at least once."""
    import numpy as np

    draw = np.random.default_rng(0)
    zipf = 1 / np.arange(1, size.types + 1)
    words = draw.choice(size.types, size.streams * size.window * WINDOWS, p=zipf / zipf.sum())
    path.write_text(" ".join(f"w{word}" for word in [*range(size.types), *words.tolist()]), encoding="utf-8")


# -- the two that are compared -----------------------------------------------------------------------------------------


def plain_model(size: Size, vocabulary: int) -> "nn.ModuleDict":
    """Layers of one width are one nn.LSTM, as cuDNN likes them best; AWD-LSTM's are one each."""
    from torch import nn

    widths = size.widths
    if len(set(widths[1:])) == 1:
        layers = [nn.LSTM(widths[0], widths[1], size.layers, batch_first=True)]
    else:
        layers = [nn.LSTM(below, above, batch_first=True) for below, above in pairwise(widths)]
    model = nn.ModuleDict(
        {
            "embedding": nn.Embedding(vocabulary, size.embedding),
            "layers": nn.ModuleList(layers),
            "head": nn.Linear(widths[-1], vocabulary),
        }
    )
    nn.init.uniform_(model["embedding"].weight, -0.1, 0.1)
    if size.tied:
        model["head"].weight = model["embedding"].weight
    return model


def plain_loop(size: Size, vocabulary: int, parameters: int, steps: int, precision: str, device: str) -> float:
    """Tokens a second of a plain loop with carried state, clipping and AdamW."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    model = plain_model(size, vocabulary).to(device)
    found = sum(p.numel() for p in model.parameters())
    assert found == parameters, f"{found:,} parameters here and {parameters:,} there: not the same model"
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.004, betas=(0.9, 0.99), fused=True)
    scaler = torch.amp.GradScaler(device, enabled=precision == "fp16")
    half = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision)
    text = torch.randint(1, vocabulary, (size.streams, WINDOWS * size.window + 1), device=device)
    states: list[Any] = [None] * len(model["layers"])
    synchronise(device)
    begun = time.perf_counter()
    for step in range(steps):
        at = step % WINDOWS * size.window
        ids = text[:, at : at + size.window + 1]  # (B, T + 1)
        with torch.autocast(device, half, enabled=half is not None):
            x = model["embedding"](ids[:, :-1])
            for index, layer in enumerate(model["layers"]):
                x, (h, c) = layer(x, states[index])
                states[index] = (h.detach(), c.detach())
            loss = nn.functional.cross_entropy(model["head"](x).flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
    synchronise(device)
    return steps * size.streams * size.window / (time.perf_counter() - begun)


def ours(size: Size, steps: int, precision: str, device: str, text: Path) -> dict[str, Any]:
    """The summary of ``lstmlab train``, whose tokens a second are those from the first batch to the last."""
    from lstmlab.experiment.compose import compose_job
    from lstmlab.experiment.configuration import plain_config
    from lstmlab.experiment.train import train

    overrides = [
        "data=text", f"data.path={text}", "tokenizer=word", "data.split=[1,0,0]", f"data.seq_length={size.window}",
        f"data.batch_size={size.streams}", f"model.num_layers={size.layers}", f"model.hidden_size={size.width}",
        f"model.embedding_size={size.embedding}", f"model.tie_weights={str(size.tied).lower()}", "head=linear",
        "trainer.max_epochs=null", f"trainer.max_steps={steps}", f"trainer.precision={PRECISIONS[precision]}",
        f"trainer.accelerator={'gpu' if device == 'cuda' else device}", "logger.mode=offline",
    ]  # fmt: skip
    config = plain_config("train", compose_job("train", overrides)[0])
    with tempfile.TemporaryDirectory() as place, contextlib.redirect_stdout(io.StringIO()):
        summary = train(config, Path(place) / "run", resume=False)
    assert summary["steps"] == steps
    return summary


# -- the machine -------------------------------------------------------------------------------------------------------


def synchronise(device: str) -> None:
    """Waits for what a GPU still has to do."""
    import torch

    if device == "cuda":
        torch.cuda.synchronize()


def measured_peak(precision: str, device: str, side: int, seconds: float = 0.5) -> float:
    """FLOPs a second of a product of two square matrices, the best of many."""
    import torch

    dtype = {"tf32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    one, other = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    best, end = 0.0, time.perf_counter() + seconds
    while time.perf_counter() < end or not best:
        synchronise(device)
        begun = time.perf_counter()
        for _ in range(4):
            _product: torch.Tensor = one @ other
        synchronise(device)
        best = max(best, 4 * 2 * side**3 / (time.perf_counter() - begun))
    return best


# -- measuring ---------------------------------------------------------------------------------------------------------


def measure(name: str, size: Size, precision: str, peak: float, text: Path, arguments: argparse.Namespace) -> None:
    """A line."""
    device = arguments.device
    first = ours(size, 3, precision, device, text)  # warms up, and says how many ids there are
    vocabulary, parameters = first["vocabulary"], first["parameters"]

    def plain(steps: int) -> float:
        return plain_loop(size, vocabulary, parameters, steps, precision, device)

    plain(10)
    speed = plain(10)
    steps = max(10, round(arguments.seconds * speed / (size.streams * size.window)))
    pairs = [
        (plain(steps), float(ours(size, steps, precision, device, text)["train/tokens_per_second"]))
        for _ in range(arguments.rounds)
    ]
    theirs, mine = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratios = sorted(b / a for a, b in pairs)
    ratio = statistics.median(ratios)
    share = mine * 6 * size.weights(vocabulary) / peak
    print(
        f"{name:7} {precision}  plain {theirs:11,.0f}   lstmlab {mine:11,.0f}   ratio {ratio:.3f}"
        f" ({ratios[0]:.3f} to {ratios[-1]:.3f}{'' if ratio >= AIM else f', below {AIM}'})   {share:.1%} of the peak",
        flush=True,
    )


def main() -> int:
    """Print a line a size and precision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES), metavar="SIZE", help=", ".join(SIZES))
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=list(PRECISIONS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0, help="of one measurement")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--tiny", action="store_true", help="sizes that no figure follows from, one round")
    arguments = parser.parse_args()
    import torch

    device = arguments.device
    if device == "cuda" and not torch.cuda.is_available():
        print("There is no GPU that torch can use here, so nothing is measured; --device cpu --tiny tries the code.")
        return 0
    if arguments.tiny:
        arguments.rounds, arguments.seconds = 1, 0.0
    torch.set_float32_matmul_precision("high")  # TF32
    machine = torch.cuda.get_device_name() if device == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    side = 256 if arguments.tiny else 8192 if device == "cuda" else 2048
    print(f"{machine}, torch {torch.__version__}, {arguments.rounds} rounds; tokens a second (medians)")
    precisions = list(arguments.precisions)
    if device == "cpu" and "fp16" in precisions:
        precisions.remove("fp16")
        print("fp16 is left out: on a CPU it is not what it is on a GPU.")
    peaks = {precision: measured_peak(precision, device, side) for precision in precisions}
    for precision, peak in peaks.items():
        print(f"peak in {precision}: {peak / 1e12:,.2f} TFLOP/s, measured by products of {side:,} x {side:,} matrices")
    sizes = TINY if arguments.tiny else SIZES
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LSTMLAB_CACHE"] = str(Path(folder) / "cache")
        for name in arguments.sizes:
            text = Path(folder) / f"{name}.txt"
            write_text(text, sizes[name])
            for precision, peak in peaks.items():
                measure(name, sizes[name], precision, peak, text, arguments)
            text.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
