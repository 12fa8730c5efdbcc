"""What ``TrainedModel.surprise`` gives."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from lstmlab.errors import UserError
from lstmlab.evaluation.surprise import TextSurprise
from lstmlab.files import replacing
from lstmlab.reports.surprise.fragment import fragment
from lstmlab.reports.surprise.page import page


@dataclass(frozen=True, eq=False)
class Surprise(TextSurprise):
    """How surprising each token of a text is, to be looked at: in a notebook by itself, as a page, as rows.

    ``surprise[3]`` is a token with its ``bits``, ``probability``, ``rank`` and ``alternatives``; ``table()`` has a row
    a token, ``save("surprise.html")`` writes the page. ``model`` says whose surprise it is.
    """

    model: str = field(default="", repr=False)

    @classmethod
    def of(cls, measured: TextSurprise, model: str) -> Self:
        """What was measured, with the name of the model."""
        return cls(**vars(measured), model=model)

    def html(self, title: str = "Surprise") -> str:
        """The page: one file, no network."""
        return page(self, self.model, title)

    def save(self, path: str | Path, title: str = "Surprise") -> Path:
        """Write the page.

        Raises:
            UserError: it cannot be written there.
        """
        target = Path(path).expanduser()
        if target.is_dir():
            raise UserError(f"{target} cannot be written: it is a directory.")
        try:
            with replacing(target) as partial:
                partial.write_text(self.html(title), encoding="utf-8")
        except OSError as error:
            raise UserError(f"{target} cannot be written: {error.strerror}.") from error
        return target

    def sentence(self) -> str:
        """The figures of the whole in a line."""
        unit, unknown = self.tokenizer.unit, int((~self.known).sum())
        facts = [f"{self.characters:,} characters"]
        if unit != "character":
            facts.append(f"{len(self):,} {unit}{'s' if len(self) != 1 else ''}")
        if unknown:
            facts.append(f"{unknown:,} unknown and spelt")
        figures = f"{self.bits_per_char:.3f} bits a character, perplexity {self.perplexity:,.2f} a {unit}"
        return f"{figures} ({', '.join(facts)})"

    def _repr_html_(self) -> str:
        return fragment(self, self.sentence())

    def __repr__(self) -> str:
        return f"Surprise({self.sentence()})"
