"""lstmlab prepare: a corpus into the cache, and what is in it."""

from omegaconf import DictConfig
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lstmlab.data.prepared import PreparedCorpus
from lstmlab.experiment.building import build_data, check_data_target, quieten
from lstmlab.experiment.configuration import plain_config


def run(composed: DictConfig) -> PreparedCorpus:
    """The job."""
    quieten()
    config = plain_config("prepare", composed)
    check_data_target(config)
    corpus = build_data(config).prepare()
    console = Console(soft_wrap=True, highlight=False)
    if any(document.report for document in corpus.documents):
        console.print(documents_table(corpus))
    console.print(corpus_table(corpus))
    vocabulary = corpus.tokenizer.vocabulary
    specials = " and ".join(vocabulary.token(i) for i in range(vocabulary.specials))
    console.print(
        f"Vocabulary: {len(vocabulary.types):,} types and {specials}, one token a {corpus.tokenizer.unit}",
        markup=False,
    )
    console.print(f"Cached in {corpus.directory}", markup=False)
    return corpus


def documents_table(corpus: PreparedCorpus) -> Table:
    """Each file: how it was read, what each rule of the cleaning took out of it, and what is left."""
    table = Table(show_lines=True, box=box.HORIZONTALS, pad_edge=False)
    table.add_column("file\nencoding", overflow="fold")
    for column in ("bytes\ncharacters", "bad\nbytes", "removed,\ntimes", "kept\ntokens"):
        table.add_column(column, justify="right", no_wrap=True)
    for document in corpus.documents:
        report = document.report
        bytes_, characters, bad = (f"{report.get(name, 0):,}" for name in ("bytes", "characters", "bad_bytes"))
        removed = "\n".join(f"{rule} {times:,}" for rule, times in sorted(report.get("removed", {}).items()))
        name = Text(f"{document.name}\n{report.get('encoding', '')}")
        left = f"{document.characters:,}\n{sum(document.tokens.values()):,}"
        table.add_row(name, f"{bytes_}\n{characters}", bad, removed, left)
    return table


def corpus_table(corpus: PreparedCorpus) -> Table:
    """Documents, characters, tokens and unknown tokens by part."""
    table = Table()
    table.add_column("part")
    for column in ("documents", "characters", "tokens", "unknown tokens"):
        table.add_column(column, justify="right")
    for name, part in corpus.parts.items():
        f = part.figures
        table.add_row(name, *(f"{n:,}" for n in (f.documents, f.characters, f.tokens, f.unknown)))
    return table
