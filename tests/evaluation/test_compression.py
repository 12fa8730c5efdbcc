"""The compressors see the training text first, pay for the test text only, and stream."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmlab.evaluation import compression
from lstmlab.evaluation.compression import ppmd_bits, xz_bits

Bits = Callable[[bytes, bytes], float]

NOISE = random.Random(0).randbytes(20_000)


@pytest.mark.parametrize("bits", [xz_bits, ppmd_bits])
class TestBoth:
    def test_known_text_is_nearly_free(self, bits: Bits) -> None:
        assert bits(NOISE, NOISE) < 0.05 * bits(b"", NOISE)

    def test_noise_costs_eight_bits_a_byte(self, bits: Bits) -> None:
        assert bits(b"", NOISE) / len(NOISE) == pytest.approx(8, rel=0.05)
        assert bits(b"a" * 100, NOISE) / len(NOISE) == pytest.approx(8, rel=0.05)

    def test_an_empty_test_costs_nothing(self, bits: Bits) -> None:
        assert bits(NOISE, b"") == 0
        assert bits(b"", b"") == 0

    def test_one_byte(self, bits: Bits) -> None:
        assert 0 <= bits(NOISE, b"x") <= 64

    def test_pieces_do_not_matter(self, bits: Bits, monkeypatch: pytest.MonkeyPatch) -> None:
        train, test = b"the time traveller " * 300 + NOISE[:999], b"for so it will be convenient " * 99
        whole = bits(train, test)
        monkeypatch.setattr(compression, "PIECE", 101)
        assert bits(train, test) == whole


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=300))
def test_ppmd_takes_any_bytes(train: bytes, test: bytes) -> None:
    assert -8 <= ppmd_bits(train, test) <= 8 * (3 * len(test) + 8)


def test_xz_remembers_the_beginning_of_a_long_training_text() -> None:
    far = NOISE + b"a" * 300_000
    assert xz_bits(far, NOISE) < 0.05 * 8 * len(NOISE)


def test_ppmd_is_pruned_when_memory_is_short() -> None:
    text = b" ".join(b"%d" % (n * n) for n in range(40_000))
    short = ppmd_bits(text, text[-5000:], memory=1 << 16)
    assert ppmd_bits(text, text[-5000:]) < short < 8 * 5000


@pytest.mark.parametrize("order", [1, 65])
def test_ppmd_refuses_other_orders(order: int) -> None:
    with pytest.raises(ValueError, match=str(order)):
        ppmd_bits(b"a", b"b", order=order)
