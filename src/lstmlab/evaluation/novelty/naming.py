"""What a decoding is called where several are compared."""

from dataclasses import fields

from lstmlab.decoding import Decoding

_SPOKEN = {"greedy": "greedy decoding", "sample": "sampling", "beam": "beam search"}


def label(decoding: Decoding) -> str:
    """What is not as by default: ``temperature 0.7``, of sampling, or ``beam, num_beams 8``; else the name alone."""
    settings = _settings(decoding)
    return ", ".join([decoding.name, *settings] if decoding.name != "sample" or not settings else settings)


def spoken(decoding: Decoding) -> str:
    """The same within a sentence: ``sampling with temperature 0.7``."""
    settings = _settings(decoding)
    return _SPOKEN[decoding.name] + (f" with {' and '.join(settings)}" if settings else "")


def _settings(decoding: Decoding) -> list[str]:
    given = [(one.name, getattr(decoding, one.name), one.default) for one in fields(Decoding) if one.name != "name"]
    return [f"{name} {value}" for name, value, default in given if value != default]
