"""Whether a sweep that is killed again and again ends as one that was left alone, bit for bit.

    python benchmarks/kill_the_sweep.py [--kills 10] [--trials 9] [--jobs 2] [--seed 0] [option=value ...]

One sweep of short trainings through the command line is left alone. Then the same sweep, with a cache of its own, is
killed (SIGKILL, its whole process group) at random moments and started again with the same command each time, and at
last left to finish. Compared is each trial: checkpoints (weights, optimiser, carried state, position, generator),
metrics.csv, samples and summary.json, without what is a time; that a finished trial was never trained again (its files
are untouched from then on); and that nothing is left that only a running sweep has.

Options are those of ``lstmlab train`` and are added to the sweep. The exit code is 1 if anything differs.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from kill_and_resume import TRAINING, differences

LSTMLAB = [sys.executable, "-m", "lstmlab.cli"]
KEPT_BUSY = {"trainer.max_epochs=10": "trainer.max_epochs=6"}  # a little shorter than one training that is killed once


def start(words: list[str], place: Path) -> subprocess.Popen[bytes]:
    """The sweep in a process group of its own, its output behind what earlier starts said."""
    environment = {**os.environ, "LSTMLAB_CACHE": str(place / "cache"), "OMP_NUM_THREADS": "1"}
    with (place / "output").open("ab") as file:
        return subprocess.Popen(
            [*LSTMLAB, "train", "-m", *words], env=environment, cwd=place, stdout=file, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip


def finish(words: list[str], place: Path) -> tuple[int, float]:
    """Exit code and seconds of the sweep when it is left alone."""
    begun = time.monotonic()
    process = start(words, place)
    try:
        return process.wait(), time.monotonic() - begun
    except BaseException:
        kill(process)
        raise


def kill(process: subprocess.Popen[bytes]) -> bool:
    """SIGKILL for the whole group; False where the sweep was over."""
    over = process.poll() is not None
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return process.wait() == -signal.SIGKILL and not over


def finished(sweep: Path) -> dict[str, tuple[tuple[str, int, int], ...]]:
    """The complete trials, each with the names, sizes and times of all its files."""
    found = {}
    for summary in sweep.glob("*/summary.json"):
        place = summary.parent
        if '"status": "completed"' not in (place / "status.json").read_text(encoding="utf-8"):
            continue
        files = sorted(path for path in place.rglob("*") if path.is_file() and path.name != ".lock")
        found[place.name] = tuple(
            (str(path.relative_to(place)), path.stat().st_size, path.stat().st_mtime_ns) for path in files
        )
    return found


def stale(sweep: Path) -> list[str]:
    """What only a sweep that runs may have there."""
    return [str(path.relative_to(sweep)) for name in ("*.partial", ".holder", ".trials") for path in sweep.rglob(name)]


def processes_of(place: Path) -> list[int]:
    """Processes that still work below a directory."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if link.resolve().is_relative_to(place):
                found.append(int(link.parent.name))
        except OSError:
            continue
    return found


def main() -> int:
    """Print a line a kill, and how many trials are equal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--trials", type=int, default=9)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("options", nargs="*", metavar="option=value", help="added to the sweep")
    arguments = parser.parse_intermixed_args()
    seeds = ",".join(str(number) for number in range(1, arguments.trials + 1))
    words = [
        *(KEPT_BUSY.get(word, word) for word in TRAINING), "trainer.threads=1", f"seed={seeds}", "sweep.name=killed",
        f"sweep.jobs={arguments.jobs}", *arguments.options,
    ]  # fmt: skip
    place = Path(tempfile.mkdtemp(prefix="kill-the-sweep-"))
    alone, killed = place / "alone", place / "killed"
    alone.mkdir()
    killed.mkdir()
    sweep = killed / "sweeps" / "killed"
    code, seconds = finish(words, alone)
    if code:
        print(f"the undisturbed sweep ended with {code}: {(alone / 'output').read_text()[-500:]}")
        return 1
    print(f"undisturbed: {arguments.trials} trials in {seconds:.1f} s, {arguments.jobs} at a time", flush=True)
    draw = random.Random(arguments.seed)
    retrained: set[str] = set()
    done: dict[str, tuple[tuple[str, int, int], ...]] = {}

    def look() -> None:
        """Notes the finished trials whose files have changed since they were first seen finished."""
        now = finished(sweep)
        retrained.update(name for name, files in done.items() if now.get(name) != files)
        done.update({name: files for name, files in now.items() if name not in done})

    for number in range(1, arguments.kills + 1):
        # The share of the undisturbed time that one start gets: all kills are to hit before the sweep is over.
        moment = draw.uniform(0.05, 0.45) * seconds
        process = start(words, killed)
        with suppress(subprocess.TimeoutExpired):
            process.wait(moment)
        hit = kill(process)
        look()
        print(
            f"kill {number:3} after {moment:5.1f} s{'' if hit else ' (it was over)'}: {len(done)} trials finished",
            flush=True,
        )
    code, _ = finish(words, killed)
    look()
    equal = 0
    for number in range(1, arguments.trials + 1):
        name = f"seed={number}"
        found = list(differences(alone / "sweeps" / "killed" / name, sweep / name))
        equal += not found
        if found:
            print(f"{name} differs: {', '.join(found)}")
    left = [*stale(sweep), *(f"process {pid}" for pid in processes_of(killed))]
    good = code == 0 and equal == arguments.trials and not retrained and not left
    print(
        f"{equal} of {arguments.trials} trials equal after {arguments.kills} kills; finished trials trained again:"
        f" {len(retrained)}; left behind: {', '.join(left) or 'nothing'}; exit code {code}"
    )
    if good:
        shutil.rmtree(place)
    else:
        print(f"everything is kept in {place}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
