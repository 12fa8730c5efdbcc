"""Masks: of every position, of a whole window, of whole types."""

import pytest
import torch

from lstmlab.nn import Core, Dropout, LSTMLayer, TypeDropout


@pytest.mark.parametrize("locked", [False, True])
def test_shares_and_scale(locked: bool) -> None:
    torch.manual_seed(0)
    x = torch.ones(50, 7, 40)
    dropped = Dropout(0.3, locked=locked)(x)
    assert dropped.unique().tolist() == pytest.approx([0.0, 1 / 0.7])
    assert abs((dropped == 0).float().mean() - 0.3) < 0.03
    same_all_along = bool((dropped == dropped[:, :1]).all())
    assert same_all_along == locked
    assert not (dropped[:1] == dropped).all()  # each stream has a mask of its own


@pytest.mark.parametrize("locked", [False, True])
def test_off_outside_training_and_at_zero(locked: bool) -> None:
    x = torch.randn(2, 3, 4)
    assert Dropout(0.5, locked=locked).eval()(x) is x
    assert Dropout(0.0, locked=locked)(x) is x


def test_a_single_position_is_masked_too() -> None:
    torch.manual_seed(0)
    assert 0 < int((Dropout(0.5, locked=True)(torch.ones(2, 30)) == 0).sum()) < 60


def test_types_are_dropped_wherever_they_stand_like_rows_of_the_matrix() -> None:
    torch.manual_seed(0)
    weight = torch.randn(20, 5, requires_grad=True)
    ids = torch.randint(0, 20, (4, 30))
    generator = torch.get_rng_state()
    dropped = TypeDropout(0.4)(weight[ids], ids, 20)
    torch.set_rng_state(generator)
    rows = torch.nn.functional.dropout(torch.ones(20), 0.4)  # (V,)
    assert 0 < int((rows == 0).sum()) < 20
    torch.testing.assert_close(dropped, (weight * rows[:, None])[ids])
    assert TypeDropout(0.4).eval()(dropped, ids, 20) is dropped


def test_a_locked_core_masks_between_layers_for_the_whole_window() -> None:
    """A unit of the first layer that is masked is masked at every position: the second layer never sees it."""
    torch.manual_seed(1)
    core = Core([LSTMLayer(3, 4), LSTMLayer(4, 4)], dropout=0.5, locked=True)
    seen: list[torch.Tensor] = []
    core.layers[1].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    core(torch.randn(2, 9, 3), core.initial_state(2, torch.device("cpu"), torch.float32))
    absent = seen[0] == 0
    assert absent.any() and bool((absent == absent[:, :1]).all())


def test_a_norm_behind_the_last_layer() -> None:
    core = Core([LSTMLayer(3, 4)], norm=True)
    x = torch.randn(2, 5, 3)
    state = core.initial_state(2, torch.device("cpu"), torch.float32)
    output, _ = core(x, state)
    raw, _ = core.layers[0](x, state[0])
    torch.testing.assert_close(output, torch.nn.functional.layer_norm(raw, (4,)))
    torch.testing.assert_close(core.step(x[:, 0], state)[0], output[:, 0])
