"""What services ask of Discord, done with discord.py."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import cast

import aiohttp
import discord
from discord import ui

from bot.board_controls import to_controls
from bot.board_view import to_embed
from bot.buttons import Action, Button
from bot.errors import ChannelLost, MessageGone, MessengerError
from bot.models import Attempt
from bot.replies import MAX_TEXT, NO_PINGS, Reply, decision_buttons, outcome_reply
from bot.services.outcomes import Outcome
from bot.services.ports import Board, TextButton
from bot.text import cut, shorten
from bot.views import to_view

log = logging.getLogger(__name__)

# What a board needs, as Discord's settings call it: discord.py says "read messages" for the first.
NEEDED = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
    "read_message_history": "Read Message History",
}
NEEDED_FOR_THREADS = {
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
}
MAX_THREAD_NAME = 100
THREAD_EXISTS = 160004  # Discord's code: this message has a thread already
NO_MEMBER = (10007, 10013)  # likewise: they are not in the guild; there is no such user
NOT_IN_GUILD = (10004, 50001)  # likewise: an unknown guild; one that Muster has no access to
_UNREACHED = (aiohttp.ClientError, OSError)  # discord.py passes these on as they are
_ORIGINAL = cast(int, "@original")  # Discord's name for an interaction's own answer


class DiscordMessenger:
    """Implements `bot.services.ports.Messenger`.

    `count_board(act, result)` hears of every post and edit of a board; see `Metrics.board`.
    """

    def __init__(self, client: discord.Client, count_board: Callable[[str, str], None]) -> None:
        self._client = client
        self._count_board = count_board

    async def post_board(
        self, channel_id: int, board: Board, *, ping_role_id: int | None, nonce: str
    ) -> int:
        """Post the board and return the message id; see the protocol."""
        channel = self._client.get_partial_messageable(channel_id)
        role = discord.Object(ping_role_id) if ping_role_id else None
        async with self._counted("post"), self._refusals(channel_id):
            message = await channel.send(
                f"<@&{ping_role_id}>" if ping_role_id else None,
                embed=to_embed(board),
                view=to_view(to_controls(board)) or discord.utils.MISSING,
                nonce=nonce,
                allowed_mentions=discord.AllowedMentions(
                    everyone=False, users=False, roles=[role] if role else False
                ),
            )
        return message.id

    async def edit_board(self, channel_id: int, message_id: int, board: Board) -> None:
        """Replace what the board shows; see the protocol."""
        channel = self._client.get_partial_messageable(channel_id)
        async with self._counted("edit"), self._refusals(channel_id):
            await channel.get_partial_message(message_id).edit(
                embed=to_embed(board), view=to_view(to_controls(board)), allowed_mentions=NO_PINGS
            )

    async def ping_board(self, channel_id: int, message_id: int, role_id: int) -> None:
        """Answer the board with a message that pings this one role; see the protocol."""
        channel = self._client.get_partial_messageable(channel_id)
        role = discord.Object(role_id)
        async with self._refusals(channel_id):
            await channel.get_partial_message(message_id).reply(
                f"<@&{role_id}>",
                allowed_mentions=discord.AllowedMentions(
                    everyone=False, users=False, roles=[role], replied_user=False
                ),
            )

    async def retire_board(self, channel_id: int, message_id: int, url: str) -> None:
        """Leave a line that leads to the new board; see the protocol."""
        channel = self._client.get_partial_messageable(channel_id)
        async with self._refusals(channel_id):
            await channel.get_partial_message(message_id).edit(
                content=f"This announcement was posted again: {url}",
                embed=None, view=None, allowed_mentions=NO_PINGS,
            )  # fmt: skip

    async def open_thread(self, guild_id: int, channel_id: int, message_id: int, name: str) -> int:
        """The board's thread, made unless it is there; see the protocol."""
        channel = self._client.get_partial_messageable(channel_id, guild_id=guild_id)
        message = channel.get_partial_message(message_id)
        async with self._refusals(channel_id):
            try:
                thread = await message.create_thread(name=cut(name, MAX_THREAD_NAME) or "Session")
            except discord.HTTPException as error:
                if error.code != THREAD_EXISTS:
                    raise
                return message_id  # a thread begun at a message has the message's id
        return thread.id

    async def say(
        self,
        channel_id: int,
        text: str,
        mentioned: Collection[int] = (),
        buttons: Collection[TextButton] = (),
    ) -> None:
        """Post a text that pings these members alone; see the protocol."""
        channel = self._client.get_partial_messageable(channel_id)
        members = [discord.Object(discord_id) for discord_id in mentioned]
        async with self._refusals(channel_id):
            await channel.send(
                shorten(text, MAX_TEXT),
                view=_below(buttons),
                allowed_mentions=discord.AllowedMentions(
                    everyone=False, users=members or False, roles=False
                ),
            )

    async def send_direct(
        self, discord_id: int, text: str, buttons: Collection[TextButton] = ()
    ) -> bool:
        """Whether the member could be sent a direct message; see the protocol."""
        try:
            channel = await self._client.create_dm(discord.Object(discord_id))
            shown = shorten(text, MAX_TEXT)
            await channel.send(shown, view=_below(buttons), allowed_mentions=NO_PINGS)
        except (discord.HTTPException, *_UNREACHED) as error:
            log.info("member %s not reached by direct message: %s", discord_id, error)
            return False
        return True

    async def fetch_member_roles(self, guild_id: int, discord_id: int) -> frozenset[int] | None:
        """The Discord roles of a member, None of somebody who left; see the protocol."""
        try:
            # Direct messages come to the process of shard 0, whichever has the guild in its cache.
            guild = self._client.get_guild(guild_id) or await self._client.fetch_guild(
                guild_id, with_counts=False
            )
            member = await guild.fetch_member(discord_id)
        except discord.NotFound as error:
            if error.code in NO_MEMBER:
                return None
            raise MessengerError("Discord does not show that server to Muster.") from error
        except (discord.HTTPException, *_UNREACHED) as error:
            raise MessengerError("Discord did not say who that member is.") from error
        return frozenset(role.id for role in member.roles)

    async def tell(self, attempt: Attempt, outcome: Outcome) -> bool:
        """Edit the member's own answer while its token lives; see the protocol."""
        return await self._answer(attempt.interaction_token, outcome_reply(outcome))

    async def answer_late(self, token: str, text: str) -> bool:
        """Edit an answer while its token lives; see the protocol."""
        return await self._answer(token, Reply(shorten(text, MAX_TEXT)))

    async def _answer(self, token: str, reply: Reply) -> bool:
        if not token or self._client.application_id is None:
            return False
        webhook = discord.Webhook.partial(self._client.application_id, token, client=self._client)
        try:
            await webhook.edit_message(
                _ORIGINAL,
                content=reply.text,
                view=to_view(reply.buttons),
                allowed_mentions=NO_PINGS,
            )
        except (discord.HTTPException, *_UNREACHED) as error:
            log.info("an answer is out of reach: %s", error)
            return False
        return True

    async def tell_late(self, discord_id: int, outcome: Outcome, url: str) -> bool:
        """Without buttons, which act in their guild only; see the protocol."""
        return await self.send_direct(discord_id, f"{outcome_reply(outcome).text}\n{url}")

    async def tell_in_thread(self, thread_id: int, discord_id: int, outcome: Outcome) -> None:
        """See the protocol."""
        await self.say(thread_id, f"<@{discord_id}> {outcome_reply(outcome).text}", [discord_id])

    async def list_members(self, guild_id: int, discord_ids: Collection[int]) -> set[int]:
        """Which of these people are in the guild; see the protocol.

        Asked for by id over the gateway, which needs no privileged intent.
        """
        guild = self._client.get_guild(guild_id)
        if guild is None:
            raise MessengerError("Muster does not see this Discord server.")
        wanted = list(discord_ids)
        try:
            found = await guild.query_members(user_ids=wanted, limit=len(wanted), cache=False)
        except (TimeoutError, RuntimeError, *_UNREACHED) as error:
            raise MessengerError("Discord did not say who is a member.") from error
        return {member.id for member in found}

    async def post_notice(self, channel_id: int, text: str) -> None:
        """Post a line for the admins; see the protocol."""
        channel = self._client.get_partial_messageable(channel_id)
        async with self._refusals(channel_id):
            await channel.send(text, allowed_mentions=NO_PINGS)

    async def post_question(self, channel_id: int, text: str, question_id: int) -> None:
        """Post a line with the buttons by which an admin decides; see the protocol."""
        channel = self._client.get_partial_messageable(channel_id)
        view = to_view(decision_buttons(question_id)) or discord.utils.MISSING
        async with self._refusals(channel_id):
            await channel.send(shorten(text, MAX_TEXT), view=view, allowed_mentions=NO_PINGS)

    async def is_in_guild(self, guild_id: int) -> bool:
        """Whether Discord shows it to Muster; see the protocol."""
        try:
            await self._client.fetch_guild(guild_id, with_counts=False)
        except discord.HTTPException as error:
            if error.code in NOT_IN_GUILD:
                return False
            raise MessengerError("Discord did not say whether Muster is there.") from error
        except _UNREACHED as error:
            raise MessengerError("Discord cannot be reached.") from error
        return True

    def guild_name(self, guild_id: int) -> str | None:
        """What the guild is called; see the protocol."""
        guild = self._client.get_guild(guild_id)
        return guild.name if guild and not guild.unavailable else None

    def missing_permissions(self, channel_id: int, *, threads: bool = False) -> list[str]:
        """Names of the permissions that the bot lacks there; see the protocol."""
        channel = self._client.get_channel(channel_id)
        if not isinstance(channel, discord.abc.GuildChannel):
            return ["View Channel"]  # not in the cache: Discord shows the bot no such channel
        held = channel.permissions_for(channel.guild.me)
        needed = NEEDED | NEEDED_FOR_THREADS if threads else NEEDED
        return [name for permission, name in needed.items() if not getattr(held, permission)]

    def is_mentionable(self, guild_id: int, role_id: int) -> bool:
        """Whether a ping of the role reaches anybody; see the protocol."""
        guild = self._client.get_guild(guild_id)
        role = guild.get_role(role_id) if guild else None
        if guild is None or role is None:
            return False
        return role.mentionable or guild.me.guild_permissions.mention_everyone

    @asynccontextmanager
    async def _counted(self, act: str) -> AsyncIterator[None]:
        try:
            yield
        except MessengerError as error:
            self._count_board(act, type(error).__name__)
            raise
        self._count_board(act, "ok")

    @asynccontextmanager
    async def _refusals(self, channel_id: int) -> AsyncIterator[None]:
        """Whatever Discord does instead becomes a MessengerError."""
        try:
            yield
        except discord.NotFound as error:
            raise MessageGone(f"The message or channel <#{channel_id}> was deleted.") from error
        except discord.Forbidden as error:
            raise ChannelLost(self._why_refused(channel_id)) from error
        except discord.HTTPException as error:
            raise MessengerError(f"Discord answered {error.status}.") from error
        except (TimeoutError, *_UNREACHED) as error:
            raise MessengerError("Discord did not answer.") from error

    def _why_refused(self, channel_id: int) -> str:
        channel = self._client.get_channel(channel_id)
        thread = channel if isinstance(channel, discord.Thread) else None
        place = thread.parent_id if thread else channel_id
        if missing := self.missing_permissions(place, threads=thread is not None):
            return f"Muster lacks {', '.join(missing)} in <#{place}>."
        return f"Muster cannot use the message or channel <#{channel_id}>."


def _below(buttons: Collection[TextButton]) -> ui.View:
    """The buttons below a text; without any, what discord.py takes for nothing."""
    shown = [Button(Action(one.action), one.number, one.label, one.style) for one in buttons]
    return to_view(shown) or discord.utils.MISSING
