import re
import string
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from lstmlab.text.cleaning import CLEANINGS

TEXTS = st.text(alphabet=st.one_of(st.sampled_from(string.ascii_letters + " \n.,'1"), st.characters()))


def clean(name: str, *blocks: str) -> str:
    return "".join(CLEANINGS[name](blocks, Counter()))


def test_d2l_on_a_hand_made_example() -> None:
    assert clean("d2l", "\n 'The Time-Machine, by\r\nH. G. Wells [1898]'\n") == "the time machine by h g wells"


@given(TEXTS)
def test_d2l_keeps_exactly_the_ascii_letters_and_one_space_between_their_runs(text: str) -> None:
    words = "".join(c if c in string.ascii_letters else " " for c in text).split(" ")
    assert clean("d2l", text) == " ".join(word.lower() for word in words if word)


@given(st.lists(TEXTS))
def test_d2l_is_the_same_however_the_text_is_cut(blocks: list[str]) -> None:
    wanted = re.sub("[^A-Za-z]+", " ", "".join(blocks)).strip(" ").lower()
    assert clean("d2l", *blocks) == wanted


@given(st.lists(st.text()))
def test_no_cleaning_changes_nothing_and_counts_nothing(blocks: list[str]) -> None:
    removed: Counter[str] = Counter()
    assert list(CLEANINGS["none"](blocks, removed)) == blocks
    assert not removed


def test_blocks_out_are_no_longer_than_blocks_in() -> None:
    for name in ("none", "d2l"):
        assert max(map(len, CLEANINGS[name](["a 1 b"] * 10, Counter()))) <= 6
