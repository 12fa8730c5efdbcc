"""Colours that can be told apart on white and on dark, by most people with weak colour vision too."""

COLOURS = ("#4477aa", "#ee7733", "#229954", "#cc3377", "#2ba9c9", "#8866cc", "#aa8822", "#808890")


def colour(n: int) -> str:
    """The colour of the n-th group."""
    return COLOURS[n % len(COLOURS)]
