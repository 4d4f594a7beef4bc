"""The journal: one running attempt per person and session, whatever comes at once."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import Connection, func, select, update

from bot.models import Attempt, AttemptKind, AttemptState, Door, Place
from bot.store.attempts import AttemptStore
from bot.store.database import Database
from bot.store.keyring import KeyRing
from bot.store.tables import claim_attempts
from tests.store.samples import GUILD, HOUR, NOW, STRANGERS, UPSTREAM, an_attempt

CONFIRMED, REFUSED = AttemptState.CONFIRMED, AttemptState.REFUSED
PENDING, SENT, UNKNOWN = AttemptState.PENDING, AttemptState.SENT, AttemptState.UNKNOWN


async def stored_column(database: Database, name: str) -> list[Any]:
    """What is really in a column of the journal."""
    async with database.read() as connection:
        return list(await connection.scalars(select(claim_attempts.c[name])))


async def test_an_attempt_comes_back_as_it_was(database: Database, keyring: KeyRing) -> None:
    store = AttemptStore(database, keyring)
    attempt = an_attempt(interaction_id=2**60, interaction_token="a-token", sent_at=NOW)
    assert await store.add(attempt) is None
    assert await store.get(attempt.operation_id) == attempt
    assert await store.get("unknown") is None


@pytest.mark.parametrize("state", [PENDING, SENT, UNKNOWN])
async def test_a_running_attempt_keeps_a_second_one_out(
    database: Database, keyring: KeyRing, state: AttemptState
) -> None:
    store = AttemptStore(database, keyring)
    running = an_attempt(interaction_id=1)
    await store.add(running)
    await store.save(replace(running, state=state))
    second = an_attempt(interaction_id=2, kind=AttemptKind.RELEASE, guild_id=STRANGERS)
    assert await store.add(second) == replace(running, state=state)
    assert await store.get(second.operation_id) is None


@pytest.mark.parametrize("state", [CONFIRMED, REFUSED])
async def test_a_settled_attempt_makes_room(
    database: Database, keyring: KeyRing, state: AttemptState
) -> None:
    store = AttemptStore(database, keyring)
    first, second = an_attempt(), an_attempt()
    await store.add(first)
    await store.save(replace(first, state=state, settled_at=NOW))
    assert await store.add(second) is None


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"roblox_id": 11},
        {"upstream": "https://other.test"},
        {"place": Place("other session", "server", "group", "role")},
    ],
)
async def test_other_people_and_other_sessions_run_at_the_same_time(
    database: Database, keyring: KeyRing, elsewhere: dict[str, Any]
) -> None:
    store = AttemptStore(database, keyring)
    await store.add(an_attempt())
    assert await store.add(an_attempt(**elsewhere)) is None


async def test_a_redelivered_interaction_finds_its_attempt(
    database: Database, keyring: KeyRing
) -> None:
    store = AttemptStore(database, keyring)
    first = an_attempt(interaction_id=5)
    await store.add(first)
    settled = replace(first, state=CONFIRMED, settled_at=NOW, upstream_status=200)
    await store.save(settled)
    running = an_attempt(interaction_id=6)
    await store.add(running)
    assert await store.add(an_attempt(interaction_id=5)) == settled


async def test_of_20_presses_at_once_one_runs_and_19_join_it(
    database: Database, keyring: KeyRing
) -> None:
    attempts = [an_attempt(interaction_id=number) for number in range(1, 21)]
    stores = [AttemptStore(database, keyring) for _ in range(4)]  # as four processes would
    work = [stores[number % 4].add(attempt) for number, attempt in enumerate(attempts)]
    results = await asyncio.gather(*work)
    assert results.count(None) == 1
    winner = attempts[results.index(None)]
    assert [result for result in results if result] == [winner] * 19
    assert await stored_column(database, "operation_id") == [winner.operation_id]


async def test_a_crowd_is_stored_completely(database: Database, keyring: KeyRing) -> None:
    store = AttemptStore(database, keyring)
    crowd = [an_attempt(roblox_id=number, subject_id=number) for number in range(1, 701)]
    assert set(await asyncio.gather(*map(store.add, crowd))) == {None}
    assert await store.count_unsettled() == 700
    half = [replace(attempt, state=CONFIRMED, reason=str(attempt.roblox_id)) for attempt in crowd]
    await asyncio.gather(*map(store.save, half[:350]))
    assert await store.count_unsettled() == 350
    assert await store.get(half[349].operation_id) == half[349]
    assert await store.get(crowd[350].operation_id) == crowd[350]


async def test_one_impossible_row_does_not_fail_its_neighbours(
    database: Database, keyring: KeyRing
) -> None:
    store = AttemptStore(database, keyring)
    settled, again, other = an_attempt(), an_attempt(), an_attempt(roblox_id=11)
    await store.add(settled)
    await store.save(replace(settled, state=CONFIRMED))
    for attempt in (again, other):
        await store.add(attempt)
    results = await asyncio.gather(
        store.save(replace(other, state=CONFIRMED)),
        store.save(replace(settled, state=UNKNOWN)),  # `again` has taken its place
        store.save(replace(again, state=SENT)),
        return_exceptions=True,
    )
    assert [type(result).__name__ for result in results] == [
        "NoneType",
        "IntegrityError",
        "NoneType",
    ]
    states = dict(zip(("other", "again"), (CONFIRMED, SENT), strict=True))
    for name, attempt in {"other": other, "again": again}.items():
        assert await store.get(attempt.operation_id) == replace(attempt, state=states[name])


async def test_saving_keeps_everything_else(database: Database, keyring: KeyRing) -> None:
    store = AttemptStore(database, keyring)
    attempt = an_attempt(interaction_token="a-token", interaction_id=3)
    await store.add(attempt)
    unknown = replace(
        attempt,
        state=UNKNOWN,
        sent_at=NOW,
        absent_since=NOW + HOUR,
        upstream_status=502,
        reason="?",
    )
    await store.save(unknown)
    assert await store.get(attempt.operation_id) == unknown


async def test_a_token_is_encrypted_and_erased_when_told(
    database: Database, keyring: KeyRing
) -> None:
    store = AttemptStore(database, keyring)
    attempt = an_attempt(interaction_token="a-token")
    await store.add(attempt)
    (encrypted,) = await stored_column(database, "encrypted_token")
    assert encrypted
    assert "a-token" not in encrypted
    assert "a-token" not in repr(attempt)
    await store.mark_told([attempt.operation_id])  # too early: it has no ending yet
    settled = replace(attempt, state=REFUSED, settled_at=NOW)
    await store.save(settled)
    assert await store.get(attempt.operation_id) == settled
    await store.mark_told([attempt.operation_id])
    assert await stored_column(database, "encrypted_token") == [""]
    assert await store.get(attempt.operation_id) == replace(
        settled, interaction_token="", told=True
    )


async def test_a_token_under_a_lost_key_does_not_hide_its_attempt(
    database: Database, keyring: KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    attempt = an_attempt(interaction_token="a-token")
    await AttemptStore(database, keyring).add(attempt)
    other = AttemptStore(database, KeyRing([SecretStr(Fernet.generate_key().decode())]))
    assert await other.get(attempt.operation_id) == replace(attempt, interaction_token="")
    assert "lost key" in caplog.text


async def test_unsettled_attempts_are_listed_oldest_first(
    database: Database, keyring: KeyRing
) -> None:
    store = AttemptStore(database, keyring)
    ages = {1: 3, 2: 1, 3: 2}
    attempts = {n: an_attempt(roblox_id=n, created_at=NOW + age * HOUR) for n, age in ages.items()}
    elsewhere = an_attempt(upstream="https://other.test", created_at=NOW + 9 * HOUR)
    done = an_attempt(roblox_id=4, created_at=NOW)
    for attempt in (*attempts.values(), elsewhere, done):
        await store.add(attempt)
    await store.save(replace(done, state=CONFIRMED))
    expected = [attempts[2], attempts[3], attempts[1]]
    assert await store.list_unsettled(10) == [*expected, elsewhere]
    assert await store.list_unsettled(2) == expected[:2]
    assert await store.list_doubtful(UPSTREAM, "session") == []
    sent = [await store.mark_sent(attempt, NOW) for attempt in expected[:2]]
    kept = an_attempt(roblox_id=5, created_at=NOW + 4 * HOUR, door=Door.WAITLIST)
    await store.add(kept)
    assert await store.list_doubtful(UPSTREAM, "session") == [*sent, kept]
    assert await store.count_unsettled() == 5


async def test_a_members_history_is_their_guilds_alone(
    database: Database, keyring: KeyRing
) -> None:
    store = AttemptStore(database, keyring)
    mine = [an_attempt(roblox_id=n, created_at=NOW + n * HOUR) for n in (1, 2, 3)]
    theirs = an_attempt(roblox_id=4, guild_id=STRANGERS)
    someone = an_attempt(roblox_id=5, subject_id=2)
    for attempt in (*mine, theirs, someone):
        await store.add(attempt)
    assert await store.list_for_member(GUILD, 1, 2) == [mine[2], mine[1]]
    assert await store.list_for_member(STRANGERS, 1, 9) == [theirs]


async def test_a_cancelled_add_leaves_the_others_alone(
    database: Database, keyring: KeyRing
) -> None:
    store = AttemptStore(database, keyring)
    crowd = [an_attempt(roblox_id=number) for number in range(1, 31)]
    tasks = [asyncio.create_task(store.add(attempt)) for attempt in crowd]
    await asyncio.sleep(0)  # the first one is writing for all now
    tasks[0].cancel()
    tasks[9].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    cancelled = [n for n, result in enumerate(results) if isinstance(result, BaseException)]
    assert cancelled == [0, 9]
    assert {result for n, result in enumerate(results) if n not in cancelled} == {None}
    async with database.read() as connection:
        stored = (await connection.execute(select(func.count(claim_attempts.c.state)))).scalar_one()
    assert stored >= 28


async def test_adding_the_same_attempt_twice_does_not_join_itself(
    database: Database, keyring: KeyRing
) -> None:
    store = AttemptStore(database, keyring)
    attempt: Attempt = an_attempt(interaction_id=1)
    assert await store.add(attempt) is None
    assert await store.add(attempt) is None


class SettledMeanwhile(AttemptStore):
    """Another process settles everything between this one's insert and its look for the reason."""

    def _in_the_way(self, connection: Connection, attempt: Attempt) -> tuple[bool, Attempt | None]:
        connection.execute(update(claim_attempts).values(state=CONFIRMED))
        return super()._in_the_way(connection, attempt)


async def test_an_attempt_that_is_settled_meanwhile_makes_room(
    database: Database, keyring: KeyRing
) -> None:
    store = SettledMeanwhile(database, keyring)
    first, second = an_attempt(), an_attempt()
    await store.add(first)
    assert await store.add(second) is None
    assert await store.get(second.operation_id) == second
