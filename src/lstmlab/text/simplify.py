"""Traditional Chinese characters to simplified ones."""

from collections.abc import Iterable, Iterator
from typing import Any

from lstmlab.errors import UserError

_LONGEST = 1 << 20  # characters; more without a newline are converted apart


def simplified(blocks: Iterable[str]) -> Iterator[str]:
    """The text in simplified characters, by OpenCC's ``t2s``; the same however the text is cut into blocks.

    Words decide between characters, so a line is converted whole: blocks are cut behind a newline. One without any
    newline is passed on when it has a million characters.

    Raises:
        UserError: the package ``opencc`` is not installed.
    """
    convert = _opencc().OpenCC("t2s").convert
    rest = ""
    for block in blocks:
        rest += block
        cut = rest.rfind("\n") + 1
        while len(rest) - cut >= _LONGEST:
            cut += _LONGEST
        if cut:
            yield convert(rest[:cut])
            rest = rest[cut:]
    if rest:
        yield convert(rest)


def opencc_version() -> str:
    """The version of OpenCC: its dictionaries decide the text.

    Raises:
        UserError: the package ``opencc`` is not installed.
    """
    return str(_opencc().__version__)


def _opencc() -> Any:
    try:
        import opencc
    except ImportError as error:
        raise UserError("data.simplified=true needs the package opencc: pip install 'lstmlab[opencc]'.") from error
    return opencc
