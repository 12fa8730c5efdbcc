"""lstmlab novelty: did a model learn the language, or its book by heart?"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console

from lstmlab.data.prepared import PreparedCorpus
from lstmlab.data.progress import progress
from lstmlab.errors import UserError
from lstmlab.evaluation.novelty import LONGEST_NGRAM, Novelty, Slot, TrainingIndex, measure, slots
from lstmlab.evaluation.novelty.naming import label, spoken
from lstmlab.experiment.building import checked_device, quieten
from lstmlab.experiment.configuration import plain_config
from lstmlab.experiment.continuing import continue_prompts
from lstmlab.experiment.latest import named_run
from lstmlab.experiment.model_corpus import model_corpus
from lstmlab.experiment.run_directory import write_json
from lstmlab.files import replacing
from lstmlab.generation import decoding_of
from lstmlab.loading import load
from lstmlab.reports.novelty import draw_novelty
from lstmlab.text import Document, Tokenizer
from lstmlab.text.document import Part
from lstmlab.trained_model import TrainedModel

_HUMAN = "held-out"


def run(composed: DictConfig) -> Novelty:
    """The job. Writes ``novelty.json``, ``novelty.png`` and, in ``novelty/``, the texts, into the run directory or
    ``out``.

    Raises:
        UserError: options contradict each other, the training text is too long, or too little is held out.
    """
    quieten()
    config = plain_config("novelty", composed)
    decodings = _decodings(config["decodings"])
    model = load(named_run(config["run"]), checkpoint=config["checkpoint"], device=checked_device(config["device"]))
    out = _place(config["out"], model)
    data, corpus = model_corpus(model, config["data"])
    split = data.part(config["split"]).name
    _check_size(corpus, config["max_train_characters"])
    places = _slots(list(_documents(corpus, split, model.tokenizer)), config)
    _make(out)
    index = TrainingIndex(list(_documents(corpus, "train", model.tokenizer)))
    human, characters = [place.human for place in places], len(places[0].human)
    _write_texts(out, _HUMAN, human)
    train = corpus.parts["train"].figures
    found = []
    with progress("texts", len(places) * len(decodings)) as advance:
        for name, in_words, decoding in decodings:
            texts: list[str] = []
            for first in range(0, len(places), config["batch_size"]):
                some = places[first : first + config["batch_size"]]
                texts += continue_prompts(
                    model, [place.prompt for place in some], characters, decoding,
                    tokens_a_character=train.tokens / train.characters, seed=config["seed"],
                )  # fmt: skip
                advance(len(some))
            _write_texts(out, name, texts)
            found.append(measure(name, in_words, texts, index))
    novelty = Novelty(
        split, len(places), characters, config["prompt_characters"], index.characters, config["seed"],
        human=measure(_HUMAN, _HUMAN, human, index), generated=tuple(found),
    )  # fmt: skip
    prompts = [{"document": one.document, "character": one.character, "prompt": one.prompt} for one in places]
    options = {"decodings": config["decodings"], "prompts": prompts}
    write_json(out / "novelty.json", {"model": str(model.path), "step": model.step} | options | novelty.to_dict())
    draw_novelty(novelty, out / "novelty.png")
    _show(novelty, model, out)
    return novelty


def _decodings(given: Sequence[dict[str, Any]]) -> list[tuple[str, str, dict[str, Any]]]:
    """Of each decoding its name, its name within a sentence, and its options."""
    found: dict[str, tuple[str, str, dict[str, Any]]] = {}
    for options in given:
        try:
            decoding = decoding_of(options)
        except UserError as error:
            raise UserError(f"decodings: {error}") from error
        if (name := label(decoding)) in found:
            raise UserError(f"decodings names {name} twice; name each once.")
        found[name] = (name, spoken(decoding), options)
    return list(found.values())


def _place(out: str | None, model: TrainedModel) -> Path:
    """Where the results go; said before anything is computed."""
    if out is not None:
        return Path(out).expanduser()
    if model.directory is None:
        raise UserError(f"{model.path} lies in no run directory, so the results need a place: set out=DIRECTORY.")
    return model.directory


def _make(place: Path) -> None:
    try:
        (place / "novelty").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{place} cannot be written: {error.strerror}; name another directory by out.") from error


def _check_size(corpus: PreparedCorpus, most: int) -> None:
    characters = corpus.parts["train"].figures.characters
    if characters > most:
        raise UserError(
            f"the training text has {characters:,} characters, more than max_train_characters={most:,}; raise it where"
            f" there are about {characters * 50 / 1e9:.1f} GB of memory for the index."
        )


def _documents(corpus: PreparedCorpus, part: Part, tokenizer: Tokenizer) -> Iterator[Document]:
    """A part as the model could have written it: words are joined by single spaces, whatever was between them."""
    for document in corpus.documents_of(part):
        text = "".join(document.blocks())
        yield Document(document.name, tokenizer.join(tokenizer.split(text)) if tokenizer.name == "word" else text)


def _slots(documents: Sequence[Document], config: dict[str, Any]) -> list[Slot]:
    texts, prompt = config["texts"], config["prompt_characters"]
    wanted = config["characters"] // texts
    if wanted < LONGEST_NGRAM:
        raise UserError(
            f"characters={config['characters']} and texts={texts} make texts of {wanted:,} characters, and n-grams have"
            f" up to {LONGEST_NGRAM}; raise characters or lower texts."
        )
    found = slots(documents, texts, prompt, wanted)
    if not found or len(found[0].human) < LONGEST_NGRAM:
        there = sum(len("".join(document.blocks())) for document in documents)
        raise UserError(
            f"the {config['split']} part has {there:,} characters, too few for texts={texts} of at least"
            f" {LONGEST_NGRAM} behind prompt_characters={prompt}; lower one of them."
        )
    return found


def _write_texts(out: Path, name: str, texts: Sequence[str]) -> None:
    """A file a text, exactly the text; those that an earlier call left beyond them are removed."""
    stem = name.replace(", ", "-").replace(" ", "_")
    for number, text in enumerate(texts, start=1):
        with replacing(out / "novelty" / f"{stem}-{number:03d}.txt") as partial:
            partial.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    number = len(texts) + 1
    while (left := out / "novelty" / f"{stem}-{number:03d}.txt").is_file():
        left.unlink()
        number += 1


def _show(novelty: Novelty, model: TrainedModel, out: Path) -> None:
    console = Console(highlight=False)
    console.print(f"{model.path}, step {model.step:,}", markup=False, soft_wrap=True)
    console.print(novelty.table())
    for note in novelty.notes():
        console.print(note, style="dim", markup=False, soft_wrap=True)
    console.print(f"{novelty.sentence()}.", markup=False, soft_wrap=True)
    for quotation in novelty.quotations():
        console.print(quotation, soft_wrap=True)
    console.print(str(out / "novelty.png"), markup=False, soft_wrap=True)
