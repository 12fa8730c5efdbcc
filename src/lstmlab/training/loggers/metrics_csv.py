"""metrics.csv: every logged step of a run."""

import csv
import io
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers.logger import Logger
from pytorch_lightning.utilities import rank_zero_only

from lstmlab.files import replacing


class MetricsCsv(Logger):
    """One file, one row a logged step, a column a figure; rows are on disk when the call returns.

    Lightning's CSVLogger begins a new file when a run goes on; this one keeps the rows up to ``keep_until`` (the step
    of the checkpoint) and appends, so that a resumed run's file is the uninterrupted run's.
    """

    def __init__(self, path: Path, keep_until: int | None = None) -> None:
        super().__init__()
        self.path = path
        self._columns: list[str] = ["step"]
        self._rows: list[dict[str, Any]] = []
        if keep_until is not None and path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                reader = csv.DictReader(file)
                self._columns = list(reader.fieldnames or ["step"])
                self._rows = [row for row in reader if int(row["step"]) <= keep_until]
            self._rewrite()
        elif path.is_file():
            path.unlink()

    @property
    def name(self) -> str:
        return "csv"

    @property
    def version(self) -> str:
        return ""

    @rank_zero_only
    def log_hyperparams(self, *_: Any, **__: Any) -> None:
        """Nothing: the run directory holds config.yaml."""

    @rank_zero_only
    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        row = {"step": step, **metrics}
        self._rows.append(row)
        new = [name for name in row if name not in self._columns]
        if new or not self.path.is_file():
            self._columns += new
            self._rewrite()
        else:
            with self.path.open("a", newline="", encoding="utf-8") as file:
                csv.DictWriter(file, self._columns).writerow(row)

    def _rewrite(self) -> None:
        """With another set of columns, whole or not at all."""
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self._columns)
        writer.writeheader()
        writer.writerows(self._rows)
        with replacing(self.path) as partial:
            partial.write_text(text.getvalue(), encoding="utf-8", newline="")
