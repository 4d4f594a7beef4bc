"""With an Open Cloud key: what is asked there, and when the public APIs answer instead."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr

from bot.errors import Misread, RateLimited, Refusal, Unavailable, UpstreamNotFound
from bot.models import RobloxUser
from bot.providers.identity.roblox import CLOUD_PAUSE, Roblox
from bot.providers.identity.roblox_cloud import OpenCloud
from bot.sandbox.platforms import roblox as pretended
from bot.sandbox.platforms.roblox_cloud import KEY, RobloxCloudPlatform
from tests.providers.conftest import HASTY, PATIENT, OddServer, http

GROUP = 77


@dataclass
class Bench:
    """Both APIs over the same accounts, and a clock that stands still."""

    public: pretended.RobloxPlatform
    cloud: RobloxCloudPlatform
    now: float = 1000.0
    opened: list[Roblox] = field(default_factory=list)

    def open(self, key: str = KEY, bounds=PATIENT, cloud_url: str = "") -> Roblox:
        """A client with an Open Cloud key."""
        monotonic = lambda: self.now  # noqa: E731 - one line, used twice
        url = cloud_url or f"{self.cloud.base_url}/"
        cloud = OpenCloud(url, SecretStr(key), bounds=bounds, monotonic=monotonic)
        base = self.public.base_url
        self.opened.append(Roblox(base, base, cloud, bounds=PATIENT, monotonic=monotonic))
        return self.opened[-1]

    def asked(self) -> tuple[int, int]:
        """How many requests reached Open Cloud and the public APIs."""
        return len(self.cloud.requests), len(self.public.requests)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    world = pretended.RobloxWorld()
    about = "river stone apple"
    world.add_user(pretended.RobloxUser(1001, "Aria", "Aria B", about, ranks={GROUP: 120}))
    for rank in range(1, 46):  # three pages of roles
        world.add_user(pretended.RobloxUser(2000 + rank, f"Filler{rank}", ranks={GROUP: rank}))
    bench = Bench(pretended.RobloxPlatform(world), RobloxCloudPlatform(world))
    await bench.public.start()
    await bench.cloud.start()
    yield bench
    for roblox in bench.opened:
        await roblox.aclose()
    await bench.public.stop()
    await bench.cloud.stop()


async def read_all(roblox: Roblox) -> None:
    """Everything that Open Cloud can answer."""
    assert await roblox.fetch_user(1001) == RobloxUser(1001, "Aria", "Aria B")
    assert await roblox.fetch_profile_text(1001) == "river stone apple"
    assert await roblox.fetch_rank(1001, GROUP, max_age=0) == 120


async def test_open_cloud_is_preferred(bench: Bench) -> None:
    roblox = bench.open()
    await read_all(roblox)
    assert bench.asked() == (6, 0)  # the rank takes the membership and three pages of roles
    assert await roblox.fetch_rank(2045, GROUP) == 45
    assert await roblox.fetch_rank(9, GROUP) == 0
    assert bench.asked() == (8, 0)  # the roles are remembered
    assert await roblox.fetch_user_by_name("aria") == RobloxUser(1001, "Aria", "Aria B")
    assert await roblox.fetch_users([1001]) == {1001: RobloxUser(1001, "Aria", "Aria B")}
    assert bench.asked() == (8, 2)  # what only the public APIs can do
    keys = {seen.headers.get("x-api-key") for seen in bench.cloud.requests}
    assert keys == {KEY}
    assert not [seen for seen in bench.public.requests if KEY in str(seen)]


async def test_a_role_that_is_new_is_looked_up_again(bench: Bench) -> None:
    roblox = bench.open()
    assert await roblox.fetch_rank(1001, GROUP) == 120
    bench.cloud.world.users[2001].ranks[GROUP] = 200
    bench.now += 1
    assert await roblox.fetch_rank(2001, GROUP) == 200


async def test_what_is_missing_is_asked_publicly_without_a_complaint(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    roblox = bench.open()
    assert await roblox.fetch_user(9) is None
    with pytest.raises(UpstreamNotFound):
        await roblox.fetch_profile_text(9)
    assert await roblox.fetch_rank(1001, 5555) == 0
    assert bench.asked() == (3, 3)
    assert caplog.records == []


async def test_a_refused_key_is_logged_once_and_tried_again_later(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    roblox = bench.open(key="some-other-key")
    await read_all(roblox)
    await read_all(roblox)
    assert bench.asked() == (2, 6)  # users and groups, each tried once
    bench.now += CLOUD_PAUSE
    await read_all(roblox)
    assert bench.asked() == (4, 9)
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert [text.split(" without")[0] for text in told] == [
        "Roblox is asked for users", "Roblox is asked for groups"
    ]  # fmt: skip
    assert "some-other-key" not in caplog.text


async def test_a_missing_permission_leaves_the_rest_to_open_cloud(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    roblox = bench.open()
    bench.cloud.reads_groups = False
    await read_all(roblox)
    assert bench.asked() == (3, 1)
    await read_all(roblox)
    assert bench.asked() == (5, 2)
    bench.cloud.reads_groups = True
    bench.now += CLOUD_PAUSE
    await read_all(roblox)
    assert bench.asked() == (11, 2)
    bench.cloud.reads_groups = False
    await read_all(roblox)
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2  # it had come back


# fault of Open Cloud -> the error, or None when the public APIs answer instead
FAULTS = {
    "hang": Unavailable,
    "cut-before": Unavailable,
    "cut-after": Unavailable,
    "error-500": Unavailable,
    "html-502": Unavailable,
    "empty-200": Misread,
    "wrong-shape": Misread,
    "truncated": Misread,
    "huge": Misread,
    "rate-limit": RateLimited,
    "rate-limit-bare": RateLimited,
    "revoked-key": None,
    "redirect": None,
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_open_cloud_under_a_fault(bench: Bench, fault: str) -> None:
    kind = FAULTS[fault]
    bench.cloud.faults.add(fault, seconds=60)
    roblox = bench.open(bounds=HASTY if fault == "hang" else PATIENT)
    if kind is None:
        await read_all(roblox)
        return
    for call in (
        roblox.fetch_user(1001),
        roblox.fetch_profile_text(1001),
        roblox.fetch_rank(1001, GROUP),
    ):
        with pytest.raises(kind) as caught:
            await call
        assert type(caught.value) is kind
    assert bench.public.requests == []


async def test_a_wrong_address_is_noticed(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    await read_all(bench.open(cloud_url=f"{bench.cloud.base_url}/elsewhere"))
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2


MEMBER = {"user": "users/1001", "role": "groups/77/roles/1"}
NO_ROLES = {"groupRoles": [], "nextPageToken": ""}


@pytest.mark.parametrize(
    "answers",
    [
        [{}],
        [{"groupMemberships": None}],
        [{"groupMemberships": [None]}],
        [{"groupMemberships": [{"user": "users/1001"}]}],
        [{"groupMemberships": [MEMBER | {"user": "users/1002"}]}],  # the filter was ignored
        [{"groupMemberships": [MEMBER]}, {}],
        [{"groupMemberships": [MEMBER]}, {"groupRoles": [{"path": MEMBER["role"]}]}],
        [{"groupMemberships": [MEMBER]}, NO_ROLES],
        [{"groupMemberships": [MEMBER]}, {"groupRoles": [], "nextPageToken": "again"}],
    ],
)
async def test_no_unreadable_rank_is_taken_for_none(
    bench: Bench, odd: OddServer, answers: list[object]
) -> None:
    odd.answers = [http(200, answer) for answer in answers]
    with pytest.raises(Misread):
        await bench.open(cloud_url=odd.base_url).fetch_rank(1001, GROUP)
    assert len(odd.seen) <= 50


@pytest.mark.parametrize(
    "user", [{}, {"id": "1002", "name": "Ben"}, {"id": 1001}, {"id": None, "name": "Aria"}]
)
async def test_an_unreadable_user(bench: Bench, odd: OddServer, user: object) -> None:
    odd.answers = [http(200, user)]
    roblox = bench.open(cloud_url=odd.base_url)
    for call in (roblox.fetch_user(1001), roblox.fetch_profile_text(1001)):
        with pytest.raises(Misread):
            await call


def test_a_key_that_no_header_can_carry() -> None:
    with pytest.raises(Refusal) as caught:
        OpenCloud("https://apis.example", SecretStr("two words"))
    assert "two words" not in str(caught.value)
