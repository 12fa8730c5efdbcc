"""How long one waits: for ``--help``, and from the command to the first training step.

python benchmarks/startup.py [--rounds 5]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMAND = [sys.executable, "-m", "lstmlab.cli"]


def seconds(arguments: list[str], directory: str) -> float:
    """Of a whole command."""
    begun = time.perf_counter()
    subprocess.run([*COMMAND, *arguments], cwd=directory, check=True, capture_output=True)
    return time.perf_counter() - begun


def seconds_to_first_step(logger: str, directory: str) -> float:
    """From the start of the process to the first step's row in metrics.csv."""
    begun = time.perf_counter()
    run = Path(directory) / f"{logger}-{begun}"
    command = [*COMMAND, "train", "debug=step", f"logger={logger}", f"hydra.run.dir={run}"]
    process = subprocess.Popen(command, cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (run / "metrics.csv").exists():
        if process.poll() is not None:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode} before its first step")
        time.sleep(0.005)
    taken = time.perf_counter() - begun
    process.wait()
    return taken


def main() -> None:
    """Print medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as directory:
        os.environ["LSTMLAB_CACHE"] = directory
        seconds_to_first_step("csv", directory)  # fills the cache of the corpus
        for name, measure in (
            ("lstmlab --help", lambda: seconds(["--help"], directory)),
            ("lstmlab train --help", lambda: seconds(["train", "--help"], directory)),
            ("first step, logger=csv", lambda: seconds_to_first_step("csv", directory)),
            ("first step, logger=wandb", lambda: seconds_to_first_step("wandb", directory)),
            ("import torch alone", lambda: _import_torch()),
        ):
            print(f"{name:26} {statistics.median(measure() for _ in range(rounds)):.2f} s", flush=True)


def _import_torch() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
