"""A process that works on a search, beside others on this machine or on one that shares the directory."""

import os
import shutil
import socket
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import filelock

from lstmlab.experiment.run_directory import RunDirectory, is_locked
from lstmlab.experiment.sweep.directory import SweepDirectory
from lstmlab.experiment.sweep.trial_runner import Asked, train_trial


class Worker:
    """Lives as long as its lock is held. ``directory`` is the sweep's, with a place of its own for what its trials are
    given and for the sign to stop, so that one worker's end is not another's.
    """

    def __init__(self, path: Path) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        self.directory = SweepDirectory(path)
        self._all = self.directory.handed
        self.directory.handed = self._all / self.name
        self.directory.stop = self.directory.handed / "stop"
        self.directory.slots = self.directory.handed / "slots"

    @contextmanager
    def working(self, alone: AbstractContextManager[None]) -> Iterator[None]:
        """While entered, the trials that it claimed are its own. Within ``alone`` no other worker begins."""
        lock = filelock.FileLock(self.directory.handed / "lock")
        try:
            with alone:
                for place in self._all.glob("*"):
                    if not self.lives(place.name):
                        shutil.rmtree(place, ignore_errors=True)
                for left in self.directory.path.glob(".*.partial"):  # written within alone, by one that was killed
                    left.unlink(missing_ok=True)
                self.directory.handed.mkdir(parents=True)
                lock.acquire()
            yield
        finally:
            lock.release()
            shutil.rmtree(self.directory.handed, ignore_errors=True)
            with suppress(OSError):  # others work on
                self._all.rmdir()

    def train(self, place: RunDirectory, handed: Path, settings: dict[str, Any], slot: int, asked: Asked) -> str:
        """Train a trial, in any thread: completed, stopped, failed, or why it could not even be started or watched."""
        try:
            return train_trial(self.directory, place, handed, settings, slot, asked)
        except OSError as error:
            return f"{error.filename or place.path} cannot be used: {error.strerror}"

    def lives(self, name: str | None) -> bool:
        """Whether the worker of this name still works."""
        lock = self._all / (name or "nobody") / "lock"
        return name is not None and lock.is_file() and is_locked(lock)
