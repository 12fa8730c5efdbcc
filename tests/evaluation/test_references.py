"""The rows beside a held-out figure, and the known figures on The Time Machine."""

import math
import os
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lstmlab.evaluation.compression import ppmd_bits, xz_bits
from lstmlab.evaluation.kneser_ney import KneserNey
from lstmlab.evaluation.references import Reference, references, unigram_nats

TRAIN = "the cat sat on the mat and the dog sat on the log " * 20
HELDOUT = "the dog and the cat sat on the mat "


def encode(text: str) -> NDArray[np.uint8]:
    return np.array([0 if c == " " else ord(c) - 96 for c in text], dtype=np.uint8)


def rows(
    train: str = TRAIN,
    heldout: str = HELDOUT,
    spelling_nats: float = 0.0,
    order: int = 6,
    max_characters: int = 5_000_000,
) -> dict[str, Reference]:
    found = references(
        encode(train),
        encode(heldout),
        27,
        train,
        heldout,
        len(heldout) - 1,
        spelling_nats,
        order,
        max_characters,
    )
    return {row.name: row for row in found}


@pytest.fixture(scope="module")
def time_machine() -> tuple[str, str]:
    """d2l's cleaning, lines joined with a space; the last 10 % held out."""
    path = Path(os.environ.get("LSTMLAB_DATA", "")) / "time_machine" / "timemachine.txt"
    if "LSTMLAB_DATA" not in os.environ or not path.is_file():
        pytest.skip("LSTMLAB_DATA does not name a folder with time_machine/timemachine.txt")
    text = re.sub("[^A-Za-z]+", " ", path.read_text(encoding="utf-8")).strip().lower()
    assert len(text) == 173_427
    cut = int(len(text) * 0.9)
    return text[:cut], text[cut:]


def test_the_time_machine(time_machine: tuple[str, str]) -> None:
    found = rows(*time_machine)
    assert found["ppmd"].bits_per_char == pytest.approx(1.859, abs=0.01)
    assert found["xz"].bits_per_char == pytest.approx(2.347, abs=0.01)
    # 1.909 is the figure of a single discount of 0.9 at every order; three discounts an order do better.
    assert found["6-gram"].bits_per_char == pytest.approx(1.895, abs=0.001)
    assert found["unigram"].bits_per_char == pytest.approx(4.064, abs=0.01)
    assert found["uniform"].bits_per_char == pytest.approx(math.log2(27))


def test_the_single_discount_figure(time_machine: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstmlab.evaluation.kneser_ney.discounts", lambda counts: (0.9, 0.9, 0.9))
    train, heldout = map(encode, time_machine)
    nats = KneserNey.fit(train, 27, order=6).nats(heldout, first=1)
    assert nats.mean() / math.log(2) == pytest.approx(1.909, abs=0.001)


def test_rows_and_their_order() -> None:
    found = rows()
    assert list(found) == ["uniform", "unigram", "6-gram", "xz", "ppmd"]
    assert [row.adaptive for row in found.values()] == [False, False, False, True, True]
    assert found["uniform"].perplexity == pytest.approx(27)
    assert found["uniform"].bits_per_char > found["unigram"].bits_per_char > found["6-gram"].bits_per_char
    assert found["xz"].perplexity is None and found["ppmd"].perplexity is None


def test_token_models_score_all_but_the_first_token() -> None:
    train, heldout = encode(TRAIN), encode(HELDOUT)
    nats = KneserNey.fit(train, 27, order=3).nats(heldout)[1:].sum()
    row = rows(order=3)["3-gram"]
    assert row.bits == pytest.approx(nats / math.log(2))
    assert row.bits_per_char == pytest.approx(row.bits / (len(HELDOUT) - 1))
    assert row.perplexity == pytest.approx(math.exp(nats / (len(HELDOUT) - 1)))


def test_compressors_pay_for_the_whole_text_in_utf_8() -> None:
    train, heldout = "話說天下大勢 " * 50, "分久必合"
    ids = np.zeros(5, dtype=np.int64)
    xz, ppmd = references(ids, ids, 27, train, heldout, 4)[-2:]
    assert xz.bits_per_char == pytest.approx(xz_bits(train.encode(), heldout.encode()) / 4)
    assert ppmd.bits_per_char == pytest.approx(ppmd_bits(train.encode(), heldout.encode()) / 4)


def test_token_models_pay_for_spelling() -> None:
    plain, paid = rows(), rows(spelling_nats=7.0)
    for name in ("uniform", "unigram", "6-gram"):
        assert paid[name].bits - plain[name].bits == pytest.approx(7 / math.log(2))
        assert paid[name].perplexity == plain[name].perplexity
    for name in ("xz", "ppmd"):
        assert paid[name] == plain[name]


def test_unigram_is_laplace() -> None:
    nats = unigram_nats(np.array([0, 0, 1]), np.array([0, 2]), 3)
    assert nats == pytest.approx([-math.log(3 / 6), -math.log(1 / 6)])


def test_a_long_training_text_is_capped_and_says_so() -> None:
    train = "zzzz" * 500 + TRAIN
    capped, recent = rows(train, max_characters=1000), rows(TRAIN)
    assert len(TRAIN) == 1000
    for name in ("6-gram", "xz", "ppmd"):
        assert capped[name].bits == recent[name].bits
        assert "fitted on the last 1,000 characters" in capped[name].note
        assert "fitted" not in recent[name].note
    for name in ("uniform", "unigram"):
        assert "fitted" not in capped[name].note
    assert capped["unigram"].bits > recent["unigram"].bits


def test_words_are_capped_by_their_share() -> None:
    ids = np.arange(200) % 7  # 1,000 characters, five a word
    row = references(ids, ids[:8], 7, TRAIN, HELDOUT, 35, max_characters=500)[2]
    assert row.bits == pytest.approx(KneserNey.fit(ids[100:], 7).nats(ids[:8], 1).sum() / math.log(2))


def test_an_empty_training_text() -> None:
    found = rows(train="")
    assert found["unigram"].perplexity == pytest.approx(27)
    assert found["6-gram"].perplexity == pytest.approx(27)
    assert found["ppmd"].bits_per_char > 0


def test_one_scored_token() -> None:
    found = rows(heldout="th")
    assert all(math.isfinite(row.bits_per_char) for row in found.values())
    nats = KneserNey.fit(encode(TRAIN), 27).nats(encode("th"))
    assert found["6-gram"].bits == pytest.approx(nats[1] / math.log(2))


@pytest.mark.parametrize("heldout", ["", "t"])
def test_nothing_to_score_is_refused(heldout: str) -> None:
    with pytest.raises(ValueError, match="nothing to score"):
        rows(heldout=heldout)
