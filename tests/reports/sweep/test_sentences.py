"""The sentence says what won, by how much and how sure, and nothing that the figures do not bear."""

import re
from pathlib import Path
from typing import Any

import pytest

from lstmlab.reports.statistics import compare_all
from lstmlab.reports.sweep import Findings, find, load_sweep


def findings(path: Any) -> Findings:
    return find(load_sweep(path))


def two_arms(make_sweep: Any, root: Path, differences: list[float], better: float = 0.0) -> Findings:
    """32 is worse than 16 by these, seed by seed; the seeds themselves differ widely."""

    def bits(one: Any) -> float:
        seed = one["seed"]
        return 2.0 + 0.1 * seed + (differences[seed - 1] if one["data.seq_length"] == 32 else better)

    seeds = list(range(1, len(differences) + 1))
    return findings(make_sweep(root, {"data.seq_length": [16, 32], "seed": seeds}, bits))


def test_a_sure_winner(tmp_path: Path, make_sweep: Any) -> None:
    (sentence,) = two_arms(make_sweep, tmp_path / "a", [0.020, 0.022, 0.021, 0.019, 0.023]).sentences
    assert sentence == (
        "data.seq_length 16 beats 32 by 0.0210 bits a character (95 % CI 0.0190 to 0.0230, 5 paired seeds, paired t,"
        " p < 0.001 after Holm)."
    )


def test_pairing_finds_what_the_seeds_hide(tmp_path: Path, make_sweep: Any) -> None:
    """Between seeds figures differ by 0.4, between arms by 0.02: unpaired intervals overlap wholly."""
    found = two_arms(make_sweep, tmp_path / "a", [0.020, 0.022, 0.021, 0.019, 0.023])
    first, second = (arm.interval() for arm in found.arms)
    assert first and second and first.high > second.low
    assert "beats" in found.sentences[0]


def test_within_the_noise(tmp_path: Path, make_sweep: Any) -> None:
    (sentence,) = two_arms(make_sweep, tmp_path / "a", [0.05, -0.04, 0.03, -0.01, 0.04]).sentences
    assert sentence.startswith(
        "data.seq_length: 16 has the lowest mean, but its lead over 32 is within the noise: 0.014 bits a character"
    )
    assert "p = 0.45 after Holm" in sentence
    assert re.search(r"about \d+ more seeds would settle it\.$", sentence) and "beats" not in sentence


def test_noise_that_no_number_of_seeds_would_settle(tmp_path: Path, make_sweep: Any) -> None:
    (sentence,) = two_arms(make_sweep, tmp_path / "a", [0.05, -0.05, 0.0501, -0.05]).sentences
    assert "more than 1,000 seeds would be needed" in sentence


def test_figures_that_are_the_same(tmp_path: Path, make_sweep: Any) -> None:
    (sentence,) = two_arms(make_sweep, tmp_path / "a", [0.0, 0.0, 0.0]).sentences
    assert "their figures are the same" in sentence and "beats" not in sentence


def test_one_seed_says_nothing_of_chance(tmp_path: Path, make_sweep: Any) -> None:
    found = two_arms(make_sweep, tmp_path / "a", [0.3])
    assert "one pair tells nothing of chance" in found.sentences[0] and "beats" not in found.sentences[0]
    assert any("one seed" in note for note in found.notes)


def test_no_seed_in_common(tmp_path: Path, make_sweep: Any) -> None:
    without = {"seq_length=16,seed=1": "missing", "seq_length=32,seed=2": "missing"}
    root = make_sweep(
        tmp_path / "a", {"data.seq_length": [16, 32], "seed": [1, 2]}, lambda one: 2.0 + one["seed"] / 10,
        without=without,
    )  # fmt: skip
    assert "shares no seed" in findings(root).sentences[0]


def test_the_best_is_compared_with_the_runner_up_and_the_rest(seq_sweep: Path) -> None:
    found = findings(seq_sweep)
    (sentence,) = found.sentences
    assert re.match(r"data.seq_length: (64|128) has the lowest mean, but its lead over (128|64) is within", sentence)
    assert re.search(r"It does beat 32 by 0\.0\d\d \(p .*\) and 16 by 0\.(09|10)\d \(p .*\)\.$", sentence)


def test_the_figures_are_those_of_the_statistics(seq_sweep: Path) -> None:
    """Holm's correction is over all six pairs, and pairs are of the seeds that both arms have."""
    sweep = load_sweep(seq_sweep)
    arms: dict[str, dict[int, float]] = {}
    for trial in sweep.counted:
        arms.setdefault(str(trial.options["data.seq_length"]), {})[trial.seed] = trial.bits or 0.0
    (effect,) = find(sweep).effects
    for pair, expected in compare_all(arms).items():
        got = effect.comparisons[pair]
        assert (got.difference, got.p_adjusted) == pytest.approx((expected.difference, expected.p_adjusted))
        assert got.pairs == expected.pairs == 5 - ("16" in pair) - ("128" in pair)


