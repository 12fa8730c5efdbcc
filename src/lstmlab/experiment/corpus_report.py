"""What is in a prepared corpus, and what its cleaning took out of it."""

from collections import Counter

from rich import box
from rich.table import Table
from rich.text import Text

from lstmlab.data.prepared import PreparedCorpus


def cleaning_sentence(corpus: PreparedCorpus) -> str | None:
    """What was removed from the files, and how many bytes could not be read; None where that is nothing."""
    removed: Counter[str] = Counter()
    for document in corpus.documents:
        removed.update(document.report.get("removed", {}))
    bad = {d.name: d.report["bad_bytes"] for d in corpus.documents if d.report.get("bad_bytes")}
    if not removed and not bad:
        return None
    kept = sum(document.characters for document in corpus.documents)
    files = "1 file" if len(corpus.documents) == 1 else f"{len(corpus.documents)} files"
    said = f"{files}, {kept:,} characters kept"
    if removed:
        said += "; removed: " + ", ".join(f"{rule} {times:,}" for rule, times in sorted(removed.items()))
    if bad:
        said += "; bad bytes: " + ", ".join(f"{count:,} in {name}" for name, count in bad.items())
    return f"{said}."


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
