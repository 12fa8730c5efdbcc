import codecs
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.errors import UserError
from lstmlab.text.reading import find_texts, read_text

MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}
# No NUL: it marks a binary file, and behind a UTF-16 mark it makes that of UTF-32.
TEXTS = st.text(alphabet=st.characters(exclude_characters="\0\r\ufeff", codec="utf-8"), min_size=1)


def read(raw: bytes, encoding: str = "auto") -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "novel.txt"
        path.write_bytes(raw)
        return read_text(path, encoding)


def refusal(raw: bytes, encoding: str = "auto") -> str:
    with pytest.raises(UserError) as caught:
        read(raw, encoding)
    assert "novel.txt" in str(caught.value) or "data.encoding" in str(caught.value)
    return str(caught.value)


# -- what is read ------------------------------------------------------------------------------------------------------


@given(TEXTS)
def test_utf_8_is_read_as_it_is(text: str) -> None:
    assert read(text.encode()) == text


@given(TEXTS, st.sampled_from(sorted(MARKS)))
def test_a_byte_order_mark_names_the_encoding_and_is_no_text(text: str, codec: str) -> None:
    raw = MARKS[codec] + text.encode(codec)
    assert read(raw) == text
    assert read(raw, codec) == text  # the same where the encoding is named


@given(TEXTS, st.sampled_from(["gb18030", "utf-16", "utf-8-sig", "utf-7", "utf-32"]))
def test_a_named_encoding(text: str, codec: str) -> None:
    assert read(text.encode(codec), codec) == text


@given(
    st.lists(st.sampled_from(["\r\n", "\r", "\n", "a", "字", "\u2028", "\x85"]), min_size=1), st.sampled_from([*MARKS])
)
def test_every_line_end_is_one_newline(pieces: list[str], codec: str) -> None:
    joined = "".join(pieces)
    wanted = re.sub(r"\r\n?", "\n", joined)
    assert read(MARKS[codec] + joined.encode(codec)) == wanted
    assert read(joined.encode()) == wanted


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "encoding", "count", "first"),
    [
        (b"ab\xffcd\xfe", "auto", 2, 2),
        (b"\x80abc", "auto", 1, 0),
        ("é中".encode()[:-1], "auto", 2, 2),  # a sequence of three bytes that lacks the last
        (b"\xe4\xb8a", "auto", 2, 0),  # broken off by a letter
        (b"x\xe4\xb8\xe4\xb8\xad", "auto", 2, 1),  # broken off by a whole one
        (b"\xf0\x9f\x98", "auto", 3, 0),  # of four bytes, one is lacking
        (b"a\xc0\x80", "auto", 2, 1),  # overlong
        (b"a\xed\xa0\x80", "auto", 3, 1),  # a surrogate
        (codecs.BOM_UTF8 + b"ab\xff", "auto", 1, 5),  # counted from the file's start, mark included
        (codecs.BOM_UTF16_LE + "ab".encode("utf-16-le") + b"c", "auto", 1, 6),
        (codecs.BOM_UTF16_LE + b"\x00\xdc" + "b".encode("utf-16-le"), "auto", 2, 2),  # a low surrogate alone
        (codecs.BOM_UTF16_LE + "ab".encode("utf-16-le") + b"c", "utf-16", 1, 6),
        ("郭靖".encode("gb18030") + b"\xff", "gb18030", 1, 4),
        ("郭靖".encode("gb18030")[:-1], "gb18030", 1, 2),
        (b"ab\xe9\xff", "ascii", 2, 2),
    ],
)
def test_undecodable_bytes_are_placed_and_counted(raw: bytes, encoding: str, count: int, first: int) -> None:
    message = refusal(raw, encoding)
    assert f" {count} undecodable {'byte' if count == 1 else 'bytes'}, the first at byte {first};" in message
    assert "data.encoding" in message


@given(st.lists(TEXTS, min_size=2, max_size=8), st.data())
def test_the_count_of_undecodable_bytes_is_that_of_the_bytes_put_in(texts: list[str], data: st.DataObject) -> None:
    raw, first, count = b"", None, 0
    for text in texts:
        bad = data.draw(st.lists(st.sampled_from([0xFE, 0xFF, 0xC0, 0xF5]), max_size=3))  # in no UTF-8 text
        if bad and first is None:
            first = len(raw)
        raw += bytes(bad) + text.encode()
        count += len(bad)
    if first is None:
        assert read(raw) == "".join(texts)
    elif not raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        assert f" {count} undecodable byte{'s' * (count > 1)}, the first at byte {first};" in refusal(raw)


def test_a_gb18030_novel_is_told_to_name_its_encoding() -> None:
    novel = ("话说天下大势，分久必合，合久必分。\n" * 1000).encode("gb18030")
    assert "gb18030" in refusal(novel)
    assert read(novel, "gb18030").count("天下") == 1000


def test_an_empty_file() -> None:
    assert "is empty" in refusal(b"")


@pytest.mark.parametrize("codec", MARKS)
def test_a_byte_order_mark_alone(codec: str) -> None:
    assert "byte-order mark and nothing else" in refusal(MARKS[codec])
    assert "byte-order mark and nothing else" in refusal(MARKS[codec], codec)


def test_a_binary_file() -> None:
    assert "binary file (NUL byte at 3)" in refusal(b"abc\0def")


@pytest.mark.parametrize("name", ["utf-9", "klingon", "hex", "rot13", "", "undefined", "a\0b"])
def test_an_unknown_encoding(name: str) -> None:
    assert refusal(b"abc", name).startswith(f"data.encoding={name} is no encoding")


def test_a_file_that_is_missing_or_a_directory(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.txt cannot be read: No such file"):
        read_text(tmp_path / "nowhere.txt")
    with pytest.raises(UserError, match="cannot be read: Is a directory"):
        read_text(tmp_path)


# -- which files -------------------------------------------------------------------------------------------------------


@pytest.fixture
def library(tmp_path: Path) -> Path:
    for name in ("b.txt", "a.txt", "sub/deep/c.TXT", "sub/notes.md", "[x].txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text")
    (tmp_path / "folder.txt").mkdir()
    return tmp_path


def names(library: Path, path: str) -> list[str]:
    return [str(file.relative_to(library)) for file in find_texts(path)]


def test_a_file_a_directory_and_a_glob(library: Path) -> None:
    assert names(library, f"{library}/a.txt") == ["a.txt"]
    assert names(library, f"{library}/sub/notes.md") == ["sub/notes.md"]  # a named file may end as it likes
    assert names(library, f"{library}/[x].txt") == ["[x].txt"]  # a file before it is a glob
    assert names(library, str(library)) == ["[x].txt", "a.txt", "b.txt", "sub/deep/c.TXT"]
    assert names(library, f"{library}/?.txt") == ["a.txt", "b.txt"]
    assert names(library, f"{library}/**/**/*.txt") == ["[x].txt", "a.txt", "b.txt"]  # each once


def test_a_home_directory_is_expanded(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(library))
    assert names(library, "~/a.txt") == ["a.txt"]


@pytest.mark.parametrize(("path", "why"), [("nowhere", "matches nothing"), ("*.pdf", "matches nothing")])
def test_nothing_there(library: Path, path: str, why: str) -> None:
    with pytest.raises(UserError, match=why) as caught:
        find_texts(f"{library}/{path}")
    assert f"data.path={library}/{path}" in str(caught.value)


def test_a_directory_without_text(tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"x")
    with pytest.raises(UserError, match=r"data\.path=.* is a directory without a \.txt file"):
        find_texts(str(tmp_path))
