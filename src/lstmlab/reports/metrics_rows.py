"""metrics.csv as rows of numbers."""

import csv
from pathlib import Path

from lstmlab.errors import UserError


def read_metrics(path: Path) -> list[dict[str, float | None]]:
    """A row a logged step, a number for every column; None where that step says nothing of it.

    Raises:
        UserError: the file is missing, or a cell is no number.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return [{name: float(value) if value else None for name, value in row.items()} for row in rows]
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, csv.Error) as error:
        raise UserError(f"{path} is damaged: {error}.") from error
