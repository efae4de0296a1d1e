"""Compiled functions: how numba compiles them, and where it keeps what it compiled.

Rules for a kernel, learnt by measuring: indices and counters are `uint64` (a signed index costs a
check for negative values and stops vectorisation); a constant beside an unsigned number is
unsigned, too (`uint64 + int64` is a float); 32-bit arithmetic is cast back at each step.

A kernel is compiled at its first call, for the types that it gets: callers pass arrays through
`column`, so that there is one version of each. Compiled code is kept on disk beside the source.
Numba renews it when the file of the function changes, **not** when a function or a constant of
another file that it uses does; so kernels call kernels of their own file only, and of
`cleaner.text.mix`, `simd` and `utf8`, whose functions never change.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import event
from numpy.typing import DTypeLike, NDArray

Function = TypeVar("Function", bound=Callable[..., Any])

NO_CACHE = (
    "compiled functions cannot be kept: neither the package's folder nor the user's cache folder "
    "can be written. "
    "Each process compiles them anew, which takes some seconds. "
    "Set NUMBA_CACHE_DIR to a folder that can be written."
)


class _Clock(event.Listener):
    """Adds up the time from the start of a compilation to its end; one may cause others."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.told: tuple[Callable[[], None], Callable[[], None]] | None = None
        self._depth = 0
        self._since = 0.0

    def on_start(self, _event: Any) -> None:
        """A compilation begins."""
        self._depth += 1
        if self._depth == 1:
            self._since = time.perf_counter()
            if self.told is not None:
                self.told[0]()

    def on_end(self, _event: Any) -> None:
        """A compilation ends."""
        self._depth -= 1
        if not self._depth:
            self.seconds += time.perf_counter() - self._since
            if self.told is not None:
                self.told[1]()


_CLOCK = _Clock()
event.register("numba:compile", _CLOCK)  # type: ignore[no-untyped-call]  # numba has no types


def compile_seconds() -> float:
    """How long this process has compiled so far; what is read from the cache does not count."""
    return _CLOCK.seconds


@contextmanager
def told_of_compilation(begins: Callable[[], None], ends: Callable[[], None]) -> Iterator[None]:
    """Call `begins` and `ends` around each compilation in here; one that causes others is one."""
    before, _CLOCK.told = _CLOCK.told, (begins, ends)
    try:
        yield
    finally:
        _CLOCK.told = before


def kernel(function: Function) -> Function:
    """Compile a function with numba at its first call; it releases the GIL.

    Where no folder for compiled code can be written a `RuntimeWarning` says so once, and the
    function is compiled in each process.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "boundscheck": False}
    try:
        compiled: Any = numba.njit(cache=True, **options)(function)
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
        warnings.warn(NO_CACHE, RuntimeWarning, stacklevel=1)
        compiled = numba.njit(cache=False, **options)(function)
    return cast("Function", compiled)


def column(values: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    """A read-only, contiguous view of an array for a kernel; a copy only where one is needed.

    Raises:
        TypeError: not every value of the array's type has an equal in `dtype` (floats for
            integers, signed for unsigned).
    """
    array = np.asarray(values)
    if array.size and not np.can_cast(array.dtype, dtype, casting="same_kind"):
        raise TypeError(f"expected an array of {np.dtype(dtype)}, not of {array.dtype}")
    view = np.ascontiguousarray(array, dtype=dtype).view()
    view.flags.writeable = False
    return view
