"""The journal of an Optuna study: a file that the processes of many trials append to."""

from pathlib import Path
from typing import Any

import filelock
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend


class JournalLock:
    """A lock that ends with the process that holds it, however that ends.

    Optuna's own are files that a killed process leaves behind, which every other one then waits half a minute for.
    """

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._lock = filelock.FileLock(journal.with_name(f".{journal.name}.lock"))

    def acquire(self) -> bool:
        self._lock.acquire()
        self._mend()
        return True

    def release(self) -> None:
        self._lock.release()

    def _mend(self) -> None:
        """Cut off a last line that its writer was killed within: what is appended to it could never be read."""
        if not self._journal.is_file():
            return
        with self._journal.open("rb+") as file:
            end = file.seek(0, 2)
            if end == 0:
                return
            file.seek(end - 1)
            if file.read(1) != b"\n":
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)


def journal_storage(path: Path) -> JournalStorage:
    """The storage in a journal, which is made where there is none."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    lock: Any = JournalLock(path)  # the class that Optuna's own have in common is not public
    return JournalStorage(JournalFileBackend(str(path), lock_obj=lock))


def make_pruner(min_epochs: int, reduction_factor: int | None) -> optuna.pruners.BasePruner:
    """Asynchronous successive halving (Li et al. 2020, https://arxiv.org/abs/1810.05934) with epochs as the resource:
    behind ``min_epochs``, and each time that these have grown by ``reduction_factor``, the best trial in so many goes
    on. None of them is pruned where the factor is None.
    """
    if reduction_factor is None:
        return optuna.pruners.NopPruner()
    return optuna.pruners.SuccessiveHalvingPruner(min_resource=min_epochs, reduction_factor=reduction_factor)
