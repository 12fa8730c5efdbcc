"""Stop strings in a text that is being written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.errors import UserError
from lstmlab.text.stop_strings import StopStrings


def test_the_first_that_ends_behind_what_was_there() -> None:
    stops = StopStrings(["ab", "bcd"])
    assert stops.find("xxabcd", 0) == 2
    assert stops.find("xxabcd", 4) == 3  # the first was there before
    assert stops.find("xxabc", 4) is None
    assert not StopStrings([])
    with pytest.raises(UserError, match="stop holds an empty string"):
        StopStrings(["a", ""])


@given(st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=3), st.text("ab", max_size=12))
def test_what_is_let_go_never_belongs_to_a_stop_string(strings: list[str], text: str) -> None:
    """Character by character: what was shown is the text up to the first stop string."""
    stops = StopStrings(strings)
    shown, waiting, stopped = "", "", False
    for n, character in enumerate(text):
        waiting += character
        place = stops.find(text[: n + 1], n)
        if place is not None:
            shown, stopped = shown + waiting[: place - len(shown)], True
            break
        ready = len(waiting) - stops.held_back(waiting)
        shown, waiting = shown + waiting[:ready], waiting[ready:]
    if not stopped:
        shown += waiting
    present = [one for one in strings if one in text]
    assert stopped == bool(present)
    if present:  # the one that was complete first
        earliest = min(text.index(one) + len(one) for one in present)
        assert shown == text[: min(text.index(one) for one in present if text.index(one) + len(one) == earliest)]
    else:
        assert shown == text
