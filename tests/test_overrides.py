"""Overrides composed by Hydra hold what was typed."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, QuotedString
from hydra.errors import HydraException
from hypothesis import example, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from lstmlab.overrides import LITERAL, as_typed, literal

CONFIG = """
prompt: hello
out: null
run: ${prompt}
data: {path: texts/, books: [a], seq_length: 35}
tokenizer: {user_dict: null}
model: {pretrained_embeddings: null}
callbacks: {inspection: {passage: null}}
prompt_file: null
details: null
text: null
text_file: null
x: null
seed: 0
"""

PARSER = OverridesParser.create()
NASTY = "\\\"'${}[](),=:;# \t\n%?~@+-nul1.郭靖"
PIECES = st.lists(st.sampled_from(["\\", "${", "}", "'", '"', ":", "a"]))
TEXTS = st.text() | st.text(st.sampled_from(NASTY)) | PIECES.map("".join)
# fmt: off
HARD_TEXTS = [
    "", " ", " 两边 ", "\t", "null", "true", "1e5", "007", "???", "a,b", "a=b", "[", "}", "~", "--help",
    "it's", '"hi"', "'hi'", "''", "'", '"', "“引号”", "${", "${}", "${x}", "$${x}", "${a:${b}}", "${now:%Y}",
    r"\${x}", r"\\${x}", r"\\\${x}", "\\", r"a\\", r"\'", r"\\'", r"C:\Users\me\texts" + "\\", r"\\server\书",
    "金庸小说/", "[天龙八部,鹿鼎记]", "f(x)", "choice(a,b)", "# no comment", "a: b", "一\n二\r\n", "9" * 5000,
    "🙂", "- a", "\u3000全角\u00a0", "\0", "\x1b[0m", "\ud800",
]
# fmt: on


@pytest.fixture(scope="module")
def hydra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    directory = tmp_path_factory.mktemp("conf")
    (directory / "config.yaml").write_text(CONFIG, encoding="utf-8")
    (directory / "tokenizer").mkdir()
    (directory / "tokenizer" / "字.yaml").write_text("kind: character", encoding="utf-8")
    with initialize_config_dir(str(directory), version_base="1.3"):
        yield


def composed(*typed: str) -> Any:
    """The plain config that a person gets who types these arguments."""
    return OmegaConf.to_container(compose("config", as_typed(typed)), resolve=True, throw_on_missing=True)


def parsed(typed: str) -> Any:
    """The plain value, without a composition; the names of sweeps and quotations are taken off."""
    [argument] = as_typed([typed])
    return plain(PARSER.parse_override(argument)._value)


def plain(value: Any) -> Any:
    if isinstance(value, ChoiceSweep):
        return tuple(map(plain, value.list))
    if isinstance(value, list):
        return list(map(plain, value))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value.text if isinstance(value, QuotedString) else value


def resolved(override: Override) -> Any:
    """What the key holds after Hydra's own update, resolved."""
    config = OmegaConf.create(CONFIG)
    OmegaConf.update(config, override.key_or_group, override.value(), force_add=True)
    return OmegaConf.to_container(config, resolve=True, throw_on_missing=True)


def at(config: Any, key: str) -> Any:
    for part in key.split("."):
        config = config[part]
    return config


