"""Files that jobs write where their options say."""

from pathlib import Path

from lstmlab.errors import UserError


def writable_file(option: str, name: str | None) -> Path | None:
    """A file that can be written, as far as can be said before any time is spent."""
    if not name:
        return None
    path = Path(name).expanduser()
    if path.is_dir():
        raise UserError(f"{option}={path} cannot be written: it is a directory.")
    if not path.absolute().parent.is_dir():
        raise UserError(f"{option}={path} cannot be written: there is no directory {path.parent}.")
    return path
