"""The one exception for mistakes that a user can mend."""


class UserError(Exception):
    """A mistake in an option, a file or a directory, told in one sentence.

    The message names the option or the file, says what is wrong and what to do. The command line prints it without a
    traceback and exits with code 2; from Python it is raised as it is.
    """
