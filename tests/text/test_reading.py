import codecs
import io
import os
import re
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.errors import UserError
from lstmlab.text import reading as reading_module
from lstmlab.text.reading import BLOCK, Reading, find_texts, newlines, read_blocks, read_text

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


def read_with_counts(raw: bytes, encoding: str = "auto") -> tuple[str, Reading]:
    reading = Reading()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "novel.txt"
        path.write_bytes(raw)
        text = "".join(read_blocks(path, encoding, reading))
    assert reading.bytes == len(raw)
    assert reading.characters == len(text)
    return text, reading


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
    else:
        assert f" {count} undecodable byte{'s' * (count > 1)}, the first at byte {first};" in refusal(raw, "utf-8")


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


# -- the encoding is guessed -------------------------------------------------------------------------------------------

NOVEL = (
    "第一回　张天师祈禳瘟疫　洪太尉误走妖魔\n　　话说大宋仁宗天子在位，嘉祐三年三月三日五更三点，天子驾坐紫宸殿，"
    "受百官朝贺。但见：祥云迷凤阁，瑞气罩龙楼。那人道：「你是何人？」众人听了，都不敢言语。\n"
) * 20
TRADITIONAL = (
    "話說天下大勢，分久必合，合久必分。那人說道：「你來這裡做甚麼？」眾人聽了，都不敢言語，只見門外一個大漢。\n" * 20
)
JAPANESE = (
    "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗いじめじめした所で泣いていた。\n" * 9
)
KOREAN = (
    "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 천부적으로 이성과 양심을 부여받았다.\n"
)


@pytest.mark.parametrize(
    "text", [NOVEL, TRADITIONAL, NOVEL + "𤇢𠵎㕡" * 5, NOVEL + "\ufffd", "话说天下大势，分久必合。"]
)
def test_chinese_in_gb18030_needs_no_name(text: str) -> None:
    decoded, reading = read_with_counts(text.encode("gb18030"))
    assert decoded == text
    assert (reading.encoding, reading.bad_bytes) == ("gb18030", 0)


BOOKS = "飞狐外传,雪山飞狐,连城诀,天龙八部,射雕英雄传,白马啸西风,鹿鼎记,笑傲江湖,书剑恩仇录,神雕侠侣,侠客行,倚天屠龙记"


@pytest.mark.parametrize(
    "text", [BOOKS, "，".join(reversed(BOOKS.split(","))), BOOKS[:20], "射雕英雄传\r\n笑傲江湖\r\n"]
)
def test_an_index_of_books_needs_no_name(text: str) -> None:
    assert read_with_counts(text.encode("gb18030"))[1].encoding == "gb18030"


@pytest.mark.parametrize("text", [NOVEL, BOOKS, "\u3000\u3000\r\n"])
def test_the_mark_of_utf_8_before_gb18030_is_skipped(text: str) -> None:
    raw = codecs.BOM_UTF8 + text.encode("gb18030")
    wanted = text.replace("\r\n", "\n")
    assert read_with_counts(raw) == (wanted, Reading("gb18030", len(raw), len(wanted)))


def test_big5_behind_the_mark_of_utf_8_is_named() -> None:
    assert "Big5" in refusal(codecs.BOM_UTF8 + TRADITIONAL.encode("big5"))


@pytest.mark.parametrize("text", ["\u3000", "\u3000\u3000\r\n\r\n\u3000"])
def test_an_empty_page_in_gb18030_needs_no_name(text: str) -> None:
    assert read_with_counts(text.encode("gb18030"))[0] == text.replace("\r\n", "\n")


@pytest.mark.parametrize("title", ["三国", "大侠"])
def test_a_title_with_a_frequent_character_needs_no_name(title: str) -> None:
    assert read(title.encode("gb18030")) == title


def test_a_region_of_garbage_does_not_change_the_guess() -> None:
    garbage = NOVEL[:150].encode().decode("gb18030", "ignore")
    text = NOVEL + garbage + NOVEL
    assert read_with_counts(text.encode("gb18030")) == (
        text,
        Reading("gb18030", len(text.encode("gb18030")), len(text)),
    )


@given(st.lists(st.integers(0, len(NOVEL)), max_size=20), st.sampled_from([b"\xff", b"\xff\xff"]))
def test_broken_bytes_in_gb18030_are_counted_exactly(places: list[int], bad: bytes) -> None:
    text = NOVEL[:-1] + "12"  # digits behind a broken byte could be the rest of a character of four bytes
    raw, start = b"", 0
    for place in [*sorted(places), len(text)]:
        raw += text[start:place].encode("gb18030") + bad * (place < len(text))
        start = place
    decoded, reading = read_with_counts(raw)
    wanted = sum(place < len(text) for place in places) * len(bad)
    assert (reading.encoding, reading.bad_bytes) == ("gb18030" if raw else "utf-8", wanted)
    assert decoded.replace("\ufffd", "") == text
    assert decoded.count("\ufffd") == wanted


@given(st.lists(st.integers(0, len(NOVEL)), max_size=20, unique=True))
def test_a_few_broken_bytes_in_utf_8_are_counted(places: list[int]) -> None:
    raw = "".join(NOVEL[i] + "\udcff" * (i in places) for i in range(len(NOVEL))).encode("utf-8", "surrogateescape")
    decoded, reading = read_with_counts(raw)
    assert (reading.encoding, reading.bad_bytes) == ("utf-8", raw.count(b"\xff"))
    assert decoded.replace("\ufffd", "") == NOVEL