class TestLiteral:
    @pytest.mark.parametrize("text", HARD_TEXTS)
    def test_hard_texts_compose_to_themselves(self, hydra: None, text: str) -> None:
        words = [f"{prefix}{key}={text}" for key, prefix in zip_longest(LITERAL, ["", "+", "++"], fillvalue="")]
        config = composed(*words)
        assert [at(config, key) for key in LITERAL] == [text] * len(LITERAL)

    @given(texts=st.tuples(*[TEXTS] * len(LITERAL)))
    @settings(max_examples=25, deadline=None)
    def test_any_text_composes_to_itself(self, hydra: None, texts: tuple[str, ...]) -> None:
        config = composed(*(f"{key}={text}" for key, text in zip(LITERAL, texts, strict=True)))
        assert tuple(at(config, key) for key in LITERAL) == texts

    @given(text=TEXTS, key=st.sampled_from(LITERAL), prefix=st.sampled_from(["", "+", "++"]))
    @settings(max_examples=600, deadline=None)
    def test_any_text_resolves_to_itself(self, text: str, key: str, prefix: str) -> None:
        [argument] = as_typed([f"{prefix}{key}={text}"])
        assert at(resolved(PARSER.parse_override(argument)), key) == text

    @given(text=TEXTS)
    @settings(max_examples=300, deadline=None)
    def test_any_text_survives_a_sweep(self, text: str) -> None:
        """A sweeper writes every override out again for each of its trials."""
        overrides = PARSER.parse_overrides(as_typed([f"prompt={text}", "seed=1,2"]))
        for trial in BasicSweeper.split_arguments(overrides, None)[0]:
            assert resolved(PARSER.parse_override(trial[0]))["prompt"] == text

    @given(text=TEXTS)
    def test_hydra_keeps_a_record_of_the_argument(self, text: str) -> None:
        """Hydra stores each argument in a list that OmegaConf checks for malformed interpolations."""
        OmegaConf.create({"overrides": []}).overrides.append(f"prompt={literal(text)}")

    def test_a_longer_key_is_not_literal(self) -> None:
        assert parsed("data.prompt=1") == 1
        assert as_typed(["+++prompt=1", "~prompt"]) == ["+++prompt=1", "~prompt"]

    def test_the_caller_can_name_the_keys(self) -> None:
        assert as_typed(["note=a,b", "prompt=a,b"], literal={"note"}) == ["note='a,b'", "prompt=a,b"]


# fmt: off
ACCEPTED = [
    "seed=1,2", "x=1e5", "x=null", "x=", "x=[1,2]", "x={a:1}", "x='a,b'", 'x="天龙"', "~x", "~x=1",
    "x=choice(a,b)", "x=range(1,4)", "x=glob(*)", "x=interval(0,1)", "x=sort(3,1)", r"x=C:\a\b", r"x=a\,b",
    "+y=1", "++y=1", "x=${seed}", "x=${oc.env:HOME,天}", "hydra.run.dir=out/${now:%Y}",
    "tokenizer=char", "tokenizer@b=char", "a@b:c=d", "hydra/launcher=basic",
    "--help", "-h", "--cfg", "job", "-m", "--config-dir", "目录", "--config-dir=目录/a=b",
    "天龙", "数据=天龙", "a b=(c)", "",
]
# fmt: on


@pytest.mark.parametrize("argument", ACCEPTED)
def test_left_alone(argument: str) -> None:
    assert as_typed([argument]) == [argument]


@given(argument=st.tuples(st.sampled_from(["x=", "+x=", "~x=", "a.b=", "g@p=", ""]), TEXTS).map("".join))
@settings(max_examples=600, deadline=None)
@example("x=shuffle(1,2)")
@example("prompt.x=a,b")
def test_what_hydra_accepts_is_left_alone(argument: str) -> None:
    try:
        PARSER.parse_override(argument)
    except HydraException:
        return
    assert as_typed([argument]) == [argument]


def test_a_flag_keeps_its_value() -> None:
    typed = ["--config-dir", "a=(b)", "--config-name", "c=天", "x=(b)"]
    assert as_typed(typed) == [*typed[:-1], "x='(b)'"]


