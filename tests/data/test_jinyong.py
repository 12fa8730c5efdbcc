"""A folder of novels in the form of the Jin Yong corpus: which books, and what is said of a wrong folder."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from lstmlab.data import JinYong
from lstmlab.errors import UserError
from lstmlab.text import CharTokenizer
from lstmlab.text.document import PARTS

HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
STORY = "　　话说天下大势，分久必合，合久必分。周末七国分争，并入于秦。\r\n　　及秦灭之后，楚、汉分争。\r\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LSTMLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three novels and an index that leaves one of them out, in GB18030."""
    place = tmp_path / "novels"
    place.mkdir()
    for name in ("甲", "乙", "说明"):
        text = f"本书来自www.cr173.com免费txt小说下载站\r\n　　{name}书\r\n" + STORY * 60
        (place / f"{name}.txt").write_bytes(text.encode("gb18030"))
    (place / "inf.txt").write_bytes("乙,甲".encode("gb18030"))
    return place


def books(folder: Path, **options: Any) -> list[str]:
    return [document.name for document in JinYong(CharTokenizer(), path=str(folder), **options).documents()]


def test_the_index_says_which_books_and_in_which_order(folder: Path) -> None:
    assert books(folder) == ["乙.txt", "甲.txt"]
    (folder / "inf.txt").unlink()
    assert books(folder) == sorted(["甲.txt", "乙.txt", "说明.txt"])


