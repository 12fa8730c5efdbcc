"""What texts share with the training text, against counting it out."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.evaluation.novelty import Passage, TrainingIndex, longest_passage, measure, ngram_shares, slots
from lstmlab.text import Document

SHORT_TEXTS = st.text("ab字\n\U0001f40e\ud800", max_size=40)


def index_of(*texts: str) -> TrainingIndex:
    return TrainingIndex([Document(f"book {number}", text) for number, text in enumerate(texts, start=1)])


def longest_from(text: str, start: int, training: Sequence[str]) -> int:
    """The slow way."""
    return max(
        (n for n in range(1, len(text) - start + 1) if any(text[start : start + n] in one for one in training)),
        default=0,
    )


@given(st.lists(SHORT_TEXTS, min_size=1, max_size=3), st.text("ab字\n\U0001f40e\ud800z", max_size=30))
def test_matches_are_exact(training: list[str], text: str) -> None:
    index = index_of(*training)
    matches = index.matches(text)
    assert matches.lengths.tolist() == [longest_from(text, start, training) for start in range(len(text))]
    for start, length in enumerate(matches.lengths.tolist()):
        passage = text[start : start + length]
        wanted = [
            (number, place)
            for number, one in enumerate(training)
            for place in range(len(one))
            if one.startswith(passage, place)
        ]
        if length:
            assert index.occurrences(matches, start) == wanted


@given(
    st.lists(SHORT_TEXTS, min_size=1, max_size=2),
    st.lists(st.text("abc", min_size=4, max_size=20), min_size=1, max_size=3),
    st.integers(1, 4),
)
def test_shares_are_what_counting_gives(training: list[str], texts: list[str], n: int) -> None:
    index = index_of(*training)
    shares = ngram_shares(texts, [index.matches(text) for text in texts], n)
    grams = [[text[start : start + n] for start in range(len(text) - n + 1)] for text in texts]
    every = [gram for own in grams for gram in own]

    def is_new(gram: str) -> bool:
        return not any(gram in one for one in training)

    assert shares.novel == pytest.approx(sum(map(is_new, every)) / len(every))
    assert shares.novel_distinct == pytest.approx(sum(map(is_new, set(every))) / len(set(every)))
    assert shares.repeated == pytest.approx(sum(1 - len(set(own)) / len(own) for own in grams) / len(grams))
    assert shares.distinct == pytest.approx(len(set(every)) / sum(map(len, texts)))


def test_no_passage_reaches_into_the_next_document() -> None:
    index = index_of("the cat", "sat on the mat")
    assert index.characters == 21
    lengths = index.matches("the catsat").lengths.tolist()
    assert lengths[0] == len("the cat") and lengths[7] == len("sat")


def test_a_planted_passage_is_found_with_its_place() -> None:
    copied = "郭靖道：“为国为民，侠之大者。”"
    book = f"楔子\n从前有一座山。\n第一回 风雪惊变\n钱塘江浩浩江水。\n{copied}\n众人都笑了。\n第二回 江南七怪\n颜烈。"
    index = index_of("别的一本书。\n第一回 别的", book)
    texts = ["他心中想道，这是怎么一回事。", f"黄蓉听了，{copied[:-1]}，便走了。"]
    found = longest_passage(index, texts, [index.matches(text) for text in texts])
    assert found == Passage(
        passage=copied[:-1], text_number=2, start=5, document="book 2", character=book.index(copied), line=5,
        chapter="第一回 风雪惊变", occurrences=1, before=book[: book.index(copied)],
        after="”\n众人都笑了。\n第二回 江南七怪\n颜烈。",
    )  # fmt: skip
    assert found.place() == f"book 2, 第一回 风雪惊变, line 5, character {book.index(copied) + 1}"


def test_the_first_of_several_places_is_named() -> None:
    index = index_of("xx abc", "abc abc")
    found = longest_passage(index, ["zabc"], [index.matches("zabc")])
    assert found and (found.document, found.character, found.occurrences) == ("book 1", 3, 3)
    assert found.place().endswith("character 4, first of 3 times")


def test_nothing_shared_is_no_passage() -> None:
    text = "b" * 20
    measured = measure("x", "x", [text], index_of("aaa"))
    assert measured.longest is None and measured.longest_characters == 0
    assert {share.novel for share in measured.shares} == {1.0}


@given(
    st.lists(st.integers(0, 60).map("x".__mul__), min_size=1, max_size=4),
    st.integers(1, 6), st.integers(1, 5), st.integers(1, 20),
)  # fmt: skip
def test_slots_lie_in_documents_and_do_not_overlap(texts: list[str], count: int, prompt: int, longest: int) -> None:
    documents = [Document(str(number), text) for number, text in enumerate(texts)]
    found = slots(documents, count, prompt, longest)
    if not found:
        assert sum(len(text) // (prompt + 1) for text in texts) < count
        return
    assert len(found) == count
    assert len({len(slot.human) for slot in found}) == 1 and 1 <= len(found[0].human) <= longest
    size = prompt + len(found[0].human)
    for slot in found:
        assert len(slot.prompt) == prompt
        assert slot.character + size <= len(texts[int(slot.document)])
    for one, after in pairwise(found):
        assert one.document != after.document or one.character + size <= after.character
    if len(found[0].human) < longest:  # no longer ones fit
        assert sum(len(text) // (size + 1) for text in texts) < count