REFUSED = {
    "data.books=[天龙八部,鹿鼎记]": ["天龙八部", "鹿鼎记"],
    "x=[天龙八部,3,null, 1e5 ,true,b]": ["天龙八部", 3, None, 1e5, True, "b"],
    "x=[[天,1],[],{a:书}]": [["天", 1], [], {"a": "书"}],
    "x={a:天龙, b:{c:[地, 2]}}": {"a": "天龙", "b": {"c": ["地", 2]}},
    r"x={a:C:\书}": {"a": r"C:\书"},
    r"x={a\:b: 天::1, null: '地'}": {"a:b": "天::1", None: "地"},
    "x=天龙,地龙": ("天龙", "地龙"),
    "x=天龙, 2,null": ("天龙", 2, None),
    "x='天,龙',it's": ("天,龙", "it's"),
    'x="a]",天': ("a]", "天"),
    "x=['',天]": ["", "天"],
    "x=choice(天龙,3)": ("天龙", 3),
    "x=sort(b天,a天,reverse=true)": ("b天", "a天"),
    "x=天龙": "天龙",
    "x=  天 龙\t": "天 龙",
    "x=it's": "it's",
    "x='tis": "'tis",
    "x='a' 和 'b'": "'a' 和 'b'",
    "x=f(x)": "f(x)",
    "x=f(x, y)": "f(x, y)",
    "x=range(天)": "range(天)",
    "x=a=b": "a=b",
    "x==": "=",
    "run.dir=目录/a=b": "目录/a=b",
    "hydra.run.dir=目录/a=b": "目录/a=b",
    "hydra.run.dir=目录/${now:%Y}": "目录/${now:%Y}",
    "x=${a:${b}}": "${a:${b}}",
    "x=书\\": "书\\",
    r"x=C:\书\(新)": r"C:\书\(新)",
    r"x=\\server\书": r"\\server\书",
    r"x=[C:\a\,D:\书\]": ["C:\\a\\", "D:\\书\\"],
    r"x=[a\,b,天]": ["a,b", "天"],
    "x=[天龙": "[天龙",
    "x=天)": "天)",
    "x=天],[地": "天],[地",
    "x=[天][地]": "[天][地]",
    "x={天}": "{天}",
    "x={天:1}": "{天:1}",
    "x=你好,": "你好,",
    "x=[天,]": "[天,]",
    "~x=天": "天",
    "+x=天": "天",
    "tokenizer=字": "字",
    "x=" + "9" * 5000: "9" * 5000,
}


@pytest.mark.parametrize(("typed", "value"), REFUSED.items(), ids=[typed[:40] for typed in REFUSED])
def test_refused_elements_are_quoted(typed: str, value: Any) -> None:
    found = parsed(typed)
    assert found == value
    assert repr(found) == repr(value)  # 1, 1.0 and True are equal


WORDS = st.text(st.sampled_from("郭靖a1 '\"=:;#.%?é")).map(lambda word: f"书{word}书")


@given(words=st.lists(WORDS, min_size=2, max_size=4))
@settings(max_examples=100, deadline=None)
def test_lists_and_sweeps_of_refused_words(words: list[str]) -> None:
    typed = ",".join(words)
    assert parsed(f"x={typed}") == tuple(words)
    assert parsed(f"x=[{typed}]") == words
    assert parsed(f"x=[[{typed}],{{a:{words[0]}}}]") == [words, {"a": words[0]}]


@given(text=TEXTS)
@settings(max_examples=300, deadline=None)
def test_every_value_is_accepted_and_then_left_alone(text: str) -> None:
    typed = as_typed([f"x={text}"])
    PARSER.parse_overrides(typed)
    assert as_typed(typed) == typed


def test_composed_together(hydra: None) -> None:
    books = "data.books=[天龙八部,it's,3]"
    config = composed(books, "x=书/a=b/${seed}", "seed=7", "+tokenizer=字", "prompt=${seed}", "~data.path")
    assert config["data"]["books"] == ["天龙八部", "it's", 3]
    assert config["x"] == "书/a=b/7"
    assert config["tokenizer"]["kind"] == "character"
    assert config["prompt"] == config["run"] == "${seed}"
    assert "path" not in config["data"]


def test_run_directory_is_interpolated(hydra: None) -> None:
    typed = ["hydra.run.dir=目录/a=b/${seed}/${now:%Y}"]
    config = compose("config", as_typed(typed), return_hydra_config=True)
    directory, seed, year = config.hydra.run.dir.rsplit("/", 2)
    assert (directory, seed) == ("目录/a=b", "0")
    assert year.isdigit()


def test_hydra_splits_flags_from_overrides_as_before() -> None:
    typed = ["-m", "--config-dir", "目录", "prompt=--help", "x=-1", "out=- a"]
    parsed_arguments = get_args_parser().parse_args(as_typed(typed))
    assert parsed_arguments.multirun
    assert parsed_arguments.config_dir == "目录"
    assert parsed_arguments.overrides == ["prompt='--help'", "x=-1", "out='- a'"]
