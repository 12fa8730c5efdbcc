"""lstmlab surprise: a page on which a text is coloured by how surprising each token was to a trained model."""

import sys
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lstmlab.errors import UserError
from lstmlab.experiment.building import checked_device, quieten
from lstmlab.experiment.configuration import plain_config
from lstmlab.experiment.latest import named_run
from lstmlab.experiment.model_corpus import model_corpus
from lstmlab.experiment.output_file import writable_file
from lstmlab.loading import load
from lstmlab.reports.surprise import Surprise
from lstmlab.reports.surprise.pieces import Surroundings, share
from lstmlab.reports.surprise.visible import label
from lstmlab.text.document import Part
from lstmlab.text.reading import read_text
from lstmlab.trained_model import TrainedModel

PASSAGE = 2000  # characters of a part, where none are named
LONGEST = 100_000  # tokens that a page can show and a browser can bear
_LISTED = 8  # tokens in the terminal's table


def run(composed: DictConfig) -> Surprise:
    """The job. Writes ``surprise.html`` into the run directory, or ``out``.

    Raises:
        UserError: options contradict each other, the text is too short or too long, or ``out`` cannot be written.
    """
    quieten()
    config = plain_config("surprise", composed)
    model = load(named_run(config["run"]), checkpoint=config["checkpoint"], device=checked_device(config["device"]))
    out = _target(config["out"], model)
    text, title = _text(config, model)
    if (tokens := len(model.tokenizer.split(text))) > LONGEST:
        raise UserError(
            f"the text has {tokens:,} tokens, and a page shows {LONGEST:,} at most; take a part of it with start=… and"
            " characters=…."
        )
    surprise = model.surprise(text, config["alternatives"])
    _say_unknown(surprise)
    surprise.save(out, title)
    console = Console(highlight=False)
    console.print(f"{title}: {surprise.sentence()}.", markup=False, soft_wrap=True)
    console.print(_table(surprise))
    console.print(str(out), markup=False, soft_wrap=True)
    return surprise


def _target(out: str | None, model: TrainedModel) -> Path:
    """Where the page goes; refused before anything is computed."""
    if path := writable_file("out", out):
        return path
    if model.directory is None:
        raise UserError(f"{model.path} lies in no run directory, so the page needs a place: set out=surprise.html.")
    return model.directory / "surprise.html"


def _text(config: dict[str, Any], model: TrainedModel) -> tuple[str, str]:
    """What is to be read, and what it is called."""
    start, characters = config["start"] or 0, config["characters"]
    if config["text"] is not None:
        return config["text"], "A text"
    if config["text_file"] is not None:
        path = Path(config["text_file"]).expanduser()
        try:
            whole = read_text(path, config["encoding"])
        except UserError as error:  # which names the option of a corpus
            raise UserError(str(error).replace("data.encoding", "encoding")) from error
        if start >= len(whole):
            raise UserError(f"start={start} lies behind the end of {path}, which has {len(whole):,} characters.")
        return whole[start : start + characters if characters else None], path.name
    split: Part = config["split"] or "test"
    part = model_corpus(model, config["data"])[0].part(split)
    stop = start + (characters or PASSAGE)
    passage = ""
    for block in part.blocks():
        passage += block
        if len(passage) >= stop:
            break
    if start >= len(passage):
        raise UserError(
            f"start={start} lies behind the end of the {split} part, which has {len(passage):,} characters."
        )
    passage = passage[start:stop]
    return passage, f"The {split} part, characters {start + 1:,} to {start + len(passage):,}"


def _say_unknown(surprise: Surprise) -> None:
    unknown = list(dict.fromkeys(t for t, known in zip(surprise.tokens, surprise.known, strict=True) if not known))
    if unknown:
        named = " ".join(map(repr, unknown[:10])) + (f" and {len(unknown) - 10:,} more" if len(unknown) > 10 else "")
        print(f"lstmlab: the vocabulary lacks {named}; each costs <unk> and its spelling (*).", file=sys.stderr)


def _table(surprise: Surprise) -> Table:
    table = Table(title="The most surprising", title_justify="left", box=box.HORIZONTALS, pad_edge=False)
    table.add_column("token", overflow="fold")
    for column in ("bits", "probability", "rank"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("expected", no_wrap=True)
    table.add_column("where", no_wrap=True)
    sample = "".join(surprise.tokens[:1000])
    wide = cell_len(sample) > 1.5 * len(sample)  # as Chinese is in a terminal
    surroundings = Surroundings(surprise, characters=4 if wide else 9)
    for index in surprise.most_surprising(_LISTED):
        one = surprise[index]
        likely = one.alternatives[0]
        expected = f"{label(likely.token)} {share(likely.probability)}"
        name = label(one.token) + ("" if one.known else "*")
        before, behind = surroundings.of(index)
        where = Text.assemble((before, "dim"), (label(one.token), "bold"), (behind, "dim"))
        # As Text: a bracket in a token is no markup.
        table.add_row(Text(name), f"{one.bits:.2f}", share(one.probability), f"{one.rank:,}", Text(expected), where)
    return table
