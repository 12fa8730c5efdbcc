"""A corpus becomes ids exactly, and the cache is whole or absent."""

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmlab.data.build import build
from lstmlab.data.prepared import DamagedCacheError, PreparedCorpus
from lstmlab.errors import UserError
from lstmlab.text import CharTokenizer, Document, Part, WordTokenizer
from lstmlab.text.division import by_position, out_of_word
from lstmlab.text.document import PARTS
from lstmlab.text.tokenizer import make_tokenizer

SOME_TEXT = st.text(alphabet="abc \n", max_size=60) | st.text(max_size=30)
DOCUMENTS = st.lists(
    st.builds(Document, st.just("a"), SOME_TEXT, st.none() | st.sampled_from(PARTS)), min_size=1, max_size=6
)
SPLITS = st.sampled_from([(0.8, 0.1, 0.1), (1.0, 0.0, 0.0), (0.5, 0.0, 0.5), (0.4, 0.6, 0.0)])


def pieces(document: Document, split: tuple[float, ...]) -> list[tuple[Part, str]]:
    text = str(document.text)
    if document.part is not None:
        return [(document.part, text)] if split[PARTS.index(document.part)] > 0 else []
    stretches = by_position(len(text), split, lambda position: out_of_word(text, position))
    return [(part, text[start:stop]) for part, start, stop in stretches]


def split_words(text: str) -> list[str]:
    found: list[str] = []
    for line in text.split("\n"):
        found += [*line.split(), "\n"]
    return found[:-1]


@settings(deadline=None, max_examples=150)
@given(DOCUMENTS, SPLITS, st.sampled_from(["char", "word"]), st.integers(1, 2), st.booleans())
def test_every_figure_is_exact(
    documents: list[Document], split: tuple[float, ...], name: str, min_count: int, ends: bool
) -> None:
    """Against the same said plainly, with lists."""
    cut = split_words if name == "word" else list
    parted: dict[Part, list[str]] = {}
    for document in documents:
        for part, text in pieces(document, split):
            if text:
                parted.setdefault(part, []).append(text)
    training = [token for text in parted.get("train", []) for token in cut(text)]
    counts = Counter(training)
    types = sorted((t for t in counts if counts[t] >= min_count), key=lambda t: (-counts[t], t))
    tokens: dict[Part, list[str | None]] = {}
    for part, texts in parted.items():
        tokens[part] = [token for text in texts for token in [*cut(text), *([None] if ends else [])]]
    scorable = all(
        len(tokens.get(part, [])) >= 2
        and sum(map(len, parted[part])) > (0 if ends and part == "train" else len(tokens[part][0] or ""))
        for part, share in zip(PARTS, split, strict=True)
        if share > 0
    )

    tokenizer = make_tokenizer(name, min_count=min_count)
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "key"
        if not types or not scorable:
            with pytest.raises(UserError, match=r"data\.split|tokenizer\.min_count"):
                build(directory, lambda: documents, tokenizer, split, document_ends=ends)
            assert not directory.exists() and not list(Path(folder).glob(".*-*"))
            return
        corpus = build(directory, lambda: documents, tokenizer, split, document_ends=ends)
        assert not tokenizer.fitted  # what was given stays as it was: another corpus may be prepared with it
        assert corpus.tokenizer.vocabulary.types == tuple(types)
        assert list(corpus.parts) == [part for part in PARTS if part in parted]
        first, spelling = 2 if ends else 1, corpus.tokenizer.speller.nats
        for name_, part_ in corpus.parts.items():
            wanted = tokens[name_]
            unknown = [(i, t) for i, t in enumerate(wanted) if t is not None and t not in types]
            ids = [1 if t is None else types.index(t) + first if t in types else 0 for t in wanted]
            lead = 1 if ends and name_ == "train" else 0  # an end of a document, for the first token to follow
            assert part_.figures.leading == lead
            assert part_.ids.tolist() == [1] * lead + ids
            assert part_.text() == "".join(parted[name_])
            assert ["".join(one.blocks()) for one in corpus.documents_of(name_)] == parted[name_]
            assert part_.unknown_positions.tolist() == [i + lead for i, _ in unknown]
            assert part_.unknown_nats.tolist() == pytest.approx([spelling(t) for _, t in unknown], rel=1e-12)
            assert part_.spelling_nats() == pytest.approx(
                sum(spelling(t) for i, t in unknown if i + lead > 0), rel=1e-9
            )
            figures = part_.figures
            assert (figures.documents, figures.characters, figures.tokens, figures.unknown) == (
                len(parted[name_]), sum(map(len, parted[name_])), len(wanted), len(unknown),
            )  # fmt: skip
            context = 0 if lead else len(wanted[0] or "")
            assert figures.first_token_characters == context
            assert part_.scored_characters == figures.characters - context > 0


