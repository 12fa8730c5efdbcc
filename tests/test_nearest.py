"""Suggestions for mistyped names."""

import pytest

from lstmlab.nearest import did_you_mean, nearest

KNOWN = ["data.seq_length", "data.batch_size", "model.hidden_size", "model.dropout", "head.dropout", "seed"]


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("seq_length", "data.seq_length"),
        ("model.seq_length", "data.seq_length"),
        ("data.seq_lenght", "data.seq_length"),
        ("SEQ_LENGTH", "data.seq_length"),
        ("Data.Seq_Len", "data.seq_length"),
        ("modle.dropout", "model.dropout"),
        ("hidden", "model.hidden_size"),
        ("sead", "seed"),
    ],
)
def test_the_name_meant_comes_first(name: str, first: str) -> None:
    assert nearest(name, KNOWN)[0] == first


def test_an_exact_last_part_leaves_out_the_similar() -> None:
    assert nearest("dropout", KNOWN) == ["head.dropout", "model.dropout"]


def test_no_more_than_asked_for() -> None:
    assert nearest("dropout", KNOWN, count=1) == ["head.dropout"]
    assert nearest("dropout", KNOWN, count=0) == []


def test_nothing_is_near() -> None:
    assert nearest("zzz", KNOWN) == nearest("", KNOWN) == nearest("seed", []) == []


def test_known_may_be_an_iterator_of_chinese_names() -> None:
    assert nearest("天龙八步", iter(["天龙八部", "鹿鼎记"])) == ["天龙八部"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("seq_length", " Did you mean data.seq_length?"),
        ("dropout", " Did you mean head.dropout or model.dropout?"),
        ("zzz", ""),
    ],
)
def test_sentence(name: str, sentence: str) -> None:
    assert did_you_mean(name, KNOWN) == sentence


def test_sentence_of_three() -> None:
    assert did_you_mean("lr", ["b.lr", "a.lr", "c.lr"]) == " Did you mean a.lr, b.lr or c.lr?"
