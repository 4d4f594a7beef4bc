"""Turns the bot's message bodies into messages of the world, and edits them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.discord import limits, mentions
from bot.sandbox.discord.errors import refuse
from bot.sandbox.discord.files import Files
from bot.sandbox.discord.models import (
    LOADING,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
    Attachment,
    Change,
    Channel,
    Message,
)
from bot.sandbox.discord.world import DiscordWorld

Json = dict[str, Any]
_SETTABLE = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS


@dataclass(slots=True)
class Upload:
    """A file that came with a body: its form index, name and bytes."""

    index: int
    filename: str
    content: bytes


@dataclass(slots=True)
class Draft:
    """A message body with its files and how it is to be sent."""

    body: Json
    uploads: list[Upload] = field(default_factory=list)
    viewer_id: int | None = None
    kind: int = 0
    interaction_id: int | None = None
    default_mentions: Json = field(default_factory=lambda: mentions.PARSE_ALL)


class MessageDesk:
    """Creates and edits the bot's messages. All checks of form happen here, none of rights."""

    def __init__(self, world: DiscordWorld, files: Files) -> None:
        self._world = world
        self._files = files

    def create(self, channel: Channel, draft: Draft) -> Message:
        """Send a message. Raises ApiError 50035 or 50006."""
        body = draft.body
        limits.check_message(body, files=len(draft.uploads))
        earlier = self._same_nonce(channel, body)
        if earlier is not None:
            return earlier
        message = self._new(channel, draft)
        self._fill(message, draft)
        mentions.resolve(self._world, message, self._allowed(draft))
        self._invite_mentioned(channel, message)
        reference = body.get("message_reference") or {}
        if reference.get("message_id"):
            message.reference_id, message.kind = int(reference["message_id"]), 19
        if channel.is_thread and channel.archived and not channel.locked:
            channel.archived = False
        self._keep(channel, message)
        return message

    def create_loading(self, channel: Channel, draft: Draft) -> Message:
        """Show that the bot is thinking; the message is filled in later."""
        message = self._new(channel, draft)
        message.flags |= LOADING
        self._keep(channel, message)
        return message

    def edit(self, channel: Channel, message: Message, draft: Draft) -> None:
        """Change what the body names, leave the rest. Raises ApiError 50035 or 50006."""
        limits.check_message(draft.body, files=len(draft.uploads), editing=message)
        was_loading = message.loading
        message.flags &= ~LOADING
        self._fill(message, draft)
        if was_loading:
            mentions.resolve(self._world, message, self._allowed(draft))
            self._invite_mentioned(channel, message)
        else:
            message.edited_at = datetime.now(UTC)
            self._list_mentions_again(message, draft)
        message.revision += 1
        guild = self._world.guild_of(channel)
        self._world.announce(Change("message_update", guild, channel, message))

    def _list_mentions_again(self, message: Message, draft: Draft) -> None:
        pinged = message.pings  # an edit notifies nobody, it only changes what is listed
        mentions.resolve(self._world, message, self._allowed(draft))
        message.pings = pinged

    @staticmethod
    def _invite_mentioned(channel: Channel, message: Message) -> None:
        if channel.is_thread:
            channel.members.update(message.pings.users)

    @staticmethod
    def _allowed(draft: Draft) -> Json:
        allowed = draft.body.get("allowed_mentions")
        return allowed if allowed is not None else draft.default_mentions

    def _new(self, channel: Channel, draft: Draft) -> Message:
        message = Message(
            self._world.snowflakes.new(), channel.id, self._world.bot_user.id, kind=draft.kind
        )
        message.viewer_id = draft.viewer_id
        message.interaction_id = draft.interaction_id
        message.flags = (draft.body.get("flags") or 0) & _SETTABLE
        if draft.viewer_id is not None:
            message.flags |= 1 << 6
        if draft.body.get("nonce") is not None:
            message.nonce = str(draft.body["nonce"])
        return message

    def _fill(self, message: Message, draft: Draft) -> None:
        body = draft.body
        if "content" in body:
            message.content = (body["content"] or "").strip()
        if "embeds" in body:
            message.embeds = [{"type": "rich", **embed} for embed in body["embeds"] or []]
        if "components" in body:
            message.components = _numbered(body["components"] or [])
        if "flags" in body and body["flags"] is not None:
            message.flags = (message.flags & ~_SETTABLE) | (body["flags"] & _SETTABLE)
        self._fill_files(message, draft)

    def _fill_files(self, message: Message, draft: Draft) -> None:
        described: dict[int, Json] = {}
        if "attachments" in draft.body:
            listed = draft.body["attachments"] or []
            described = {int(entry["id"]): entry for entry in listed}
            message.attachments = [a for a in message.attachments if a.id in described]
        for upload in draft.uploads:
            entry = described.get(upload.index, {})
            added: Attachment = self._files.add(
                entry.get("filename") or upload.filename, upload.content, entry.get("description")
            )
            message.attachments.append(added)

    def _same_nonce(self, channel: Channel, body: Json) -> Message | None:
        if not body.get("enforce_nonce") or body.get("nonce") is None:
            return None
        for message in channel.messages.values():
            if message.nonce == str(body["nonce"]):
                return message
        return None

    def _keep(self, channel: Channel, message: Message) -> None:
        if channel.id not in self._world.channels:
            raise refuse(10003)
        channel.messages[message.id] = message
        guild = self._world.guild_of(channel)
        self._world.announce(Change("message_create", guild, channel, message))


def _numbered(rows: list[Json]) -> list[Json]:
    """Give every component its `id`, counted from 1, where the bot gave none."""
    number = 0
    result = []
    for row in rows:
        number += 1
        children = []
        for child in row["components"]:
            number += 1
            children.append({**child, "id": child.get("id") or number})
        result.append({**row, "id": row.get("id") or number, "components": children})
    return result
