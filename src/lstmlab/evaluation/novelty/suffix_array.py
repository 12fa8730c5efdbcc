"""All suffixes of a text in order.

Prefix doubling (U. Manber and G. Myers, "Suffix arrays: a new method for on-line string searches", SIAM J. Comput. 22,
1993), and as in N. J. Larsson and K. Sadakane, "Faster suffix sorting", Theor. Comput. Sci. 387, 2007, only suffixes
whose place is not settled are sorted again.
"""

import numpy as np
from numpy.typing import NDArray

_KEY_BITS = 62


def suffix_array(codes: NDArray[np.int32]) -> NDArray[np.int32]:
    """The beginnings of all suffixes of ``codes`` (N,) in lexicographic order, (N,).

    ``codes`` are at least 1; what lies behind the end counts as 0. O(N log² N) at worst; about 40 bytes of memory a
    code while it is at work.
    """
    n = len(codes)
    order, same = _by_first(codes, width := _codes_a_key(codes))
    rank = np.empty(n, np.int32)  # of a suffix by its first ``width`` codes: where its group of equals begins in order
    unsettled = np.arange(n)
    while True:
        members = order[unsettled]
        begins = np.maximum.accumulate(np.where(same, 0, unsettled))
        rank[members] = begins
        # Settled is what differs from its neighbours on both sides.
        unsettled = unsettled[same | np.append(same[1:], False)]
        if not len(unsettled):
            return order
        members = order[unsettled]
        following = np.minimum(members.astype(np.int64) + width, n)
        keys = rank[members].astype(np.int64) * (n + 1)
        keys += np.where(following < n, rank[np.minimum(following, n - 1)] + 1, 0)
        by_key = np.argsort(keys)
        order[unsettled] = members[by_key]  # a group stays in its own places: the key begins with where that begins
        same = _equals_previous(keys[by_key])
        width *= 2


def _codes_a_key(codes: NDArray[np.int32]) -> int:
    """How many codes fit into one number."""
    return max(1, _KEY_BITS // max(1, int(codes.max(initial=0)).bit_length()))


def _by_first(codes: NDArray[np.int32], width: int) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """All suffixes in the order of their first ``width`` codes, and which equal the one before them."""
    n = len(codes)
    bits = _KEY_BITS // width
    keys = np.zeros(n, np.int64)
    for offset in range(width):
        keys <<= bits
        keys[: max(0, n - offset)] |= codes[offset:]
    order = np.argsort(keys).astype(np.int32)
    return order, _equals_previous(keys[order])


def _equals_previous(keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    same = np.zeros(len(keys), np.bool_)
    same[1:] = keys[1:] == keys[:-1]
    return same
