"""Every form of word vectors is written by hand and read back; what is wrong is one sentence."""

import errno
import gzip
import os
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lstmlab.errors import UserError
from lstmlab.text.word_vectors import WordVectors, read_word_vectors, rows_for, wanted_words

Table = list[tuple[str, list[float]]]

TABLE: Table = [
    ("the", [0.25, -1.5, 3.0]),
    ("郭靖", [1e-3, 2.0, -0.5]),
    ("New\u00a0York", [1.0, 2.0, 3.0]),
    ("the", [9.0, 9.0, 9.0]),
    ("42", [4.0, 2.0, 0.0]),
]


def glove(table: Table) -> bytes:
    return "".join(f"{word} {' '.join(map(repr, row))}\n" for word, row in table).encode()


def word2vec_text(table: Table) -> bytes:
    return f"{len(table)} {len(table[0][1])}\n".encode() + glove(table)


def fasttext(table: Table) -> bytes:
    return word2vec_text(table).replace(b"\n", b" \n").replace(b" \n", b"\n", 1)


def word2vec_binary(table: Table, end: bytes = b"\n") -> bytes:
    rows = [word.encode() + b" " + struct.pack(f"<{len(row)}f", *row) + end for word, row in table]
    return f"{len(table)} {len(table[0][1])}\n".encode() + b"".join(rows)


def word2vec_binary_without_newlines(table: Table) -> bytes:
    return word2vec_binary(table, b"")


FORMS = [
    (glove, "GloVe text"),
    (word2vec_text, "word2vec text"),
    (fasttext, "word2vec text"),
    (word2vec_binary, "word2vec binary"),
    (word2vec_binary_without_newlines, "word2vec binary"),
]


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "vectors"
    path.write_bytes(content)
    return path


def refusal(path: Path, *words: str) -> str:
    with pytest.raises(UserError) as error:
        read_word_vectors(path, words or ("the", "a"))
    message = str(error.value)
    assert message.startswith(f"model.pretrained_embeddings={path}")
    assert message.endswith(".") and "\n" not in message
    return message


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(("form", "name"), FORMS)
def test_every_form_is_recognised(tmp_path: Path, form: Callable[[Table], bytes], name: str, compressed: bool) -> None:
    content = gzip.compress(form(TABLE)) if compressed else form(TABLE)
    found = read_word_vectors(written(tmp_path, content), {"the", "郭靖", "New\u00a0York", "42", "absent"})
    assert (found.dimension, found.entries) == (3, 5)
    assert found.form == name + " (gzip)" * compressed
    assert set(found.vectors) == {"the", "郭靖", "New\u00a0York", "42"}
    for word, row in [TABLE[0], *TABLE[1:3], TABLE[4]]:  # of "the" the first
        assert found.vectors[word].dtype == np.float32
        np.testing.assert_array_equal(found.vectors[word], np.asarray(row, np.float32))


def test_only_the_wanted_words_are_kept(tmp_path: Path) -> None:
    for form, _ in FORMS:
        found = read_word_vectors(written(tmp_path, form(TABLE)), ["42", "absent"])
        assert list(found.vectors) == ["42"] and found.entries == 5
        assert not read_word_vectors(written(tmp_path, form(TABLE)), []).vectors


WORDS = st.text(st.characters(codec="utf-8", exclude_characters=" \t\n\v\f\r\ufeff"), min_size=1, max_size=6)
NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    dimension = draw(st.integers(2, 6))
    row = st.lists(NUMBERS, min_size=dimension, max_size=dimension)
    return draw(st.lists(st.tuples(WORDS, row), min_size=1, max_size=8))


