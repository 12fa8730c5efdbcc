"""The options of a decoding: out of range, or against each other."""

from typing import Any

import pytest

from lstmlab.decoding import Decoding, Limits, check_request
from lstmlab.errors import UserError


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"name": "contrastive"}, r"decoding\.name=contrastive is none of greedy, sample, beam"),
        ({"temperature": -1.0}, r"decoding\.temperature=-1\.0 must be a number from 0 up"),
        ({"temperature": float("nan")}, r"decoding\.temperature"),
        ({"top_k": 0}, r"decoding\.top_k=0 must be at least 1"),
        ({"top_p": 0.0}, r"decoding\.top_p"),
        ({"top_p": 1.5}, r"decoding\.top_p"),
        ({"min_p": -0.1}, r"decoding\.min_p"),
        ({"repetition_penalty": 0.0}, r"decoding\.repetition_penalty"),
        ({"no_repeat_ngram": 0}, r"decoding\.no_repeat_ngram"),
        ({"name": "beam", "num_beams": 0}, r"decoding\.num_beams"),
        ({"name": "beam", "length_penalty": float("inf")}, r"decoding\.length_penalty"),
        ({"name": "beam", "early_stopping": "always"}, r"decoding\.early_stopping=always must be true, false or never"),
        ({"name": "greedy", "top_p": 0.9}, r"decoding=greedy and decoding\.top_p=0\.9 exclude each other"),
        ({"name": "greedy", "temperature": 0.7}, r"decoding=greedy and decoding\.temperature=0\.7 exclude"),
        ({"name": "beam", "top_k": 3}, r"decoding=beam and decoding\.top_k=3 exclude each other"),
        ({"num_beams": 3}, r"decoding=sample and decoding\.num_beams=3 exclude .*take decoding=beam"),
        ({"early_stopping": True}, r"decoding=sample and decoding\.early_stopping=True exclude each other"),
    ],
)
def test_what_cannot_be_is_refused_by_name(options: dict[str, Any], named: str) -> None:
    with pytest.raises(UserError, match=named):
        Decoding(**options)


@pytest.mark.parametrize(
    ("decoding", "limits", "sequences", "named"),
    [
        (Decoding(), Limits(-1), 1, "max_tokens=-1"),
        (Decoding(), Limits(5, min_tokens=-1), 1, "min_tokens=-1"),
        (Decoding(), Limits(5), 0, "num_sequences=0"),
        (Decoding(), Limits(5, min_tokens=6), 1, "min_tokens=6 and max_tokens=5 exclude each other"),
        (Decoding("greedy"), Limits(5), 2, "num_sequences=2 and decoding=greedy exclude each other"),
        (Decoding(temperature=0), Limits(5), 2, r"num_sequences=2 and decoding\.temperature=0 exclude each other"),
        (Decoding("beam", num_beams=2), Limits(5), 3, r"num_sequences=3 and decoding\.num_beams=2 exclude"),
    ],
)
def test_a_request_that_contradicts_itself_is_refused(
    decoding: Decoding, limits: Limits, sequences: int, named: str
) -> None:
    with pytest.raises(UserError, match=named):
        check_request(decoding, limits, sequences)
