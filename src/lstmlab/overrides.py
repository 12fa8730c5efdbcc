r"""Command-line overrides mean what was typed.

Hydra reads each override with a grammar of its own. It refuses a value with a Chinese character, an
apostrophe, a parenthesis or a second `=`, and it reads `prompt=a,b` as a sweep, `prompt=null` as None and
`prompt="hi"` without its quotes. People type titles, paths and prose, and know nothing of that grammar. So,
before Hydra sees the arguments:

- the value of a key in `LITERAL` is text, whatever it contains; `${x}`, `null` and blanks included;
- any other argument that Hydra accepts is left alone: sweeps, lists, `choice()`, `${x}`, `~key`, flags;
- in a value that Hydra refuses, each element that it refuses is quoted: `[天龙,3,null]` becomes
  `['天龙',3,null]`.

What is quoted in the third way keeps its `${...}` interpolations and its backslashes, and loses the blanks
around it, as an unquoted value does in Hydra. A backslash before a comma or a bracket protects it, as in
Hydra, unless the brackets only balance when it does not: `[C:\书\]` is a list of one directory. A value whose
brackets never balance, or with an empty element, becomes one string, and so does a dict with a key outside
ASCII, for which Hydra has no spelling.

Any character passes, NUL and lone surrogates too (a command line cannot carry NUL). An argument whose key
Hydra refuses is left alone, so that Hydra's message shows what was typed.
"""

import re
from collections.abc import Collection, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hydra.core.override_parser.overrides_parser import OverridesParser

LITERAL = (
    "prompt", "out", "run", "data.path", "tokenizer.user_dict", "model.pretrained_embeddings",
    "callbacks.inspection.passage", "prompt_file", "details", "text", "text_file",
)  # fmt: skip
_TEXT_OR_LIST = ("path", "stop")  # a list where it begins with a bracket, else text: a run's name has commas

# The word after one of these flags of Hydra's is their value, a path or a name, never an override.
FLAGS_WITH_VALUE = {
    "--cfg", "-c", "--package", "-p", "--config-path", "-cp", "--config-name", "-cn", "--config-dir", "-cd",
    "--info", "-i", "--experimental-rerun",
}  # fmt: skip
_REFUSED = object()

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_BLANKS = " \t"  # all that Hydra's grammar calls white space

# A quotation is one whole element; the apostrophe in `it's` opens none.
_QUOTATION = r"""(?<![^ \t,:=(\[{])(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(?=[ \t]*(?:[,)\]}]|\Z))"""
_READINGS = (
    re.compile(rf"{_QUOTATION}|\\[\\()\[\]{{}}:=, \t]|.", re.DOTALL),  # a backslash protects, as in Hydra
    re.compile(rf"{_QUOTATION}|.", re.DOTALL),  # a backslash is a character, as in a Windows path
)
_CONTAINER = re.compile(r"(\[|\{|[A-Za-z_][\w-]*[ \t]*\()(.*)[\])}]", re.ASCII | re.DOTALL)
# What stands before the element in a dict, in a function's arguments and in a list.
_NAMES = {
    "{": re.compile(r"(?:\\.|[^\\:])*:", re.DOTALL),
    "(": re.compile(r"[ \t]*[A-Za-z_][\w-]*[ \t]*=", re.ASCII),
    "[": re.compile(""),
}


def as_typed(arguments: Sequence[str], literal: Collection[str] = LITERAL) -> list[str]:
    """The arguments after the job's name, spelt so that Hydra reads what was typed.

    Args:
        arguments: overrides and Hydra's flags, in the order typed.
        literal: the keys whose values are text and nothing else, also as `+key=` and `++key=`.
    """
    before = ("", *arguments)
    return [
        argument if previous in FLAGS_WITH_VALUE else _spelling(argument, literal)
        for previous, argument in zip(before, arguments, strict=False)
    ]


