import json
import pickle
import time
from collections import Counter
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmlab.errors import UserError
from lstmlab.text import BpeTokenizer, Tokenizer, tokenizer_from_dict
from lstmlab.text.tokenizer import make_tokenizer

SAMPLE = resources.files("lstmlab.text") / "sample"
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
MIXED = st.text(alphabet=st.sampled_from("的人山好 \n\t\r<>0x41AE_'aé𝄞😀\u3000，。\u0301\u200d"))


@pytest.fixture(scope="module")
def learnt() -> Tokenizer:
    tokenizer = BpeTokenizer(max_size=3000)
    tokenizer.fit([(SAMPLE / "zh.txt").read_text("utf-8"), "once <0x41> upon a time, upon a <unk> time\n" * 20])
    return tokenizer


@given(TEXTS | MIXED)
def test_every_text_comes_back(learnt: Tokenizer, text: str) -> None:
    ids = learnt.encode(text)
    assert ids.min(initial=2) >= 2  # neither <unk> nor <eod>
    assert learnt.decode(ids) == text
    assert learnt.join(learnt.split(text)) == text
    assert learnt.unknown(text) == []


@settings(max_examples=25)
@given(TEXTS | MIXED, TEXTS | MIXED, st.integers(1, 3), st.none() | st.integers(257, 300), st.booleans())
def test_every_text_comes_back_whatever_was_learnt(
    training: str, text: str, min_count: int, max_size: int | None, document_ends: bool
) -> None:
    if not training:
        return
    tokenizer = BpeTokenizer(min_count, max_size)
    tokenizer.fit([training], document_ends=document_ends)
    assert 256 <= len(tokenizer.vocabulary.types) <= (max_size or 10_000)
    plain: dict[str, Any] = json.loads(json.dumps(tokenizer.to_dict()))
    for again in (tokenizer, tokenizer_from_dict(plain), pickle.loads(pickle.dumps(tokenizer))):
        assert again.to_dict() == tokenizer.to_dict()
        assert again.encode(training + text).tolist() == tokenizer.encode(training + text).tolist()
        assert again.decode(again.encode(training + text)) == training + text


def test_ids_are_in_the_order_of_their_frequency() -> None:
    text = (SAMPLE / "zh.txt").read_text("utf-8")
    tokenizer = BpeTokenizer(max_size=3000)
    tokenizer.fit([text])
    counts = Counter(tokenizer.split(text))
    vocabulary = tokenizer.vocabulary
    ranked = sorted(vocabulary.types, key=lambda token: (-counts[token], token))
    assert list(vocabulary.types) == ranked
    assert list(vocabulary.counts) == [counts[token] for token in ranked]
    assert sum(len(token) > 1 and not token.startswith("<0x") for token in vocabulary.types) > 500
    assert {f"<0x{byte:02X}>" for byte in range(256)} <= set(vocabulary.types)


def test_learning_is_the_same_every_time_and_however_the_text_is_cut() -> None:
    text = (SAMPLE / "en.txt").read_text("utf-8")
    whole, lines = BpeTokenizer(max_size=1000), BpeTokenizer(max_size=1000)
    whole.fit([text])
    lines.fit(iter(text.splitlines(keepends=True)))
    assert whole.to_dict() == lines.to_dict()


@given(st.lists(MIXED | TEXTS))
def test_blocks_cut_at_newlines_are_encoded_as_the_whole(learnt: Tokenizer, lines: list[str]) -> None:
    blocks = [line + "\n" for line in lines]
    apart = [one for block in blocks for one in learnt.encode(block).tolist()]
    assert apart == learnt.encode("".join(blocks)).tolist()


def test_a_text_that_spells_a_byte_is_not_one(learnt: Tokenizer) -> None:
    assert "<0x41>" not in learnt.split("<0x41> <0x41>")
    assert learnt.decode([learnt.vocabulary.id("<0x41>")]) == "A"


def test_no_piece_goes_over_a_newline_or_a_less_than_sign(learnt: Tokenizer) -> None:
    assert [t for t in learnt.vocabulary.types if "\n" in t and t != "\n"] == []
    assert [t for t in learnt.vocabulary.types if "<" in t and t != "<" and len(t) != 6] == []


def test_a_lone_surrogate_is_read_as_the_replacement_character(learnt: Tokenizer) -> None:
    assert learnt.decode(learnt.encode("a\ud800好\udfff")) == "a\ufffd好\ufffd"


@given(st.data())
def test_streamed_pieces_are_the_whole(learnt: Tokenizer, data: st.DataObject) -> None:
    """Any ids that a model may give: bytes that are no UTF-8, the end of a document, the unknown token."""
    bytes_ = [
        learnt.vocabulary.id(f"<0x{byte:02X}>") for byte in (0x41, 0xF0, 0x9D, 0x84, 0x9E, 0xE5, 0xA5, 0xBD, 0xFF)
    ]
    ids = data.draw(st.lists(st.sampled_from(bytes_) | st.integers(0, len(learnt.vocabulary) - 1)))
    pieces = list(learnt.decode_stream(iter(ids)))
    assert "".join(pieces) == learnt.decode(ids)
    assert all(pieces)
    assert not any("\ud800" <= character <= "\udfff" for character in "".join(pieces))
    cut = data.draw(st.integers(0, len(ids)))
    before = learnt.encode(data.draw(TEXTS)).tolist()
    assert "".join(learnt.decode_stream(ids[cut:], before=before)) == learnt.decode(ids[cut:])


def test_a_character_in_bytes_comes_with_its_last_byte(learnt: Tokenizer) -> None:
    ids = learnt.encode("好𝄞了").tolist()
    assert list(learnt.decode_stream(ids)) == ["好", "𝄞", "了"]
    assert list(learnt.decode_stream(ids[2:], before=ids[:2])) == ["𝄞", "了"]
    assert list(learnt.decode_stream(ids[:3])) == ["好", "\ufffd"]


def test_a_paragraph_without_end_is_no_slower() -> None:
    text = (SAMPLE / "zh.txt").read_text("utf-8")
    paragraph = "".join(c for c in text if "\u4e00" <= c <= "\u9fff")[:20_000]
    begun = time.perf_counter()
    tokenizer = BpeTokenizer()
    tokenizer.fit([paragraph])
    assert tokenizer.decode(tokenizer.encode(paragraph)) == paragraph
    assert time.perf_counter() - begun < 10  # it takes a tenth of a second


def test_what_it_cannot_do() -> None:
    with pytest.raises(UserError, match=r"data\.split"):
        BpeTokenizer().fit(["", ""])
    with pytest.raises(UserError, match=r"tokenizer\.max_size=256 must be above 256 with tokenizer=bpe"):
        make_tokenizer("bpe", max_size=256)
    with pytest.raises(TypeError, match="fit"):
        BpeTokenizer().fit_counts(Counter("a"))
    with pytest.raises(RuntimeError, match="fit"):
        BpeTokenizer().split("a")
    assert list(BpeTokenizer().versions()) == ["tokenizers"]
