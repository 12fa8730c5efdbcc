"""``lstmlab JOB --help``: the options from the config files themselves, comments and all, in a tenth of a second.

Hydra's own help composes every group twice, which takes three times as long, and leaves the comments out.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from lstmlab.conf_path import conf_directory, config_name


def job_help(job: str, what: str, words: Sequence[str]) -> str:
    """The text. ``words`` is what was typed beside ``--help``: a chosen ``group=choice`` and ``--config-dir`` count."""
    roots = [*config_directories(words), conf_directory()]
    chosen = dict(word.split("=", 1) for word in words if "=" in word and not word.startswith("-"))
    primary = conf_directory() / f"{config_name(job)}.yaml"
    lines = [f"lstmlab {job} [option=value ...]: {what}", ""]
    entries = yaml.safe_load(primary.read_text(encoding="utf-8"))["defaults"]
    groups = [next(iter(e.items())) for e in entries if e != "_self_" and not next(iter(e)).startswith("override ")]
    for group, default in groups:
        chosen = _brought(roots, group, chosen.get(group, default)) | chosen
    for group, default in groups:
        choices = sorted({p.stem for r in roots for p in (r / group).glob("*.yaml") if not p.name.startswith("_")})
        choice = chosen.get(group, default)
        lines.append(
            f"{group}={choice or 'null'}" + (f"    of {', '.join(choices)}" if len(choices) > 1 or not choice else "")
        )
        lines += [f"    {line}" for line in _as_typed(group, _options(roots, group, choice))]
    lines += ["", *_own_options(primary), ""]
    lines += [
        "An option is given by its dotted name: data.seq_length=128. Lists in brackets; null for none.",
        f"lstmlab {job} --cfg job shows the configuration as it would run; -m runs every combination of a=1,2 b=3,4;",
        "--config-dir DIRECTORY adds configs of your own; --hydra-help tells of Hydra's further flags.",
    ]
    return "\n".join(lines)


def choice_options(group: str, choice: str) -> list[str]:
    """The names of the options that a choice of a group brings."""
    lines = _as_typed(group, _options([conf_directory()], group, choice))
    return [line.partition("=")[0] for line in lines if not line.startswith("#")]


def config_directories(words: Sequence[str]) -> list[Path]:
    """What ``--config-dir`` names among the words typed."""
    found = []
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word in ("--config-dir", "-cd"):
            found.append(Path(following))
        elif word.startswith("--config-dir="):
            found.append(Path(word.partition("=")[2]))
    return found


def _options(roots: Sequence[Path], group: str, choice: str | None) -> list[str]:
    """The lines of a group's config, those of the configs it extends first; without what only Hydra reads."""
    path = next((r / group / f"{choice}.yaml" for r in roots if (r / group / f"{choice}.yaml").is_file()), None)
    if choice is None or path is None:
        return []
    text = path.read_text(encoding="utf-8")
    lines: list[str] = []
    for base in (yaml.safe_load(text) or {}).get("defaults", []):
        if isinstance(base, str) and base != "_self_":
            lines += [line for line in _options(roots, group, base) if not line.startswith("#")]
    return lines + _without_defaults(text)


def _brought(roots: Sequence[Path], group: str, choice: str | None) -> dict[str, str]:
    """The choices of other groups that a choice brings along: an experiment its data, data=jinyong its tokenizer."""
    path = next((r / group / f"{choice}.yaml" for r in roots if (r / group / f"{choice}.yaml").is_file()), None)
    text = path.read_text(encoding="utf-8") if path else ""
    return dict(re.findall(r"^  - override /(\w+)[\w@.]*: (\w+)", text, re.MULTILINE))


def _as_typed(group: str, lines: Sequence[str]) -> list[str]:
    """YAML lines as options on the command line: ``seq_length: 64`` as ``data.seq_length=64``."""
    typed, path = [], [group]
    for line in lines:
        key, _, value = line.strip().partition(":")
        if line.startswith("#") or key.startswith(("_", "-")):
            typed += [line] if line.startswith("#") else []
            continue
        path = [*path[: 1 + (len(line) - len(line.lstrip())) // 2], key]
        if value.strip() and not value.strip().startswith("#"):
            option = f"{'.'.join(path)}="
            typed = [line for line in typed if not line.startswith(option)]  # a config overrides those it extends
            typed.append(option + value.strip())
    return typed


def _own_options(primary: Path) -> list[str]:
    """The options of the job itself, outside all groups."""
    lines = _without_defaults(primary.read_text(encoding="utf-8"))
    end = next((i for i, line in enumerate(lines) if line.startswith("hydra:")), len(lines))
    return [
        typed.removeprefix(".") for typed in _as_typed("", [line for line in lines[:end] if not line.startswith("#")])
    ]


def _without_defaults(text: str) -> list[str]:
    kept, skipping = [], False
    for line in text.splitlines():
        skipping = line.startswith("defaults:") or (skipping and line.startswith(("  ", "-")))
        if not skipping and line.strip() and not re.match(r"_target_:|# @package", line):
            kept.append(line)
    return kept
