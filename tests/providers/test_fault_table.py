"""Every provider method under every fault of the sandbox, as `fault_table` says."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import MusterError, ProviderError
from bot.models import Place, ProviderKind
from bot.providers.base import Provider
from bot.providers.http import Bounds
from bot.sandbox.platforms.faults import FAULTS
from bot.sandbox.platforms.platform import Platform
from bot.sandbox.platforms.readmin_world import Server

from .conftest import GROUP, HELPER_ROLE, KEY, MAIN, PATIENT, SOON, until
from .fault_table import KINDS, NEVER_SENT, TABLE, WRITES, markdown, row

USER, HELD = 7_000_001, 7_000_002
SECOND = "00000000-0000-4000-8000-0000000000a2"
# For the faults that no answer comes to. What is left undone cannot be done in more time either.
SHORT = Bounds(connect=10, first_pause=0.01, read=0.3, read_total=0.5, write=0.3, write_total=0.5)


@dataclass
class Case:
    """A platform, where to write, and how to see what it really holds."""

    kind: str
    platform: Platform
    claim_at: Place
    release_at: Place
    done: dict[str, Callable[[], bool]]


@pytest.fixture(params=KINDS)
def case(request, readmin, series):
    if request.param == "series":
        return _series(series)
    template = readmin.workspace.templates[0]
    servers = [Server("Main", "map", [], MAIN), Server("Two", "map", [(HELD, HELPER_ROLE)], SECOND)]
    readmin.workspace.add_session(template, timedelta(hours=2), servers=servers, session_id=SOON)
    held = readmin.world.get_session(SOON)["servers"]
    at = Place(SOON, MAIN, GROUP, HELPER_ROLE)
    done = {
        "claim": lambda: str(USER) in held[MAIN]["claims"],
        "release": lambda: (
            str(HELD) not in readmin.world.get_session(SOON)["servers"][SECOND]["claims"]
        ),
        "create_server": lambda: len(held) > 2,
    }
    return Case(request.param, readmin.platform, at, replace(at, server_id=SECOND), done)


def _series(series):
    for user in (USER, HELD):
        series.workspace.add_member(user, 200)
    trainer = series.session.custom_roles["Trainer"]
    trainer.fill("VACANT_2", str(HELD))
    at = Place(series.session.session_id, "", "", "Trainer")
    done = {
        "claim": lambda: str(USER) in trainer.slots,
        "release": lambda: str(HELD) not in trainer.slots,
        "create_server": lambda: False,
    }
    return Case("series", series.platform, at, at, done)


def _calls(case: Case, session: Any) -> dict[str, Callable[[Provider], Awaitable[object]]]:
    session_id = case.claim_at.session_id
    return {
        "probe": lambda one: one.probe(),
        "list_sessions": lambda one: one.list_sessions(),
        "fetch_session": lambda one: one.fetch_session(session_id),
        "claim": lambda one: one.claim(session, case.claim_at, USER),
        "release": lambda one: one.release(case.release_at, HELD, by_host=False),
        "create_server": lambda one: one.create_server(session_id, "Gate B"),
    }


async def _outcome(work: Awaitable[object]) -> tuple[str, ProviderError | None]:
    try:
        await work
    except ProviderError as error:
        return type(error).__name__, error
    return "ok", None


async def _was_done(done: Callable[[], bool], expected: str) -> str:
    """What became of a write. What should be done is waited for: the server has its own pace."""
    if expected.endswith("not done"):
        return "not done" if not done() else "done"
    await until(done)
    return expected.partition(", ")[2]


@pytest.mark.parametrize("fault", TABLE)
async def test_every_call_under_the_fault(case, connect, caplog, fault):
    caplog.set_level(logging.DEBUG)
    session = await connect(case.kind, case.platform.base_url).fetch_session(
        case.claim_at.session_id
    )
    bounds = SHORT if fault in ("hang", "drip") else PATIENT
    calls = {
        name: call(connect(case.kind, case.platform.base_url, bounds=bounds))
        for name, call in _calls(case, session).items()
    }
    expected = row(case.kind, fault)
    seconds = 60 if fault.startswith("rate-limit") else 0.1
    case.platform.requests.clear()
    case.platform.faults.add(fault, seconds=seconds)
    found = dict(zip(calls, await asyncio.gather(*map(_outcome, calls.values())), strict=True))
    told = {name: outcome for name, (outcome, _) in found.items()}
    for name in WRITES:
        told[name] += ", " + await _was_done(case.done[name], expected[name])
    assert told == expected
    methods = [seen.method for seen in case.platform.requests if seen.method != "GET"]
    sent = [name for name in WRITES if (case.kind, name) not in NEVER_SENT]
    assert len(methods) == len(sent)  # each write once
    _check_errors([error for _, error in found.values() if error is not None], case, caplog)


def _check_errors(
    errors: list[ProviderError], case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    for error in errors:
        assert isinstance(error, MusterError)
        assert error.facts.platform == ProviderKind(case.kind).label
        assert KEY not in f"{error!r} {error} {error.facts!r} {error.__dict__}"
    assert all(KEY not in f"{seen.path} {seen.body}" for seen in case.platform.requests)
    assert KEY not in caplog.text


def test_the_table_has_every_fault():
    assert set(TABLE) == set(FAULTS)


def test_the_table_is_printed():
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.providers.fault_table"]
    printed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert printed.stdout == markdown()
    assert all(f"| {fault} |" in printed.stdout for fault in FAULTS)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_short_failure_is_not_seen_by_a_reader(readmin, series, connect, kind):
    bench = series if kind == "series" else readmin
    session_id = series.session.session_id if kind == "series" else SOON
    bench.platform.faults.add("error-500", "any", times=2)
    assert await connect(kind, bench.base_url).fetch_session(session_id)


async def test_a_slow_write_is_waited_for_longer_than_a_read(readmin, connect):
    session = await connect("readmin-v2", readmin.base_url).fetch_session(SOON)
    hurried = connect(
        "readmin-v2", readmin.base_url, bounds=Bounds(read=0.01, write=60, write_total=60)
    )
    readmin.platform.faults.add("slow", "claim", seconds=0.2)
    await hurried.claim(session, Place(SOON, MAIN, GROUP, HELPER_ROLE), USER)
