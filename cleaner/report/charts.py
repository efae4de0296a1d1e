"""Charts as inline SVG; sizes are units of the view box, colours come from the style sheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from cleaner.dedup.curve import catch
from cleaner.report.figures import share, short
from cleaner.report.inert import inert

WIDTH = 440
_NAME = 20
_BAND_LEFT, _BAND_WIDTH = 150, 140
_LOSS_RIGHT = 316
_LINE = 17
_PLOT_LEFT, _PLOT_RIGHT, _PLOT_TOP = 38, 8, 12


@dataclass(frozen=True, slots=True)
class Loss:
    """What leaves the flow at a step: kind is 'cut', 'dropped', 'quarantined' or 'left out'."""

    kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the flow, and what leaves it there."""

    name: str
    losses: tuple[Loss, ...]


def flow_chart(title: str, amount: int, steps: Sequence[Step], unit: str) -> Markup:
    """A Sankey diagram from top to bottom: the band narrows where something leaves it.

    Args:
        title: for those who cannot see it.
        amount: what comes in; the losses of all steps are at most that.
        steps: in order; what is left after the last one is the corpus.
        unit: of the amounts, in the plural.
    """
    scale = _BAND_WIDTH / amount if amount else 0.0
    y, left = 40.0, amount
    parts = [_text(0, 14, "input", "name"), _text(0, 29, f"{short(amount)} {unit}", "dim")]
    edge = [(y - 12, left * scale)]
    for step in steps:
        losses = [loss for loss in step.losses if loss.amount > 0]
        slots = [max(_LINE, loss.amount * scale + 4) for loss in losses]
        height = max(30.0, sum(slots) + 12)
        parts.append(_text(0, y + 19, _clipped(step.name), "name"))
        slot = y + (height - sum(slots)) / 2
        for loss, size in zip(losses, slots, strict=True):
            parts.append(_ribbon(loss, left * scale, scale, y, slot + size / 2, amount, unit))
            left -= loss.amount
            slot += size
        edge.append((y, left * scale))
        y += height
    parts.append(_band([*edge, (y + 12, left * scale)]))
    parts.append(_text(0, y + 20, "corpus", "name strong"))
    parts.append(_text(0, y + 36, f"{short(left)} {unit}, {share(left, amount)}", "dim"))
    return _svg("flow", y + 44, title, parts)


def length_chart(before: Sequence[int], after: Sequence[int]) -> Markup:
    """Documents by class of length in characters (0, 1, 2-3, 4-7, …), before and after."""
    used = [i for i, pair in enumerate(zip(before, after, strict=True)) if any(pair)]
    if not used:
        return Markup("")
    low, high = used[0], used[-1] + 1
    top = max(*before[low:high], *after[low:high])
    bottom = 170.0
    step = (WIDTH - _PLOT_LEFT - _PLOT_RIGHT) / (high - low)
    parts = _frame(bottom, short(top))
    for column, index in enumerate(range(low, high)):
        x = _PLOT_LEFT + column * step
        name = f"{_bound(index)} to {_bound(index + 1)} characters" if index else "no characters"
        for offset, kind, count in ((0.08, "before", before[index]), (0.5, "after", after[index])):
            height = (bottom - _PLOT_TOP) * count / top
            label = f"{name}, {kind}: {count:,} documents"
            parts.append(
                _rect(x + offset * step, bottom - height, 0.42 * step, height, kind, label)
            )
        if (high - low) <= 18 or index % 2 == 0:
            parts.append(_text(x + step / 2, bottom + 16, _bound(index), "dim mid"))
    parts.append(_text(WIDTH - _PLOT_RIGHT, bottom + 32, "characters, at least", "dim end"))
    return _svg("plot", bottom + 38, "Documents by length, before and after", parts)


def catch_chart(
    bands: int, rows: int, threshold: float, pairs: Sequence[int], offered: Sequence[int] = ()
) -> Markup:
    """The chance that a pair is compared, by similarity, over the verified pairs of the run.

    Args:
        bands: of the signatures.
        rows: of a band.
        threshold: similarity from which two are copies.
        pairs: copies by class of similarity; the classes divide 0 to 1 evenly.
        offered: the same of all pairs that were compared, if the stage wrote them.
    """
    bottom, width = 190.0, WIDTH - _PLOT_LEFT - _PLOT_RIGHT
    height = bottom - _PLOT_TOP
    parts = _frame(bottom, "100 %")
    top = max([*pairs, *offered], default=0)
    for kind, counts in (("before", offered), ("pairs", pairs)):
        for index, count in enumerate(counts):
            if count:
                x = _PLOT_LEFT + width * index / len(counts)
                size = height * count / top
                label = f"similarity {index / len(counts):.2f}: {count:,} pairs"
                parts.append(_rect(x, bottom - size, width / len(counts) - 0.8, size, kind, label))
    points = " ".join(
        f"{_PLOT_LEFT + width * i / 100:.1f},{bottom - height * catch(i / 100, bands, rows):.1f}"
        for i in range(101)
    )
    x = _PLOT_LEFT + width * threshold
    parts.append(Markup('<polyline class="curve" points="{}"/>').format(points))
    parts.append(_line("mark", x, x, _PLOT_TOP, bottom))
    side = "end" if threshold > 0.5 else ""
    shift = -5 if threshold > 0.5 else 5
    parts.append(_text(x + shift, bottom - 7, f"threshold {threshold:g}", f"dim {side}"))
    for tick in range(0, 11, 2):
        at = _PLOT_LEFT + width * tick / 10
        parts.append(_text(at, bottom + 16, f"{tick / 10:g}", "dim mid"))
    parts.append(_text(WIDTH - _PLOT_RIGHT, bottom + 32, "Jaccard similarity", "dim end"))
    return _svg("plot", bottom + 38, "Chance that a pair is compared, by similarity", parts)


