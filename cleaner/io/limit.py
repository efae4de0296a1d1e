"""A bound on what code that is not ours may take for one call, kept by the clock of the machine."""

from __future__ import annotations

import faulthandler
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")
GRACE = 5.0
"""Seconds after the limit that Python has to interrupt a call, before the process is ended."""
_AGAIN = 1.0
"""Seconds between two interrupts of a call that swallows the first, and between two looks at the
clock that ends the process: that one starts a thread, which is too much for each record."""


class TooSlow(BaseException):
    """A call took longer than it may. No `Exception`: a rule's `except Exception` must not eat it.

    Raised by a signal, in the middle of anything.
    """


class Limit:
    """Interrupts each call that takes longer than `seconds`; use it as a context.

    In another thread than the main one, and where the alarm is someone else's, nothing can be
    interrupted. Code of an extension cannot be, either: there, with `traces`, the process is ended.
    """

    def __init__(self, seconds: float, traces: int | None = None) -> None:
        """`traces`: a file descriptor for a traceback; given where the process may be ended."""
        self.seconds = seconds
        self._traces = traces
        self._armed = False
        self._can_interrupt = False
        self._previous: Any = None
        self._until = 0.0

    def __enter__(self) -> Limit:
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGALRM) in (signal.SIG_DFL, signal.SIG_IGN):
            self._previous = signal.signal(signal.SIGALRM, self._interrupt)
            self._can_interrupt = True
        return self

    def __exit__(self, *_: object) -> None:
        if self._can_interrupt:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._previous or signal.SIG_DFL)
            self._can_interrupt = False
        self.rest()

    def call(self, function: Callable[[], T]) -> T:
        """Call a function.

        Raises:
            TooSlow: it took longer than it may.
            BaseException: whatever it raises.
        """
        self._begin()
        try:
            return function()
        finally:
            self._armed = False
            if self._can_interrupt:
                signal.setitimer(signal.ITIMER_REAL, 0)

    def rest(self) -> None:
        """Stop the clock that ends the process, before other work that may take its time."""
        self._until = 0.0
        if self._traces is not None:
            faulthandler.cancel_dump_traceback_later()

    def _begin(self) -> None:
        now = time.monotonic()
        if self._traces is not None and now >= self._until:
            self._until = now + _AGAIN
            left = self.seconds + GRACE + _AGAIN
            faulthandler.dump_traceback_later(left, file=self._traces, exit=True)
        if self._can_interrupt:
            self._armed = True
            signal.setitimer(signal.ITIMER_REAL, self.seconds, _AGAIN)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self._armed:
            raise TooSlow
