import importlib.resources
import math
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from lstmlab.data import Sample, Synthetic, TextFiles, TimeMachine, TinyShakespeare, WikiText2
from lstmlab.errors import UserError
from lstmlab.text import CharTokenizer, WordTokenizer
from lstmlab.text.document import PARTS

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LSTMLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def corpora() -> Path:
    if not os.environ.get("LSTMLAB_DATA"):
        pytest.skip("the published corpora are not here: LSTMLAB_DATA is not set")
    return Path(os.environ["LSTMLAB_DATA"])


# -- bundled -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "least", "first", "last"), [("en", 60_000, " ", "~"), ("zh", 20_000, "一", "鿿")])
def test_the_bundled_tales(language: str, least: int, first: str, last: str) -> None:
    data = Sample(CharTokenizer(), language=language)  # type: ignore[arg-type]
    corpus = data.prepare()
    text = "".join(corpus.parts[part].text() for part in PARTS)
    assert text == (importlib.resources.files("lstmlab.text") / f"sample/{language}.txt").read_text(encoding="utf-8")
    assert len(text) >= least
    assert sum(first <= c <= last for c in text) > 0.75 * len(text)
    assert sum(part.figures.characters for part in corpus.parts.values()) == len(text)
    assert data.document_ends


def test_the_tales_are_in_the_wheel(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="hatchling, which builds the wheel, is not installed")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        for language in ("en", "zh"):
            place = f"lstmlab/text/sample/{language}.txt"
            assert files.read(place) == (ROOT / "src" / place).read_bytes()


def test_another_language() -> None:
    with pytest.raises(UserError, match=r"data\.language=de"):
        Sample(CharTokenizer(), language="de")  # type: ignore[arg-type]


# -- synthetic ---------------------------------------------------------------------------------------------------------


def test_synthetic_is_the_sources_text_and_has_no_ends() -> None:
    data = Synthetic(CharTokenizer(), characters=5000, symbols=4, order=2, source_seed=3, text_seed=5)
    corpus = data.prepare()
    text = data.source.draw(5000, 5)
    assert "".join(corpus.parts[part].text() for part in PARTS) == text
    ids = np.concatenate([corpus.parts[part].ids for part in PARTS])
    assert len(ids) == 5000  # no end-of-document token
    assert corpus.tokenizer.decode(ids.tolist()) == text
    assert corpus.tokenizer.vocabulary.end_id is None
    again = Synthetic(CharTokenizer(), characters=5000, symbols=4, order=2, source_seed=3, text_seed=5)
    assert again.cache_key() == data_key(text_seed=5)
    assert data_key(text_seed=5) != data_key(text_seed=6) != data_key(text_seed=5, source_seed=4)
    with pytest.raises(UserError, match=r"data\.characters=1 "):
        Synthetic(CharTokenizer(), characters=1)


def data_key(text_seed: int, source_seed: int = 3) -> str:
    return Synthetic(
        CharTokenizer(), characters=5000, symbols=4, order=2, source_seed=source_seed, text_seed=text_seed
    ).cache_key()


