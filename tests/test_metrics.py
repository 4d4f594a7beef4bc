"""Numbers for Prometheus: few labels, and counters that only ever rise."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import Metrics
from bot.models import Health, LineState, ProviderKind
from bot.services.lines import sum_up
from tests.services.fakes import Clock


def samples(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """The values of one metric by its labels."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
        if sample.name == name
    }


def test_an_unknown_scope_makes_no_label_of_its_own() -> None:
    metrics = Metrics()
    for scope in ("user", "global", "shared", "", "x" * 900):
        metrics.discord_answered("PATCH", 429, scope)
    metrics.discord_answered("PATCH", 200, "user")
    assert samples(metrics, "muster_discord_limited_total") == {
        ("user",): 1, ("global",): 1, ("shared",): 1, ("other",): 2,
    }  # fmt: skip


def test_two_processes_in_one_test_do_not_share_numbers() -> None:
    one, other = Metrics(), Metrics()
    one.polled("ok", 0.1)
    assert samples(one, "muster_poll_seconds_count") == {("ok",): 1}
    assert samples(other, "muster_poll_seconds_count") == {}


def test_a_line_that_is_closed_takes_its_count_nowhere() -> None:
    metrics, now = Metrics(), Clock()()
    health = Health(LineState.OPEN, now, limited=3, waiting=2)
    for lines, before in (([(ProviderKind.SERIES, health)], 0), ([], 3)):
        for line in sum_up(lines, {ProviderKind.SERIES: before}):
            states = {state.value: line.states.count(state) for state in LineState}
            metrics.show_platform(line.platform, states, line.waiting, line.limited)
    assert samples(metrics, "muster_platform_limited_total")[("Series HR",)] == 3
    assert samples(metrics, "muster_platform_waiting")[("Series HR",)] == 0
    assert samples(metrics, "muster_platform_circuits")[("Series HR", "open")] == 0


def test_a_backlog_that_is_not_known_is_not_zero() -> None:
    metrics = Metrics()
    metrics.show_process(None, 1, 1, 1)
    (value,) = samples(metrics, "muster_journal_unsettled").values()
    assert value != value  # NaN
