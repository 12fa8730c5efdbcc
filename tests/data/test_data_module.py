from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.cache import cache_directory
from lstmlab.data import Sample, Synthetic, TextData, TextFiles
from lstmlab.data.streams import IGNORED
from lstmlab.errors import UserError
from lstmlab.text import CharTokenizer, Document, WordTokenizer


class Texts(TextData):
    """A data module of one's own: it says where its documents come from, and nothing more."""

    def __init__(self, *texts: str, **options: Any) -> None:
        super().__init__(options.pop("tokenizer", None) or CharTokenizer(), **options)
        self.texts = texts

    def documents(self) -> Iterator[Document]:
        for index, text in enumerate(self.texts):
            yield Document(f"{index}", text)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LSTMLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


# -- the cache ---------------------------------------------------------------------------------------------------------


def test_the_cache_directory(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_directory() == cache
    monkeypatch.delenv("LSTMLAB_CACHE")
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("XDG_CACHE_HOME", "/home/somebody/elsewhere")
    assert cache_directory().name == "lstmlab"
    assert str(cache_directory()).startswith("/home/somebody")


def test_a_second_prepare_makes_nothing_anew(cache: Path) -> None:
    first = Texts("some text " * 50).prepare()
    assert first.directory.parent == cache / "prepared"
    before = {p: p.stat().st_mtime_ns for p in first.directory.iterdir()}
    again = Texts("some text " * 50, seq_length=7, batch_size=3)  # windows shape no ids
    assert again.prepare().directory == first.directory
    assert again.prepare() is again.prepare()
    assert again.tokenizer.fitted
    assert {p: p.stat().st_mtime_ns for p in first.directory.iterdir()} == before
    for name, part in first.parts.items():
        np.testing.assert_array_equal(part.ids, again.part(name).ids)


def test_a_cache_can_be_read_without_the_right_to_write(cache: Path) -> None:
    first = Texts("some text " * 50).prepare()
    assert first.directory.stat().st_mode & 0o777 == cache.stat().st_mode & 0o777  # as open as any directory made here


def test_the_key_depends_on_what_shapes_the_ids(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("some text")
    path = str(tmp_path / "a.txt")

    def key(tokenizer: Any = None, **options: Any) -> str:
        return TextFiles(tokenizer or CharTokenizer(), **{"path": path, **options}).cache_key()

    fitted = CharTokenizer()
    fitted.fit(["some text"])
    other = CharTokenizer()
    other.fit(["some other text"])
    keys = [
        key(),
        key(WordTokenizer()),
        key(CharTokenizer(min_count=2)),
        key(CharTokenizer(max_size=5)),
        key(fitted),
        key(other),
        key(split=(0.8, 0.1, 0.1)),
        key(cleaning="d2l"),
        key(max_characters=5),
        key(encoding="utf-8"),
        Texts("some text").cache_key(),
        Texts("some", " text").cache_key(),
        Texts("some ", "text").cache_key(),
    ]
    assert key() == keys[0] == key(seq_length=3, batch_size=5, scoring_streams=2)
    (tmp_path / "a.txt").write_text("same text")
    keys.append(key())
    (tmp_path / "a.txt").write_bytes(b"some\r\ntext")
    keys.append(key())
    assert len(set(keys)) == len(keys)


def test_the_key_depends_on_what_a_class_of_ones_own_makes_of_files(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("some text")

    class Changed(TextFiles):
        by = "any"

        def documents(self) -> Iterator[Document]:
            for document in super().documents():
                yield Document(document.name, "".join(document.blocks()).replace("some", self.by))

    keys = []
    for by in ("any", "more"):
        data = Changed(CharTokenizer(), path=str(tmp_path))
        data.by = by
        keys.append(data.cache_key())
    assert keys[0] != keys[1]


def test_the_given_tokenizer_stays_unfitted_whether_or_not_the_cache_is_warm() -> None:
    for _ in range(2):
        tokenizer = CharTokenizer()
        english = Texts("abc" * 50, tokenizer=tokenizer)
        english.prepare()
        assert english.tokenizer.vocabulary.types == ("a", "b", "c")
        chinese = Texts("郭靖" * 50, tokenizer=tokenizer)
        chinese.prepare()
        assert set(chinese.tokenizer.vocabulary.types) == {"郭", "靖"}


def test_a_trained_models_tokenizer_is_used_as_it_stands() -> None:
    trained = Texts("abc" * 50)
    trained.prepare()
    data = Texts("abcz" * 50, tokenizer=trained.tokenizer)
    assert data.part("train").figures.unknown == len(data.part("train").text()) // 4
    assert data.tokenizer.vocabulary == trained.tokenizer.vocabulary


def test_a_damaged_cache_is_made_again(caplog: pytest.LogCaptureFixture) -> None:
    first = Texts("some text " * 50).prepare()
    wanted = {name: part.ids.tolist() for name, part in first.parts.items()}
    (first.directory / "val.ids").unlink()
    (first.directory / "corpus.json").write_text("{")
    again = Texts("some text " * 50).prepare()
    assert {name: part.ids.tolist() for name, part in again.parts.items()} == wanted
    assert str(first.directory) in caplog.text and "damaged" in caplog.text
    caplog.clear()
    Texts("some text " * 50).prepare()
    assert not caplog.records


# -- parts and ends ----------------------------------------------------------------------------------------------------


def test_every_piece_ends_in_one_end_of_document() -> None:
    data = Texts("ab " * 40, "cd " * 40)
    for name, part in data.prepare().parts.items():
        ids = part.ids[part.figures.leading :]
        assert (ids == 1).sum() == 2 and ids[-1] == 1, name
        assert (part.ids[0] == 1) == bool(part.figures.leading) == (name == "train"), name
        assert data.tokenizer.decode(ids.tolist()).replace("\n", "") == part.text()


def test_a_part_without_a_share_is_answered_with_the_split() -> None:
    data = Texts("some text " * 50, split=(0.9, 0.1, 0))
    assert list(data.prepare().parts) == ["train", "val"]
    with pytest.raises(UserError, match=r"no test part \(data\.split=\[0\.9, 0\.1, 0\]\)"):
        data.part("test")
    assert Texts("some text " * 50, split=(1, 0, 0)).val_dataloader() == []


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"split": (0.9, 0.1)}, r"data\.split"),
        ({"split": (0.9, 0.2, 0.1)}, r"data\.split"),
        ({"split": (1.1, -0.1, 0)}, r"data\.split"),
        ({"split": (0, 0.5, 0.5)}, r"data\.split"),
        ({"split": (0.5, float("nan"), 0.5)}, r"data\.split"),
        ({"seq_length": 0}, r"data\.seq_length=0"),
        ({"batch_size": -1}, r"data\.batch_size=-1"),
        ({"scoring_streams": 0}, r"data\.scoring_streams=0"),
    ],
)
def test_options_out_of_range(options: dict[str, Any], named: str) -> None:
    with pytest.raises(UserError, match=named):
        Texts("some text", **options)