def corpus_of(
    directory: Path, *texts: str, split: tuple[float, ...] = (1, 0, 0), words: bool = False
) -> PreparedCorpus:
    documents = [Document(str(i), text) for i, text in enumerate(texts)]
    tokenizer = WordTokenizer() if words else CharTokenizer()
    return build(directory, lambda: documents, tokenizer, split, document_ends=True)


def test_a_character_of_the_test_part_alone_is_unknown(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "key", "ab " * 30 + "z" * 10, split=(0.9, 0, 0.1))
    assert "z" not in corpus.tokenizer.vocabulary
    assert corpus.parts["train"].figures.unknown == 0
    assert corpus.parts["test"].figures.unknown == 10
    assert corpus.parts["test"].ids.tolist() == [0] * 10 + [1]
    assert corpus.parts["test"].unknown_positions.tolist() == list(range(10))


@pytest.mark.parametrize("text", ["a" * 20, "a b"])
def test_a_share_without_a_token_names_the_split(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match=r"data\.split gives val a share of 0\.01"):
        corpus_of(tmp_path / "key", text, split=(0.98, 0.01, 0.01))
    assert not (tmp_path / "key").exists()


def test_a_document_too_short_for_a_part_adds_no_end_to_it(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "key", "ab", "a" * 50 + " " + "b" * 50, split=(0.5, 0, 0.5))
    assert corpus.parts["train"].figures.documents == 2
    lone = corpus_of(tmp_path / "lone", "a", "a" * 50 + " " + "b" * 50, split=(0.2, 0, 0.8))
    assert [lone.parts[p].figures.documents for p in ("train", "test")] == [1, 2]
    for part in [*corpus.parts.values(), *lone.parts.values()]:
        assert (part.ids == 1).sum() == part.figures.documents + part.figures.leading


@pytest.mark.parametrize(("types", "dtype"), [(65_533, np.uint16), (65_534, np.int32), (66_000, np.int32)])
def test_ids_are_as_small_as_the_vocabulary_allows(tmp_path: Path, types: int, dtype: type) -> None:
    corpus = corpus_of(tmp_path / "key", " ".join(f"w{i}" for i in range(types)), words=True)
    ids = corpus.parts["train"].ids
    assert len(corpus.tokenizer.vocabulary) == types + 2
    assert ids.dtype == dtype
    assert sorted(ids[1:].tolist()) == list(range(1, types + 2))


def test_ids_are_memory_mapped_and_cannot_be_written(tmp_path: Path) -> None:
    ids = corpus_of(tmp_path / "key", "some text").parts["train"].ids
    assert isinstance(ids, np.memmap) and Path(str(ids.filename)) == tmp_path / "key/train.ids"
    with pytest.raises(ValueError, match="read-only"):
        ids[0] = 5


def test_a_given_vocabulary_is_used_as_it_stands(tmp_path: Path) -> None:
    tokenizer = CharTokenizer()
    tokenizer.fit(["abc"], document_ends=False)
    corpus = build(
        tmp_path / "key", lambda: [Document("a", "cbaz")], tokenizer, (1, 0, 0), document_ends=True, fit=False
    )
    assert corpus.tokenizer.to_dict() == tokenizer.to_dict()
    assert corpus.parts["train"].ids.tolist() == [3, 2, 1, 0]  # and no end: the tokenizer has none


