from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.text.division import by_beginnings, by_position, out_of_word
from lstmlab.text.document import BLOCK, PARTS, Document, Part

TEXTS = st.one_of(st.text(), st.text(alphabet="ab \n", max_size=400), st.text(alphabet="字文。", max_size=300))
SPLITS = (
    st.tuples(st.integers(1, 20), st.integers(0, 20), st.integers(0, 20))
    .map(lambda shares: tuple(share / sum(shares) for share in shares))
)  # fmt: skip


def pieces(text: str, split: tuple[float, ...]) -> list[tuple[Part, str]]:
    stretches = by_position(len(text), split, lambda position: out_of_word(text, position))
    return [(part, text[start:stop]) for part, start, stop in stretches]


@given(TEXTS, SPLITS)
def test_pieces_join_to_the_text_in_order_and_a_share_of_zero_is_absent(text: str, split: tuple[float, ...]) -> None:
    found = pieces(text, split)
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
    for part, piece in pieces(text, split):
        index = PARTS.index(part)
        assert abs(len(piece) - (borders[index + 1] - borders[index])) <= 1  # rounding of the shares' sums


@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=30), min_size=1, max_size=60), SPLITS)
def test_no_word_is_halved_while_white_space_follows(words: list[str], split: tuple[float, ...]) -> None:
    text = " ".join(words) + "\n"
    assert [word for _, piece in pieces(text, split) for word in piece.split()] == words


def test_a_cut_moves_no_further_than_a_long_word() -> None:
    assert [len(piece) for _, piece in pieces("x" * 1000, (0.5, 0.25, 0.25))] == [500, 250, 250]


@given(st.lists(st.integers(1, 500), max_size=30, unique=True), st.integers(501, 900), SPLITS)
def test_cuts_fall_on_beginnings_in_order_and_every_part_has_one(
    beginnings: list[int], characters: int, split: tuple[float, ...]
) -> None:
    wanted = [part for part, share in zip(PARTS, split, strict=True) if share > 0]
    if len({0, *beginnings}) < len(wanted):
        with pytest.raises(ValueError, match="for"):
            by_beginnings(beginnings, characters, split)
        return
    found = by_beginnings(beginnings, characters, split)
    assert [part for part, _, _ in found] == wanted
    borders = [start for _, start, _ in found] + [found[-1][2]]
    assert borders[0] == 0 and borders[-1] == characters
    assert all(start == earlier for (_, start, _), (_, _, earlier) in zip(found[1:], found, strict=False))
    assert all(start < stop for _, start, stop in found)
    assert {start for _, start, _ in found} <= {0, *beginnings}


def test_the_beginning_nearest_to_the_share_is_taken() -> None:
    chapters = list(range(0, 1000, 100))
    assert by_beginnings(chapters, 1000, (0.72, 0.14, 0.14)) == [
        ("train", 0, 700), ("val", 700, 900), ("test", 900, 1000),
    ]  # fmt: skip
    assert by_beginnings([0, 10, 20], 1000, (0.5, 0.25, 0.25)) == [
        ("train", 0, 10), ("val", 10, 20), ("test", 20, 1000),
    ]  # fmt: skip


@given(st.lists(TEXTS, max_size=4))
def test_a_documents_blocks_are_its_text(texts: list[str]) -> None:
    assert "".join(Document("a", "".join(texts)).blocks()) == "".join(Document("a", iter(texts)).blocks())
    assert "".join(Document("a", iter(texts)).blocks()) == "".join(texts)


def test_blocks_are_of_bounded_size() -> None:
    sizes = [len(block) for block in Document("a", "x" * (2 * BLOCK + 5)).blocks()]
    assert sizes == [BLOCK, BLOCK, 5]
