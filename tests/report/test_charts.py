"""Charts: geometry that follows the figures."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from cleaner.dedup.curve import catch
from cleaner.report.charts import Loss, Step, bar, catch_chart, flow_chart, length_chart

STEPS = [
    Step("read", (Loss("quarantined", 100),)),
    Step("<script>", (Loss("dropped", 300), Loss("cut", 200))),
    Step("tidy", ()),
]


def widths(chart: str) -> list[float]:
    """How wide the stream is, from top to bottom."""
    band = ET.fromstring(chart).find("path[@class='band']")
    assert band is not None
    return [float(x) - 150 for x in re.findall(r"V[\d.]+H([\d.]+)", band.attrib["d"])]


def test_the_stream_narrows_by_what_leaves_it() -> None:
    """Widths are in proportion to the amounts; each loss has a ribbon of its own."""
    chart = flow_chart("flow", 1000, STEPS, "documents")
    first, *rest = widths(chart)
    assert [round(w / first, 3) for w in rest] == [0.9, 0.4, 0.4, 0.4]
    groups = ET.fromstring(chart).findall("g")
    assert [g.attrib["class"] for g in groups] == ["quarantined", "dropped", "cut"]
    assert [g.findtext("title") for g in groups] == [
        "100 documents quarantined, 10 %",
        "300 documents dropped, 30 %",
        "200 documents cut, 20 %",
    ]


def test_names_in_charts_are_text() -> None:
    """A stage of any name makes no element."""
    assert "&lt;script&gt;" in flow_chart("a & b", 1000, STEPS, "documents")


def test_a_flow_of_nothing() -> None:
    """No division by zero."""
    assert widths(flow_chart("flow", 0, [Step("read", ())], "documents")) == [0, 0, 0]


def test_heights_are_in_proportion() -> None:
    """The highest bar of all fills the plot; empty classes at the ends are left out."""
    chart = ET.fromstring(length_chart([0, 0, 4, 8, 0], [0, 2, 0, 1, 0]))
    heights = {
        (r.attrib["class"], r.findtext("title")): float(r.attrib["height"])
        for r in chart.findall("rect")
    }
    assert len(heights) == 6
    assert heights["before", "4 to 8 characters, before: 8 documents"] == 158
    assert heights["before", "2 to 4 characters, before: 4 documents"] == 79
    assert heights["after", "1 to 2 characters, after: 2 documents"] == pytest.approx(39.5)
    assert length_chart([0], [0]) == ""


def test_the_curve_is_that_of_the_bands() -> None:
    """Each point of the line is the chance to be compared at its similarity."""
    chart = ET.fromstring(catch_chart(17, 7, 0.8, [0, 3, 6]))
    line = chart.find("polyline")
    assert line is not None
    points = [tuple(map(float, p.split(","))) for p in line.attrib["points"].split()]
    left, right = points[0][0], points[-1][0]
    for x, y in points[::10]:
        similarity = (x - left) / (right - left)
        assert (190 - y) / 178 == pytest.approx(catch(similarity, 17, 7), abs=0.01)
    assert [float(r.attrib["height"]) for r in chart.findall("rect")] == [89, 178]


def test_a_bar_shows_even_a_small_part() -> None:
    """What is something is seen; nothing is not."""
    assert 'width="0.7"' in bar(1, 10**9)
    assert 'width="0.0"' in bar(0, 10)
    assert 'width="0.0"' in bar(0, 0)
