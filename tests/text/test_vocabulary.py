import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.errors import UserError
from lstmlab.text import Vocabulary

COUNTS = st.dictionaries(st.text(min_size=1, max_size=4), st.integers(1, 5), min_size=1, max_size=30)


@given(COUNTS, st.integers(1, 3), st.none() | st.integers(1, 40), st.booleans())
def test_ids_by_frequency_and_ties_by_code_point(
    counts: dict[str, int], min_count: int, max_size: int | None, document_ends: bool
) -> None:
    wanted: list[str] = []
    for n in range(max(counts.values()), min_count - 1, -1):
        wanted += sorted((token for token in counts if counts[token] == n), key=lambda token: [ord(c) for c in token])
    wanted = wanted[: len(wanted) if max_size is None else max_size]

    def make() -> Vocabulary:
        return Vocabulary.from_counts(
            Counter(counts), min_count=min_count, max_size=max_size, document_ends=document_ends
        )

    if not wanted:
        with pytest.raises(UserError, match=r"tokenizer\.min_count"):
            make()
        return
    vocabulary = make()
    specials = 2 if document_ends else 1
    assert len(vocabulary) == len(wanted) + specials
    assert [vocabulary.token(i) for i in range(len(vocabulary))] == ["<unk>", "<eod>"][:specials] + wanted
    assert [vocabulary.id(token) for token in wanted] == list(range(specials, len(vocabulary)))
    assert vocabulary.counts == tuple(counts[token] for token in wanted)
    for token in counts:
        assert (token in vocabulary) == (token in wanted)
        assert (vocabulary.id(token) == 0) == (token not in wanted)
    assert Vocabulary.from_dict(json.loads(json.dumps(vocabulary.to_dict()))) == vocabulary


def test_special_ids() -> None:
    with_ends = Vocabulary.from_counts(Counter("ab"))
    assert (with_ends.unknown_id, with_ends.end_id, with_ends.id("c")) == (0, 1, 0)
    without = Vocabulary.from_counts(Counter("ab"), document_ends=False)
    assert (without.unknown_id, without.end_id, without.id("a")) == (0, None, 1)


def test_words_spelt_like_specials_are_types_of_their_own() -> None:
    vocabulary = Vocabulary.from_counts(Counter({"<unk>": 3, "<eod>": 2}))
    assert (vocabulary.id("<unk>"), vocabulary.id("<eod>")) == (2, 3)
    assert "<unk>" in vocabulary
    assert "<unk>" not in Vocabulary.from_counts(Counter("a"))


def test_an_empty_vocabulary_names_the_highest_count_there_is() -> None:
    with pytest.raises(UserError, match=r"tokenizer\.min_count=2000 leaves no token .* occurs 1,200 times"):
        Vocabulary.from_counts(Counter({"a": 1200, "b": 7}), min_count=2000)


def test_a_type_that_never_occurs_keeps_its_id() -> None:
    vocabulary = Vocabulary(("b", "a"), (3, 0))
    assert (vocabulary.id("a"), vocabulary.token(3), len(vocabulary), "a" in vocabulary) == (3, "a", 4, True)
