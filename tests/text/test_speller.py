import itertools
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.text.speller import BigramSpeller, speller_from_dict
from lstmlab.text.unigram_speller import UnigramSpeller

CODE_POINTS = 0x110000
COUNTS = st.dictionaries(
    st.text(alphabet=st.sampled_from("abc山𝄞"), min_size=1, max_size=5), st.integers(1, 9), max_size=8
)
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=[]), max_size=20)


def by_the_formula(counts: dict[str, int], before: str, symbol: str) -> float:
    """Interpolated Kneser-Ney, counted anew for every question; "^" and "$" are the edges."""
    pairs: list[tuple[str, str]] = []
    for token, n in counts.items():
        pairs += [*itertools.pairwise(["^", *token, "$"])] * n
    different = set(pairs)
    lower = [c for a, c in different if (c != "$" if before == "^" else a != "^")]
    q = 1 / (CODE_POINTS + 1)
    if lower:
        q = (lower.count(symbol) + len(set(lower)) * q) / (len(lower) + len(set(lower)))
    behind = [c for a, c in pairs if a == before]
    if not behind:
        return q
    return (max(behind.count(symbol) - 0.75, 0) + 0.75 * len(set(behind)) * q) / len(behind)


@given(COUNTS, st.text(alphabet="abcz山𝄞\ud800", max_size=6))
def test_the_formula(counts: dict[str, int], token: str) -> None:
    wanted = -sum(math.log(by_the_formula(counts, a, c)) for a, c in itertools.pairwise(["^", *token, "$"]))
    assert math.isclose(BigramSpeller.fit(counts).nats(token), wanted, rel_tol=1e-12)


@given(COUNTS, st.sampled_from(["", "a", "z", "山", "𝄞"]))
def test_the_next_character_or_the_end_is_a_distribution(counts: dict[str, int], before: str) -> None:
    spelt = BigramSpeller.fit(counts)
    known = "abc山𝄞"
    total = math.fsum(spelt.probability(before, symbol) for symbol in (*known, ""))
    total += (CODE_POINTS - len(known)) * spelt.probability(before, "z")
    assert math.isclose(total, 1, rel_tol=1e-9)


def test_a_small_alphabet_takes_no_more_than_everything() -> None:
    """All strings over two letters up to 14 long, and a bound of what longer and other ones can have."""
    spelt = BigramSpeller.fit({"ab": 3, "b": 2, "ba": 1})
    mass = math.fsum(
        math.exp(-spelt.nats("".join(letters)))
        for length in range(15)
        for letters in itertools.product("ab", repeat=length)
    )
    other = max(1 - sum(spelt.probability(a, c) for c in ("a", "b", "")) for a in ("", "a", "b"))
    go_on = max(sum(spelt.probability(a, c) for c in "ab") for a in "ab")
    assert 1 - 15 * other - go_on**14 <= mass < 1
    assert other > 0


def test_a_token_that_the_vocabulary_lacks_counts_as_often_as_it_occurs() -> None:
    assert BigramSpeller.fit({"ab": 3, "c": 2}, {"ab"}).pairs == {
        "": {"a": 1, "c": 2},
        "a": {"b": 1},
        "b": {"": 1},
        "c": {"": 2},
    }


def test_a_character_never_seen_costs_about_twenty_bits_and_its_end_nothing() -> None:
    characters = {chr(0x4E00 + i): i % 7 + 1 for i in range(3000)}
    for least in (1, 2):
        spelt = BigramSpeller.fit(characters, {c for c, n in characters.items() if n >= least})
        assert math.log(CODE_POINTS) < spelt.nats("𝄞") < math.log(CODE_POINTS) + 1.1
        assert -math.log(spelt.probability("𝄞", "")) < 0.001


@pytest.mark.parametrize("word", ["", "a", "山𝄞", "\ud800", "\0", "x" * 1000])
def test_any_string_has_a_finite_price(word: str) -> None:
    for counts in ({}, {"山水": 2}):
        assert 0 < BigramSpeller.fit(counts).nats(word) < math.inf


@given(COUNTS, ANY_TEXT)
def test_json_round_trip(counts: dict[str, int], word: str) -> None:
    spelt = BigramSpeller.fit(counts)
    again = speller_from_dict(json.loads(json.dumps(spelt.to_dict())))
    assert again == spelt
    assert again.nats(word) == spelt.nats(word)


def test_an_old_checkpoint_spells_as_it_did() -> None:
    old = speller_from_dict({"counts": {"a": 3, "b": 5}, "tokens": 5})
    assert isinstance(old, UnigramSpeller)
    rest = 1 / (CODE_POINTS - 0x800)
    wanted = -sum(math.log(n / 15) for n in (3 + rest, rest, 6))
    assert math.isclose(old.nats("az"), wanted, rel_tol=1e-12)
    assert math.isfinite(old.nats("\ud800"))
    assert speller_from_dict(json.loads(json.dumps(old.to_dict()))) == old
