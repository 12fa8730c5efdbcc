"""Ctrl-C and SIGTERM: training stops behind a whole step, saved."""

import signal
from types import FrameType
from typing import Any


class Interrupted(Exception):  # noqa: N818  # it is no error
    """Training was asked to stop by a signal; everything is saved."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(signum).name}")
        self.signum = signum


class Interruption:
    """While entered, the first SIGINT or SIGTERM is noted for the training loop; a second one acts as always.

    Signals can only be caught in the main thread; elsewhere nothing is caught.
    """

    def __init__(self) -> None:
        self.signum: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Interruption":
        try:
            for signum in (signal.SIGINT, signal.SIGTERM):
                self._before[signum] = signal.signal(signum, self._note)
        except ValueError:  # not the main thread
            pass
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def __bool__(self) -> bool:
        return self.signum is not None

    def raise_if_asked(self) -> None:
        """Raise ``Interrupted`` when a signal has come."""
        if self.signum is not None:
            raise Interrupted(self.signum)

    def _note(self, signum: int, frame: FrameType | None) -> None:
        self.signum = signum
        self._restore()

    def _restore(self) -> None:
        for signum, handler in self._before.items():
            signal.signal(signum, handler)
        self._before.clear()
