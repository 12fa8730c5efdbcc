"""The table of an evaluation: the model beside what it can be judged by."""

from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from lstmlab.data.prepared import PreparedCorpus
from lstmlab.evaluation.references import Reference, references
from lstmlab.evaluation.scoring import HeldOut
from lstmlab.text.document import Part


@dataclass(frozen=True)
class Evaluation:
    """A part's figures and its references; ``floor`` is the source's true entropy rate in bits, where it is known."""

    split: Part
    unit: str
    model: HeldOut
    references: list[Reference]
    floor: float | None = None
    floor_interval: tuple[float, float] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for evaluation_SPLIT.json."""
        return asdict(self)

    def table(self) -> Table:
        """For a terminal."""
        table = Table(title=f"{self.split}: {self.model.tokens:,} tokens scored, {self.model.characters:,} characters", title_justify="left")
        table.add_column("")
        for column in ("bits a character", "nats a token", f"perplexity a {self.unit}", "accuracy"):
            table.add_column(column, justify="right")
        table.add_column("")
        table.add_row(
            "this model", f"{self.model.bits_per_char:.4f}", f"{self.model.loss:.4f}", f"{self.model.perplexity:.3f}",
            f"{self.model.accuracy:.2%}", self._model_note(), style="bold",
        )  # fmt: skip
        for row in sorted(self.references, key=lambda row: row.bits_per_char):
            nats = f"{_nats(row.perplexity):.4f}" if row.perplexity else ""
            shown = f"{row.perplexity:.3f}" if row.perplexity else ""
            learns = "learns from the text it is tested on while reading it" if row.adaptive else ""
            note = "; ".join(part for part in (learns, row.note) if part)
            table.add_row(row.name, f"{row.bits_per_char:.4f}", nats, shown, "", note)
        if self.floor is not None and self.floor_interval is not None:
            low, high = self.floor_interval
            table.add_row("entropy rate", f"{self.floor:.4f}", "", "", "", f"no model can be better; this sample: {low:.4f} to {high:.4f} (99 %)")
        return table

    def _model_note(self) -> str:
        notes = []
        if self.model.streams > 1:
            notes.append(f"scored in {self.model.streams} streams")
        if self.model.spelling_bits_per_char:
            notes.append(f"{self.model.spelling_bits_per_char:.4f} of it spelling unknown tokens")
        return "; ".join(notes)


def _nats(perplexity: float) -> float:
    import math

    return math.log(perplexity)


def reference_rows(corpus: PreparedCorpus, split: Part, order: int, max_characters: int) -> list[Reference]:
    """The references of one part, each fitted on the training part."""
    train, part = corpus.parts["train"], corpus.parts[split]
    return references(
        train.ids, part.ids, len(corpus.tokenizer.vocabulary), train.text(), part.text(),
        characters=part.scored_characters, spelling_nats=part.spelling_nats(), order=order, max_characters=max_characters,
    )  # fmt: skip
