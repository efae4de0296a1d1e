"""Figures for people: short enough for a table; the exact ones are in the JSON."""

from __future__ import annotations

_STEPS = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def short(number: int) -> str:
    """At most six characters up to 999 T: 9,999 → 12.3 k → 123 k → 1.23 M."""
    if abs(number) < 10_000:
        return f"{number:,}"
    for size, letter in _STEPS:
        if abs(number) >= size * 0.9995:
            return f"{_digits(number / size)} {letter}"
    return f"{number:,}"


def megabytes(size: float) -> str:
    """Bytes in powers of ten: 812 B, 99.5 kB, 12.3 MB, 1.23 GB."""
    if size < 1e3:
        return f"{size:.0f} B"
    if size < 999.5e3:
        return f"{_digits(size / 1e3)} kB"
    return f"{_digits(size / 1e6)} MB" if size < 999.5e6 else f"{_digits(size / 1e9)} GB"


def rate(size: float, seconds: float) -> str:
    """MB per second; '' if no time has passed."""
    return f"{_digits(size / 1e6 / seconds)} MB/s" if seconds > 0 else ""


def duration(seconds: float) -> str:
    """1.2 s, 59 s, 3:07 min, 2:05:09 h."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d} h"


def share(part: int, whole: int) -> str:
    """`part` of `whole` in percent; never 0 % or 100 % of what is something, or not all."""
    if not whole:
        return "0 %"
    percent = 100 * part / whole
    if part > 0 and percent < 0.1:
        return "<0.1 %"
    if part < whole and percent > 99.9:
        return ">99.9 %"
    return f"{percent:.1f} %".replace(".0 %", " %")


def plural(number: int, one: str, many: str = "") -> str:
    """`1 document`, `12,345 documents`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _digits(value: float) -> str:
    """Three significant digits, no exponent."""
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}"
