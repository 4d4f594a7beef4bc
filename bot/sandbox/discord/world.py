"""The state of the sandbox's Discord, how it is built and how it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from bot.sandbox.discord import permissions
from bot.sandbox.discord.models import (
    HAS_THREAD,
    Change,
    Channel,
    ChannelKind,
    Guild,
    Member,
    Message,
    Overwrite,
    Role,
    Snowflakes,
    User,
)

PermissionSet = int | str | Iterable[str]


class DiscordWorld:
    """Users, guilds and channels. Not thread-safe: change it in the stand-in's own loop."""

    def __init__(self) -> None:
        self.snowflakes = Snowflakes()
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.bot: User | None = None
        self._listeners: list[Callable[[Change], None]] = []

    def subscribe(self, listener: Callable[[Change], None]) -> None:
        """Have every later change reported to `listener`, in order."""
        self._listeners.append(listener)

    def announce(self, change: Change) -> None:
        """Tell the listeners of a change that has been made."""
        if change.channel is not None:
            change.channel.revision += 1
        for listener in self._listeners:
            listener(change)

    @property
    def bot_user(self) -> User:
        """The bot's account. Raises LookupError before `add_bot`."""
        if self.bot is None:
            raise LookupError("the world has no bot: call add_bot() first")
        return self.bot

    def add_user(self, name: str, display_name: str | None = None) -> User:
        """A person with an account, in no guild yet."""
        user = User(self.snowflakes.new(), name, display_name or name)
        self.users[user.id] = user
        return user

    def add_bot(self, name: str = "Muster", display_name: str | None = None) -> User:
        """The one bot; its account id is its application id too."""
        self.bot = self.add_user(name, display_name)
        self.bot.bot = True
        return self.bot

    def add_guild(self, name: str, owner: User, *, everyone: PermissionSet | None = None) -> Guild:
        """A guild with its owner as only member; `everyone` are the permissions of @everyone."""
        guild = Guild(self.snowflakes.new_guild(), name, owner.id)
        granted = permissions.EVERYONE if everyone is None else permissions.bits(everyone)
        guild.roles[guild.id] = Role(guild.id, "@everyone", granted, 0)
        self.guilds[guild.id] = guild
        self.add_member(guild, owner)
        return guild

    def add_role(
        self,
        guild: Guild,
        name: str,
        permission_set: PermissionSet = 0,
        *,
        mentionable: bool = False,
        managed: bool = False,
    ) -> Role:
        """A Discord role above all earlier ones."""
        granted = permissions.bits(permission_set)
        role = Role(self.snowflakes.new(), name, granted, len(guild.roles), mentionable, managed)
        guild.roles[role.id] = role
        self.announce(Change("guild_role_create", guild, role=role))
        return role

    def add_channel(
        self,
        guild: Guild,
        name: str,
        *,
        overwrites: Mapping[int, tuple[PermissionSet, PermissionSet]] | None = None,
        kind: ChannelKind = ChannelKind.TEXT,
        topic: str | None = None,
        parent: Channel | None = None,
    ) -> Channel:
        """A guild channel; `overwrites` maps a role's or user's id to (allow, deny)."""
        parent_id = parent.id if parent is not None else None
        channel = Channel(
            self.snowflakes.new(), kind, name, guild.id, parent_id, len(guild.channels), topic
        )
        for target_id, (allow, deny) in (overwrites or {}).items():
            channel.overwrites[target_id] = self._overwrite(guild, target_id, allow, deny)
        self._keep(channel)
        self.announce(Change("channel_create", guild, channel))
        return channel

    def add_member(
        self, guild: Guild, user: User, roles: Iterable[Role] = (), *, nick: str | None = None
    ) -> Member:
        """Let a user (or the bot) join a guild."""
        member = Member(user, [role.id for role in roles], datetime.now(UTC), nick)
        guild.members[user.id] = member
        kind = "guild_create" if user is self.bot else "guild_member_add"
        self.announce(Change(kind, guild, member=member))
        return member

    def invite_bot(self, guild: Guild, permission_set: PermissionSet = ()) -> Member:
        """Let the bot join with a managed role of its own that has these permissions."""
        role = self.add_role(guild, self.bot_user.display_name, permission_set, managed=True)
        return self.add_member(guild, self.bot_user, [role])

    def remove_member(self, guild: Guild, user: User) -> None:
        """Let a member leave; for the bot this is a kick, and its guild vanishes for it.

        The role that Discord made for the bot goes with it.
        """
        member = guild.members.pop(user.id)
        for role in [guild.roles[role_id] for role_id in member.roles if user is self.bot]:
            if role.managed:
                del guild.roles[role.id]
        kind = "guild_delete" if user is self.bot else "guild_member_remove"
        self.announce(Change(kind, guild, member=member))

    def set_roles(self, guild: Guild, user: User, roles: Iterable[Role]) -> None:
        """Replace a member's Discord roles."""
        guild.members[user.id].roles = [role.id for role in roles]
        self.announce(Change("guild_member_update", guild, member=guild.members[user.id]))

    def set_role_permissions(self, guild: Guild, role: Role, granted: PermissionSet) -> None:
        """Replace what a Discord role allows in its guild."""
        role.permissions = permissions.bits(granted)
        self.announce(Change("guild_role_update", guild, role=role))

    def set_permissions(
        self, channel: Channel, target_id: int, allow: PermissionSet = 0, deny: PermissionSet = 0
    ) -> None:
        """Replace a channel's overwrite for one role or user."""
        guild = self.guilds[channel.guild_id or 0]
        channel.overwrites[target_id] = self._overwrite(guild, target_id, allow, deny)
        self.announce(Change("channel_update", guild, channel))

    def set_unavailable(self, guild: Guild, unavailable: bool) -> None:
        """Begin or end an outage of one guild, as the bot sees it."""
        guild.unavailable = unavailable
        self.announce(Change("guild_delete" if unavailable else "guild_create", guild))

    def remove_channel(self, channel: Channel) -> None:
        """Delete a guild channel with its threads, or one thread."""
        for thread in self.threads_of(channel):
            self.remove_channel(thread)
        del self.channels[channel.id]
        guild = self.guilds[channel.guild_id or 0]
        del guild.channels[channel.id]
        self.announce(
            Change("thread_delete" if channel.is_thread else "channel_delete", guild, channel)
        )

    def remove_message(self, channel: Channel, message: Message) -> None:
        """Delete a message; its thread, if it has one, stays."""
        del channel.messages[message.id]
        self.announce(Change("message_delete", self.guild_of(channel), channel, message))

    def add_thread(
        self,
        parent: Channel,
        owner_id: int,
        name: str,
        *,
        source: Message | None = None,
        kind: ChannelKind = ChannelKind.THREAD,
        auto_archive: int = 1440,
    ) -> Channel:
        """A thread under a channel; one started from a message shares the message's id."""
        thread_id = source.id if source is not None else self.snowflakes.new()
        thread = Channel(thread_id, kind, name, parent.guild_id, parent.id, owner_id=owner_id)
        thread.members.add(owner_id)
        thread.auto_archive = auto_archive
        self._keep(thread)
        if source is not None:
            source.thread_id, source.flags = thread.id, source.flags | HAS_THREAD
            self.announce(Change("message_update", self.guild_of(parent), parent, source))
        self.announce(Change("thread_create", self.guild_of(parent), thread))
        return thread

    def dm_with(self, user: User) -> Channel:
        """The DM channel of a person and the bot, made when there is none yet."""
        for channel in self.channels.values():
            if channel.recipient_id == user.id:
                return channel
        channel = Channel(self.snowflakes.new(), ChannelKind.DM, "", recipient_id=user.id)
        self.channels[channel.id] = channel
        self.announce(Change("dm_create", channel=channel))
        return channel

    def guild_of(self, channel: Channel) -> Guild | None:
        """The guild a channel belongs to; None for a DM."""
        return self.guilds.get(channel.guild_id) if channel.guild_id is not None else None

    def threads_of(self, channel: Channel) -> list[Channel]:
        """The threads under a channel."""
        return [c for c in self.channels.values() if c.is_thread and c.parent_id == channel.id]

    def can_view(self, channel: Channel, user_id: int) -> bool:
        """Whether a person or the bot sees a channel at all."""
        guild = self.guild_of(channel)
        if guild is None:
            return user_id == channel.recipient_id or user_id == self.bot_user.id
        member = guild.members.get(user_id)
        return member is not None and permissions.can_view(guild, channel, member)

    def permissions_in(self, channel: Channel, user_id: int) -> int:
        """What a person or the bot may do in a channel; 0 for a stranger."""
        guild = self.guild_of(channel)
        if guild is None:
            return permissions.DM
        member = guild.members.get(user_id)
        return permissions.in_channel(guild, channel, member) if member is not None else 0

    def _keep(self, channel: Channel) -> None:
        self.channels[channel.id] = channel
        self.guilds[channel.guild_id or 0].channels[channel.id] = channel

    @staticmethod
    def _overwrite(
        guild: Guild, target_id: int, allow: PermissionSet, deny: PermissionSet
    ) -> Overwrite:
        kind = 0 if target_id in guild.roles else 1
        return Overwrite(target_id, kind, permissions.bits(allow), permissions.bits(deny))