# -- whole or absent ---------------------------------------------------------------------------------------------------


def test_an_exception_leaves_nothing(tmp_path: Path) -> None:
    def documents() -> Iterator[Document]:
        yield Document("a", "some text")
        raise RuntimeError("the disk is on fire")

    tokenizer = CharTokenizer()
    tokenizer.fit(["some text"])
    for fit in (True, False):
        with pytest.raises(RuntimeError, match="fire"):
            build(tmp_path / "prepared/key", documents, tokenizer, (1, 0, 0), document_ends=True, fit=fit)
        assert list(tmp_path.glob("prepared/*")) == []


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "prepared").write_text("a file in the way")
    with pytest.raises(UserError, match=r"cannot be written to .*LSTMLAB_CACHE"):
        corpus_of(tmp_path / "prepared/key", "some text")


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, UserError), (errno.ENOMEM, OSError)])
def test_a_full_disk_is_the_caches_affair_and_want_of_memory_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(np, "savez", refuse)
    with pytest.raises(kind, match=os.strerror(number)):
        corpus_of(tmp_path / "prepared/key", "some text")
    assert list(tmp_path.glob("prepared/*")) == []


def test_an_error_of_the_documents_is_not_blamed_on_the_cache(tmp_path: Path) -> None:
    tokenizer = CharTokenizer()
    tokenizer.fit(["a"])

    def documents() -> Iterator[Document]:
        yield Document("a", (tmp_path / "nowhere").read_text())

    with pytest.raises(FileNotFoundError, match="nowhere"):
        build(tmp_path / "key", documents, tokenizer, (1, 0, 0), document_ends=True, fit=False)


DAMAGES = {
    "no description": lambda d: (d / "corpus.json").unlink(),
    "half a description": lambda d: (d / "corpus.json").write_text((d / "corpus.json").read_text()[:50]),
    "an empty description": lambda d: (d / "corpus.json").write_bytes(b""),
    "another description": lambda d: (d / "corpus.json").write_text("[]"),
    "bytes for a description": lambda d: (d / "corpus.json").write_bytes(b"\xff\xfe\x00"),
    "no ids": lambda d: (d / "train.ids").unlink(),
    "half of the ids": lambda d: os.truncate(d / "train.ids", (d / "train.ids").stat().st_size // 2),
    "empty ids": lambda d: os.truncate(d / "train.ids", 0),
    "fewer ids": lambda d: (d / "train.ids").write_bytes(bytes(6)),
    "no spelling": lambda d: (d / "train.unknown.npz").unlink(),
    "half of the spelling": lambda d: os.truncate(d / "train.unknown.npz", 40),
    "half of the text": lambda d: os.truncate(d / "corpus.text", 4),
    "no text": lambda d: (d / "corpus.text").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cache_is_told_and_replaced(tmp_path: Path, damage: str) -> None:
    directory = tmp_path / "key"
    wanted = corpus_of(directory, "some text").parts["train"].ids.tolist()
    DAMAGES[damage](directory)
    with pytest.raises(DamagedCacheError, match=str(directory)):
        PreparedCorpus.open(directory)
    assert corpus_of(directory, "some text").parts["train"].ids.tolist() == wanted
    assert PreparedCorpus.open(directory).parts["train"].text() == "some text"
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith(".")) == ["key"]


def test_a_whole_cache_that_another_run_has_put_there_stays(tmp_path: Path) -> None:
    corpus_of(tmp_path / "key", "some text")
    before = {p.name: (p.stat().st_mtime_ns, p.stat().st_ino) for p in (tmp_path / "key").iterdir()}
    corpus_of(tmp_path / "key", "some text")
    assert {p.name: (p.stat().st_mtime_ns, p.stat().st_ino) for p in (tmp_path / "key").iterdir()} == before


def test_what_a_killed_build_left_is_swept_after_a_day(tmp_path: Path) -> None:
    for name, age in ((".old-1", 48), (".young-1", 1)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "corpus.text").write_bytes(b"abc")
        os.utime(tmp_path / name, (time.time() - 3600 * age,) * 2)
    corpus_of(tmp_path / "key", "some text")
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_dir()) == [".young-1", "key"]


