"""Peak memory against the length of the corpus: prepare and 100 training steps, character by character.

    python benchmarks/memory.py [--megabytes 10 1000] [--directory DIRECTORY]

Each text is made by repeating the bundled tale with changes. The peak is that of all processes together (resident set
sizes, sampled every 20 ms); training scores 200 windows of held-out text. The last line is the difference.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from importlib.resources import files
from pathlib import Path

import psutil

LSTMLAB = [sys.executable, "-m", "lstmlab.cli"]


def write_text(path: Path, megabytes: int) -> None:
    """The tale again and again, each time with other letters in other places, so that no two copies are alike."""
    tale = files("lstmlab.text").joinpath("sample/en.txt").read_text(encoding="utf-8")
    words, draw = tale.split(" "), random.Random(0)
    with path.open("w", encoding="utf-8") as file:
        while file.tell() < megabytes * 1_000_000:
            changed = list(words)
            for _ in range(200):
                changed[draw.randrange(len(changed))] = words[draw.randrange(len(words))]
            file.write(" ".join(changed) + "\n")


def peak_of(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Peak MB of a command and all its children together, and its seconds."""
    begun, peak = time.monotonic(), 0
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    root = psutil.Process(process.pid)
    while process.poll() is None:
        total = 0
        for one in [root, *_children(root)]:
            try:
                total += one.memory_info().rss
            except psutil.Error:
                continue
        peak = max(peak, total)
        time.sleep(0.02)
    output = process.stdout.read().decode() if process.stdout else ""
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{output}")
    return peak / 1e6, time.monotonic() - begun


def _children(root: psutil.Process) -> list[psutil.Process]:
    try:
        return root.children(recursive=True)
    except psutil.Error:
        return []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[10, 1000])
    parser.add_argument("--directory", type=Path, help="where the texts and the cache are written for the time being")
    arguments = parser.parse_args()
    peaks: dict[str, list[float]] = {"prepare": [], "train": []}
    for megabytes in arguments.megabytes:
        with tempfile.TemporaryDirectory(dir=arguments.directory) as folder:
            place = Path(folder)
            write_text(place / "text.txt", megabytes)
            environment = os.environ | {"LSTMLAB_CACHE": str(place / "cache")}
            data = ["data=text", f"data.path={place / 'text.txt'}", "tokenizer=char"]
            jobs = {
                "prepare": [*LSTMLAB, "prepare", *data],
                "train": [
                    *LSTMLAB, "train", *data, "trainer.max_steps=100", "trainer.max_epochs=null", "logger=csv",
                    "trainer.limit_val_windows=200", f"hydra.run.dir={place / 'run'}",
                ],
            }  # fmt: skip
            for job, command in jobs.items():
                peak, seconds = peak_of(command, environment)
                peaks[job].append(peak)
                print(f"{job:8} {megabytes:6,} MB of text: peak {peak:7,.0f} MB, {seconds:6.1f} s", flush=True)
    for job, found in peaks.items():
        print(f"{job:8} {found[-1] - found[0]:+,.0f} MB from the shortest text to the longest")


if __name__ == "__main__":
    main()
