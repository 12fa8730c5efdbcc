"""How much sooner a sweep is done two trials at a time, and what a trial costs beside its training.

    python benchmarks/sweep_throughput.py [--trials 6] [--rounds 1] [option=value ...]

The same sweep of small bf16 trainings (1 x 256, windows of 32 x 35, as for a novel) through the command line, in fresh
directories: one trial at a time with all cores, and as many at a time as there are cores with one thread each. Then two
sweeps of one-step trainings, of two trials and of eight: what the six more take, a trial, is the fixed cost.

Measure on a machine that does nothing else.
"""

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TRAINING = [
    "data=sample", "data.seq_length=35", "model.hidden_size=256", "model.embedding_size=256",
    "trainer.precision=bf16-mixed",
    "trainer.max_epochs=null", "callbacks.samples.tokens=0", "logger=csv",
]  # fmt: skip


def sweep(place: Path, name: str, trials: int, jobs: int, words: list[str]) -> tuple[float, float]:
    """Seconds of a sweep from start to end, and the tokens a second of all its trials together."""
    seeds = ",".join(str(number) for number in range(1, trials + 1))
    command = [
        sys.executable, "-m", "lstmlab.cli", "train", "-m", *TRAINING, *words, f"seed={seeds}", f"sweep.name={name}",
        f"sweep.jobs={jobs}",
    ]  # fmt: skip
    begun = time.monotonic()
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - begun
    if done.returncode:
        raise SystemExit(f"the sweep ended with {done.returncode}: {done.stderr}")
    with (place / "sweeps" / name / "trials.csv").open(newline="", encoding="utf-8") as file:
        tokens = sum(float(row["tokens_trained"]) for row in csv.DictReader(file))
    return seconds, tokens / seconds


def main() -> int:
    """Print the two ways side by side, their ratio, and the fixed cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=6)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("options", nargs="*", metavar="option=value")
    arguments = parser.parse_intermixed_args()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    ratios, costs = [], []
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        words = [f"trainer.max_steps={arguments.steps}", *arguments.options]
        for number in range(arguments.rounds):
            one, one_speed = sweep(place, f"one-{number}", arguments.trials, 1, words)
            several, speed = sweep(place, f"several-{number}", arguments.trials, cores, words)
            ratios.append(one / several)
            print(
                f"{arguments.trials} trials of {arguments.steps} steps: 1 at a time {one:6.1f} s"
                f" ({one_speed:,.0f} tokens/s), {cores} at a time {several:6.1f} s ({speed:,.0f} tokens/s),"
                f" {one / several:.2f} x as fast",
                flush=True,
            )
            tiny = ["trainer.max_steps=1", *arguments.options]
            first, _ = sweep(place, f"first-{number}", 2, 1, tiny)
            more, _ = sweep(place, f"more-{number}", 8, 1, tiny)
            costs.append((more - first) / 6)
            print(
                f"a sweep of 2 one-step trials {first:5.1f} s, of 8 {more:5.1f} s: {costs[-1]:.2f} s a trial",
                flush=True,
            )
    print(f"ratio {statistics.median(ratios):.2f}, fixed cost {statistics.median(costs):.2f} s a trial")
    return 0


if __name__ == "__main__":
    sys.exit(main())
