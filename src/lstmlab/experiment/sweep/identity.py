"""What makes two trials the same: their resolved configuration, their corpus and the package's version."""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lstmlab.experiment.configuration import PATHS

# Neither changes what is trained.
_NOT_OF_THE_TRIAL = ("logger", "run")


def identity(config: dict[str, Any], corpus: str) -> str:
    """A digest of a plain configuration and of the ``corpus`` it reads (the key of the prepared text).

    Precision and threads are options like others. Where a file lies does not count, what is in it does.
    """
    kept = {group: options for group, options in config.items() if group not in _NOT_OF_THE_TRIAL}
    for group, name in PATHS:
        options = kept.get(group)
        if isinstance(options, dict) and options.get(name) is not None:
            path = Path(options[name])
            kept[group] = options | {name: _content(path) if path.is_file() and group != "data" else "elsewhere"}
    told = json.dumps([version("lstmlab"), corpus, _plain(kept)], sort_keys=True)
    return hashlib.blake2b(told.encode(), digest_size=12).hexdigest()


def _plain(value: Any) -> Any:
    """The same number has one spelling: a dropout of 0 is one of 0.0."""
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _content(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()