def test_many_broken_bytes_in_utf_8_are_too_many() -> None:
    raw = NOVEL.encode().replace("，".encode(), b"\xef\xbc")
    assert "is not utf-8" in refusal(raw)


@pytest.mark.parametrize(
    ("text", "codec"), [(TRADITIONAL, "big5"), (TRADITIONAL + "喺嘅咁", "big5hkscs"), (TRADITIONAL[:40], "big5")]
)
def test_big5_is_named(text: str, codec: str) -> None:
    message = refusal(text.encode(codec))
    assert "Big5" in message
    assert message.endswith(f"data.encoding={codec}.")
    assert read(text.encode(codec), codec) == text


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (JAPANESE, "shift-jis"), (JAPANESE, "euc-jp"), ("모든 인간은", "euc-kr"),
        (KOREAN, "euc-kr"), (KOREAN * 9, "cp949"),
        ("Tous les êtres humains naissent libres et égaux en dignité.\n" * 9, "latin-1"),
        ("It was a café, they said, and nothing else that night. " * 3 + "Nothing." * 99, "latin-1"),
        ("Все люди рождаются свободными и равными.\n" * 9, "cp1251"), ("Все люди рождаются свободными.", "koi8-r"),
    ],
)  # fmt: skip
def test_other_encodings_have_to_be_named(text: str, codec: str) -> None:
    assert "name its encoding with data.encoding" in refusal(text.encode(codec))
    assert read(text.encode(codec), codec) == text


def test_files_that_are_no_text() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", NOVEL * 9)
    picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + os.urandom(3000)
    for raw in (packed.getvalue(), picture, os.urandom(5000), b"abc\0" * 99):
        assert "is a binary file" in refusal(raw)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [NOVEL, TRADITIONAL, "The Time Traveller was expounding.\n" * 9])
def test_utf_16_without_its_mark_is_pointed_out(text: str, codec: str) -> None:
    assert f"data.encoding={codec}" in refusal(text.encode(codec))
    assert read(text.encode(codec), codec) == text


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_stray_control_characters_do_not_make_a_novel_binary(codec: str) -> None:
    text = NOVEL + "\0\x1a\x01" * 5 + NOVEL
    assert read(text.encode(codec)) == text


# -- block by block ----------------------------------------------------------------------------------------------------


@given(st.lists(st.text(alphabet="\r\na字", max_size=4)))
def test_line_ends_in_two_pieces(pieces: list[str]) -> None:
    assert "".join(newlines(pieces)) == re.sub("\r\n?", "\n", "".join(pieces))


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "utf-16-le"])
def test_blocks_end_behind_lines_and_characters_survive_the_cuts(
    tmp_path: Path, codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_module, "_CHUNK", 1001)
    monkeypatch.setattr(reading_module, "BLOCK", 3000)
    text = (NOVEL + "𤇢" * 50 + "\r\n") * 9
    (tmp_path / "novel.txt").write_bytes(text.encode(codec))
    reading = Reading()
    blocks = list(read_blocks(tmp_path / "novel.txt", "auto" if codec != "utf-16-le" else codec, reading))
    assert "".join(blocks) == text.replace("\r\n", "\n")
    assert all(block.endswith("\n") and len(block) <= 3000 for block in blocks)


def test_a_text_without_newlines_is_cut_where_it_falls(tmp_path: Path) -> None:
    (tmp_path / "line.txt").write_text("话" * (BLOCK + 5), encoding="utf-8")
    assert [*map(len, read_blocks(tmp_path / "line.txt", "auto", Reading()))] == [BLOCK, 5]


def test_a_strict_reading_refuses_what_is_broken_late(tmp_path: Path) -> None:
    (tmp_path / "novel.txt").write_bytes(b"a" * BLOCK + b"\xff\xfe")
    with pytest.raises(UserError, match="2 undecodable bytes, the first at byte 1,048,576;"):
        list(read_blocks(tmp_path / "novel.txt", "utf-8", Reading()))


CORPORA = Path(os.environ.get("LSTMLAB_DATA", "nowhere"))


@pytest.mark.skipif(not CORPORA.is_dir(), reason="LSTMLAB_DATA names no directory with the corpora")
def test_the_corpora_are_read_as_what_they_are() -> None:
    bad = {}
    for path in sorted(CORPORA.glob("wuxia_gb18030/*.txt")):
        reading = Reading()
        text = "".join(read_blocks(path, "auto", reading))
        assert reading.encoding == "gb18030", path
        bad[path.stem] = reading.bad_bytes
        if not reading.bad_bytes:
            assert text == path.read_bytes().decode("gb18030").replace("\r\n", "\n")
    assert {name: count for name, count in bad.items() if count} == {"七剑十三侠": 2}
    for path in CORPORA.glob("zh_classics/*.txt"):
        reading = Reading()
        assert "".join(read_blocks(path, "auto", reading)) == path.read_text(encoding="utf-8")
        assert reading.encoding == "utf-8"


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
