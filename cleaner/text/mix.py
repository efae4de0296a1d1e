"""Bit mixing shared by the kernels. **Frozen**: a better function gets a new name.

Compiled code that calls these is not renewed when this file changes (see `cleaner.text.jit`), and
every hash that was ever written depends on them. `tests/text/test_words.py` pins their values.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cleaner.text.jit import kernel

_A = np.uint64(0xBF58476D1CE4E5B9)
_B = np.uint64(0x94D049BB133111EB)
_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)


@kernel
def mix64(x: np.uint64) -> np.uint64:
    """A bijection; each bit of the result depends on all bits (Stafford's variant 13)."""
    x = (x ^ (x >> _S30)) * _A
    x = (x ^ (x >> _S27)) * _B
    return x ^ (x >> _S31)


def splitmix(seeds: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The first number of a SplitMix64 generator of each seed (Steele, Lea, Flood 2014)."""
    x = seeds.astype(np.uint64) + _GAMMA
    x = (x ^ (x >> _S30)) * _A
    x = (x ^ (x >> _S27)) * _B
    return x ^ (x >> _S31)
