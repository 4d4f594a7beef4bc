"""The stage of a cog test: one guild with its people, the real bot, platforms on loopback."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import discord
from cryptography.fernet import Fernet
from pydantic import SecretStr
from simcord import ChannelHandle, Env, GuildHandle, InteractionResult, MemberActor, RoleHandle

from bot.app import open_bot
from bot.background import Background
from bot.client import MusterBot
from bot.models import AccountLink, ClashPolicy, LinkSource
from bot.sandbox.platforms.readmin import ReAdminPlatform
from bot.sandbox.platforms.roblox import RobloxPlatform
from bot.sandbox.platforms.seeds import DemoWorlds
from bot.sandbox.platforms.series import SeriesPlatform
from bot.sandbox.platforms.threaded import ThreadedPlatform
from bot.settings import Settings
from tests.cogs.hands import buttons, press, text, type_key
from tests.cogs.stories import PIP, SABLE, WREN, Story, holders_in

TALK = discord.Permissions(
    view_channel=True, send_messages=True, embed_links=True, read_message_history=True,
    use_application_commands=True,
)  # fmt: skip


class Now:
    """One clock for the bot and the platforms: today's noon until an env takes over.

    At noon, because ReAdmin v1 lists one calendar day: late in the evening the next session is of
    another one.
    """

    def __init__(self) -> None:
        self.start = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
        self.env: Env | None = None

    def __call__(self) -> datetime:
        return self.env.now() if self.env else self.start

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        return self().timestamp()

    def take_over(self, env: Env) -> None:
        """Bring the env's clock to the start; from here on the env's time is everybody's."""
        env.backend.advance_clock((self.start - env.now()).total_seconds())
        self.env = env


class ParkedBackground(Background):
    """Muster's timers move with `env.advance_time` only: no test ever waits for one."""

    now: Now

    async def _sleep(self, seconds: float) -> None:
        assert self.now.env is not None
        await self.now.env.external_wait(super()._sleep(seconds), reason="a timer of Muster")


class QuickEnv(Env):
    """Looks every few milliseconds whether the bot has settled, instead of every fifty."""

    async def _settle_internal(self, **options: Any) -> None:
        await super()._settle_internal(**{"idle": 0.004, **options})


@dataclass
class Platforms:
    """The pretended upstreams, each in its own thread, and what they hold."""

    worlds: DemoWorlds
    readmin: ThreadedPlatform[ReAdminPlatform]
    series: ThreadedPlatform[SeriesPlatform]
    roblox: ThreadedPlatform[RobloxPlatform]

    def of(self, story: Story) -> ThreadedPlatform[Any]:
        """The platform that a story plays on."""
        return self.series if story.platform == "Series HR" else self.readmin


def make_settings(platforms: Platforms, database_url: str) -> Settings:
    """Settings that allow loopback; everything else as delivered."""
    return Settings(
        _env_file=None, discord_token=SecretStr("token"),
        secret_keys=(SecretStr(Fernet.generate_key().decode()),), database_url=database_url,
        allow_insecure_upstreams=True, allow_private_upstreams=True,
        roblox_users_url=platforms.roblox.base_url, roblox_groups_url=platforms.roblox.base_url,
        roblox_thumbnails_url=platforms.roblox.base_url,
    )  # fmt: skip


@dataclass
class House:
    """One guild with its channels, roles and people."""

    guild: GuildHandle
    board: ChannelHandle  # where sessions are posted
    log: ChannelHandle
    chat: ChannelHandle  # where people type commands
    roles: dict[str, RoleHandle]
    admin: MemberActor
    host: MemberActor
    pip: MemberActor
    sable: MemberActor
    wren: MemberActor  # a trainee: linked, but of a low rank
    guest: MemberActor  # not linked


def build_house(env: Env, name: str = "Northgate") -> House:
    """A guild in which the bot has what it needs and everybody may talk."""
    guild = env.create_guild(name)
    guild._guild.everyone_role.permissions = TALK.value
    roles = {
        "admin": guild.create_role("Admin", permissions=discord.Permissions(manage_guild=True)),
        **{key: guild.create_role(key.title()) for key in ("host", "staff", "ping")},
    }

    def member(name: str, *held: str) -> MemberActor:
        return guild.add_member(env.create_user(name), roles=[roles[key] for key in held])

    board, log, chat = (guild.create_text_channel(n) for n in ("sessions", "muster-log", "chat"))
    return House(
        guild, board, log, chat, roles, admin=member("marlowe", "admin"),
        host=member("juno", "host"), pip=member("pip", "staff"), sable=member("sable", "staff"),
        wren=member("wren", "staff"), guest=member("guest"),
    )  # fmt: skip


