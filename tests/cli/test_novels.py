"""A folder of Chinese novels through every job, as a student would: prepare, train, evaluate, generate."""

import json
import math
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import lstmlab
from lstmlab.cli import main

TALE = files("lstmlab.text").joinpath("sample/zh.txt").read_text(encoding="utf-8")
AD = "本书来自www.cr173.com免费txt小说下载站\r\n"
SMALL = [
    "data.seq_length=16", "data.batch_size=8", "model.hidden_size=32", "model.embedding_size=32",
    "trainer.max_steps=20", "trainer.max_epochs=null", "callbacks.samples.tokens=5", "logger=csv",
]  # fmt: skip


def made(folder: Path, encoding: str = "gb18030") -> Path:
    """Two books in the form of such corpora: GB18030, CRLF, indented paragraphs, advertising, an index."""
    folder.mkdir()
    lines = TALE.split("\n")
    for name, part in (("尺波记上", lines[: len(lines) // 2]), ("尺波记下", lines[len(lines) // 2 :])):
        text = AD + "".join(f"　　{line}\r\n" for line in part) + AD
        (folder / f"{name}.txt").write_bytes(text.encode(encoding))
    (folder / "inf.txt").write_bytes("尺波记上,尺波记下".encode(encoding))
    return folder


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of novels, and a model of each tokenizer trained on it."""
    place = tmp_path_factory.mktemp("novels")
    made(place / "novels")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        (place / "names.txt").write_text("程野渡 1000 nr\n七伯\n", encoding="utf-8")
        for name, options in {
            "jieba": ["tokenizer.user_dict=names.txt"],
            "char": ["tokenizer=char"],
            "bpe": ["tokenizer=bpe", "tokenizer.max_size=900"],
        }.items():
            words = ["data=jinyong", "data.path=novels", f"hydra.run.dir=outputs/{name}", *options, *SMALL]
            assert main(["train", *words]) == 0
        (place / "names.txt").unlink()  # a checkpoint holds its words
    return place


@pytest.fixture(autouse=True)
def here(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace)


def test_prepare_says_what_it_removed(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):  # made, then found in the cache
        assert main(["prepare", "data=jinyong", "data.path=novels"]) == 0
        said = capsys.readouterr().out
        assert "尺波记上.txt" in said and "gb18030" in said and "site lines 2" in said
        assert "one token a word" in said


def test_a_training_says_what_was_removed(workplace: Path) -> None:
    log = (workplace / "outputs/char/run.log").read_text(encoding="utf-8")
    assert "2 files, 26,500 characters kept; removed: site lines 4, spaces 12." in log


@pytest.mark.parametrize("name", ["jieba", "char", "bpe"])
def test_an_article(name: str, workplace: Path) -> None:
    article = workplace / f"{name}.txt"
    options = [f"run=outputs/{name}", "prompt=程野渡", "max_tokens=300", f"out={article}", "seed=3"]
    assert main(["generate", *options]) == 0
    text = article.read_text(encoding="utf-8")
    assert len(text) >= 100 and "<unk>" not in text and "<eod>" not in text
    assert name == "bpe" or " " not in text  # the tale has none; bytes may spell anything
    model = lstmlab.load(f"outputs/{name}")
    assert text == model.generate("程野渡", max_tokens=300, seed=3)


def test_models_of_different_tokens_stand_in_one_table(capsys: pytest.CaptureFixture[str], workplace: Path) -> None:
    others = "against=[outputs/char,outputs/bpe]"
    assert main(["evaluate", "run=outputs/jieba", others, "ngram_order=3"]) == 0
    said = capsys.readouterr().out
    for row in ("1: jieba", "2: char", "3: bpe", "2: outputs/char", "3: outputs/bpe", "ppmd *", "xz *", "of spelling"):
        assert row in said, said
    assert "…" not in said  # every figure is whole
    written = json.loads((workplace / "outputs/jieba/evaluation_test.json").read_text(encoding="utf-8"))
    figures = {"jieba": written["model"]} | {other["tokenizer"]: other["figures"] for other in written["others"]}
    for name, row in figures.items():
        summary = lstmlab.load(f"outputs/{name}").summary
        assert row["bits_per_char"] == pytest.approx(summary["test/bits_per_char"], rel=1e-9)
        nats = row["loss"] * row["tokens"] + row["spelling_bits_per_char"] * math.log(2) * row["characters"]
        assert row["bits_per_char"] == pytest.approx(nats / (math.log(2) * row["characters"]), rel=1e-9)
    assert figures["bpe"]["spelling_bits_per_char"] == 0 < figures["jieba"]["spelling_bits_per_char"]
    assert figures["jieba"]["unknown"] > 0


def test_another_text_is_no_comparison(capsys: pytest.CaptureFixture[str], workplace: Path) -> None:
    words = ["data=jinyong", "data.path=novels", "data.books=[尺波记上]", "tokenizer=char"]
    assert main(["train", *words, "hydra.run.dir=outputs/first", *SMALL, "trainer.max_steps=1"]) == 0
    capsys.readouterr()
    assert main(["evaluate", "run=outputs/jieba", "against=[outputs/first]", "references=false"]) == 2
    assert "the test part of outputs/first is another text" in capsys.readouterr().err


def test_a_training_goes_on_without_the_user_dictionary(workplace: Path) -> None:
    shutil.copytree(workplace / "outputs/jieba", workplace / "outputs/on")
    assert main(["train", "run=outputs/on", "trainer.max_steps=22"]) == 0
    model = lstmlab.load("outputs/on")
    assert model.step == 22 and "程野渡" in model.tokenizer.split("却说程野渡道")
    assert model.unknown("程野渡七伯") == []


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert main(["prepare", "data=jinyong", *words]) == 2
    said = capsys.readouterr().err
    assert said.startswith("lstmlab: ") and said.count("\n") == 1, said
    return said


def test_bad_input(capsys: pytest.CaptureFixture[str], tmp_path: Path, workplace: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "without a .txt file" in refused(capsys, f"data.path={tmp_path}/empty")
    novels = made(tmp_path / "novels")
    (novels / "inf.txt").write_bytes("尺波记上,尺波记下,射雕英雄传".encode("gb18030"))
    assert "inf.txt names 射雕英雄传" in refused(capsys, f"data.path={novels}")
    (novels / "inf.txt").unlink()
    said = refused(capsys, f"data.path={novels}", "tokenizer=char", "tokenizer.min_count=100000")
    assert "tokenizer.min_count=100000 leaves no token" in said
    for line in ("程野渡 1000x", "程野渡 1000 nr too much"):
        (tmp_path / "words.txt").write_text(f"七伯\n{line}\n", encoding="utf-8")
        said = refused(capsys, f"data.path={novels}", f"tokenizer.user_dict={tmp_path}/words.txt")
        assert "words.txt:2:" in said, said
    shutil.copy(shutil.which("true") or "/bin/true", novels / "尺波记中.txt")
    assert "尺波记中.txt is" in refused(capsys, f"data.path={novels}")
    (novels / "尺波记中.txt").write_bytes(
        ("話說天下大勢，分久必合，合久必分。這裡說的是古時候的事情。\r\n" * 50).encode("big5")
    )
    said = refused(capsys, f"data.path={novels}")
    assert "Big5" in said and "data.encoding=big5" in said


def test_a_big5_novel_is_read_and_simplified(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pytest.importorskip("opencc")
    path = tmp_path / "novel.txt"
    path.write_bytes(("話說天下大勢，分久必合，合久必分。這裡說的是古時候的事情。\r\n" * 50).encode("big5"))
    data: list[str] = [f"data.path={path}", "data.encoding=big5", "data.simplified=true"]
    assert main(["prepare", "data=jinyong", "tokenizer=char", *data]) == 0
    corpus: Any = next(Path(line.split()[-1]) for line in capsys.readouterr().out.splitlines() if "Cached in" in line)
    assert "话说天下大势，分久必合，合久必分。这里说的是古时候的事情。" in (corpus / "corpus.text").read_text("utf-8")
