"""The table of an evaluation: models on one scale, beside what they can be judged by."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich import box
from rich.table import Table

from lstmlab.data.prepared import PreparedCorpus
from lstmlab.evaluation.adaptive import Adapted
from lstmlab.evaluation.calibration import Calibration
from lstmlab.evaluation.references import Reference, references
from lstmlab.evaluation.scoring import HeldOut
from lstmlab.text.document import Part


@dataclass(frozen=True)
class ModelRow:
    """A trained model's figures; ``unit`` is what its perplexity is per, ``tokenizer`` what cuts the text into them."""

    name: str
    tokenizer: str
    unit: str
    figures: HeldOut


@dataclass(frozen=True)
class Evaluation:
    """A part's figures and its references; ``floor`` is the source's true entropy rate in bits, where it is known.

    ``others`` are models of the same text, whatever they cut it into: bits a character compare them.
    """

    split: Part
    unit: str
    model: HeldOut
    references: list[Reference]
    others: Sequence[ModelRow] = ()
    tokenizer: str = ""
    floor: float | None = None
    floor_interval: tuple[float, float] | None = None
    calibration: Calibration | None = None
    adapted: Sequence[Adapted] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for evaluation_SPLIT.json."""
        return asdict(self)

    def table(self) -> Table:
        """For a terminal, best first below the model itself; ``notes`` go below the table."""
        title = f"{self.split}: {self.model.tokens:,} tokens scored, {self.model.characters:,} characters"
        compares = bool(self.others)
        kinds = [each.kind for each in self.adapted]
        dense = compares or bool(kinds)
        table = Table(
            title=title, title_justify="left", box=box.HORIZONTALS if dense else box.HEAVY_HEAD,
            collapse_padding=dense, pad_edge=not dense,
        )  # fmt: skip
        table.add_column("", overflow="fold")
        spelt = any(row.spelling_bits_per_char for row in (self.model, *(other.figures for other in self.others)))
        columns = ["bits/character", *kinds, *(("of tokens", "of spelling") if spelt else ())]
        columns += [] if kinds else ["nats/token"]  # there is room for one or the other
        columns += ["perplexity" if compares else f"perplexity/{self.unit}", "accuracy"]
        for column in columns:
            # Two lines leave room for names; a figure is never cut.
            header = column.replace(" ", "\n").replace("/", "/\n") if dense or spelt else column
            table.add_column(header, justify="right", no_wrap=True)

        def model(
            name: str, figures: HeldOut, unit: str, adapted: Sequence[Adapted] = ()
        ) -> tuple[float, list[str], str]:
            spelling = figures.spelling_bits_per_char
            shares = [f"{figures.bits_per_char - spelling:.4f}", f"{spelling:.4f}"] if spelt else []
            others = [f"{each.bits_per_char:.4f}" for each in adapted] or [""] * len(kinds)
            nats = [] if kinds else [f"{figures.loss:.4f}"]
            cells = [f"{figures.bits_per_char:.4f}", *others, *shares, *nats, shown(figures.perplexity, unit)]
            return figures.bits_per_char, [name, *cells, f"{figures.accuracy:.2%}"], "bold"

        def reference(row: Reference) -> tuple[float, list[str], str]:
            if row.perplexity is None:
                return row.bits_per_char, [f"{row.name} *", f"{row.bits_per_char:.4f}"], ""
            name = f"{row.name}, {self.tokenizer}" if compares else row.name
            spelling = self.model.spelling_bits_per_char
            shares = [f"{row.bits_per_char - spelling:.4f}", f"{spelling:.4f}"] if spelt else []
            nats = [] if kinds else [f"{math.log(row.perplexity):.4f}"]
            cells = [f"{row.bits_per_char:.4f}", *[""] * len(kinds), *shares, *nats]
            return row.bits_per_char, [name, *cells, shown(row.perplexity, self.unit)], ""

        def shown(perplexity: float, unit: str) -> str:
            return f"{perplexity:,.1f}/{unit}" if compares else f"{perplexity:,.3f}"

        rows = [model(f"{n}: {other.tokenizer}", other.figures, other.unit) for n, other in enumerate(self.others, 2)]
        rows += [reference(row) for row in self.references]
        rows.sort(key=lambda row: row[0])
        rows.insert(0, model(f"1: {self.tokenizer}" if compares else "this model", self.model, self.unit, self.adapted))
        for _, cells, style in rows:
            table.add_row(*cells, style=style)
        if self.floor is not None:
            table.add_row("entropy rate", f"{self.floor:.4f}")
        return table

    def notes(self) -> list[str]:
        """What the table's figures are, a line each."""
        lines = []
        if any(row.adaptive for row in self.references):
            models = "the models" if self.others else "this model"
            lines.append(f"* learns from the held-out text while reading it; the others, {models} among them, do not")
        rows = [("1", "", self.model), *((str(n), other.name, other.figures) for n, other in enumerate(self.others, 2))]
        for number, name, figures in rows:
            facts = [name] if name else []
            if figures.streams > 1:
                facts.append(f"scored in {figures.streams} streams, each begun with a blank state")
            if figures.unknown:
                facts.append(
                    f"{figures.unknown:,} unknown {'token is' if figures.unknown == 1 else 'tokens are'} spelt"
                )
            if facts:
                lines.append((f"{number}: " if self.others else "") + ", ".join(facts))
        if self.model.spelling_bits_per_char and any(row.perplexity for row in self.references):
            whose = "model 1" if self.others else "this model"
            lines.append(f"of spelling: uniform, unigram and n-gram have the vocabulary of {whose} and pay as it does")
        if self.others:
            lines.append("perplexities of different units cannot be compared; bits a character of the same text can")
        if self.floor_interval is not None:
            low, high = self.floor_interval
            lines.append(
                f"no model can beat the entropy rate; a text of this length costs {low:.4f} to {high:.4f} (99 %)"
            )
        lines += [f"{row.name}: {row.note}" for row in self.references if row.note]
        lines += [each.sentence() for each in self.adapted]
        return lines + (self.calibration.sentences(self.split) if self.calibration else [])


def reference_rows(corpus: PreparedCorpus, split: Part, order: int, max_characters: int) -> list[Reference]:
    """The references of one part, each fitted on the training part."""
    train, part = corpus.parts["train"], corpus.parts[split]
    return references(
        train.ids, part.ids, len(corpus.tokenizer.vocabulary), train.tail(max_characters), part.text(),
        characters=part.scored_characters, spelling_nats=part.spelling_nats(),
        order=order, max_characters=max_characters, train_characters=train.figures.characters,
    )  # fmt: skip
