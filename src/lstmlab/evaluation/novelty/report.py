"""What a model's texts share with its training text, beside what a human's do."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from lstmlab.evaluation.novelty.index import TrainingIndex
from lstmlab.evaluation.novelty.ngrams import NgramShares, ngram_shares
from lstmlab.evaluation.novelty.passage import Passage, longest_passage
from lstmlab.text.document import Part

LONGEST_NGRAM = 20
_SHOWN = (4, 8, 12, 20)
_QUOTED = 300  # characters of a passage in the terminal; novelty.json has all


@dataclass(frozen=True)
class Measured:
    """The figures of some texts: ``shares`` for n from 1 to 20, and the longest passage that was in training."""

    name: str
    spoken: str  # the name within a sentence
    shares: tuple[NgramShares, ...]
    longest: Passage | None

    @property
    def longest_characters(self) -> int:
        return self.longest.characters if self.longest else 0


def measure(name: str, spoken: str, texts: Sequence[str], index: TrainingIndex) -> Measured:
    """The figures of texts of at least 20 characters."""
    matches = [index.matches(text) for text in texts]
    shares = tuple(ngram_shares(texts, matches, n) for n in range(1, LONGEST_NGRAM + 1))
    return Measured(name, spoken, shares, longest_passage(index, texts, matches))


@dataclass(frozen=True)
class Novelty:
    """Texts by several decodings and a human's, ``texts`` of ``characters`` each, all behind the same prompts."""

    split: Part
    texts: int
    characters: int  # of each text
    prompt_characters: int
    train_characters: int
    seed: int
    human: Measured
    generated: tuple[Measured, ...]

    @property
    def boldest(self) -> Measured:
        """The decoding that copies the longest passage."""
        return max(self.generated, key=lambda one: one.longest_characters)

    def sentence(self) -> str:
        spoken, most = self.boldest.spoken, self.boldest.longest_characters
        return (
            f"{spoken[0].upper()}{spoken[1:]} copies passages of up to {most:,} characters;"
            f" held-out text shares at most {self.human.longest_characters:,}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for novelty.json."""
        return {"sentence": self.sentence()} | asdict(self)

    def table(self) -> Table:
        """For a terminal; ``notes`` and ``quotations`` go below it."""
        table = Table(
            title="n-grams of characters that the training text lacks, by n",
            title_justify="left", box=box.HORIZONTALS, collapse_padding=True, pad_edge=False,
        )  # fmt: skip
        table.add_column("", overflow="fold")
        for column in (
            *(f"% new\nn={n}" for n in _SHOWN),
            "longest\ncopy",
            "% seq-\nrep-4",
            "% seq-\nrep-20",
            "dist-\ninct-2",
        ):
            table.add_column(column, justify="right", no_wrap=True)
        for row in (self.human, *self.generated):
            by_n = {share.n: share for share in row.shares}
            table.add_row(
                Text(row.name),
                *(f"{100 * by_n[n].novel:.1f}" for n in _SHOWN),
                f"{row.longest_characters:,}",
                *(f"{100 * by_n[n].repeated:.1f}" for n in (4, 20)),
                f"{by_n[2].distinct:.3f}",
                style="bold" if row is self.human else "",
            )
        return table

    def notes(self) -> list[str]:
        """What the table's figures are, a line each."""
        return [
            f"{self.texts:,} texts of {self.characters:,} characters each, behind {self.prompt_characters:,} characters"
            f" of the {self.split} part; {self.human.name}: what follows there",
            f"against {self.train_characters:,} characters of training text; the longest copy is of a passage in it,"
            " letter for letter",
            "seq-rep-n: 1 − distinct ÷ all n-grams of a text, the mean (Welleck et al. 2020); distinct-2: distinct"
            " bigrams ÷ length (Li et al. 2016); both of characters, and both depend on the length",
        ]

    def quotations(self) -> list[Text]:
        """The longest passages, the boldest decoding's and the human's, as they stand in the training text."""
        return [_quotation(one, one.longest) for one in (self.boldest, self.human) if one.longest]


def _quotation(measured: Measured, found: Passage) -> Text:
    passage = found.passage
    if len(passage) > _QUOTED:
        passage = f"{passage[: _QUOTED // 2]} […] {passage[-_QUOTED // 2 :]}"
    line = Text()
    line.append(f"{measured.name}, {found.characters:,} characters; {found.place()}:\n")
    line.append(f"  …{_flat(found.before)}", style="dim")
    line.append(f"[{_flat(passage)}]", style="bold")
    line.append(f"{_flat(found.after)}…", style="dim")
    return line


def _flat(text: str) -> str:
    return text.replace("\n", "⏎")
