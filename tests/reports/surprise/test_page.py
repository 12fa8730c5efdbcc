"""surprise.html as a file: whole, escaped, of a bounded size; the notebook's fragment likewise."""

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from unicodedata import category

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstmlab.errors import UserError
from lstmlab.reports.surprise import Surprise
from lstmlab.reports.surprise.pieces import Surroundings, separators, share
from lstmlab.reports.surprise.scale import scale_end, shade
from lstmlab.reports.surprise.visible import label

Make = Callable[..., Surprise]

HARD = "<script>alert(\"1\")</script> & 'quoted' &amp; \0\x1b 😀 \u202e\ud800\u3000\t</style>-->]]>\r\n郭靖"
TAGS = {
    "html", "head", "meta", "title", "link", "style", "body", "main", "h1", "h2", "p", "dl", "dt", "dd", "div", "span",
    "i", "b", "section", "table", "thead", "tbody", "tr", "th", "td", "a", "mark", "small", "footer", "script", "em",
}  # fmt: skip


class Reader(HTMLParser):
    """What a page holds: its tags and attributes, each token's text, and the data of its script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.scripts = 0
        self.tokens: list[str] = []
        self.data = ""
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.scripts += tag == "script"
        if tag not in ("meta", "link"):
            self._open.append((tag, dict(attrs)))
        if dict(attrs).get("class", "").split()[:1] == ["t"]:  # type: ignore[union-attr]
            self.tokens.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][1].get("id") == "data":
            self.data += data
        if any((attributes.get("class") or "").split()[:1] == ["t"] for _, attributes in self._open):
            self.tokens[-1] += data


def shown(token: str) -> str:
    """What stands in the running text for a token: itself, but for what cannot be seen."""
    return "".join(one if one in "\n\t" or category(one) == "Zs" else label(one) for one in token)


def check(surprise: Surprise) -> Reader:
    page = surprise.html('a "title" <b>')
    read = Reader(page)
    assert read.tags <= TAGS and not any(name.startswith("on") for name in read.attributes)
    assert read.scripts == 2 and not read._open
    page.encode("utf-8")
    assert "\0" not in page
    data = json.loads(read.data)
    assert len(read.tokens) == len(data["tokens"]) == len(surprise)
    for entry, token in zip(data["tokens"], surprise, strict=True):
        place, bits, probability, rank, likely, *spelling = entry
        assert data["labels"][place] == label(token.token)
        assert bits + sum(spelling) == pytest.approx(token.bits, abs=0.011) and len(spelling) == (not token.known)
        assert probability == pytest.approx(token.probability, rel=1e-3) and rank == token.rank
        assert [data["labels"][one] for one in likely[::2]] == [label(one.token) for one in token.alternatives]
    return read


def test_hard_text_comes_out_as_text(surprise_of: Make) -> None:
    read = check(surprise_of(HARD))
    assert "".join(read.tokens).startswith(
        "<script>alert(\"1\")</script> & 'quoted' &amp; U+0000U+001B 😀 U+202EU+D800"
    )
    assert read.tokens[-2:] == ["郭", "靖"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(), min_size=1, max_size=40))
def test_any_text_comes_out_as_text(surprise_of: Make, text: str) -> None:
    surprise = surprise_of(text)
    assert check(surprise).tokens == [shown(token) for token in surprise.tokens]
    fragment = Reader(f"<body>{surprise._repr_html_()}</body>")
    assert fragment.tags <= {"body", "div", "span", "em"} and fragment.attributes <= {"style", "title"}


@pytest.mark.parametrize("tokenizer", ["char", "word", "bpe", "jieba"])
def test_the_text_can_be_read_whatever_cut_it(surprise_of: Make, tokenizer: str) -> None:
    text = "the lazy fox jumps.\n郭靖道：「那少年。」\n"
    surprise = surprise_of(text, tokenizer)
    joined = "".join(before + token for before, token in zip(separators(surprise), surprise.tokens, strict=True))
    assert joined == text
    assert check(surprise).tokens == list(surprise.tokens)


def test_the_first_token_without_document_ends_is_read_and_not_scored(surprise_of: Make) -> None:
    surprise = surprise_of("lazy fox", "word", document_ends=False)
    assert surprise.context == "lazy" and list(separators(surprise)) == [" "]
    page = surprise.html()
    assert 'title="read, not scored">lazy</span> <span class="t"' in page


def test_without_alternatives(surprise_of: Make) -> None:
    assert json.loads(check(surprise_of("the fox", alternatives=0)).data)["tokens"][0][4] == []


def test_five_thousand_tokens_are_less_than_a_megabyte(surprise_of: Make) -> None:
    surprise = surprise_of("the quick brown fox jumps over the lazy dog.\n" * 112)
    assert len(surprise) > 5000 and len(surprise.html()) < 1e6
    fragment = surprise._repr_html_()
    assert "and 3,040 more" in fragment and fragment.count("<span") == 2000


def test_a_page_asks_for_nothing_from_elsewhere(surprise_of: Make) -> None:
    page = surprise_of("the fox").html()
    assert "http" not in page and "url(" not in page and "@import" not in page and "<script src" not in page


def test_the_text_says_what_it_is(surprise_of: Make) -> None:
    assert 'lang="zh">' in surprise_of("郭靖道：「那少年提剑下山。」").html()
    assert 'lang="zh">' not in surprise_of("the fox and 郭靖").html()
    page = surprise_of("the fΩx").html("of a <fox>")
    assert "<h1>of a &lt;fox&gt;</h1>" in page and "a &lt;small&gt; model" in page and "unknown, and spelt" in page


def test_sentence_and_saving(surprise_of: Make, tmp_path: Path) -> None:
    surprise = surprise_of("the fΩx")
    assert f"{surprise.bits_per_char:.3f} bits a character" in repr(surprise) and "1 unknown and spelt" in repr(
        surprise
    )
    path = surprise.save(tmp_path / "page.html")
    assert path.read_text(encoding="utf-8") == surprise.html()
    for place, said in ((tmp_path, "it is a directory"), (tmp_path / "nowhere" / "page.html", "cannot be written")):
        with pytest.raises(UserError, match=said):
            surprise.save(place)
    assert [entry.name for entry in tmp_path.iterdir()] == ["page.html"]


def test_surroundings(surprise_of: Make) -> None:
    assert Surroundings(surprise_of("the fox\njumps"), 4).of(5) == ("he f", "x↵ju")
    assert Surroundings(surprise_of("a the fox jumps", "word"), 5).of(2) == ("a the", " jump")


def test_the_scale_is_linear_in_bits_and_ends_at_a_blind_guess() -> None:
    assert [scale_end(size) for size in (2, 28, 65, 256, 5088, 100_000)] == [4, 6, 8, 8, 14, 18]
    assert [shade(bits, 8) for bits in (-1, 0, 2, 4, 8, 90)] == [0, 0, 25, 50, 100, 100]


@pytest.mark.parametrize(
    ("probability", "said"),
    [(1.0, "100.0 %"), (0.1234, "12.3 %"), (0.001, "0.1 %"), (1e-4, "1 in 10,000"), (0.0, "less than 1 in 10¹⁵")],
)
def test_probabilities_as_people_read_them(probability: float, said: str) -> None:
    assert share(probability) == said


def test_labels() -> None:
    assert [label(token) for token in (" the", "\n", "\t", "\u3000", "\0", "a", "郭")] == [
        "␣the", "↵", "⇥", "U+3000", "U+0000", "a", "郭"
    ]  # fmt: skip
    assert label("\ud800") == "U+D800"
    assert label("x" * 40) == "x" * 40 and label("x" * 41) == "x" * 39 + "…"
