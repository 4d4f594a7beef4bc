"""A whole process of Muster over fakes, and everything that goes on in it within a day."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import cast

from pydantic import SecretStr

from bot.assembly import build_services
from bot.ground import Ground
from bot.messenger import DiscordMessenger
from bot.metrics import Metrics
from bot.models import AccountLink, Door, LinkSource, Opening, Proof, ProviderKind
from bot.providers.guard import UpstreamPolicy
from bot.providers.identity.headshots import Headshots
from bot.providers.identity.roblox import Roblox
from bot.services.claims import Press
from bot.services.container import Services
from bot.services.lanes import Lanes
from bot.services.linking_oneself import Outside
from bot.services.service_lines import ServiceLines
from bot.services.workspaces import WorkspaceService
from bot.settings import Settings
from bot.store.announcements import AnnouncementStore
from bot.store.attempts import AttemptStore
from bot.store.database import Database
from bot.store.identity_services import IdentityServiceStore
from bot.store.keyring import KeyRing
from bot.store.links import LinkStore
from bot.store.proofs import ProofStore
from bot.store.workspaces import WorkspaceStore
from tests.services.assembled import KEYS
from tests.services.bench import ANA, BEN, GUILD, HOST, HOST_ROLE, KEY, UPSTREAM, actor
from tests.services.fakes import Clock, FakePlatform, FakeRoblox, HandBackground
from tests.services.messenger import FakeMessenger
from tests.services.worlds import SESSION, with_claims
from tests.store.history import Home

CAL, DEE = 5, 6  # Cal has proved an account and is linked nowhere; nobody knows Dee
SETTINGS = Settings(
    _env_file=None, discord_token=SecretStr("token"), secret_keys=tuple(KEYS), log_level="ERROR"
)


class RoundsByHand(HandBackground):
    """What comes round again and again does so when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.rounds: dict[str, Callable[[], Awaitable[object]]] = {}

    def every(
        self, seconds: float, work: Callable[[], Awaitable[object]], name: str
    ) -> asyncio.Task[None]:
        """Note the work."""
        self.rounds[name] = work
        return self.after(0, _nothing, name)

    async def finish(self) -> None:
        """Let all timers go off, until none is left."""
        await self.settle()
        while await self.fire():
            await self.settle()


async def _nothing() -> None:
    return


class Process:
    """All services on one database."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock, self.background = database, Clock(), RoundsByHand()
        self.platform, self.messenger = FakePlatform(SESSION), FakeMessenger()
        keyring = KeyRing(KEYS)
        self._workspace_store = WorkspaceStore(database, keyring)
        policy = UpstreamPolicy(allow_insecure=False, allow_private=False)
        self.workspaces = WorkspaceService(
            self._workspace_store, self.messenger, policy, self.clock
        )
        keys = IdentityServiceStore(database, keyring)
        self._outside = Outside(
            cast(Roblox, FakeRoblox()), Headshots("https://thumbnails.example.test"),
            ServiceLines(keys, {}),
        )  # fmt: skip
        self.attempts = AttemptStore(database, keyring)
        ground = Ground(
            SETTINGS, database, self.attempts, self.workspaces, keys,
            cast(DiscordMessenger, self.messenger), self._outside, self.background, Lanes(),
            Metrics(), self.clock,
        )  # fmt: skip
        self.services: Services = build_services(ground)
        self._interactions = itertools.count(5_000)

    async def move_in(self) -> Home:
        """A workspace, and members who may claim; before there is any history."""
        links, now = LinkStore(self.database), self.clock()
        for discord_id in (ANA, BEN):
            account = 100 + discord_id
            await links.add(
                AccountLink(GUILD, discord_id, account, "name", now, LinkSource.ADMIN, HOST, now)
            )
        await ProofStore(self.database).save(Proof(CAL, 100 + CAL, "name", now, now))
        workspace = await self._workspace_store.add(
            GUILD, "Harbour", ProviderKind.READMIN_V2, UPSTREAM, SecretStr(KEY), now=now,
            announcement_channel_id=11, log_channel_id=12, ping_role_id=13,
            host_role_ids=frozenset({HOST_ROLE}), threads=True, auto_lead_minutes=120,
            reminder_minutes=frozenset({30, 90}),
        )  # fmt: skip
        return Home(GUILD, workspace.workspace_id)

    async def a_day(self, home: Home) -> None:
        """Start; claims, releases and refusals; polls; whatever comes round by itself."""
        background, clock = self.background, self.clock
        await self.services.start(background)
        await background.finish()
        trainer, helper, guard = await self._post(home)
        for opening, member in ((trainer, ANA), (trainer, BEN), (helper, CAL), (helper, DEE)):
            await self._press(opening, member)
        await self.services.waitlist.join(actor(BEN), trainer.opening_id)
        await self.services.running.list_hosted(actor(HOST))
        await self._press(guard, ANA, move=True)
        await self._press(guard, ANA, release=True)
        await self._press(trainer, BEN, door=Door.HOST, actor_id=HOST)
        await background.finish()
        for _ in range(2):  # others claim on the platform, and the session comes near
            session = self.platform.sessions[SESSION.session_id]
            self.platform.sessions[SESSION.session_id] = with_claims(session, 5_000_000_000)
            for work in background.rounds.values():
                await work()
                await background.finish()
            await self.services.poller.poll_all()
            await background.finish()
            clock.advance(3000)
        self.platform.end(SESSION.session_id)
        await self.services.poller.poll_all()
        await background.finish()

    async def _post(self, home: Home) -> list[Opening]:
        """The session is posted; its openings."""
        host = actor(HOST)
        choice = f"{home.workspace_id}:{SESSION.session_id}"
        services = self.services
        live = await AnnouncementStore(self.database).list_live(GUILD)
        if not live:
            preview = await services.hosting.draft(host, choice, "", ping=False)
            live = [await services.hosting.post(host, preview.announcement.announcement_id)]
        return await AnnouncementStore(self.database).list_openings(live[0].announcement_id)

    async def _press(
        self,
        opening: Opening,
        member: int,
        *,
        move: bool = False,
        release: bool = False,
        door: Door = Door.BUTTON,
        actor_id: int | None = None,
    ) -> None:
        """One press, and what an answer to it looks up besides."""
        who, number = actor(actor_id or member), next(self._interactions)
        press = Press(
            who, opening.opening_id, door, number, f"token-{number}", move, subject_id=member
        )
        claims = self.services.claims
        outcome = await (claims.release(press) if release else claims.claim(press))
        await claims.mark_told([outcome.operation_id] if outcome.operation_id else [])
        await claims.untold(GUILD, member)
        await claims.note(press)
        await self.services.oneself.resuming.note(who, outcome)
        await self.services.links.notices.get_untold(GUILD, member)
        await self.services.swaps.news.list_news(GUILD, member)

    async def aclose(self) -> None:
        """Stop everything."""
        await self.background.stop()
        await self.workspaces.aclose()
        await self._outside.lines.aclose()
        await self._outside.headshots.aclose()
        await self.database.close()