# -- published ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        (TimeMachine, "time_machine/timemachine.txt"),
        (TinyShakespeare, "tiny_shakespeare/input.txt"),
        (WikiText2, "wikitext2/train.txt"),
    ],
)
@pytest.mark.parametrize("by", ["root", "environment"])
def test_no_file_and_no_network(
    kind: type[TimeMachine], place: str, by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")  # nobody there: also where there is a network
    monkeypatch.setenv("LSTMLAB_DATA", str(tmp_path / "data") if by == "environment" else "/elsewhere")
    data = kind(CharTokenizer(), root=str(tmp_path / "data") if by == "root" else None)
    with pytest.raises(UserError) as caught:
        data.prepare()
    assert str(tmp_path / "data" / place) in str(caught.value)
    assert kind.published[0][0].url in str(caught.value)
    assert "put the file there or set data.root" in str(caught.value)


def test_time_machine_as_in_dive_into_deep_learning(corpora: Path, caplog: pytest.LogCaptureFixture) -> None:
    corpus = TimeMachine(CharTokenizer(), cleaning="d2l", split=(1, 0, 0)).prepare()
    part = corpus.parts["train"]
    assert list(corpus.parts) == ["train"]
    assert part.figures.characters == part.figures.tokens == len(part.ids) == 173_427
    assert len(corpus.tokenizer.vocabulary) == 28
    assert sorted(corpus.tokenizer.vocabulary.types) == sorted(" abcdefghijklmnopqrstuvwxyz")
    assert corpus.tokenizer.vocabulary.end_id is None
    assert corpus.tokenizer.decode(part.ids[:42].tolist()) == "the time machine by h g wells i the time t"
    assert not caplog.records  # the file is the published one


def test_time_machine_of_a_few_characters(corpora: Path) -> None:
    corpus = TimeMachine(CharTokenizer(), cleaning="d2l", max_characters=10_000, split=(1, 0, 0)).prepare()
    assert corpus.parts["train"].figures.tokens == 10_000


def test_tiny_shakespeare(corpora: Path, caplog: pytest.LogCaptureFixture) -> None:
    corpus = TinyShakespeare(CharTokenizer(), split=(0.9, 0.1, 0)).prepare()
    assert sum(part.figures.characters for part in corpus.parts.values()) == 1_115_394
    assert sum(part.figures.tokens for part in corpus.parts.values()) == 1_115_394 + 2
    assert set("".join(part.text() for part in corpus.parts.values())) == set(corpus.tokenizer.vocabulary.types)
    assert len(corpus.tokenizer.vocabulary.types) == 65
    assert not caplog.records


def test_wikitext2(corpora: Path, caplog: pytest.LogCaptureFixture) -> None:
    corpus = WikiText2(WordTokenizer()).prepare()
    vocabulary = corpus.tokenizer.vocabulary
    assert len(vocabulary.types) == 33_278
    wanted = {"train": 2_088_628, "val": 217_646, "test": 245_569}
    assert {name: part.figures.tokens - 1 for name, part in corpus.parts.items()} == wanted
    assert all(part.ids[-1] == vocabulary.end_id for part in corpus.parts.values())
    for part in corpus.parts.values():
        assert (part.ids[part.figures.leading :] == vocabulary.end_id).sum() == 1
    assert all(part.figures.unknown == 0 and part.spelling_nats() == 0 for part in corpus.parts.values())
    train = (corpora / "wikitext2/train.txt").read_text(encoding="utf-8")
    assert (corpus.parts["train"].ids == vocabulary.id("<unk>")).sum() == train.split().count("<unk>") > 0
    assert not caplog.records


# -- of the user's -----------------------------------------------------------------------------------------------------


def test_one_document_a_file(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_bytes(b"second\r\nfile")
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbffirst file")
    documents = list(TextFiles(CharTokenizer(), path=str(tmp_path)).documents())
    assert [(d.name, "".join(d.blocks()), d.part) for d in documents] == [
        ("a.txt", "first file", None),
        ("b.txt", "second\nfile", None),
    ]
    data = TextFiles(CharTokenizer(), path=f"{tmp_path}/*.txt", split=(1, 0, 0), max_characters=5)
    part = data.part("train")
    assert data.tokenizer.decode(part.ids[1:].tolist()) == "first\nsecon\n"
    assert part.figures.documents == 2


def test_cleaning_and_encoding(tmp_path: Path) -> None:
    (tmp_path / "novel.txt").write_bytes("郭靖 and 黄蓉, 1957".encode("gb18030"))
    data = TextFiles(CharTokenizer(), path=str(tmp_path), encoding="gb18030", split=(1, 0, 0))
    assert data.part("train").text() == "郭靖 and 黄蓉, 1957"
    # The cache lies within data.path here: what it holds is no document.
    data = TextFiles(CharTokenizer(), path=str(tmp_path), encoding="gb18030", cleaning="d2l", split=(1, 0, 0))
    assert data.part("train").text() == "and"
    assert not data.document_ends


def test_a_file_whose_name_is_no_utf_8(tmp_path: Path) -> None:
    place = os.fsencode(tmp_path) + b"/" + "射雕.txt".encode("gb18030")
    Path(os.fsdecode(place)).write_text("a novel from an old archive")
    data = TextFiles(CharTokenizer(), path=str(tmp_path), split=(1, 0, 0))
    assert data.part("train").text() == "a novel from an old archive"


def test_mistakes(tmp_path: Path) -> None:
    def prepare(**options: object) -> None:
        TextFiles(CharTokenizer(), **options).prepare()  # type: ignore[arg-type]

    with pytest.raises(UserError, match=r"data=text needs data\.path"):
        prepare()
    with pytest.raises(UserError, match=r"data\.path=.*/nowhere"):
        prepare(path=f"{tmp_path}/nowhere")
    with pytest.raises(UserError, match=r"without a \.txt file"):
        prepare(path=str(tmp_path))
    for name, content, why in (
        ("empty", b"", "is empty"),
        ("binary", b"\x7fELF\0\0", "is a binary file"),
        ("latin", b"caf\xe9 noir", "1 undecodable byte, the first at byte 3"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=f"{name} .*{why}"):
            prepare(path=str(tmp_path / name))
    (tmp_path / "digits.txt").write_text("1 2 3")
    with pytest.raises(UserError, match=r"digits\.txt has no text left after data\.cleaning=d2l"):
        prepare(path=str(tmp_path), cleaning="d2l")
    with pytest.raises(UserError, match=r"data\.cleaning=soap is none of none, d2l"):
        prepare(path=str(tmp_path), cleaning="soap")
    with pytest.raises(UserError, match=r"data\.encoding=utf-9"):
        prepare(path=str(tmp_path), encoding="utf-9")
    with pytest.raises(UserError, match=r"data\.max_characters=0"):
        prepare(path=str(tmp_path), max_characters=0)
    with pytest.raises(TypeError, match="seq_lenght"):
        prepare(path=str(tmp_path), seq_lenght=3)
    assert not list((tmp_path / "cache").rglob("corpus.json"))


def test_no_spelling_is_free(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("aaaa bbbb " * 50 + "z")
    part = TextFiles(CharTokenizer(), path=str(tmp_path), split=(0.5, 0, 0.5)).part("test")
    assert part.figures.unknown == 1 and math.isfinite(part.spelling_nats()) and part.spelling_nats() > 1
