"""Memory that is freed stays with the process for the next batch.

Batches come and go, some megabytes each. An allocator that hands their memory back at once gets it
again page by page, and the system fills each with zeros first: 6 % of a run's processor time.
"""

from __future__ import annotations

import ctypes
import os

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of mallopt(3), in malloc.h of glibc
_KEPT = 128 << 20
_LARGEST = 32 << 20


def keep_freed_memory() -> None:
    """Tell the allocators of Arrow and of the C library. Call it before Arrow is imported.

    What the user's environment says goes first; another C library than glibc has its own ways.
    """
    os.environ.setdefault("MIMALLOC_PURGE_DELAY", "1000")  # milliseconds
    if any(name in os.environ for name in ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_TRIM_THRESHOLD, _KEPT)
    mallopt(_MMAP_THRESHOLD, _LARGEST)
