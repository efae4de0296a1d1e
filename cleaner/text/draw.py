"""Draws by hash: a number for each name, the same wherever it is asked for."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xxhash
from numpy.typing import NDArray


def ranks(names: Iterable[str], purpose: str, seed: int) -> NDArray[np.uint64]:
    """A pseudo-random number for each name; those of two purposes have nothing to do with another.

    Args:
        names: of what is drawn, such as document ids.
        purpose: what for; without NUL.
        seed: 0 to 2^63 - 1.
    """
    beginning = f"{purpose}\0{seed}\0".encode()
    digest = xxhash.xxh3_64_intdigest
    return np.array(
        [digest(beginning + name.encode("utf-8", "surrogatepass")) for name in names], np.uint64
    )