def test_a_lucky_set_of_seeds_wins_nothing(tmp_path: Path, make_sweep: Any) -> None:
    """16 lacks the seeds that are hard for both; by plain means it would win."""
    without = {"seq_length=16,seed=4": "missing", "seq_length=16,seed=5": "missing"}
    noise = {1: 0.001, 2: -0.001, 3: 0.0, 4: 0.0, 5: 0.0}
    root = make_sweep(
        tmp_path / "a",
        {"data.seq_length": [16, 32], "seed": [1, 2, 3, 4, 5]},
        lambda one: 2 + 0.1 * one["seed"] + (0.02 + noise[one["seed"]] if one["data.seq_length"] == 16 else 0),
        without=without,
    )
    found = findings(root)
    assert found.arms[0].mean("val/bits_per_char") < found.arms[1].mean("val/bits_per_char")  # type: ignore[operator]
    assert found.sentences[0].startswith("data.seq_length 32 beats 16 by 0.020")
    assert found.winners[0].arm.name == "32"
    assert any("looks better than it is" in note for note in found.notes)


def test_only_seeds_vary(tmp_path: Path, make_sweep: Any) -> None:
    root = make_sweep(tmp_path / "a", {"seed": [1, 2, 3]}, lambda one: 2.0 + 0.01 * one["seed"])
    found = findings(root)
    assert found.sentences == ("2.020 validation bits a character on average (95 % CI 1.995 to 2.045 over 3 seeds).",)
    assert not found.effects and len(found.arms) == 1


def test_an_option_that_changes_the_text_is_not_judged(tmp_path: Path, make_sweep: Any) -> None:
    root = make_sweep(
        tmp_path / "a",
        {"data.max_characters": [1000, 2000], "model.num_layers": [1, 2], "seed": [1, 2, 3]},
        lambda one: (
            2
            - one["data.max_characters"] / 1e4
            - one["model.num_layers"] / 10
            + 0.001 * one["seed"] * one["model.num_layers"]
        ),
    )
    found = findings(root)
    assert "changes the text that is scored" in found.sentences[0] and "beats" not in found.sentences[0]
    assert found.sentences[1].startswith("model.num_layers 2 beats 1 by 0.098")  # within each text
    assert "different texts" in found.notes[0] and "data.max_characters=1000" in found.notes[0]
    assert [winner.arm.name for winner in found.winners] == ["1000, 2 (text 1)", "2000, 2 (text 2)"]


def test_runs_of_different_texts_are_not_compared(tmp_path: Path, make_run: Any, make_config: Any) -> None:
    """The same options, another file behind data.path: the test parts differ in length."""
    runs = []
    for place, tokens in (("a", 2000), ("b", 3000)):
        for seed in (1, 2):
            config = make_config({"seed": seed, "data.path": f"/{place}.txt"})
            runs.append(make_run(tmp_path / f"{place}{seed}", config, 2.0, tokens=tokens))
    found = findings(runs)
    assert len(found.arms) == 2 and "figures of different texts are not compared" in found.sentences[0]
    moved = [make_run(tmp_path / f"c{seed}", make_config({"seed": seed, "data.path": "/c.txt"})) for seed in (3, 4)]
    assert load_sweep([*runs[:2], *moved]).one_text  # as long: the same text elsewhere


def test_perplexities_of_different_tokenizers_are_not_compared(tmp_path: Path, make_sweep: Any) -> None:
    root = make_sweep(
        tmp_path / "a",
        {"tokenizer.name": ["char", "word"], "seed": [1, 2, 3]},
        lambda one: (
            2.0 + 0.01 * one["seed"] ** 2 + (0.1 + 0.001 * one["seed"] if one["tokenizer.name"] == "word" else 0)
        ),
        summary=lambda one: {"perplexity_unit": {"char": "character"}.get(one["tokenizer.name"], "word")},
    )
    found = findings(root)
    assert found.sweep.unit is None and any("not compared; bits a character are" in note for note in found.notes)
    assert found.sentences[0].startswith("tokenizer.name char beats word by 0.102")


def test_what_else_a_reader_must_know(tmp_path: Path, make_sweep: Any) -> None:
    def summary(one: Any) -> dict[str, Any]:
        more = one["data.seq_length"] == 32
        return {"tokens_trained": 50_000 if more else 40_000, "environment": {"libraries": {"torch": f"2.{more:d}"}}}

    root = make_sweep(tmp_path / "a", {"data.seq_length": [16, 32], "seed": [1, 2]}, lambda one: 2.0, summary=summary)
    notes = " ".join(findings(root).notes)
    assert "from 40,000 (16) to 50,000 (32)" in notes
    assert "different versions of torch: 2.0 and 2.1" in notes


def test_equal_tokens_in_different_steps(tmp_path: Path, make_sweep: Any) -> None:
    root = make_sweep(
        tmp_path / "a", {"data.seq_length": [16, 32], "seed": [1, 2]}, lambda one: 2.0,
        summary=lambda one: {"tokens_trained": 64_000, "steps": 64_000 // one["data.seq_length"]},
    )  # fmt: skip
    assert "steps, from 2,000 (32) to 4,000 (16)." in " ".join(findings(root).notes)


def test_the_test_part_is_said_once_for_the_winner(seq_sweep: Path) -> None:
    from lstmlab.reports.sweep.winners import winner_sentences

    found = findings(seq_sweep)
    (winner,) = found.winners
    (sentence,) = winner_sentences(found.winners, len(found.arms))
    assert winner.test is not None and winner.test_interval is not None
    assert winner.test_interval.low < winner.test < winner.test_interval.high
    assert winner.test_interval.method == "block bootstrap"
    assert f"{winner.test:.3f} bits a character (95 % CI" in sentence and "over the text" in sentence