def literal(text: str) -> str:
    r"""The Hydra spelling of exactly this text: composed and resolved, the value is `text`.

    >>> print(literal("it's ${x}"))
    'it\'s \${x}'
    """
    if text == "???":
        # OmegaConf takes this text for a missing value unless a resolver returns it.
        return _quoted("${oc.decode:\"'???'\"}")
    return _quoted(re.sub(r"(\\*)\$\{", r"\1\1\\${", text))


def _spelling(argument: str, literal_keys: Collection[str]) -> str:
    key, equal, value = argument.partition("=")
    if not equal or argument.startswith("-"):
        return argument
    name = re.sub(r"\A\+{1,2}", "", key)
    if name in literal_keys or (name in _TEXT_OR_LIST and not value.startswith("[")):
        return f"{key}={literal(value)}"
    if _accepts(argument) or not _accepts(f"{key}="):
        return argument
    return f"{key}={_value(value)}"


def _value(text: str) -> str:
    """A value that Hydra refuses, with the elements it refuses quoted, or else quoted as a whole."""
    for reading in _READINGS:
        elements = _split(text, reading)
        if elements is not None:
            value = ",".join(_element(element, reading) for element in elements)
            if _accepts(f"key={value}"):
                return value
    return _quoted(text.strip(_BLANKS))


def _element(text: str, reading: re.Pattern[str]) -> str:
    """One element of a sweep or of a container: as it is if Hydra accepts it, else rebuilt or quoted."""
    text = text.strip(_BLANKS)
    if _is_element(text):
        return text
    container = _CONTAINER.fullmatch(text)
    members = _split(container[2], reading) if container else None
    if container and members is not None:
        opening = container[1]
        spelt = ",".join(_member(member, _NAMES[opening[-1]], reading) for member in members)
        rebuilt = opening + spelt + _CLOSING[opening[-1]]
        if _is_element(rebuilt):
            return rebuilt
    return _quoted(text)


def _member(text: str, name: re.Pattern[str], reading: re.Pattern[str]) -> str:
    """One member of a container: a list's element, a dict's `key:element`, a function's `name=element`."""
    named = name.match(text)
    start = named.end() if named else 0
    return text[:start] + _element(text[start:], reading)


def _split(text: str, reading: re.Pattern[str]) -> list[str] | None:
    """`text` cut at each comma outside brackets and quotations.

    None if a bracket has no partner or a part is blank, since Hydra has no empty element.
    """
    parts = [""]
    awaited: list[str] = []
    for token in reading.findall(text):
        if token in _CLOSING:
            awaited.append(_CLOSING[token])
        elif token in _CLOSING.values() and (not awaited or awaited.pop() != token):
            return None
        if token == "," and not awaited:
            parts.append("")
        else:
            parts[-1] += token
    return None if awaited or not all(part.strip(_BLANKS) for part in parts) else parts


def _quoted(text: str) -> str:
    """`text` in Hydra's quotes, where a backslash escapes only before a quote, the closing one included."""
    escaped: str = re.sub(r"(\\*)('|\Z)", lambda run: f"{run[1] * 2}\\'" if run[2] else f"{run[1] * 2}", text)
    return f"'{escaped}'"


def _is_element(text: str) -> bool:
    # Within brackets, because a trailing backslash is harmless alone and escapes what follows it.
    value = _parsed(f"key=[{text}]")
    return isinstance(value, list) and len(value) == 1


def _accepts(argument: str) -> bool:
    return _parsed(argument) is not _REFUSED


def _parsed(argument: str) -> Any:
    """What Hydra's parser makes of the value, or `_REFUSED`."""
    from hydra.errors import HydraException

    try:
        return _parser().parse_override(argument).value()
    except (HydraException, ValueError):  # ValueError: more digits than Python turns into an int
        return _REFUSED


@cache
def _parser() -> "OverridesParser":
    # Imported late: the parser takes a good part of the half second in which `--help` must answer.
    from hydra.core.override_parser.overrides_parser import OverridesParser

    return OverridesParser.create()
