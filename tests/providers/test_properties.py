"""Whatever a platform answers: domain objects or an error of the closed set, and soon."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import ProviderError
from bot.models import Place, Probe, Server, Session
from bot.providers.http import Bounds

from .conftest import GROUP, HELPER_ROLE, MAIN, SOON, http

QUICK = Bounds(first_pause=0.0001, read=10, read_total=15, write=10, write_total=15, failures=10**9)
LIVELY = settings(
    max_examples=80, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
KINDS = ["readmin-v2", "readmin-v1", "series"]
CALLS = ["probe", "list_sessions", "fetch_session", "claim", "release", "create_server"]
RECORDED = [
    one["response"]["body"]
    for one in json.loads(
        (Path(__file__).parent.parent / "data" / "readmin.json").read_text("utf-8")
    )["exchanges"]
    if "body" in one["response"] and len(json.dumps(one["response"]["body"])) < 20_000
]
_SERIES = {
    "SessionId": "s", "Title": "T", "Scheduled": "2999-01-01T00:00:00.000Z", "Status": "upcoming",
    "Claimable": True, "Duration": 60, "Host": "1001",
    "CustomRoles": {"R": {"MinRank": 5, "Slots": {"VACANT_0": {"Attended": False}, "7": {}}}},
}  # fmt: skip
ANSWERS = [
    *RECORDED,
    {"success": True, "data": _SERIES},
    {"success": True, "data": {"Page": 1, "Sessions": [_SERIES]}},
    {"success": False, "error": {"code": 400, "message": "Slot already filled"}},
]

KNOWN = """
    success data sessions session roles reason message error id _id date startsAt endsAt servers
    claims userId roleGroupIds pagination nextCursor template SessionId Scheduled Duration name
    CustomRoles Slots Sessions durationMinutes maxUsers newServerId nickname
"""
keys = st.sampled_from(KNOWN.split()) | st.text(max_size=5)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from([10**400, -(10**30), 2**53, 1e308, "9999-12-31T23:59:59Z", "\x00", "\ud800",
                       "0001-01-01T00:00:00+14:00", "__proto__", "VACANT_0", "2999-12-31"])
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=25,
)
statuses = st.sampled_from([200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 409, 429, 500, 503])


@st.composite
def mutated(draw):
    """A real answer with a few of its parts replaced, removed or doubled."""
    answer = copy.deepcopy(draw(st.sampled_from(ANSWERS)))
    for _ in range(draw(st.integers(1, 4))):
        holder = answer
        while isinstance(holder, (dict, list)) and holder:
            place = draw(st.sampled_from(list(holder) if isinstance(holder, dict) else [0]))
            if draw(st.booleans()) or not isinstance(holder[place], (dict, list)):
                break
            holder = holder[place]
        if not holder:
            continue
        if isinstance(holder, dict) and draw(st.booleans()):
            del holder[place]
        elif isinstance(holder, list) and draw(st.booleans()):
            holder.append(copy.deepcopy(holder[0]))
        else:
            holder[place] = draw(values)
    return json.dumps(answer).encode()


bodies = {
    "any JSON": values.map(lambda value: json.dumps(value).encode()),
    "any JSON with a yes": st.dictionaries(keys, values, max_size=4).map(
        lambda value: json.dumps({**value, "success": True}).encode()
    ),
    "mutated answers": mutated(),
    "random bytes": st.binary(max_size=200),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", bodies)
@LIVELY
@given(data=st.data())
async def test_any_answer(odd, connect, kind, what, data):
    odd.seen.clear()
    odd.answers = [
        http(data.draw(statuses), data.draw(bodies[what]), "Retry-After: 0")
        for _ in range(data.draw(st.integers(1, 3)))
    ]
    # A client of its own: what other examples did to theirs is not meant here.
    provider = connect(kind, odd.base_url, bounds=QUICK)
    await _one_call(provider, data.draw(st.sampled_from(CALLS)))
    assert len(odd.seen) <= 60
    await provider.aclose()


async def _one_call(provider, name):
    at = Place(SOON, MAIN, GROUP, HELPER_ROLE)
    try:
        match name:
            case "probe":
                assert isinstance(await provider.probe(), Probe)
            case "list_sessions":
                assert all(isinstance(one, Session) for one in await provider.list_sessions())
            case "fetch_session":
                _look_at(await provider.fetch_session(SOON))
            case "claim":
                session = await provider.fetch_session(SOON)
                assert await provider.claim(session, at, 1_000_000_001) is None
            case "release":
                assert await provider.release(at, 1_000_000_001, by_host=False) is None
            case _:
                assert isinstance(await provider.create_server(SOON, "x"), Server)
    except ProviderError as error:
        _check(error)


def _check(error):
    assert len(error.facts.words) <= 300
    assert str(error)


def _look_at(session):
    """Everything services do with a reading works on it."""
    assert isinstance(session, Session)
    for server in session.servers:
        for role in session.roles:
            holders = session.holders(server.server_id, role.role_id)
            assert all(0 < one < 2**63 for one in holders)
            assert role.capacity is None or 0 <= role.capacity <= 2**53
            assert session.role(role.group_id, role.role_id) is not None
        str(server)
    session.name.encode()
    session.description.encode()
    assert 1969 < session.starts_at.year < 3001


def _crowd(kind):
    """Answers full of small malformed things, close to the size limit."""
    many = [0] * 300_000
    claims = {"userId": "1"}
    servers = {str(number): {"claims": {"1": 0, "x": 0}} for number in range(10_000)}
    listed = [{"id": "a", "claims": [0, claims]}] * 12_000
    roles = {str(number): {"Slots": {"1": 0, "VACANT_1": 0}} for number in range(12_000)}
    times = {"date": "2999-01-01", "startsAt": "2999-01-01", "Scheduled": "2999-01-01"}
    one = {"_id": SOON, "id": SOON, "SessionId": SOON, **times}
    inner = {"readmin-v2": listed, "readmin-v1": servers, "series": servers}[kind]
    return [
        {
            "data": {**one, "servers": inner, "CustomRoles": roles},
            "session": {**one, "servers": inner},
        },
        {"data": {"Sessions": many}, "sessions": many, "roles": []},
        {"data": many, "sessions": many, "roles": many},
        {"data": many, "sessions": [{**one, "servers": servers}] * 2, "roles": []},
    ]


@pytest.mark.parametrize("kind", KINDS)
async def test_crowded_answers_are_bounded(odd, connect, caplog, kind):
    """A million malformed things cost a few log lines and no more than the cap is looked at."""
    for answer in _crowd(kind):
        body = json.dumps({"success": True, **answer}).encode()
        assert len(body) < 5_000_000
        for name in ("list_sessions", "fetch_session"):
            caplog.clear()
            odd.answers = [http(200, body)]
            provider = connect(
                kind, odd.base_url, bounds=Bounds(max_bytes=5_000_000, read_total=60)
            )
            await _one_call(provider, name)
            assert len(caplog.records) < 100
            assert sum(len(record.getMessage()) for record in caplog.records) < 200_000
