"""Discord as tests of services want it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

from bot.errors import MessengerError
from bot.models import Attempt
from bot.services.outcomes import Outcome
from bot.services.ports import Board, TextButton


@dataclass
class FakeMessenger:
    """Discord as far as services know it; implements `bot.services.ports.Messenger`."""

    posts: list[tuple[int, Board, int | None, str]] = field(default_factory=list)
    edits: list[tuple[int, Board]] = field(default_factory=list)
    told: list[tuple[str, Outcome]] = field(default_factory=list)
    notices: list[tuple[int, str]] = field(default_factory=list)
    questions: list[tuple[int, str, int]] = field(default_factory=list)
    pings: list[tuple[int, int]] = field(default_factory=list)
    retired: dict[int, str] = field(default_factory=dict)
    threads: dict[int, str] = field(default_factory=dict)
    said: list[tuple[int, str, tuple[int, ...]]] = field(default_factory=list)
    direct: list[tuple[int, str]] = field(default_factory=list)
    pressable: list[tuple[str, TextButton]] = field(default_factory=list)  # with its message
    late: list[tuple[str, str]] = field(default_factory=list)  # token, text
    left: set[tuple[int, int]] = field(default_factory=set)  # (guild, member) who are gone
    member_roles: dict[int, frozenset[int]] = field(default_factory=dict)
    member_queries: list[int] = field(default_factory=list)  # how many were asked about at once
    closed_to: set[int] = field(default_factory=set)  # take no direct messages
    unmentionable: set[int] = field(default_factory=set)  # Discord roles
    missing: list[str] = field(default_factory=list)
    missing_for_threads: list[str] = field(default_factory=list)
    error: MessengerError | None = None
    asked_after: list[tuple[int, int]] = field(default_factory=list)
    taken_out_of: set[int] = field(default_factory=set)  # guilds that Muster is not in

    async def post_board(
        self, channel_id: int, board: Board, *, ping_role_id: int | None, nonce: str
    ) -> int:
        """Note the post; message ids count from 1001."""
        await asyncio.sleep(0)
        self._fail()
        self.posts.append((channel_id, board, ping_role_id, nonce))
        return 1000 + len(self.posts)

    async def edit_board(self, channel_id: int, message_id: int, board: Board) -> None:
        """Note the edit."""
        await asyncio.sleep(0)
        self._fail()
        self.edits.append((message_id, board))

    async def tell(self, attempt: Attempt, outcome: Outcome) -> bool:
        """Note what the member is told."""
        self.told.append((attempt.operation_id, outcome))
        return bool(attempt.interaction_token)

    async def list_members(self, guild_id: int, discord_ids: Collection[int]) -> set[int]:
        """Everybody but those who left."""
        self.member_queries.append(len(discord_ids))
        self._fail()
        return {one for one in discord_ids if (guild_id, one) not in self.left}

    async def post_notice(self, channel_id: int, text: str) -> None:
        """Note the line."""
        await asyncio.sleep(0)
        self._fail()
        self.notices.append((channel_id, text))

    async def post_question(self, channel_id: int, text: str, question_id: int) -> None:
        """Note the line and the question."""
        self._fail()
        self.questions.append((channel_id, text, question_id))

    async def ping_board(self, channel_id: int, message_id: int, role_id: int) -> None:
        """Note the ping."""
        self._fail()
        self.pings.append((message_id, role_id))

    async def retire_board(self, channel_id: int, message_id: int, url: str) -> None:
        """Note where it went."""
        self._fail()
        self.retired[message_id] = url

    async def open_thread(self, guild_id: int, channel_id: int, message_id: int, name: str) -> int:
        """Note the thread; it has the message's id, as Discord does it."""
        self._fail()
        self.threads[message_id] = name
        return message_id

    async def say(
        self,
        channel_id: int,
        text: str,
        mentioned: Collection[int] = (),
        buttons: Collection[TextButton] = (),
    ) -> None:
        """Note the text, whom it pings, and its buttons."""
        await asyncio.sleep(0)
        self._fail()
        self.pressable += [(text, button) for button in buttons]
        self.said.append((channel_id, text, tuple(mentioned)))

    async def send_direct(
        self, discord_id: int, text: str, buttons: Collection[TextButton] = ()
    ) -> bool:
        """Note the text and its buttons, unless this member takes none."""
        if discord_id in self.closed_to:
            return False
        self.pressable += [(text, button) for button in buttons]
        self.direct.append((discord_id, text))
        return True

    async def answer_late(self, token: str, text: str) -> bool:
        """Note the text, if there is an answer to put it into."""
        if token:
            self.late.append((token, text))
        return bool(token)

    async def tell_late(self, discord_id: int, outcome: Outcome, url: str) -> bool:
        """Note the ending, unless this member takes none."""
        return await self.send_direct(discord_id, f"{outcome.code} {url}")

    async def tell_in_thread(self, thread_id: int, discord_id: int, outcome: Outcome) -> None:
        """Note the ending and whom it pings."""
        await self.say(thread_id, outcome.code.value, [discord_id])

    async def fetch_member_roles(self, guild_id: int, discord_id: int) -> frozenset[int] | None:
        """What was set; members without roles unless it was."""
        self.asked_after.append((guild_id, discord_id))
        self._fail()
        if (guild_id, discord_id) in self.left:
            return None
        return self.member_roles.get(discord_id, frozenset())

    async def is_in_guild(self, guild_id: int) -> bool:
        """As was set."""
        self._fail()
        return guild_id not in self.taken_out_of

    def guild_name(self, guild_id: int) -> str | None:
        """A name for every guild that Muster is in."""
        return None if guild_id in self.taken_out_of else f"Guild {guild_id % 1000}"

    def missing_permissions(self, channel_id: int, *, threads: bool = False) -> list[str]:
        """What was set."""
        return self.missing + (self.missing_for_threads if threads else [])

    def is_mentionable(self, guild_id: int, role_id: int) -> bool:
        """Whether it was not set otherwise."""
        return role_id not in self.unmentionable

    @property
    def asked(self) -> list[TextButton]:
        """The buttons below texts, in order."""
        return [button for _, button in self.pressable]

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error