@given(tables(), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_text_and_binary_hold_the_same(tmp_path: Path, table: Table, newlines: bool) -> None:
    first: dict[str, NDArray[np.float32]] = {}
    for word, row in table:
        first.setdefault(word, np.asarray(row, np.float32))
    binary = word2vec_binary(table, b"\n" if newlines else b"")
    numbers = binary.partition(b"\n")[2].partition(b" ")[2][: 4 * len(table[0][1])]
    assume(any(byte > 126 or byte < 9 for byte in numbers))  # else bytes that are digits as well as numbers
    for content, form in ((word2vec_text(table), "word2vec text"), (binary, "word2vec binary")):
        found = read_word_vectors(written(tmp_path, content), list(first))
        assert (found.dimension, found.entries, found.form) == (len(table[0][1]), len(table), form)
        assert found.vectors.keys() == first.keys()
        for word, row in first.items():
            np.testing.assert_array_equal(found.vectors[word], row)


def test_words_with_spaces_in_glove(tmp_path: Path) -> None:
    content = b". . . 0.5 0.25\nat name@domain.com 1 2\nthe 3 4\n"
    found = read_word_vectors(written(tmp_path, content), [". . .", "at name@domain.com", "the", "at"])
    assert {word: row.tolist() for word, row in found.vectors.items()} == {
        ". . .": [0.5, 0.25],
        "at name@domain.com": [1, 2],
        "the": [3, 4],
    }


def test_what_other_tools_write(tmp_path: Path) -> None:
    """A byte-order mark, CRLF, tabs, two spaces, an empty line, a word that is no UTF-8, no newline at the end."""
    content = b"\xef\xbb\xbfthe 1 2\r\na\t3\t4\r\n\r\nof  5 6\r\n\xff\xfe 7 8\r\nlast 9 10"
    found = read_word_vectors(written(tmp_path, content), ["the", "a", "of", "last", "\ufffd\ufffd"])
    assert found.entries == 5
    assert {word: row.tolist() for word, row in found.vectors.items()} == {
        "the": [1, 2],
        "a": [3, 4],
        "of": [5, 6],
        "last": [9, 10],
    }
    binary = b"2 2\n\xff\xfe " + struct.pack("<2f", 1, 2) + b"\nthe " + struct.pack("<2f", 3, 4)
    found = read_word_vectors(written(tmp_path, binary), ["the"])
    assert found.entries == 2 and found.vectors["the"].tolist() == [3, 4]


def test_a_text_that_holds_fewer_rows_than_its_header_says(tmp_path: Path) -> None:
    """As one made by ``head`` does."""
    found = read_word_vectors(written(tmp_path, b"1000 2\nthe 1 2\na 3 4\n"), ["a"])
    assert found.entries == 2


def test_missing_directory_empty(tmp_path: Path) -> None:
    assert "is no file; look at the spelling" in refusal(tmp_path / "absent.vec")
    assert "is a directory; name the file" in refusal(tmp_path)
    assert "is empty; give a file as word2vec" in refusal(written(tmp_path, b""))
    assert "is empty" in refusal(written(tmp_path, gzip.compress(b"")))
    assert "no vectors" in refusal(written(tmp_path, b"2 3\n"))


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, b"the 1 2\n")

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "open", refuse)
    assert "cannot be read: Permission denied; look at its permissions." in refusal(path)


@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_truncated_binary(tmp_path: Path, end: bytes) -> None:
    whole = word2vec_binary(TABLE, end)
    for cut in (1, 5, 14, 30, 60):
        assert "is truncated: it ends at entry" in refusal(written(tmp_path, whole[: -cut - len(end)]))
    assert "entry 5 of the 5" in refusal(written(tmp_path, whole[: -1 - len(end)]))


def test_a_truncated_or_damaged_gzip(tmp_path: Path) -> None:
    rows: Table = [(f"w{i}", [i / 7, i / 3]) for i in range(2000)]
    packed = gzip.compress(glove(rows))
    assert "truncated or damaged .gz file; download it again" in refusal(written(tmp_path, packed[:-100]))
    damaged = packed[:2000] + b"\0\0\0\0\0\0\0\0" + packed[2008:]
    assert "download it again" in refusal(written(tmp_path, damaged))
    assert "truncated or damaged .gz file" in refusal(written(tmp_path, b"\x1f\x8b\x01rest"))


@pytest.mark.parametrize("header", [b"", b"3 2\n"])
def test_a_row_with_other_columns(tmp_path: Path, header: bytes) -> None:
    line = 2 + bool(header)
    few = refusal(written(tmp_path, header + b"the 1 2\na 3\nof 5 6\n"))
    assert f"has 1 number in line {line} where 2 are expected; mend the line" in few
    many = refusal(written(tmp_path, header + b"the 1 2\na 3 4 5\n"))
    assert f"has 3 numbers in line {line} where 2 are expected" in many
    assert f"in line {line} " in refusal(written(tmp_path, header + b"the 1 2\nalone\n"))


