"""What is counted and timed, for Prometheus. Labels are few and bounded: never an id or a name."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE_LATEST
from prometheus_client.exposition import generate_latest

from bot.models import AttemptKind
from bot.services.outcomes import Code
from bot.services.swap_outcomes import SwapCode

# Seconds. Around Discord's 3 s for an acknowledgement, and up to an interaction's 15 minutes.
_ANSWERS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 5.0, 10.0, 30.0, 90.0, 900.0)
_DATABASE = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0)
_POLLS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SCOPES = {"user", "global", "shared"}  # of a 429, in Discord's words


class Metrics:
    """One process's numbers. Implements `bot.services.observing.Observer`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._acknowledged = self._histogram(
            "acknowledgement_seconds", "From an interaction's arrival to its first answer",
            ("interaction",), _ANSWERS,
        )  # fmt: skip
        self._unacknowledged = self._counter(
            "unacknowledged", "Interactions that got no first answer in time", "interaction"
        )
        self._answered = self._histogram(
            "answer_seconds", "From an interaction's arrival to its final answer",
            ("interaction",), _ANSWERS,
        )  # fmt: skip
        self._unanswered = self._counter(
            "unanswered", "Interactions whose answer Discord did not take", "interaction"
        )
        self._outcome_seconds = self._histogram(
            "outcome_seconds", "From a press to its outcome, Discord left out", ("kind",), _ANSWERS
        )
        self._outcomes = self._counter(
            "outcomes", "What claims, releases and swaps came to",
            "kind", "code", "platform", "when",
        )  # fmt: skip
        self._boards = self._counter("board_changes", "Posts and edits of boards", "act", "result")
        self._database = self._histogram(
            "database_seconds", "Transactions, the wait for them included", ("kind",), _DATABASE
        )
        self._polls = self._histogram("poll_seconds", "Polls of workspaces", ("result",), _POLLS)
        self._requests = self._counter(
            "discord_requests", "Answers of Discord's API", "method", "status"
        )
        self._limited = self._counter("discord_limited", "Discord said 429", "scope")
        self._platform_limited = self._counter(
            "platform_limited", "A platform said 429", "platform"
        )
        self._limited_before: dict[str, int] = {}  # as last shown, by platform
        self._add_gauges()

    def acknowledged(self, interaction: str, seconds: float) -> None:
        """An interaction got its first answer so long after its arrival."""
        self._acknowledged.labels(interaction).observe(seconds)

    def unacknowledged(self, interaction: str) -> None:
        """An interaction got no first answer while Discord would have taken one."""
        self._unacknowledged.labels(interaction).inc()

    def answered(self, interaction: str, seconds: float, *, taken: bool) -> None:
        """An interaction got its final answer, or Discord did not take it."""
        if taken:
            self._answered.labels(interaction).observe(seconds)
        else:
            self._unanswered.labels(interaction).inc()

    def outcome(self, kind: AttemptKind, code: Code, platform: str, seconds: float) -> None:
        """See `Observer`."""
        self._outcomes.labels(kind.value, code.value, platform, "at once").inc()
        self._outcome_seconds.labels(kind.value).observe(seconds)

    def swapped(self, code: SwapCode, platform: str) -> None:
        """See `Observer`."""
        self._outcomes.labels("swap", code.value, platform, "at once").inc()

    def settled(self, kind: AttemptKind | None, code: Code | SwapCode, platform: str) -> None:
        """See `Observer`."""
        name = "swap" if kind is None else kind.value
        self._outcomes.labels(name, code.value, platform, "later").inc()

    def polled(self, result: str, seconds: float) -> None:
        """See `Observer`."""
        self._polls.labels(result).observe(seconds)

    def board(self, act: str, result: str) -> None:
        """A board was posted or edited; `ok`, or the class of what went wrong."""
        self._boards.labels(act, result).inc()

    def database(self, kind: str, seconds: float) -> None:
        """A transaction ended; `read` or `write`."""
        self._database.labels(kind).observe(seconds)

    def discord_answered(self, method: str, status: int, scope: str) -> None:
        """Discord's API answered; `scope` is its word for whose limit a 429 is about."""
        self._requests.labels(method, str(status)).inc()
        if status == 429:
            self._limited.labels(scope if scope in _SCOPES else "other").inc()

    def show_lanes(self, users: list[int]) -> None:
        """How many are in each lane now."""
        self._lanes.set(len(users))
        self._lane_users.set(sum(users))
        self._longest_lane.set(max(users, default=0))

    def show_platform(
        self, platform: str, states: dict[str, int], waiting: int, limited: int
    ) -> None:
        """How the lines to one kind of platform do now: how many are in each circuit state.

        `limited`: how often it said 429 since the start.
        """
        for state, number in states.items():
            self._circuits.labels(platform, state).set(number)
        self._waiting.labels(platform).set(waiting)
        new = limited - self._limited_before.get(platform, 0)
        self._platform_limited.labels(platform).inc(new)
        self._limited_before[platform] = limited

    def show_process(self, unsettled: int | None, tasks: int, loop_tasks: int, guilds: int) -> None:
        """The journal's backlog (None: not known now), Muster's own tasks, all tasks, guilds."""
        self._backlog.set(float("nan") if unsettled is None else unsettled)
        self._tasks.set(tasks)
        self._loop_tasks.set(loop_tasks)
        self._guilds.set(guilds)

    def show_shards(self, latencies: list[tuple[int, float]]) -> None:
        """(shard, seconds) of each shard that is connected."""
        for shard, seconds in latencies:
            self._latency.labels(str(shard)).set(seconds)

    def render(self) -> bytes:
        """Everything in Prometheus's text format."""
        return generate_latest(self.registry)

    def _add_gauges(self) -> None:
        """What is looked up only when somebody asks."""
        self._circuits = self._gauge(
            "platform_circuits", "Lines to platforms by circuit state", "platform", "state"
        )
        self._waiting = self._gauge(
            "platform_waiting", "Calls that wait for a free line", "platform"
        )
        self._lanes = self._gauge("lanes", "Sessions that somebody writes to or waits for")
        self._lane_users = self._gauge("lane_users", "Presses in all lanes")
        self._longest_lane = self._gauge("longest_lane", "Presses in the longest lane")
        self._backlog = self._gauge("journal_unsettled", "Attempts without an ending")
        self._tasks = self._gauge("background_tasks", "Tasks and timers of Muster's own")
        self._loop_tasks = self._gauge("loop_tasks", "All tasks, the libraries' included")
        self._latency = self._gauge("shard_latency_seconds", "Last heartbeat's round trip", "shard")
        self._guilds = self._gauge("guilds", "Guilds that this process serves")

    def _histogram(
        self, name: str, words: str, labels: tuple[str, ...], buckets: tuple[float, ...]
    ) -> Histogram:
        return Histogram(f"muster_{name}", words, labels, buckets=buckets, registry=self.registry)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"muster_{name}", words, labels, registry=self.registry)

    def _gauge(self, name: str, words: str, *labels: str) -> Gauge:
        return Gauge(f"muster_{name}", words, labels, registry=self.registry)
