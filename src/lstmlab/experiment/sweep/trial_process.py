"""The process of one trial: ``python -m lstmlab.experiment.sweep.trial_process RUN_DIRECTORY FILE``."""

import os
import signal
import sys
import threading
from pathlib import Path

from lstmlab.errors import Interrupted, UserError
from lstmlab.experiment.configuration import read_config
from lstmlab.experiment.run_directory import RunDirectory


def main() -> int:
    """Begin the training, or go on with it. Exit code: 0, 1, 2 for a user's mistake, 128 + the signal when stopped."""
    directory, handed = map(Path, sys.argv[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the sweep says when to stop
    threading.Thread(target=_end_with_the_sweep, daemon=True).start()
    sys.path.insert(0, str(Path.cwd()))  # for a user's own classes, as the command line does
    place = RunDirectory(directory)
    try:
        from lstmlab.experiment.train import train

        if place.status and place.config.is_file():
            train(read_config(place.config), directory, resume=True)
        else:
            train(read_config(handed)["config"], directory, resume=False)
    except UserError as error:
        print(f"lstmlab: {error}", file=sys.stderr)
        return 2
    except Interrupted as interruption:
        return 128 + interruption.signum
    return 0


def _end_with_the_sweep() -> None:
    """The input is open as long as the process that watches this one lives."""
    os.read(0, 1)  # not through sys.stdin: a thread within its buffer aborts the interpreter's end
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
