"""What each fault of a platform becomes, for writes and for reads."""

from __future__ import annotations

import pytest

from bot.errors import (
    KeyRefused,
    Misread,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
    UpstreamRefused,
)
from bot.models import Place, ProviderKind
from bot.providers.http import Bounds

from .conftest import GROUP, HASTY, HELPER_ROLE, MAIN, SOON

# fault -> (a write under it, whether the work was done, a read under it)
FAULTS = {
    "hang": (OutcomeUnknown, False, Unavailable),
    "cut-before": (OutcomeUnknown, False, Unavailable),
    "cut-after": (OutcomeUnknown, True, Unavailable),
    "error-500": (OutcomeUnknown, False, Unavailable),
    "error-500-after": (OutcomeUnknown, True, Unavailable),
    "html-502": (OutcomeUnknown, False, Unavailable),
    "empty-200": (OutcomeUnknown, True, Misread),
    "wrong-shape": (OutcomeUnknown, True, Misread),
    "truncated": (OutcomeUnknown, True, Misread),
    "huge": (OutcomeUnknown, True, Misread),
    "rate-limit": (RateLimited, False, RateLimited),
    "rate-limit-bare": (RateLimited, False, RateLimited),
    "revoked-key": (KeyRefused, False, KeyRefused),
    "redirect": (UpstreamRefused, False, UpstreamRefused),
}
KINDS = ["readmin-v2", "readmin-v1", "series"]
USER = 1002


@pytest.fixture(params=KINDS)
def bench(request, readmin, series, connect):
    """A platform, a place to claim, a provider, and one that gives up soon."""
    place = Place(SOON, MAIN, GROUP, HELPER_ROLE)
    platform = readmin.platform
    if request.param == "series":
        place = Place(series.session.session_id, "", "", "Trainer")
        platform = series.platform
    hasty = connect(request.param, platform.base_url, bounds=HASTY)
    return platform, place, connect(request.param, platform.base_url), hasty


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_claim_under_a_fault(bench, fault):
    platform, place, provider, hasty = bench
    session = await provider.fetch_session(place.session_id)
    kind, done, _ = FAULTS[fault]
    platform.faults.add(fault, "claim", seconds=60)
    platform.requests.clear()
    with pytest.raises(kind) as caught:
        await (hasty if fault == "hang" else provider).claim(session, place, USER)
    assert type(caught.value) is kind
    assert len(platform.requests) == 1  # a write is never repeated
    platform.faults.clear()
    after = await provider.fetch_session(place.session_id)
    assert bool(after.held_by(USER)) is done


async def test_a_slow_write_is_waited_for(bench, connect):
    platform, place, provider, _ = bench
    session = await provider.fetch_session(place.session_id)
    kind = ProviderKind.SERIES if session.server("") else ProviderKind.READMIN_V1
    hurried = connect(kind, platform.base_url, bounds=Bounds(read=0.01, write=60, write_total=60))
    platform.faults.add("slow", "claim", seconds=0.2)
    await hurried.claim(session, place, USER)


async def test_a_claim_stored_late(bench):
    platform, place, provider, _ = bench
    session = await provider.fetch_session(place.session_id)
    platform.faults.add("store-late", "claim", times=1, seconds=60)
    with pytest.raises(OutcomeUnknown):
        await provider.claim(session, place, USER)


@pytest.mark.parametrize("bench", ["readmin-v2", "series"], indirect=True)  # v1 has no release
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_release_under_a_fault(bench, fault):
    platform, place, provider, hasty = bench
    session = await provider.fetch_session(place.session_id)
    await provider.claim(session, place, USER)
    kind, done, _ = FAULTS[fault]
    platform.faults.add(fault, "release", seconds=60)
    platform.requests.clear()
    with pytest.raises(kind):
        await (hasty if fault == "hang" else provider).release(place, USER, by_host=False)
    assert len(platform.requests) == 1
    platform.faults.clear()
    after = await provider.fetch_session(place.session_id)
    assert (after.held_by(USER) == ()) is done


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_read_under_a_fault(bench, fault):
    platform, place, provider, hasty = bench
    _, _, kind = FAULTS[fault]
    platform.faults.add(fault, "any", seconds=60)
    with pytest.raises(kind) as caught:
        await (hasty if fault == "hang" else provider).fetch_session(place.session_id)
    assert type(caught.value) is kind
    platform.faults.clear()
    assert await provider.fetch_session(place.session_id)


async def test_a_short_failure_is_not_seen_by_a_reader(bench):
    platform, place, provider, _ = bench
    platform.faults.add("error-500", "any", times=2)
    assert await provider.fetch_session(place.session_id)
