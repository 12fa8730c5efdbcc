"""The process of one trial.

It is forked from a process that has imported torch and Lightning and done nothing else (the forkserver of
multiprocessing), so that a trial does not wait seconds for its imports; where that cannot be had, on Windows, it is
spawned.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import Any

from lstmlab.errors import Interrupted, UserError
from lstmlab.experiment.configuration import read_config
from lstmlab.experiment.run_directory import RunDirectory

_METHODS = multiprocessing.get_all_start_methods()
_CONTEXT: Any = multiprocessing.get_context("forkserver" if "forkserver" in _METHODS else "spawn")
_STARTING = threading.Lock()  # environment and start method are the whole process's: one thread at a time


def start_trial(directory: Path, handed: Path, environment: Mapping[str, str], output: Path) -> BaseProcess:
    """Begin the training in ``directory``, or go on with it, in a process that sees this environment alone.

    Its exit code is 0, 1, 2 for a user's mistake, 128 + the signal when it was stopped. It ends with this process.

    Args:
        handed: the file with the trial's ``config``.
        output: the file that all it prints is added to.
    """
    if _CONTEXT.get_start_method() == "forkserver":
        _CONTEXT.set_forkserver_preload(["lstmlab.experiment.train"])
    arguments = (directory, handed, dict(environment), output, Path.cwd())
    process: BaseProcess = _CONTEXT.Process(target=_train, args=arguments)
    with _STARTING, _environment(environment), _start_method():  # Lightning looks for a rank when it is imported
        process.start()
    return process


def _train(directory: Path, handed: Path, environment: dict[str, str], output: Path, cwd: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    with output.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the sweep says when to stop
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    sys.path.insert(0, str(cwd))  # for a user's own classes, as the command line does
    sys.exit(_exit_code(directory, handed))


def _exit_code(directory: Path, handed: Path) -> int:
    from lstmlab.experiment.train import train

    place = RunDirectory(directory)
    try:
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


def _end(signum: int, _: FrameType | None) -> None:
    """Around the training SIGTERM ends the process at once. Once the training has heard one, another changes nothing: a
    signal to the whole group comes to the trial and makes the sweep send it one as well.
    """
    from lstmlab.training.callbacks import Interruption

    if not Interruption.heard:
        signal.signal(signum, signal.SIG_DFL)
        os.kill(os.getpid(), signum)


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _start_method() -> Iterator[None]:
    """A worker of joblib's has a default of its own, which a process started from it would look for in vain."""
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method(_CONTEXT.get_start_method(), force=True)
    try:
        yield
    finally:
        multiprocessing.set_start_method(before, force=True)


@contextmanager
def _environment(environment: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
