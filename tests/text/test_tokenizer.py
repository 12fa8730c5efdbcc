import json
import pickle
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.errors import UserError
from lstmlab.text import CharTokenizer, Tokenizer, WordTokenizer, tokenizer_from_dict
from lstmlab.text.tokenizer import make_tokenizer

ANY_CHARACTER = st.characters(exclude_categories=[])  # all of Unicode: astral planes and lone surrogates too
TEXTS = st.text(alphabet=ANY_CHARACTER, min_size=1)
SPACED = st.text(alphabet=st.sampled_from("ab字 \n\t\r\x0b\x85\xa0\u2028\u3000"), min_size=1)


def words(text: str) -> list[str]:
    """White space separates, and a newline is a word: said differently than in the tokenizer."""
    found: list[str] = []
    for line in text.split("\n"):
        found += [*line.split(), "\n"]
    return found[:-1]


def fitted(tokenizer: Tokenizer, *texts: str, document_ends: bool = True) -> Tokenizer:
    tokenizer.fit(texts, document_ends=document_ends)
    return tokenizer


@given(TEXTS, st.booleans())
def test_characters_come_back(text: str, document_ends: bool) -> None:
    tokenizer = fitted(CharTokenizer(), text, document_ends=document_ends)
    ids = tokenizer.encode(text)
    assert ids.dtype == np.int64 and ids.shape == (len(text),)
    assert tokenizer.decode(ids) == text
    assert tokenizer.unknown(text) == []


@given(st.data(), TEXTS)
def test_any_text_within_the_vocabulary_comes_back(data: st.DataObject, training: str) -> None:
    tokenizer = fitted(CharTokenizer(), training)
    text = data.draw(st.text(alphabet=sorted(set(training))))
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(TEXTS, TEXTS, st.integers(1, 3), st.none() | st.integers(1, 4), st.sampled_from(["char", "word"]))
def test_ids_are_those_of_the_vocabulary_and_the_rest_is_unknown(
    training: str, text: str, min_count: int, max_size: int | None, name: str
) -> None:
    split = words if name == "word" else list
    tokenizer = make_tokenizer(name, min_count=min_count, max_size=max_size)
    counts = Counter(split(training))
    ranked = sorted((token for token in counts if counts[token] >= min_count), key=lambda t: (-counts[t], t))
    ranked = ranked[: len(ranked) if max_size is None else max_size]
    if not ranked:
        with pytest.raises(UserError, match=r"tokenizer\.min_count|data\.split"):
            tokenizer.fit([training])
        return
    tokenizer.fit([training])
    both = training + text
    assert tokenizer.encode(both).tolist() == [ranked.index(t) + 2 if t in ranked else 0 for t in split(both)]
    assert tokenizer.unknown(both) == [t for t in split(both) if t not in ranked]
    shown = tokenizer.decode(tokenizer.encode(both))
    assert shown.count("<unk>") >= len(tokenizer.unknown(both))


def test_a_long_text_is_looked_up_in_slices_without_a_seam() -> None:
    text = "abc字𝄞\n" * 400_000 + "?"
    tokenizer = fitted(CharTokenizer(), "abc字𝄞\n")
    ids = tokenizer.encode(text)
    np.testing.assert_array_equal(ids[:-1], np.tile(tokenizer.encode("abc字𝄞\n"), 400_000))
    assert ids[-1] == 0


def test_fitting_again_forgets_the_old_table() -> None:
    tokenizer = fitted(CharTokenizer(), "aab")
    assert tokenizer.encode("ab").tolist() == [2, 3]
    tokenizer.fit(["bba"], document_ends=False)
    assert tokenizer.encode("abz").tolist() == [2, 1, 0]


@given(SPACED | TEXTS)
def test_words_are_runs_without_white_space_and_newlines(text: str) -> None:
    assert list(WordTokenizer().split(text)) == words(text)


@given(SPACED | TEXTS)
def test_words_come_back_from_their_text(text: str) -> None:
    tokens = words(text)
    tokenizer = WordTokenizer()
    assert list(tokenizer.split(tokenizer.join(tokens))) == tokens
    wanted = "\n".join(" ".join(line.split()) for line in text.split("\n"))
    assert tokenizer.join(tokens) == wanted


def test_the_literal_unk_is_a_word_with_its_own_id() -> None:
    tokenizer = fitted(WordTokenizer(min_count=2), "<unk> the <unk> the once <unk>")
    assert tokenizer.encode("<unk> the once never").tolist() == [2, 3, 0, 0]
    assert tokenizer.unknown("<unk> the once never") == ["once", "never"]
    assert tokenizer.decode([2, 3, 0]) == "<unk> the <unk>"


