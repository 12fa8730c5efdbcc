import string

from hypothesis import given
from hypothesis import strategies as st

from lstmlab.text.cleaning import CLEANINGS


def test_d2l_on_a_hand_made_example() -> None:
    assert CLEANINGS["d2l"]("\n 'The Time-Machine, by\r\nH. G. Wells [1898]'\n") == "the time machine by h g wells"


@given(st.text(alphabet=st.one_of(st.sampled_from(string.ascii_letters + " \n.,'1"), st.characters())))
def test_d2l_keeps_exactly_the_ascii_letters_and_one_space_between_their_runs(text: str) -> None:
    words = "".join(c if c in string.ascii_letters else " " for c in text).split(" ")
    assert CLEANINGS["d2l"](text) == " ".join(word.lower() for word in words if word)


@given(st.text())
def test_no_cleaning_changes_nothing(text: str) -> None:
    assert CLEANINGS["none"](text) == text
