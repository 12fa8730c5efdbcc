"""What a sweep varies: values as typed, names fit for directories, every combination once."""

from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given
from hypothesis import strategies as st

from lstmlab.errors import UserError
from lstmlab.experiment.sweep.definition import (
    combinations,
    read_definition,
    safe_name,
    short_names,
    spell,
    trial_name,
)

PARSER = OverridesParser.create()
PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(blacklist_categories=("Cs",))),
)  # fmt: skip


@given(st.one_of(PLAIN, st.lists(PLAIN, max_size=4)))
def test_a_value_that_is_spelt_is_read_back(value: Any) -> None:
    read = PARSER.parse_override(f"key={spell(value)}").value()
    if isinstance(value, str) and (value == "???" or "${" in value or "\\" in value):
        return  # resolved by OmegaConf, not by the parser: tests/test_overrides.py
    if isinstance(value, list) and any(isinstance(one, str) and set(one) & set("$\\?") for one in value):
        return
    assert read == value and type(read) is type(value)


def test_typed_values_take_the_place_of_the_definitions() -> None:
    definition = read_definition(
        ["data=text", "seed=7", "data.seq_length=8,16", "model.dropout=0.5"],
        {"data.seq_length": [32, 64], "seed": [1, 2], "model.num_layers": [1, 2]}, {}, PARSER,
    )  # fmt: skip
    assert definition.fixed == ("data=text", "seed=7", "model.dropout=0.5")
    assert definition.options() == {"model.num_layers": [1, 2], "data.seq_length": [8, 16]}
    assert definition.name() == "num_layers-seq_length"


def test_every_combination_once_the_seed_slowest() -> None:
    definition = read_definition(["a=1,2", "seed=1,2", "b=x,null"], {}, {}, PARSER)
    rows = [{key: value for key, (_, value) in row.items()} for row in combinations(definition.varied)]
    assert rows == [{"a": a, "seed": s, "b": b} for s in (1, 2) for a in (1, 2) for b in ("x", None)]


@pytest.mark.parametrize(
    ("typed", "options", "said"),
    [
        ([], {}, "nothing varies"),
        (["seed=3"], {"seed": [1, 2]}, "nothing varies"),
        ([], {"data.seq_length": []}, "sweep.options.data.seq_length=[] must be a list"),
        ([], {"data.seq_length": 16}, "sweep.options.data.seq_length=16 must be a list"),
        (["seed=1,1"], {}, "seed has the value 1 twice"),
        (["model.dropout=0,0.0"], {}, "model.dropout has the value 0.0 twice"),
        ([], {"optim.lr": [0.001, 1e-3]}, "sweep.options.optim.lr has the value 0.001 twice"),
        (["optim.lr=interval(0,1)"], {}, "names no values that could be counted"),
        (["run=a,b"], {}, "run=… cannot be varied"),
    ],
)  # fmt: skip
def test_what_is_no_sweep_is_refused(typed: list[str], options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said.replace("[", r"\[").replace("]", r"\]")):
        read_definition(typed, options, {}, PARSER)


def test_what_is_varied_has_no_choice() -> None:
    with pytest.raises(UserError, match=r"optim.lr is both varied and in sweep.choose"):
        read_definition(["optim.lr=1,2"], {}, {"optim.lr": [1]}, PARSER)


def test_names_are_short_and_told_apart() -> None:
    assert short_names(["data.seq_length", "seed"]) == {"data.seq_length": "seq_length", "seed": "seed"}
    assert short_names(["model.dropout", "attention.dropout"]) == {
        "model.dropout": "model.dropout",
        "attention.dropout": "attention.dropout",
    }
    assert trial_name({"data.seq_length": 16, "model.dropout": 0.5, "x": None, "y": True, "z": [1, 2]}) == (
        "seq_length=16,dropout=0.5,x=null,y=true,z=[1,2]"
    )


@given(st.text(min_size=1))
@example("射雕英雄传" * 20)
def test_a_name_is_one_part_of_a_path_that_no_shell_breaks(text: str) -> None:
    name = safe_name(text)
    assert name and "/" not in name and "\0" not in name and " " not in name and name not in (".", "..")
    assert not name.startswith(("-", ".")) and len(name.encode()) < 130


def test_different_values_have_different_names() -> None:
    assert len({trial_name({"data.path": path}) for path in ("a b", "a/b", "a-b", "a:b")}) == 4
