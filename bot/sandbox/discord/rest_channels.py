"""Routes of channels, threads and DMs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.sandbox.discord import permissions
from bot.sandbox.discord.core import Call
from bot.sandbox.discord.errors import Path, Problems, refuse
from bot.sandbox.discord.models import Change, Channel, ChannelKind
from bot.sandbox.discord.payloads import channel_payload, thread_member_payload
from bot.sandbox.discord.rest_access import channel_of, message_of, require

Json = dict[str, Any]
_ARCHIVE_AFTER = (60, 1440, 4320, 10080)
_PARENTS = (ChannelKind.TEXT, ChannelKind.NEWS)


async def get(call: Call) -> Json:
    """GET /channels/{id}."""
    return channel_payload(call.core.world, channel_of(call))


async def open_dm(call: Call) -> Json:
    """POST /users/@me/channels: always works; whether one can write shows on sending."""
    world = call.core.world
    wanted = str(call.form.get("recipient_id"))
    problems = Problems()
    if not wanted.isdigit():
        problems.add(("recipient_id",), "NUMBER_TYPE_COERCE", f'Value "{wanted}" is not snowflake.')
    problems.raise_if_any()
    user = world.users.get(int(wanted))
    if user is None:
        raise refuse(10013)
    if user.bot:
        raise refuse(50007)
    return channel_payload(world, world.dm_with(user))


def _check_thread(form: Json) -> None:
    problems = Problems()
    problems.text(form.get("name"), ("name",), 100, least=1)
    _check_archive(problems, form)
    if "type" in form:
        problems.choice(form["type"], ("type",), (10, 11, 12))
    problems.raise_if_any()


def _check_archive(problems: Problems, form: Json) -> None:
    path: Path = ("auto_archive_duration",)
    if form.get("auto_archive_duration") is not None:
        problems.choice(form["auto_archive_duration"], path, _ARCHIVE_AFTER)


async def start_thread_from_message(call: Call) -> Json:
    """POST /channels/{id}/messages/{id}/threads: the thread gets the message's id."""
    channel = channel_of(call)
    if channel.kind not in _PARENTS:
        raise refuse(50024)
    require(call, channel, permissions.CREATE_PUBLIC_THREADS)
    message = message_of(call, channel)
    _check_thread(call.form)
    if message.thread_id is not None:
        raise refuse(160004)
    return _start(call, channel, ChannelKind.THREAD, message.id)


async def start_thread(call: Call) -> Json:
    """POST /channels/{id}/threads: private unless the type says otherwise."""
    channel = channel_of(call)
    if channel.kind not in _PARENTS:
        raise refuse(50024)
    _check_thread(call.form)
    kind = ChannelKind(call.form.get("type", 12))
    private = kind is ChannelKind.PRIVATE_THREAD
    needed = permissions.CREATE_PRIVATE_THREADS if private else permissions.CREATE_PUBLIC_THREADS
    require(call, channel, needed)
    return _start(call, channel, kind, None)


def _start(call: Call, channel: Channel, kind: ChannelKind, message_id: int | None) -> Json:
    world = call.core.world
    thread = world.add_thread(
        channel,
        world.bot_user.id,
        call.form["name"],
        source=channel.messages[message_id] if message_id is not None else None,
        kind=kind,
        auto_archive=call.form.get("auto_archive_duration") or 1440,
    )
    return channel_payload(world, thread)


def _thread_of(call: Call) -> Channel:
    channel = channel_of(call)
    if not channel.is_thread:
        raise refuse(50024)
    return channel


async def edit(call: Call) -> Json:
    """PATCH /channels/{id}: threads only (name, archived, locked, auto-archive)."""
    thread = _thread_of(call)
    world = call.core.world
    own = thread.owner_id == world.bot_user.id and "locked" not in call.form
    if not own:
        require(call, thread, permissions.MANAGE_THREADS)
    problems = Problems()
    if "name" in call.form:
        problems.text(call.form["name"], ("name",), 100, least=1)
    _check_archive(problems, call.form)
    problems.raise_if_any()
    if thread.archived and call.form.get("archived") is not False:
        raise refuse(50083)
    _apply(thread, call.form)
    world.announce(Change("thread_update", world.guild_of(thread), thread))
    return channel_payload(world, thread)


def _apply(thread: Channel, form: Json) -> None:
    thread.name = form.get("name", thread.name)
    thread.locked = form.get("locked", thread.locked)
    thread.auto_archive = form.get("auto_archive_duration") or thread.auto_archive
    if form.get("archived", thread.archived) != thread.archived:
        thread.archived = form["archived"]
        thread.archived_at = datetime.now(UTC)


async def delete(call: Call) -> Json:
    """DELETE /channels/{id}: threads only."""
    thread = _thread_of(call)
    require(call, thread, permissions.MANAGE_THREADS)
    payload = channel_payload(call.core.world, thread)
    call.core.world.remove_channel(thread)
    return payload


async def add_me_to_thread(call: Call) -> None:
    """PUT /channels/{id}/thread-members/@me."""
    thread = _thread_of(call)
    if thread.archived:
        raise refuse(50083)
    thread.members.add(call.core.world.bot_user.id)


async def add_to_thread(call: Call) -> None:
    """PUT /channels/{id}/thread-members/{id}."""
    thread = _thread_of(call)
    require(call, thread, permissions.SEND_MESSAGES_IN_THREADS)
    if thread.archived:
        raise refuse(50083)
    world = call.core.world
    guild = world.guild_of(thread)
    if guild is None or call.ids["user_id"] not in guild.members:
        raise refuse(10013)
    thread.members.add(call.ids["user_id"])
    world.announce(Change("thread_update", guild, thread))


async def remove_from_thread(call: Call) -> None:
    """DELETE /channels/{id}/thread-members/{id}."""
    thread = _thread_of(call)
    require(call, thread, permissions.MANAGE_THREADS)
    thread.members.discard(call.ids["user_id"])


async def list_thread_members(call: Call) -> list[Json]:
    """GET /channels/{id}/thread-members."""
    thread = _thread_of(call)
    return [thread_member_payload(thread, user_id) for user_id in sorted(thread.members)]
