"""Who holds a role of a cancelled session hears of it, whatever dies in between."""

from __future__ import annotations

from dataclasses import replace

import pytest
import pytest_asyncio

from bot.errors import Unavailable, UpstreamNotFound
from bot.models import Door, Preferences
from bot.services.claims import Press
from bot.store.automation import AutomationStore
from tests.services.bench import ANA, BEN, GUILD, HOST, Bench, actor
from tests.services.conftest import Posted
from tests.services.fakes import FACTS
from tests.services.messenger import FakeMessenger
from tests.services.worlds import HOUR, SESSION

THREAD = 777


class Killed(BaseException):
    """The process ends here."""


@pytest_asyncio.fixture
async def held(bench: Bench, posted: Posted) -> Posted:
    """ANA and BEN hold a role; the board has a thread, and BEN takes direct messages."""
    await AutomationStore(bench.database).set_thread(posted.announcement.announcement_id, THREAD)
    await bench.preferences.save(Preferences(GUILD, BEN, direct=True))
    for opening, member in ((posted.trainer, ANA), (posted.helper, BEN)):
        await bench.claims.claim(bench.press(opening, member))
    await bench.catch_up()
    return posted


def as_host(reason: str = "Storm") -> Press:
    """The host's press."""
    return Press(actor(HOST), 0, Door.HOST, None, "", reason=reason)


async def finish(bench: Bench) -> None:
    """One look for who is not told yet, to its end."""
    await bench.cancelling.finish()
    await bench.background.settle()


def heard(bench: Bench) -> list[tuple[int, ...]]:
    """Who was told in the thread that it is cancelled, by message."""
    return [who for _, words, who in bench.messenger.said if "is cancelled." in words]


async def test_holders_are_told_once(bench: Bench, held: Posted) -> None:
    number = str(held.announcement.announcement_id)
    done = await bench.cancelling.cancel(as_host(), number, release_all=False)
    assert (done.told, done.not_told, done.kept) == (2, 0, 2)
    await finish(bench)
    assert heard(bench) == [(ANA, BEN)]
    assert [who for who, _ in bench.messenger.direct] == [BEN]
    assert "Reason: “Storm”" in bench.messenger.said[-1][1]


@pytest.mark.parametrize("point", ["refresh", "fetch", "map_by_roblox", "say"])
async def test_a_kill_between_cancelling_and_telling_leaves_nobody_untold(
    bench: Bench, held: Posted, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    async def die(*_: object, **__: object) -> None:
        raise Killed

    places = {"refresh": bench.boards, "fetch": bench.boards, "map_by_roblox": bench.links}
    with monkeypatch.context() as patch:
        patch.setattr(places.get(point, FakeMessenger), point, die)
        with pytest.raises(Killed):
            await bench.cancelling.cancel(
                as_host(), str(held.announcement.announcement_id), release_all=False
            )
    assert heard(bench) == []
    after = await bench.crash()
    await finish(after)
    assert heard(after) == [(ANA, BEN)]
    assert "Reason: “Storm”" in after.messenger.said[-1][1]
    await finish(after)
    assert len(heard(after)) == 1
    await after.workspaces.aclose()


async def test_a_silent_platform_only_delays_it(bench: Bench, held: Posted) -> None:
    bench.platform.read_error = Unavailable("m", FACTS)
    number = str(held.announcement.announcement_id)
    done = await bench.cancelling.cancel(as_host(), number, release_all=False)
    assert done.unread
    await finish(bench)
    assert heard(bench) == []
    bench.platform.read_error = None
    await finish(bench)
    assert heard(bench) == [(ANA, BEN)]


async def test_whose_claims_are_given_back_is_told_before(bench: Bench, held: Posted) -> None:
    bench.platform.read_error = Unavailable("m", FACTS)
    number = str(held.announcement.announcement_id)
    await bench.cancelling.cancel(as_host(), number, release_all=False)
    bench.platform.read_error = None
    done = await bench.cancelling.cancel(as_host(), number, release_all=True)
    assert (done.released, done.kept) == (2, 0)
    assert heard(bench) == [(ANA, BEN)]
    await finish(bench)
    assert len(heard(bench)) == 1


@pytest.mark.parametrize("how", ["reopened", "over", "gone"])
async def test_nobody_is_told_what_is_not_true_any_more(
    bench: Bench, held: Posted, how: str
) -> None:
    bench.platform.read_error = Unavailable("m", FACTS)
    number = str(held.announcement.announcement_id)
    await bench.cancelling.cancel(as_host(), number, release_all=False)
    bench.platform.read_error = None
    if how == "reopened":
        await bench.running.reopen(actor(HOST), number)
    elif how == "over":
        bench.clock.now = SESSION.ends_at + HOUR
    else:
        bench.platform.read_error = UpstreamNotFound("it is gone", FACTS, "session")
    await finish(bench)
    assert heard(bench) == []
    bench.platform.read_error = None
    session = bench.platform.sessions[SESSION.session_id]
    bench.platform.sessions[SESSION.session_id] = replace(session, name="Another name")
    await finish(bench)
    assert heard(bench) == []


async def test_a_round_leaves_alone_what_the_host_waits_for(
    bench: Bench, held: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = FakeMessenger.say

    async def say(messenger: FakeMessenger, *what: object) -> None:
        await bench.cancelling.finish()
        await real(messenger, *what)  # type: ignore[arg-type]  # as it came

    monkeypatch.setattr(FakeMessenger, "say", say)
    number = str(held.announcement.announcement_id)
    await bench.cancelling.cancel(as_host(), number, release_all=False)
    await bench.background.settle()
    assert heard(bench) == [(ANA, BEN)]
