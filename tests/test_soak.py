"""The parts of the soak that can be wrong without anybody noticing."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from benchmarks.soak.clock import FastClock
from benchmarks.soak.curves import NAMES, Curves, from_metrics, slope
from benchmarks.soak.picture import draw


def test_the_slope_is_that_of_the_line_that_fits_best() -> None:
    assert slope([0, 5, 10], [7, 7, 7]) == 0
    assert slope([0, 5, 10], [1, 11, 21]) == pytest.approx(2)
    assert slope([0, 1, 2, 3], [0, 2, 1, 3]) == pytest.approx(0.8)
    assert slope([3], [1]) == 0


def test_every_curve_is_drawn() -> None:
    curves = Curves()
    for at in (0.0, 5.0, 10.0):
        curves.add(at, dict.fromkeys(NAMES, at))
    drawn = ElementTree.fromstring(draw(curves, trouble_until=5))
    lines = drawn.findall(".//{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == len(NAMES)
    assert {len(line.attrib["points"].split()) for line in lines} == {3}


def test_circuits_that_are_closed_are_no_trouble() -> None:
    metrics = {
        ("muster_platform_circuits", "ReAdmin", "closed"): 48.0,
        ("muster_platform_circuits", "ReAdmin", "open"): 1.0,
        ("muster_platform_circuits", "Series HR", "half_open"): 1.0,
        ("muster_loop_tasks",): 17.0,
    }
    numbers = from_metrics(metrics)
    assert numbers["circuits"] == 2
    assert numbers["loop_tasks"] == 17


def test_a_clock_that_runs_fast_and_is_put_wrong_and_right() -> None:
    hour = 3600.0
    began = (datetime(2026, 3, 1, 18, tzinfo=UTC).timestamp(), time.monotonic() - hour)
    with FastClock(6, began) as clock:
        assert datetime.now(UTC).strftime("%d %H") == "02 00"
        monotonic = time.monotonic()
        clock.jump(-2 * hour)
        clock.tick()
        assert datetime.now(UTC).strftime("%d %H") == "01 22"
        clock.jump(0)
        clock.tick()
        assert datetime.now(UTC).strftime("%d %H") == "02 00"
        assert time.monotonic() - monotonic < hour
    assert abs(time.time() - began[0]) > hour
