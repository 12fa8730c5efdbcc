"""What a reader must know before believing a sweep's figures."""

from collections.abc import Iterator, Sequence

from lstmlab.reports.sweep.arms import Arm
from lstmlab.reports.sweep.choices import Choice
from lstmlab.reports.sweep.effects import Effect
from lstmlab.reports.sweep.sentences import joined
from lstmlab.reports.sweep.trials import Sweep, Trial
from lstmlab.reports.sweep.values import Value, at, flat, key, short, shown

_SAME_BUDGET = 0.02  # relative difference of tokens that is none
_OF_THE_WINDOWS = ("seq_length", "variable_length", "batch_size")


def notes_of(sweep: Sweep, arms: Sequence[Arm], choices: Sequence[Choice], effects: Sequence[Effect]) -> list[str]:
    """Sentences, the gravest first."""
    return [
        *_texts(sweep), *_lacking(arms, effects), *_edges(choices), *_tokenizers(sweep), *_budgets(arms),
        *_conditions(sweep), *_beside(sweep), *sweep.notes,
    ]  # fmt: skip


def _texts(sweep: Sweep) -> Iterator[str]:
    if sweep.one_text:
        return
    first = {trial.text: trial for trial in reversed(sweep.counted)}
    texts = sorted(first)
    options = [flat(dict(first[text].config.get("data") or {})) for text in texts]
    names = [
        name
        for name in dict.fromkeys(name for one in options for name in one)
        if name not in _OF_THE_WINDOWS and len({key(one.get(name)) for one in options}) > 1
    ]
    said = []
    for text, one in zip(texts, options, strict=True):
        settings = [f"data.{name}={short(shown(one.get(name)), 60)}" for name in names[:4]]
        said.append(f"{text} has {joined(settings) or 'other characters'}")
    yield (
        f"The runs were scored on {len(texts)} different texts, and figures of different texts are not compared:"
        f" {'; '.join(said)}."
    )


def _lacking(arms: Sequence[Arm], effects: Sequence[Effect]) -> Iterator[str]:
    lacking = [arm for arm in arms if len(arm.trials) < arm.planned]
    if lacking:
        parts = [
            f"{short(arm.long_name, 100)}: {arm.planned - len(arm.trials)} of {arm.planned}" for arm in lacking[:6]
        ] + ([f"{len(lacking) - 6} more arms"] if len(lacking) > 6 else [])
        yield (
            f"Trials without a figure: {'; '.join(parts)}. Arms are compared on the seeds that both have, and the means"
            " in tables and pictures are over those that each has; where trials fail because of what is varied, their"
            " arm looks better than it is."
        )
    for effect in effects:
        if effect.absent and effect.levels:
            yield f"{effect.option}: {joined(effect.absent)} can be compared with no other value, for want of trials."
    counts = {len(arm.trials) for arm in arms if arm.trials}
    if counts == {1} and len(arms) > 1:
        yield "Every arm has one seed: no difference can be told from chance. Five seeds are a beginning."


def _edges(choices: Sequence[Choice]) -> Iterator[str]:
    for option in dict.fromkeys(option for choice in choices for option in choice.edges):
        parts = [
            f"{short(choice.arm.name, 60)} took the {choice.edges[option]}"
            f" ({shown(choice.chosen.values[option]) if choice.chosen else ''})"
            for choice in choices
            if option in choice.edges
        ]
        yield (
            f"{option} was chosen at the edge of what was tried: {joined(parts)}. A value beyond may be better for such"
            " an arm; try some."
        )


def _tokenizers(sweep: Sweep) -> Iterator[str]:
    if sweep.unit is None:
        yield (
            "Tokenizers or vocabularies differ: perplexities and nats a token are of different units and are not"
            " compared; bits a character are."
        )


def _budgets(arms: Sequence[Arm]) -> Iterator[str]:
    tokens = {arm: mean for arm in arms if (mean := arm.mean("tokens_trained"))}
    if tokens and max(tokens.values()) > (1 + _SAME_BUDGET) * min(tokens.values()):
        least, most = min(tokens, key=lambda arm: tokens[arm]), max(tokens, key=lambda arm: tokens[arm])
        yield (
            f"Arms were trained on different numbers of tokens, from {tokens[least]:,.0f} ({short(least.name, 60)}) to"
            f" {tokens[most]:,.0f} ({short(most.name, 60)}): a part of any difference may be that."
        )
        return
    steps = {arm: mean for arm in arms if (mean := arm.mean("steps"))}
    if steps and max(steps.values()) > (1 + _SAME_BUDGET) * min(steps.values()):
        fewest, most = min(steps, key=lambda arm: steps[arm]), max(steps, key=lambda arm: steps[arm])
        yield (
            f"Arms had the same number of tokens in different numbers of optimiser steps, from {steps[fewest]:,.0f}"
            f" ({short(fewest.name, 60)}) to {steps[most]:,.0f} ({short(most.name, 60)})."
        )


def _conditions(sweep: Sweep) -> Iterator[str]:
    """What should be the same in all trials and is no option of the comparison."""

    def environment(trial: Trial, *names: str) -> Value:
        there, value = at(trial.summary, ".".join(("environment", *names)))
        return value if there else None

    for what, values in (
        ("versions of lstmlab", {key(environment(trial, "lstmlab")) for trial in sweep.counted}),
        ("versions of torch", {key(environment(trial, "libraries", "torch")) for trial in sweep.counted}),
        ("processors", {key(environment(trial, "processor")) for trial in sweep.counted}),
        ("precisions", {key(trial.summary.get("precision")) for trial in sweep.counted}),
        ("numbers of scoring streams", {key(trial.summary.get("val/scoring_streams")) for trial in sweep.counted}),
    ):
        values -= {"null"}
        option = {"precisions": "trainer.precision", "numbers of scoring streams": "data.scoring_streams"}.get(what)
        if len(values) > 1 and option not in sweep.options:
            yield f"Trials ran with different {what}: {joined(sorted(value.strip(chr(34)) for value in values))}."


def _beside(sweep: Sweep) -> Iterator[str]:
    for option, others in sweep.beside.items():
        named = joined(others) if len(others) <= 6 else f"{', '.join(others[:6])} and {len(others) - 6} more"
        yield f"Together with {option} there varies {named}: the comparison is of all that together."