def spread_chart(values: Iterable[float]) -> Markup:
    """Similarities (lowest, median, highest) on a line from 0.5 to 1."""
    low, median, high = (max(0.0, (value - 0.5) * 2) * 96 + 2 for value in values)
    return Markup(
        '<svg class="spread" viewBox="0 0 100 10" aria-hidden="true">'
        '<line class="axis" x1="2" x2="98" y1="5" y2="5"/>'
        '<line class="range" x1="{:.1f}" x2="{:.1f}" y1="5" y2="5"/>'
        '<circle cx="{:.1f}" cy="5" r="3"/></svg>'
    ).format(low, high, median)


def bar(part: int, whole: int, kind: str = "") -> Markup:
    """A bar for a cell of a table."""
    width = 100 * part / whole if whole else 0.0
    if part:
        width = max(width, 0.7)
    return Markup(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="{}" width="{:.1f}" height="8"/></svg>'
    ).format(kind, width)


def two_bars(before: int, after: int, whole: int) -> Markup:
    """Two bars for a cell of a table, one above the other: what there was, and what is left."""
    widths = [max(100 * part / whole, 0.7 if part else 0.0) if whole else 0.0
              for part in (before, after)]  # fmt: skip
    return Markup(
        '<svg class="bar two" viewBox="0 0 100 13" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="before" width="{:.1f}" height="6"/>'
        '<rect class="after" y="7" width="{:.1f}" height="6"/></svg>'
    ).format(*widths)


def _band(edge: Sequence[tuple[float, float]]) -> Markup:
    """The stream, by its width from each height on; the last height is its end."""
    right = "".join(f"V{y:.1f}H{_BAND_LEFT + width:.1f}" for y, width in edge)
    return Markup('<path class="band" d="M{} {:.1f}{}H{}Z"/>').format(
        _BAND_LEFT, edge[0][0], right, _BAND_LEFT
    )


def _ribbon(
    loss: Loss, right: float, scale: float, y: float, middle: float, whole: int, unit: str
) -> Markup:
    """What leaves the band, from its right edge to a label."""
    size = max(loss.amount * scale, 0.8)
    outer, inner = _BAND_LEFT + right, _BAND_LEFT + right - size
    high, low = middle - size / 2, middle + size / 2
    bend_out, bend_in = (x + (_LOSS_RIGHT - x) * 0.1 for x in (outer, inner))
    path = (
        f"M{outer:.1f} {y:.1f}C{outer:.1f} {y + (high - y) * 0.9:.1f} {bend_out:.1f} {high:.1f} "
        f"{_LOSS_RIGHT} {high:.1f}V{low:.1f}C{bend_in:.1f} {low:.1f} {inner:.1f} "
        f"{y + (low - y) * 0.9:.1f} {inner:.1f} {y:.1f}Z"
    )
    kind = loss.kind.replace(" ", "-")
    label = f"{loss.amount:,} {unit} {loss.kind}, {share(loss.amount, whole)}"
    text = _text(_LOSS_RIGHT + 6, middle + 4, f"{short(loss.amount)} {loss.kind}", "loss")
    return Markup('<g class="{}"><title>{}</title><path d="{}"/>{}</g>').format(
        kind, label, path, text
    )


def _frame(bottom: float, top: str) -> list[Markup]:
    """The axis, and the line of the highest value."""
    heights = (_PLOT_TOP, (_PLOT_TOP + bottom) / 2, bottom)
    return [
        *(_line("grid", _PLOT_LEFT, WIDTH - _PLOT_RIGHT, y, y) for y in heights),
        _text(_PLOT_LEFT - 5, _PLOT_TOP + 4, top, "dim end"),
        _text(_PLOT_LEFT - 5, bottom + 4, "0", "dim end"),
    ]


def _line(kind: str, left: float, right: float, top: float, bottom: float) -> Markup:
    return Markup('<line class="{}" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(
        kind, left, right, top, bottom
    )


def _rect(x: float, y: float, width: float, height: float, kind: str, label: str) -> Markup:
    return Markup(
        '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}">'
        "<title>{}</title></rect>"
    ).format(kind, x, y, width, height, label)


def _text(x: float, y: float, text: str, kind: str) -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(
        kind.strip(), x, y, text
    )


def _svg(kind: str, height: float, title: str, parts: Sequence[Markup]) -> Markup:
    body = Markup("\n").join(part for part in parts if part)
    return Markup(
        '<svg class="{}" viewBox="0 0 {} {:.0f}" role="img"><title>{}</title>\n{}</svg>'
    ).format(kind, WIDTH, height, title, body)


def _clipped(name: str) -> str:
    name = inert(name)
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"


def _bound(index: int) -> str:
    """The least length of a class: 0, 1, 2, … 512, 1 k, 2 k."""
    value = 1 << (index - 1) if index else 0
    for size, letter in ((1 << 30, "G"), (1 << 20, "M"), (1 << 10, "k")):
        if value >= size:
            return f"{value // size} {letter}"
    return str(value)