# -- windows -----------------------------------------------------------------------------------------------------------


@given(st.integers(1, 6), st.integers(1, 9), st.integers(-3, 3))
def test_the_training_part_must_fill_one_window(batch_size: int, seq_length: int, more: int) -> None:
    tokens = max(2, batch_size * seq_length + 1 + more)
    data = Synthetic(CharTokenizer(), characters=tokens, split=(1, 0, 0), batch_size=batch_size, seq_length=seq_length)
    if tokens >= batch_size * seq_length + 1:
        window = next(iter(next(iter(data.train_dataloader()))))
        assert window.inputs.shape == window.targets.shape == (batch_size, seq_length)
    else:
        with pytest.raises(UserError) as caught:
            data.train_dataloader()
        assert f"data.batch_size={batch_size}" in str(caught.value)
        assert f"data.seq_length={seq_length}" in str(caught.value)


def test_processes_share_the_streams_or_are_told_why_not() -> None:
    data = Sample(CharTokenizer(), batch_size=6)
    whole = data.train_streams().window(128, 192)
    blocks = [data.train_streams(rank, 3).window(128, 192) for rank in range(3)]
    assert torch.equal(torch.cat([block.inputs for block in blocks]), whole.inputs)
    assert torch.equal(torch.cat([block.targets for block in blocks]), whole.targets)
    with pytest.raises(UserError, match=r"data\.batch_size=6 does not divide by 4"):
        data.train_streams(0, 4)


def test_an_epoch_reads_the_training_part_from_its_start() -> None:
    data = Sample(CharTokenizer(), language="zh", batch_size=4, seq_length=50)
    windows = [window for span in data.train_dataloader() for window in span]
    read = torch.cat([window.inputs for window in windows], dim=1)
    assert read.flatten().tolist() == data.part("train").ids[: read.numel()].tolist()
    assert len(data.part("train").ids) - 1 - read.numel() < 4


@pytest.mark.parametrize("streams", [None, 1, 7])
def test_held_out_text_is_scored_whole(streams: int | None) -> None:
    data = Sample(CharTokenizer(), language="zh", scoring_streams=streams)
    ids = data.part("test").ids
    windows = list(data.scoring_windows("test"))
    targets = torch.cat([window.targets for window in windows], dim=1)
    assert targets[targets != IGNORED].tolist() == ids[1:].tolist()
    val: Any = data.val_dataloader()
    assert sum(int((window.targets != IGNORED).sum()) for window in val) == len(data.part("val").ids) - 1