@dataclass
class Stage:
    """Everything a test drives."""

    env: Env
    bot: MusterBot
    now: Now
    platforms: Platforms
    settings: Settings
    house: House
    story: Story
    stack: AsyncExitStack = field(repr=False)

    @property
    def upstream(self) -> ThreadedPlatform[Any]:
        return self.platforms.of(self.story)

    def holders(self, role: str, session_id: str = "") -> list[int]:
        """Who really holds the role, as the platform's own records say."""
        return holders_in(self.upstream.state(), session_id or self.story.session_id, role)

    def upstream_calls(self, kind: str) -> int:
        """How many requests of this kind reached the story's platform."""
        return sum(request.kind == kind for request in self.upstream.requests())

    async def slash(self, who: MemberActor, command: str, **options: Any) -> InteractionResult:
        """Type a command in the guild's chat channel."""
        chat = next(c for c in who.guild.channels.values() if c.name == "chat")
        return await who.slash(chat, command, **options)

    async def choices(
        self, who: MemberActor, command: str, option: str, typed: str = "", **filled: Any
    ) -> dict[str, str]:
        """What autocomplete offers: name -> value."""
        chat = next(c for c in who.guild.channels.values() if c.name == "chat")
        offered = await who.autocomplete(chat, command, option, typed, **filled)
        return {choice["name"]: choice["value"] for choice in offered}

    async def setup(
        self, house: House, story: Story, key: str = "", **options: Any
    ) -> InteractionResult:
        """`/setup` by the admin, key form included. Answers what the form came to."""
        chosen = {
            "provider": story.kind.value, "announcements": house.board, "log": house.log,
            "host_role": house.roles["host"], "address": self.platforms.of(story).base_url,
            **options,
        }  # fmt: skip
        shown = await house.admin.slash(
            house.chat, "setup", **{k: v for k, v in chosen.items() if v is not None}
        )
        if shown.modal is None:
            return shown
        result = await type_key(house.admin, shown, key or story.key)
        await self.set_clash(house, ClashPolicy.OFF)
        return result

    async def set_clash(self, house: House, clash: ClashPolicy) -> None:
        """For every workspace of the guild: the seeded sessions overlap, for tests to try."""
        guild_id = house.guild.id
        for workspace in await self.bot.services.workspaces.list_all(guild_id):
            store = self.bot.services.workspaces._store
            await store.update(guild_id, workspace.workspace_id, clash=clash)

    async def link(self, house: House, who: MemberActor, roblox: int | str) -> InteractionResult:
        """`/links add` by the admin, who says yes to the card; the member has read of it."""
        shown = await self.show_card(house, who, roblox)
        if shown.response is None or "Link" not in buttons(shown.response.message):
            return shown
        linked = await house.admin.click(shown.response, label="Link")
        notices = self.bot.services.links.notices
        notice = await notices.get_untold(house.guild.id, who.id)
        assert notice is not None
        await notices.mark_told(notice)
        return linked

    async def show_card(
        self, house: House, who: MemberActor, roblox: int | str
    ) -> InteractionResult:
        """`/links add` by the admin."""
        return await house.admin.slash(house.chat, "links add", member=who, roblox=str(roblox))

    async def link_staff(self, house: House) -> None:
        """Pip, Sable and the trainee get their accounts, without the admin's questions."""
        accounts, links = self.platforms.worlds.roblox.users, self.bot.services.linking._links
        for who, roblox in ((house.pip, PIP), (house.sable, SABLE), (house.wren, WREN)):
            now, name = self.bot.clock(), accounts[roblox].name
            guild_id, admin = house.guild.id, house.admin.id
            await links.add(
                AccountLink(guild_id, who.id, roblox, name, now, LinkSource.ADMIN, admin, now)
            )

    async def draft(
        self, house: House, session_id: str = "", by: MemberActor | None = None, **options: Any
    ) -> InteractionResult:
        """`/session post` by the host, with the value that autocomplete offers."""
        who, wanted = by or house.host, session_id or self.story.session_id
        offered = await self.choices(who, "session post", "session")
        value = next(value for value in offered.values() if value.endswith(wanted))
        return await who.slash(house.chat, "session post", session=value, **options)

    async def post(self, house: House, session_id: str = "", **options: Any) -> discord.Message:
        """Draft and press Post; the board."""
        preview = await self.draft(house, session_id, **options)
        posted = await house.host.click(preview.response, label="Post")
        assert "✔ Posted" in text(posted)
        board = house.board.last_message
        assert board is not None
        return board

    async def claim(self, who: MemberActor, role: str) -> InteractionResult:
        """Press the role's button on the newest board."""
        return await press(who, self.board(), role)

    def board(self) -> discord.Message:
        """The newest message in the announcement channel, as Discord holds it now."""
        board = self.house.board.last_message
        assert board is not None
        return board

    def shut(self) -> None:
        """The story's platform stops listening: connections are refused."""
        platform = self.upstream
        loop = platform._started.result()
        asyncio.run_coroutine_threadsafe(platform.platform.stop(), loop).result()

    def reopen(self) -> None:
        """It listens again, where it did before."""
        platform = self.upstream
        port = int(platform.base_url.rpartition(":")[2])
        loop = platform._started.result()
        asyncio.run_coroutine_threadsafe(platform.platform.start(port), loop).result()

    async def skip(self, seconds: float) -> None:
        """Let time pass as if the process had slept: each timer of Muster fires once."""
        self.env.backend.advance_clock(seconds)
        await self.env.advance_time(1)

    async def restart(self) -> None:
        """A new process on the same database."""
        opening = open_bot(self.settings, self.now, self.now.monotonic, shard_count=1)
        bot = await self.stack.enter_async_context(opening)
        await self.env.restart_bot(bot)
        self.bot = bot


def override_command(house: House, command: str) -> None:
    """An admin opens the command to everybody in Discord's own command settings."""
    registered = house.guild._env.backend.find_command(command, None)
    assert registered is not None
    house.guild.set_command_permissions(int(registered["id"]), {house.guild.default_role: True})
