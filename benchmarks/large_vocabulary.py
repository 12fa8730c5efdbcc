"""Time and memory of the heads on a large vocabulary: the full softmax, the same in chunks, and the adaptive one.

    python benchmarks/large_vocabulary.py [--rounds 7] [--tokens 1120] [--width 400] [--vocabulary 100000]

Forward and backward of the training loss, hidden vectors' gradient included. Targets are drawn by Zipf's law,
p(id) ~ 1 / (id + 1), as the words of a text are: the adaptive softmax lives on that, the others do not depend on it.

Every head has a process of its own, so that its peak memory is its own: what the process holds at most beyond what it
held before the head was made, parameters and gradients included. The processes take turns, so that all heads see the
same machine; the ratio to the full softmax is taken round by round, and its median is what counts.
"""

import argparse
import multiprocessing
import statistics
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

HEADS: dict[str, tuple[str, dict[str, Any]]] = {
    "full": ("LinearHead", {}),
    "chunked": ("ChunkedHead", {}),
    "adaptive, div 4": ("AdaptiveHead", {"div_value": 4.0}),
    "adaptive, div 1": ("AdaptiveHead", {"div_value": 1.0}),
}


def peak_bytes() -> int:
    """The most that this process has held."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def serve(name: str, arguments: argparse.Namespace, bf16: bool, pipe: Connection) -> None:
    """One head: a measurement, (seconds, peak bytes), at every word from the pipe."""
    import torch

    import lstmlab.nn

    torch.set_num_threads(arguments.threads)
    kind, options = HEADS[name]
    torch.manual_seed(0)
    hidden = torch.randn(arguments.tokens, arguments.width, requires_grad=True)
    zipf = 1 / torch.arange(1, arguments.vocabulary + 1, dtype=torch.float64)
    targets = torch.multinomial(zipf, arguments.tokens, replacement=True)
    torch.mm(hidden.detach(), hidden.detach().t())  # the library's own buffers
    before = psutil.Process().memory_info().rss
    head = getattr(lstmlab.nn, kind)(arguments.width, arguments.vocabulary, **options)
    while pipe.recv():
        hidden.grad = None
        head.zero_grad(set_to_none=True)
        begun = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            total = head.total(hidden, targets)
        (total / arguments.tokens).backward()
        pipe.send((time.perf_counter() - begun, peak_bytes() - before))


def measure(arguments: argparse.Namespace, bf16: bool) -> None:
    """All heads in turn, and a line for each."""
    spawn = multiprocessing.get_context("spawn")
    pipes, processes = {}, []
    for name in HEADS:
        pipes[name], theirs = spawn.Pipe()
        process = spawn.Process(target=serve, args=(name, arguments, bf16, theirs), daemon=True)
        process.start()
        processes.append(process)
    found: dict[str, list[tuple[float, int]]] = {name: [] for name in HEADS}
    for _ in range(arguments.rounds + 1):  # the first round warms up
        for name, pipe in pipes.items():
            pipe.send(True)
            found[name].append(pipe.recv())
    for pipe in pipes.values():
        pipe.send(False)
    for process in processes:
        process.join()
    print(f"{'bf16' if bf16 else 'fp32'}:")
    full = found["full"][1:]
    for name, rounds in found.items():
        seconds = [s for s, _ in rounds[1:]]
        faster = sorted(f / s for (f, _), s in zip(full, seconds, strict=True))
        peak = rounds[-1][1]
        print(
            f"  {name:16} {statistics.median(seconds) * 1e3:8,.0f} ms   {statistics.median(faster):6.2f} x as fast"
            f" ({faster[0]:.2f} to {faster[-1]:.2f})   peak {peak / 1e6:7,.0f} MB, {peak / full[-1][1]:.2f} of it",
            flush=True,
        )


def main() -> None:
    """Print a line a head and precision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tokens", type=int, default=1120)
    parser.add_argument("--width", type=int, default=400)
    parser.add_argument("--vocabulary", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=len(psutil.Process().cpu_affinity()))
    arguments = parser.parse_args()
    print(
        f"{arguments.tokens:,} tokens, width {arguments.width}, {arguments.vocabulary:,} types,"
        f" {arguments.threads} threads, {arguments.rounds} rounds; medians"
    )
    for bf16 in (False, True):
        measure(arguments, bf16)


if __name__ == "__main__":
    main()
