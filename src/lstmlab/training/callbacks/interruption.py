"""Ctrl-C and SIGTERM: training stops behind a whole step, saved."""

import signal
import threading
from types import FrameType
from typing import Any

from lstmlab.errors import Interrupted


class Interruption:
    """While entered, the first SIGINT or SIGTERM is noted for the training loop; a second one acts as always.

    Signals can only be caught in the main thread; elsewhere nothing is caught.
    """

    heard = False  # whether a signal was noted in this process

    def __init__(self) -> None:
        self.signum: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Interruption":
        self.listen()
        return self

    def listen(self) -> None:
        """Catch signals from now on, whatever handler was installed since.

        Lightning puts its own in front of ours, which talks to the other processes from within the handler and so
        breaks what they are just saying to each other.
        """
        if self or threading.current_thread() is not threading.main_thread():
            return
        for signum in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(signum) is signal.SIG_IGN:  # a trial of a sweep leaves Ctrl-C to the sweep
                continue
            handler = signal.signal(signum, self._note)
            self._before.setdefault(signum, handler)

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
        Interruption.heard = True
        self._restore()

    def _restore(self) -> None:
        for signum, handler in self._before.items():
            signal.signal(signum, handler)
        self._before.clear()
