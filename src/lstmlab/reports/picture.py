"""A picture that a notebook shows and a file takes."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lstmlab.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
class Picture:
    """A drawn figure. A notebook shows it by itself; ``figure`` is matplotlib's, for who wants to change it."""

    figure: "Figure"
    title: str

    def save(self, path: str | Path) -> Path:
        """Write it; the suffix is the format."""
        target = Path(path).expanduser()
        with replacing(target) as partial:
            self.figure.savefig(partial, format=target.suffix.removeprefix(".") or "png", dpi=130)
        return target

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", dpi=90, metadata={"Software": None})
        return buffer.getvalue()

    def __repr__(self) -> str:
        return f"Picture({self.title})"
