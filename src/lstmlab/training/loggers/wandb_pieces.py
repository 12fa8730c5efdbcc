"""The files of a run in W&B's offline mode: what they hold, and what a kill leaves of them.

Each process that logs to a run writes a piece of its own, ``wandb/offline-run-TIME-ID/run-ID.wandb``; ``wandb sync``
joins those with one id in the order of their beginnings. A killed process leaves its last record cut short, and
``wandb sync`` then stops before the pieces that follow; at a piece that does not say what run it is of it stops
altogether.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lstmlab.files import replacing

STEP = "trainer/global_step"  # what Lightning's logger calls the step in each row

# LevelDB's log (https://github.com/google/leveldb/blob/main/doc/log_format.md) behind a header of W&B's own.
_MAGIC, _FILE_HEADER = b":W&B", 7
_BLOCK, _CHUNK_HEADER = 32 * 1024, 7
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4


def offline_pieces(run_directory: Path) -> list[Path]:
    """The offline ``.wandb`` files of a run directory, the oldest first."""
    return sorted(run_directory.glob("wandb/offline-run-*/run-*.wandb"), key=lambda piece: piece.parent.name)


def id_of(piece: Path) -> str:
    """The id of the W&B run that a piece belongs to."""
    return piece.stem.removeprefix("run-")


def holds_run(piece: Path) -> bool:
    """Whether the piece says which run it is of: nothing can be uploaded from one that does not."""
    return any(record.HasField("run") for record in _parsed(piece))


def mend(piece: Path) -> bool:
    """Take off the record that a kill cut short. Gives whether there was one.

    The file is replaced, so that a W&B service that outlives its killed process by a moment has only the old one.
    """
    content = piece.read_bytes()
    records, end = _whole_records(content)
    if not records or end == len(content):
        return False
    with replacing(piece) as partial:
        partial.write_bytes(content[:end])
    return True


def rows_not_logged(metrics: Path, pieces: list[Path]) -> list[tuple[int, dict[str, float]]]:
    """Figures of metrics.csv that no piece holds, with their steps: those that W&B had in memory when it was killed."""
    if not metrics.is_file():
        return []
    logged = _logged(pieces)
    with metrics.open(newline="", encoding="utf-8") as file:
        rows = [(int(row.pop("step")), row) for row in csv.DictReader(file)]
    missing = [
        (step, {name: float(value) for name, value in row.items() if value and name not in logged.get(step, ())})
        for step, row in rows
    ]
    return [(step, figures) for step, figures in missing if figures.keys() - {"epoch"}]


def _logged(pieces: list[Path]) -> dict[int, set[str]]:
    """The names of the figures in the pieces' history, by step."""
    names: dict[int, set[str]] = {}
    for piece in pieces:
        for record in _parsed(piece):
            items = {item.key or ".".join(item.nested_key): item for item in record.history.item}
            if STEP in items:
                names.setdefault(int(_number(items[STEP])), set()).update(items)
    return names


def _parsed(piece: Path) -> Iterator[Any]:
    """The records of a piece, up to one that is damaged."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from wandb.proto.wandb_internal_pb2 import Record  # type: ignore[attr-defined]

    for content in _whole_records(piece.read_bytes())[0]:
        try:
            yield Record.FromString(content)
        except DecodeError:
            return


def _number(item: Any) -> float:
    """A history item's value: typed where W&B is new enough, else JSON."""
    typed = "value" in item.DESCRIPTOR.oneofs_by_name and item.WhichOneof("value")
    return float(getattr(item, typed or "value_json"))


def _whole_records(content: bytes) -> tuple[list[bytes], int]:
    """The records that are complete, and where the last of them ends."""
    if not content.startswith(_MAGIC):
        return [], 0
    records: list[bytes] = []
    parts: list[bytes] = []
    place = end = _FILE_HEADER
    while place < len(content):
        left = _BLOCK - place % _BLOCK
        chunk = content[place : place + min(left, _CHUNK_HEADER)]
        if left < _CHUNK_HEADER or not any(chunk):  # the rest of the block is padding
            place += left
            continue
        length, kind = int.from_bytes(chunk[4:6], "little"), chunk[-1]
        data = content[place + _CHUNK_HEADER : place + _CHUNK_HEADER + length]
        if len(chunk) < _CHUNK_HEADER or len(data) < length or kind not in (_FULL, _FIRST, _MIDDLE, _LAST):
            break
        place += _CHUNK_HEADER + length
        parts = [data] if kind in (_FULL, _FIRST) else [*parts, data]
        if kind in (_FULL, _LAST):
            records.append(b"".join(parts))
            parts, end = [], place
    return records, end
