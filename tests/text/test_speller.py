import itertools
import json
import math

from hypothesis import given
from hypothesis import strategies as st

from lstmlab.text.speller import Speller

UNICODE = sum(1 for point in range(0x110000) if not 0xD800 <= point <= 0xDFFF)
TYPES = st.dictionaries(st.text(min_size=1, max_size=5), st.integers(1, 1000), max_size=8).map(lambda d: [*d.items()])


@given(TYPES, st.text(max_size=30))
def test_the_formula(types: list[tuple[str, int]], word: str) -> None:
    letters = [c for token, n in types for c in token * n]
    tokens = sum(n for _, n in types)
    total = len(letters) + tokens + 2
    wanted = -math.log((tokens + 1) / total)
    wanted -= sum(math.log((letters.count(c) + 1 / UNICODE) / total) for c in word)
    spelt = Speller.fit(types)
    assert math.isclose(spelt.nats(word), wanted, rel_tol=1e-12)
    assert spelt.nats(word) == spelt.nats(word)
    assert math.isfinite(spelt.nats(word)) and spelt.nats(word) > 0


@given(TYPES)
def test_the_next_character_or_the_end_is_a_distribution(types: list[tuple[str, int]]) -> None:
    spelt = Speller.fit(types)
    end = spelt.nats("")
    seen = {c for token, _ in types for c in token}
    unseen = next(c for c in map(chr, range(1, 99)) if c not in seen)
    total = math.exp(-end) + math.fsum(math.exp(end - spelt.nats(c)) for c in seen)
    total += (UNICODE - len(seen)) * math.exp(end - spelt.nats(unseen))
    assert math.isclose(total, 1, rel_tol=1e-9)


def test_a_small_alphabet_takes_no_more_than_everything() -> None:
    """The strings over two letters of up to n characters, with what remains for longer ones, weigh 1 less the rest."""
    spelt = Speller.fit([("ab", 3), ("b", 2)])
    longest = 12
    mass = [
        math.fsum(math.exp(-spelt.nats("".join(letters))) for letters in itertools.product("ab", repeat=length))
        for length in range(longest + 1)
    ]
    go_on = mass[1] / mass[0]  # p(a) + p(b)
    longer = mass[0] * go_on ** (longest + 1) / (1 - go_on)
    total = 8 + 5 + 2
    other = 1 / total * (UNICODE - 2) / UNICODE  # p of a character that is neither
    assert math.isclose(sum(mass) + longer, mass[0] / (mass[0] + other), rel_tol=1e-9)
    assert sum(mass) + longer < 1


@given(TYPES, st.text(alphabet=st.characters(exclude_categories=[])))
def test_json_round_trip(types: list[tuple[str, int]], word: str) -> None:
    spelt = Speller.fit(types)
    again = Speller.from_dict(json.loads(json.dumps(spelt.to_dict())))
    assert again == spelt
    assert again.nats(word) == spelt.nats(word) and math.isfinite(spelt.nats(word))  # lone surrogates too