def test_the_end_of_a_document_shows_as_a_newline() -> None:
    tokenizer = fitted(CharTokenizer(), "ab")
    assert tokenizer.decode([2, 1, 3]) == "a\nb"
    tokenizer = fitted(CharTokenizer(), "ab", document_ends=False)
    assert tokenizer.decode([1, 2]) == "ab"


@given(TEXTS, st.sampled_from(["char", "word"]), st.booleans(), TEXTS)
def test_plain_values_round_trip_through_json(training: str, name: str, document_ends: bool, text: str) -> None:
    tokenizer = make_tokenizer(name, max_size=50)
    if not tokenizer.split(training):
        return
    tokenizer.fit([training], document_ends=document_ends)
    plain: dict[str, Any] = json.loads(json.dumps(tokenizer.to_dict()))
    for again in (tokenizer_from_dict(plain), pickle.loads(pickle.dumps(tokenizer))):
        assert type(again) is type(tokenizer)
        assert again.to_dict() == tokenizer.to_dict()
        assert again.encode(text).tolist() == tokenizer.encode(text).tolist()
        assert [again.speller.nats(t) for t in words(text)] == [tokenizer.speller.nats(t) for t in words(text)]


def test_the_vocabulary_spans_all_texts_it_is_fitted_on() -> None:
    tokenizer = fitted(CharTokenizer(), "ab", "bc")
    assert tokenizer.vocabulary.types == ("b", "a", "c")
    assert tokenizer.vocabulary.counts == (2, 1, 1)


@pytest.mark.parametrize("texts", [[], [""], ["", ""]])
def test_nothing_to_fit_on_names_the_split(texts: list[str]) -> None:
    with pytest.raises(UserError, match=r"data\.split"):
        CharTokenizer().fit(texts)


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"min_count": 0}, "tokenizer.min_count=0"), ({"max_size": 0}, "tokenizer.max_size=0")],
)
def test_settings_out_of_range(settings: dict[str, int], named: str) -> None:
    with pytest.raises(UserError, match=named):
        make_tokenizer("char", **settings)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"tokenizer\.name=wordpiece is none of char, word, jieba, bpe"):
        make_tokenizer("wordpiece")


@given(TEXTS, st.sampled_from(["char", "word"]))
def test_fitting_on_counts_is_fitting_on_their_text(text: str, name: str) -> None:
    one, other = make_tokenizer(name), make_tokenizer(name)
    if not one.split(text):
        return
    one.fit([text], document_ends=False)
    other.fit_counts(Counter(one.split(text)), document_ends=False)
    assert one.to_dict() == other.to_dict()
    assert [list(tokens) for tokens in one.split_all([text, "", text])] == [
        list(one.split(t)) for t in (text, "", text)
    ]
    assert one.versions() == {}


@given(SPACED | TEXTS, st.sampled_from(["char", "word"]), st.data())
def test_streamed_pieces_are_the_whole(text: str, name: str, data: st.DataObject) -> None:
    tokenizer = make_tokenizer(name)
    if not tokenizer.split(text):
        return
    tokenizer.fit([text])
    ids = data.draw(st.lists(st.integers(0, len(tokenizer.vocabulary) - 1)))
    pieces = list(tokenizer.decode_stream(iter(ids)))
    assert "".join(pieces) == tokenizer.decode(ids)
    assert len(pieces) == len(ids)
    cut = data.draw(st.integers(0, len(ids)))
    shown = "".join(tokenizer.decode_stream(ids[cut:], before=ids[:cut]))
    assert tokenizer.decode(ids[:cut]) + shown == tokenizer.decode(ids)


def test_old_checkpoints_rebuild() -> None:
    plain = {
        "settings": {"name": "word", "min_count": 1, "max_size": None},
        "vocabulary": {"types": ["a", "b"], "counts": [2, 1], "document_ends": True},
        "speller": {"counts": {"a": 2, "b": 1}, "tokens": 3},
    }
    tokenizer = tokenizer_from_dict(plain)
    assert tokenizer.to_dict() == plain
    assert tokenizer.speller.nats("ab") > 0


def test_before_fitting() -> None:
    tokenizer = CharTokenizer()
    assert not tokenizer.fitted
    with pytest.raises(RuntimeError, match="fit"):
        tokenizer.encode("a")
    with pytest.raises(RuntimeError, match="fit"):
        _ = tokenizer.speller