def test_a_first_row_with_other_columns_than_the_header(tmp_path: Path) -> None:
    assert "has 2 numbers in line 2 where 3 are expected" in refusal(written(tmp_path, b"2 3\nthe 1 2\na 1 2 3\n"))
    chinese = "2 6\n郭靖 1 2\n黄蓉 1 2 3 4 5 6\n".encode()
    assert "has 2 numbers in line 2 where 6 are expected" in refusal(written(tmp_path, chinese))


def test_no_number(tmp_path: Path) -> None:
    assert "has 'zwei' where a number is expected in line 2" in refusal(written(tmp_path, b"the 1 2\na 1 zwei\n"))
    assert "has '' where a number" in refusal(written(tmp_path, b"the 1 2 3\na  1 2\n"))
    assert "line 3" in refusal(written(tmp_path, b"2 2\nthe 1 2\na x 2\n"))
    unwanted = read_word_vectors(written(tmp_path, b"the 1 2\nb 1 zwei\n"), ["the"])
    assert unwanted.entries == 2


@pytest.mark.parametrize("number", ["nan", "inf", "-Infinity", "1e39"])
def test_not_finite(tmp_path: Path, number: str) -> None:
    assert "in line 2 that is not finite" in refusal(written(tmp_path, f"the 1 2\na 1 {number}\n".encode()))
    if number != "1e39":
        binary = word2vec_binary([("the", [1.0, 2.0]), ("a", [1.0, float(number)])])
        assert "in entry 2 that is not finite" in refusal(written(tmp_path, binary))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a binary file of some other form; give a file as word2vec"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "a binary file of some other form"),
        (b"\x93NUMPY\x01\0v\0{'descr'", "a binary file of some other form"),
        (
            (793712314).to_bytes(4, "little") + bytes(60),
            "fastText model (.bin), not its table of vectors; give the .vec",
        ),
        (b"PK\x03\x04\x14\0\0\0", "is a zip archive; unpack it"),
        ("話說天下大勢\n分久必合\n".encode(), "has no word followed by numbers in line 1; give a file as word2vec"),
        (b"word\n", "has no word followed by numbers in line 1"),
        (b"5 0\nthe\n", "has vectors of 0 numbers"),
        (b"5 900000000\nthe 1 2\n", "has vectors of 900,000,000 numbers"),
        (b"9 2\n" + b"\xff" * 100_000, "has no word at entry 1 of 9"),
    ],
)
def test_other_files(tmp_path: Path, content: bytes, what: str) -> None:
    assert what in refusal(written(tmp_path, content))
    assert what in refusal(written(tmp_path, gzip.compress(content)))


@pytest.mark.parametrize("form", [glove, word2vec_text, word2vec_binary])
def test_memory_goes_with_the_wanted_rows(tmp_path: Path, form: Callable[[Table], bytes]) -> None:
    row = [i / 16 for i in range(200)]
    path = written(tmp_path, form([(f"w{i}", row) for i in range(20_000)]))
    size = path.stat().st_size
    assert size > 15_000_000
    tracemalloc.start()
    try:
        found = read_word_vectors(path, {"w7", "w19999"})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.entries == 20_000 and len(found.vectors) == 2
    assert peak < 6_000_000


def test_rows_for_a_vocabulary() -> None:
    vectors = WordVectors(
        2,
        {
            "the": np.asarray([1, 2], np.float32),
            "Paris": np.asarray([3, 4], np.float32),
            "paris": np.asarray([5, 6], np.float32),
        },
        9,
        "GloVe text",
    )
    places, rows = rows_for(vectors, ["<unk>", "The", "Paris", "PARIS", "the", "郭靖"])
    assert places.dtype == np.intp and rows.dtype == np.float32
    assert places.tolist() == [1, 2, 3, 4]
    assert rows.tolist() == [[1, 2], [3, 4], [5, 6], [1, 2]]
    places, rows = rows_for(vectors, ["<unk>"])
    assert places.shape == (0,) and rows.shape == (0, 2)


def test_the_lower_cased_forms_are_looked_for(tmp_path: Path) -> None:
    entries = ["<unk>", "The", "Paris"]
    found = read_word_vectors(written(tmp_path, b"the 1 2\nparis 3 4\nParis 5 6\n"), wanted_words(entries))
    places, rows = rows_for(found, entries)
    assert places.tolist() == [1, 2]
    assert rows.tolist() == [[1, 2], [5, 6]]
