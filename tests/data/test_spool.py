"""Text written to disk and read again by stretches is the text."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.data import spool as spool_module
from lstmlab.data.spool import Spool, read_stretch
from lstmlab.errors import UserError
from lstmlab.text import Document
from lstmlab.text.division import out_of_word

TEXTS = st.text(st.characters(), max_size=60) | st.text(alphabet="aé字𫔍 \n", max_size=60)


@given(st.lists(st.lists(TEXTS, max_size=4), min_size=1, max_size=4), st.data())
def test_any_stretch_of_any_document(documents: list[list[str]], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder, Spool(Path(folder) / "text") as spool:
        entries = [spool.add(Document("a", iter(blocks))) for blocks in documents]
        for entry, blocks in zip(entries, documents, strict=True):
            text = "".join(blocks)
            assert entry.characters == len(text)
            first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
            start, stop = spool.byte_of(entry, first), spool.byte_of(entry, last)
            assert "".join(read_stretch(spool.path, start, stop)) == text[first:last]
            assert spool.out_of_word(entry, first) == out_of_word(text, first)


@given(st.text(alphabet="aé字𫔍\n", max_size=200), st.integers(4, 20))
def test_blocks_are_whole_characters_and_end_with_a_line_where_lines_are_short(text: str, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(spool_module, "_READ", size)
        path = Path(folder) / "text"
        path.write_bytes(text.encode())
        blocks = list(read_stretch(path, 0, path.stat().st_size))
        assert "".join(blocks) == text
        assert all(len(block.encode()) <= 2 * size + 3 for block in blocks)
        longest = max((len(line.encode()) for line in text.splitlines(keepends=True)), default=0)
        if longest <= size:
            assert all(block.endswith("\n") for block in blocks[:-1])


def test_chapters_begin_at_lines() -> None:
    blocks = ["楔子\n从前第一回有人说。\n第一回", "　甲\n文。\n", "第二回　乙\n文。第三回"]
    with tempfile.TemporaryDirectory() as folder, Spool(Path(folder) / "text", chapters=True) as spool:
        entry = spool.add(Document("a", iter(blocks)))
    text = "".join(blocks)
    assert [text[start : start + 3].strip("\n") for start in entry.chapters] in (
        ["楔子\n从".strip(), "第一回", "第二回"], ["楔子", "第一回", "第二回"],
    )  # fmt: skip


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="LSTMLAB_CACHE"):
        Spool(tmp_path / "nowhere" / "text")


def test_a_long_line_is_cut_between_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(spool_module, "_READ", 64)
    text = "apple banana cherry " * 100
    (tmp_path / "text").write_text(text)
    blocks = list(read_stretch(tmp_path / "text", 0, len(text)))
    assert "".join(blocks) == text and len(blocks) > 10
    assert {word for block in blocks for word in block.split()} == {"apple", "banana", "cherry"}


def test_a_file_that_has_become_shorter(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("abc")
    with pytest.raises(EOFError, match="shorter"):
        list(read_stretch(tmp_path / "text", 0, 10))
