"""lstmlab generate: text from a trained model, as it is written."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from lstmlab.data.progress import progress
from lstmlab.decoding import Limits, check_request
from lstmlab.errors import UserError
from lstmlab.experiment.building import checked_device, quieten
from lstmlab.experiment.configuration import plain_config
from lstmlab.experiment.latest import named_run
from lstmlab.experiment.output_file import writable_file
from lstmlab.files import replacing
from lstmlab.generation import Generation, decoding_of
from lstmlab.loading import load
from lstmlab.trained_model import TrainedModel


def run(composed: DictConfig) -> str | list[Generation]:
    """The job. One text is shown as it is written, several when they are finished.

    ``out`` gets exactly what was generated, ``details`` all that is known of each text.
    """
    quieten()
    config = plain_config("generate", composed)
    # All that can be said before a model is read.
    limits = Limits(config["max_tokens"], config["min_tokens"])
    check_request(decoding_of(config["decoding"]), limits, config["num_sequences"])
    prompts = _prompts(config)
    several = len(prompts) * config["num_sequences"] > 1
    if several and config["out"]:
        many = f"num_sequences={config['num_sequences']}" if config["num_sequences"] > 1 else "prompt_file"
        raise UserError(
            f"out and {many} exclude each other: out gets one text and nothing else; take details=FILE for several."
        )
    out, details = (writable_file(name, config[name]) for name in ("out", "details"))
    if out and out == details:
        raise UserError(f"out={out} and details={details} are the same file; name another.")
    model = load(named_run(config["run"]), checkpoint=config["checkpoint"], device=checked_device(config["device"]))
    if config["on_unknown"] == "continue":
        _say_unknown(model, prompts)
    if several or details or config["decoding"]["name"] == "beam":
        found = _complete(model, prompts, config, several)
        if details:
            _write("details", details, "".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in found))
        if several:
            return found
        text = found[0].text
    else:
        text = _stream(model, prompts[0], config)
    if out:
        _write("out", out, text)
    return text


def _prompts(config: dict[str, Any]) -> list[str]:
    name = config["prompt_file"]
    if name is None:
        return [config["prompt"]]
    if config["prompt"]:
        raise UserError(f"prompt={config['prompt']} and prompt_file={name} exclude each other; give one of them.")
    try:
        text = Path(name).expanduser().read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"prompt_file={name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"prompt_file={name} is not UTF-8 (byte {error.start}); convert it.") from error
    prompts = text.removesuffix("\n").split("\n")
    if prompts == [""]:
        raise UserError(f"prompt_file={name} holds no line; write one prompt a line.")
    return prompts


def _write(option: str, path: Path, text: str) -> None:
    try:
        with replacing(path) as partial:
            partial.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    except OSError as error:
        raise UserError(f"{option}={path} cannot be written: {error.strerror}.") from error


def _say_unknown(model: TrainedModel, prompts: list[str]) -> None:
    lacking = list(dict.fromkeys(token for prompt in prompts for token in model.unknown(prompt)))
    if lacking:
        print(
            f"lstmlab: the vocabulary lacks {' '.join(map(repr, lacking))}; the model reads <unk> there.",
            file=sys.stderr,
        )


def _options(config: dict[str, Any]) -> dict[str, Any]:
    names = ("max_tokens", "min_tokens", "num_sequences", "stop", "seed", "on_unknown")
    decoding: dict[str, Any] = config["decoding"]
    return {name: config[name] for name in names} | decoding


def _stream(model: TrainedModel, prompt: str, config: dict[str, Any]) -> str:
    pieces = []
    stream = model.stream(prompt, **_options(config))
    print(prompt, end="", flush=True)
    for piece in stream:
        pieces.append(piece)
        print(piece, end="", flush=True)
    print()
    return "".join(pieces)


def _complete(model: TrainedModel, prompts: list[str], config: dict[str, Any], several: bool) -> list[Generation]:
    """All texts, some prompts at a time; each is printed when it is there, behind its prompt."""
    found: list[Generation] = []
    at_once = max(1, config["batch_size"] // config["num_sequences"])
    with progress("prompts", len(prompts)) as advance:
        for first in range(0, len(prompts), at_once):
            some = prompts[first : first + at_once]
            found += model.complete(some, **_options(config))
            advance(len(some))
    for number, one in enumerate(found, start=1):
        if several:
            print(f"--- {number} of {len(found)}, {one.finish}, score {one.score:.2f}")
        print(one.prompt + one.text)
    return found