def test_books_are_chosen_and_left_out(folder: Path) -> None:
    assert books(folder, books=["甲"]) == books(folder, books="甲.txt") == books(folder, exclude=["乙"]) == ["甲.txt"]
    assert books(folder, books=["甲", "乙", "甲", "甲.TXT"]) == ["甲.txt", "乙.txt"]
    assert books(folder, books="甲，乙") == books(folder, books="《甲》、乙.txt") == ["甲.txt", "乙.txt"]
    (folder / "《丙》,上.txt").write_bytes((folder / "甲.txt").read_bytes())
    (folder / "inf.txt").unlink()
    assert books(folder, books=["《丙》,上", "乙"]) == ["《丙》,上.txt", "乙.txt"]
    (folder / "1984.txt").write_bytes((folder / "甲.txt").read_bytes())
    assert books(folder / "1984.txt", books=1984) == ["1984.txt"]
    assert books(folder / "说明.txt") == ["说明.txt"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"books": ["丙"]}, r"data\.books: there is no book 丙 in .*The books are 乙, 甲\."),
        ({"exclude": ["甲", "丙"]}, r"data\.exclude: there is no book 丙"),
        ({"exclude": ["甲", "乙"]}, r"data\.exclude leaves no book"),
        ({"books": []}, r"data\.books is empty"),
        ({"books": [3]}, r"data\.books: there is no book 3"),
        ({"books": True}, r"data\.books=True must be names"),
        ({"books": [None]}, r"data\.books=\[None\] must be names"),
    ],
)
def test_wrong_books(folder: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        books(folder, **options)


def test_wrong_folders(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"data=jinyong needs data\.path"):
        JinYong(CharTokenizer())
    (folder / "inf.txt").write_bytes("乙,甲,丙,丁".encode("gb18030"))
    with pytest.raises(UserError, match=r"inf\.txt names 丙, 丁, but there are no 丙\.txt, 丁\.txt beside it"):
        books(folder)
    with pytest.raises(UserError, match="is the index, no novel"):
        books(folder / "inf.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"without a \.txt file"):
        books(tmp_path / "empty")
    (tmp_path / "empty" / "inf.txt").write_text("甲")
    with pytest.raises(UserError, match="no novel"):
        books(tmp_path / "empty")
    with pytest.raises(UserError, match="matches nothing"):
        books(tmp_path / "nowhere")


@pytest.mark.parametrize("index", ["乙,甲\x1a", "乙.TXT，甲.txt,", "《乙》、《甲》\r\n", "乙;甲\0"])
def test_an_index_in_other_hands(folder: Path, index: str) -> None:
    (folder / "inf.txt").write_bytes(index.encode("gb18030"))
    (folder / "._甲.txt").write_bytes(b"\0\5\x16\7")
    assert books(folder) == ["乙.txt", "甲.txt"]


@pytest.mark.parametrize("index", [b"\r\n", b" , ,", b"\xef\xbb\xbf", b"\x1a"])
def test_an_index_without_a_name(folder: Path, index: bytes) -> None:
    (folder / "inf.txt").write_bytes(index)
    with pytest.raises(UserError, match=r"inf\.txt names no book"):
        books(folder)


def test_two_files_of_one_name(folder: Path) -> None:
    (folder / "inf.txt").unlink()
    (folder / "more").mkdir()
    (folder / "more" / "甲.txt").write_bytes((folder / "甲.txt").read_bytes())
    with pytest.raises(UserError, match="have the same name"):
        books(folder)


def test_the_cache_knows_how_a_file_was_read(folder: Path) -> None:
    for _ in range(2):  # made, then found
        corpus = JinYong(CharTokenizer(), path=str(folder)).prepare()
        first = corpus.documents[0]
        assert first.name == "乙.txt" and first.report["encoding"] == "gb18030"
        assert first.report["bytes"] == (folder / "乙.txt").stat().st_size and first.report["bad_bytes"] == 0
        assert sum(first.report["removed"].values()) > 0
        assert sum(first.tokens.values()) == first.characters + len(first.tokens)  # and an end for each piece


@pytest.mark.parametrize("holdout", ["position", "chapter", "book"])
def test_held_out_text(tmp_path: Path, holdout: Any) -> None:
    place = tmp_path / "novels"
    place.mkdir()
    for name in "甲乙丙":
        chapters = [f"　　第{number}回　{name}\r\n" + STORY * (5 + number) for number in range(1, 9)]
        (place / f"{name}.txt").write_text("".join(chapters), encoding="utf-8", newline="")
    data = JinYong(CharTokenizer(), path=str(place), split=(0.6, 0.2, 0.2), holdout=holdout)
    corpus = data.prepare()
    texts = {name: part.text() for name, part in corpus.parts.items()}
    shares = [len(texts[name]) / sum(map(len, texts.values())) for name in PARTS]
    assert shares == pytest.approx([1 / 3] * 3 if holdout == "book" else [0.6, 0.2, 0.2], abs=0.15)
    if holdout == "chapter":
        assert all(text.startswith("第") for text in texts.values())
        assert sum(text.count("　乙\n") for text in texts.values()) == 8
    if holdout == "book":
        assert [set(document.tokens) for document in corpus.documents] == [{"train"}, {"val"}, {"test"}]


def test_too_few_chapters_or_books(folder: Path) -> None:
    with pytest.raises(UserError, match=r"data\.holdout=chapter wants at least 3 chapters .* 乙\.txt has 1"):
        JinYong(CharTokenizer(), path=str(folder), holdout="chapter").prepare()
    with pytest.raises(UserError, match=r"data\.holdout=book wants at least 3 documents .* there are 2"):
        JinYong(CharTokenizer(), path=str(folder), holdout="book").prepare()
    with pytest.raises(UserError, match=r"data\.holdout=page is none of position, chapter, book"):
        JinYong(CharTokenizer(), path=str(folder), holdout="page")  # type: ignore[arg-type]


def test_the_wuxia_corpus_against_its_truth() -> None:
    if not os.environ.get("LSTMLAB_DATA"):
        pytest.skip("the corpora are not here: LSTMLAB_DATA is not set")
    place = Path(os.environ["LSTMLAB_DATA"]) / "wuxia_gb18030"
    truth = json.loads((place / "truth.json").read_text(encoding="utf-8"))
    data = JinYong(CharTokenizer(), path=str(place), split=(1, 0, 0))
    found = {document.name: "".join(document.blocks()) for document in data.documents()}
    assert set(found) == set(truth)
    for name, text in found.items():
        assert len(HAN.findall(text)) == pytest.approx(truth[name]["han"], rel=0.001)
        assert not re.search(r"cr173|新语丝|xys\.org|Last Updated|返回目录|\x1a|[\ue000-\uf8ff]", text)
