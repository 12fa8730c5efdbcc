"""The table of an evaluation: the model beside what it can be judged by."""

import math
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
        """For a terminal, best first among the references; ``notes`` go below it."""
        title = f"{self.split}: {self.model.tokens:,} tokens scored, {self.model.characters:,} characters"
        table = Table(title=title, title_justify="left")
        table.add_column("")
        for column in ("bits/character", "nats/token", f"perplexity/{self.unit}", "accuracy"):
            table.add_column(column, justify="right")
        table.add_row(
            "this model", f"{self.model.bits_per_char:.4f}", f"{self.model.loss:.4f}", f"{self.model.perplexity:.3f}",
            f"{self.model.accuracy:.2%}", style="bold",
        )  # fmt: skip
        for row in sorted(self.references, key=lambda row: row.bits_per_char):
            nats = f"{math.log(row.perplexity):.4f}" if row.perplexity else ""
            table.add_row(row.name + (" *" if row.adaptive else ""), f"{row.bits_per_char:.4f}", nats,
                          f"{row.perplexity:.3f}" if row.perplexity else "", "")  # fmt: skip
        if self.floor is not None:
            table.add_row("entropy rate", f"{self.floor:.4f}", "", "", "")
        return table

    def notes(self) -> list[str]:
        """What the table's figures are, a line each."""
        lines = []
        if any(row.adaptive for row in self.references):
            lines.append("* learns from the held-out text while reading it; the others, this model among them, do not")
        if self.model.streams > 1:
            lines.append(f"scored in {self.model.streams} streams, each begun with a blank state")
        if self.model.spelling_bits_per_char:
            lines.append(
                f"{self.model.spelling_bits_per_char:.4f} bits a character spell unknown tokens, in every token model"
            )
        if self.floor_interval is not None:
            low, high = self.floor_interval
            lines.append(
                f"no model can beat the entropy rate; a text of this length costs {low:.4f} to {high:.4f} (99 %)"
            )
        return lines + [f"{row.name}: {row.note}" for row in self.references if row.note]


def reference_rows(corpus: PreparedCorpus, split: Part, order: int, max_characters: int) -> list[Reference]:
    """The references of one part, each fitted on the training part."""
    train, part = corpus.parts["train"], corpus.parts[split]
    return references(
        train.ids, part.ids, len(corpus.tokenizer.vocabulary), train.text(), part.text(),
        characters=part.scored_characters, spelling_nats=part.spelling_nats(),
        order=order, max_characters=max_characters,
    )  # fmt: skip
