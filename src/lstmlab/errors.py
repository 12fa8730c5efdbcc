"""The exceptions that are no bugs: a mistake that a user can mend, and a signal that came."""

import signal


class UserError(Exception):
    """A mistake in an option, a file or a directory, told in one sentence.

    The message names the option or the file, says what is wrong and what to do. The command line prints it without a
    traceback and exits with code 2; from Python it is raised as it is.
    """


class Interrupted(Exception):  # noqa: N818  # it is no error
    """Training was asked to stop by a signal; everything is saved, and ``goes_on`` says what goes on with it."""

    goes_on = "the training is saved, go on with run=DIRECTORY"

    def __init__(self, signum: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(signum).name}")
        self.signum = signum


class SweepInterrupted(Interrupted):
    """A sweep was asked to stop by a signal; its trials are saved."""

    goes_on = "every trial is saved, the same command goes on"


class TrialsFailed(Exception):  # noqa: N818  # the sweep itself is done
    """Some trials of a sweep did not complete; which and why was said."""
