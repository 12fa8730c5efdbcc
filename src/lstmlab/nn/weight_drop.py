"""Weight drop: DropConnect on the recurrent matrices (Merity et al. 2017, section 3)."""

from lstmlab.errors import UserError


def check_weight_drop(share: float) -> None:
    """Raises UserError where ``share`` is no share of the weights."""
    if not 0 <= share < 1:
        raise UserError(f"model.layer.weight_drop={share} must be from 0 to below 1.")
