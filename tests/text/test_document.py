from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.text import Document
from lstmlab.text.document import PARTS, Part, pieces

TEXTS = st.one_of(st.text(), st.text(alphabet="ab \n", max_size=400), st.text(alphabet="字文。", max_size=300))
SPLITS = (
    st.tuples(st.integers(1, 20), st.integers(0, 20), st.integers(0, 20))
    .map(lambda shares: tuple(share / sum(shares) for share in shares))
)  # fmt: skip


@given(TEXTS, SPLITS)
def test_pieces_join_to_the_text_in_order_and_a_share_of_zero_is_absent(text: str, split: tuple[float, ...]) -> None:
    found = list(pieces(Document("a", text), split))
    assert "".join(piece for _, piece in found) == text
    assert [part for part, _ in found] == [part for part, share in zip(PARTS, split, strict=True) if share > 0]


@given(st.text(alphabet="字文。", max_size=300), SPLITS)
def test_text_without_spaces_is_cut_where_the_shares_fall(text: str, split: tuple[float, ...]) -> None:
    reached = Fraction(0)
    borders = [0]
    for share in split:
        reached += Fraction(share)
        borders.append(round(float(reached) * len(text)))
    borders[-1] = len(text)
    for part, piece in pieces(Document("a", text), split):
        index = PARTS.index(part)
        assert abs(len(piece) - (borders[index + 1] - borders[index])) <= 1  # rounding of the shares' sums


@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=30), min_size=1, max_size=60), SPLITS)
def test_no_word_is_halved_while_white_space_follows(words: list[str], split: tuple[float, ...]) -> None:
    text = " ".join(words) + "\n"
    found = [word for _, piece in pieces(Document("a", text), split) for word in piece.split()]
    assert found == words


def test_a_cut_moves_no_further_than_a_long_word() -> None:
    text = "x" * 1000
    assert [len(piece) for _, piece in pieces(Document("a", text), (0.5, 0.25, 0.25))] == [500, 250, 250]


@pytest.mark.parametrize("part", PARTS)
def test_a_document_that_is_a_part_is_not_cut(part: Part) -> None:
    document = Document("a", "one two three", part)
    assert list(pieces(document, (0.8, 0.1, 0.1))) == [(part, "one two three")]
    without = [0.0 if name == part else 0.5 for name in PARTS]
    assert list(pieces(document, without)) == []
