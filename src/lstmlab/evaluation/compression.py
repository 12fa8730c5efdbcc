"""What general-purpose compressors pay for a text they read after another: a yardstick without training.

Both figures are the compressed size of train + test less that of train. The compressors go on learning from
the test text while they read it, which a frozen language model does not.
"""

import lzma
from collections.abc import Iterator

import pyppmd

PIECE = 1 << 16  # bytes handed over at a time, so that the output never piles up
MIB = 1 << 20


def xz_bits(train: bytes, test: bytes) -> float:
    """Bits that xz (LZMA2, preset 9 extreme) adds for `test` when it has read `train`.

    The dictionary is as large as both together, up to the 1.5 GiB that xz allows, so nothing of `train` is
    forgotten; the encoder takes about twelve times that in memory. xz pads its files to four bytes, so the
    figure is a multiple of 32.
    """
    dictionary = min(max(len(train) + len(test), 4096), 3 << 29)  # xz's own limits
    return float(8 * (_xz_bytes(dictionary, train, test) - _xz_bytes(dictionary, train)))


def ppmd_bits(train: bytes, test: bytes, order: int = 6, memory: int = 64 * MIB) -> float:
    """Bits that PPMd adds for `test` when it has read `train`.

    Dmitry Shkarin's PPMd, variant I revision 2 (the one of zip; 7z has variant H). `order` is the longest
    context in bytes, 2 to 64. A model that outgrows `memory` (bytes) is pruned and not restarted, since a
    restart would forget `train`. Raises ValueError for an order outside 2 to 64.
    """
    if not 2 <= order <= 64:
        raise ValueError(f"PPMd's order is {order}; it must lie in 2…64")
    return float(8 * (_ppmd_bytes(order, memory, train, test) - _ppmd_bytes(order, memory, train)))


def _xz_bytes(dictionary: int, *texts: bytes) -> int:
    settings = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": dictionary}
    encoder = lzma.LZMACompressor(format=lzma.FORMAT_XZ, filters=[settings])
    return sum(len(encoder.compress(piece)) for piece in _pieces(*texts)) + len(encoder.flush())


def _ppmd_bytes(order: int, memory: int, *texts: bytes) -> int:
    encoder = pyppmd.Ppmd8Encoder(order, memory, pyppmd.PPMD8_RESTORE_METHOD_CUT_OFF)
    written = sum(len(encoder.encode(piece)) for piece in _pieces(*texts))
    return written + len(encoder.flush(endmark=False))  # an end mark's price depends on where it stands


def _pieces(*texts: bytes) -> Iterator[memoryview]:
    for text in texts:
        for start in range(0, len(text), PIECE):
            yield memoryview(text)[start : start + PIECE]