# -- with real processes -----------------------------------------------------------------------------------------------

# One interpreter that imports, three children of it that work: "killed" stops when the text is written.
RACERS = """
import json, os, sys, time
from pathlib import Path
from lstmlab.data import TextFiles
from lstmlab.text import WordTokenizer

folder = Path(sys.argv[1])

class Data(TextFiles):
    hang, passes = False, 0
    def documents(self):
        yield from super().documents()
        self.passes += 1
        if self.hang and self.passes == 2:  # the first is for the cache's key
            (folder / "killed.ready").touch()
            time.sleep(600)

def work(name):
    data = Data(WordTokenizer(), path=str(folder / "text"), split=(0.8, 0.1, 0.1))
    data.hang = name == "killed"
    while not (folder / f"{name}.go").exists():
        time.sleep(0)
    corpus = data.prepare()
    sums = [[int(part.ids.astype(int).sum()), len(part.ids)] for part in corpus.parts.values()]
    (folder / f"{name}.json").write_text(json.dumps([str(corpus.directory), sums]))

for name in ("killed", "racing.one", "racing.two"):
    pid = os.fork()
    if not pid:
        try:
            work(name)
        finally:
            os._exit(0)
    (folder / f"{name}.pid").write_text(str(pid))
(folder / "pids").touch()
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
"""


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None, "the process ended early"
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_killed_build_leaves_no_half_cache_and_two_that_race_are_both_right(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    random = np.random.default_rng(0)
    text = " ".join(f"w{i}" for i in random.integers(0, 5000, 200_000))
    (tmp_path / "text/novel.txt").write_text(text)
    environment = {**os.environ, "LSTMLAB_CACHE": str(tmp_path / "cache")}
    process = subprocess.Popen([sys.executable, "-c", RACERS, str(tmp_path)], env=environment, start_new_session=True)
    try:
        wait_for(tmp_path / "pids", process)
        (tmp_path / "killed.go").touch()
        wait_for(tmp_path / "killed.ready", process)
        os.kill(int((tmp_path / "killed.pid").read_text()), signal.SIGKILL)
        assert list((tmp_path / "cache/prepared").glob(".*-*/corpus.text"))  # it was in the middle of it
        assert not [p for p in (tmp_path / "cache/prepared").iterdir() if not p.name.startswith(".")]

        for name in ("racing.one", "racing.two"):
            (tmp_path / f"{name}.go").touch()
        assert process.wait(120) == 0
    finally:
        with suppress(ProcessLookupError):  # its children too
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    answers = [json.loads((tmp_path / f"{name}.json").read_text()) for name in ("racing.one", "racing.two")]
    assert answers[0] == answers[1]
    assert not (tmp_path / "killed.json").exists()
    directory, sums = answers[0]
    corpus = PreparedCorpus.open(Path(directory))
    assert "".join(corpus.parts[part].text() for part in PARTS) == text
    tokens = {part: corpus.parts[part].ids.tolist() for part in PARTS}
    assert sums == [[sum(ids), len(ids)] for ids in tokens.values()]
    for part in PARTS:
        decoded = corpus.tokenizer.decode(i for i in tokens[part][:-1])
        assert decoded.split() == corpus.parts[part].text().split()
    left = [p for p in (tmp_path / "cache/prepared").iterdir() if p.is_dir()]
    assert len([p for p in left if not p.name.startswith(".")]) == 1
    assert len([p for p in left if p.name.startswith(".")]) == 1  # of the killed one; the racers took theirs along
