"""What services may ask of Discord, in our own words. `bot.messenger` implements it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.models import Attempt
from bot.services.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Actor:
    """The member who acts, as Discord described them with the interaction."""

    guild_id: int
    discord_id: int
    role_ids: frozenset[int]
    is_admin: bool  # has Manage Server


@dataclass(frozen=True, slots=True)
class BoardLine:
    """One opening on a board."""

    opening_id: int
    role_name: str
    group_name: str
    server_name: str
    taken: int
    capacity: int | None
    min_rank: int
    holders: tuple[str, ...]  # "<@id>" of linked members, else Roblox names; display only
    usable: bool  # False: the button is shown greyed and cannot be pressed
    waiting: int = 0  # members on its waitlist

    @property
    def full(self) -> bool:
        """Whether no place is left."""
        return self.capacity is not None and self.taken >= self.capacity

    @property
    def kept(self) -> bool:
        """Whether what is free is for those who wait."""
        free = None if self.capacity is None else self.capacity - self.taken
        return self.usable and free is not None and 0 < free <= self.waiting


@dataclass(frozen=True, slots=True)
class Board:
    """Everything the announcement message shows. Texts are untrusted, times UTC."""

    title: str
    description: str
    note: str
    state: str  # one of the keys of `bot.board_view`'s table
    platform: str
    workspace_name: str
    starts_at: datetime
    ends_at: datetime
    host_id: int
    game_name: str | None
    place_id: int | None
    lines: tuple[BoardLine, ...]
    warning: str = ""  # why there is nothing to claim, in our words
    closed_by: int | None = None  # Discord id
    closed_at: datetime | None = None
    cut_off: datetime | None = None  # when members can no longer claim
    can_release: bool = True  # False: only the platform's own panel can
    co_host_ids: tuple[int, ...] = ()  # Discord ids
    cancel_reason: str = ""  # a host's words
    was_title: str = ""  # when it was posted, if it has another name now
    was_starts_at: datetime | None = None  # when it was posted, if it starts at another time now
    announcement_id: int = 0  # for the buttons that are about the whole session
    automatic: bool = True  # where nobody is the host: it was posted by itself

    @property
    def full(self) -> bool:
        """Whether it has roles and no place is left in any."""
        return bool(self.lines) and all(line.full for line in self.lines)


@dataclass(frozen=True, slots=True)
class TextButton:
    """A button below a text: what it does, to which row, under which label."""

    action: str  # a value of `bot.buttons.Action`
    number: int
    label: str
    style: str = "grey"  # as of `bot.buttons.Button`


class Messenger(Protocol):
    """Discord, as far as services need it. Raises only `MessengerError`s."""

    async def post_board(
        self, channel_id: int, board: Board, *, ping_role_id: int | None, nonce: str
    ) -> int:
        """Post the board and return the message id. The ping role is the only thing pinged.

        `nonce` (at most 25 characters) keeps a repeated post from appearing twice.
        """
        ...

    async def edit_board(self, channel_id: int, message_id: int, board: Board) -> None:
        """Replace what the board shows. Raises ChannelLost when that is no longer possible."""
        ...

    async def ping_board(self, channel_id: int, message_id: int, role_id: int) -> None:
        """Answer the board with a message that pings this one role."""
        ...

    async def retire_board(self, channel_id: int, message_id: int, url: str) -> None:
        """Leave a line in a board's place that leads to where it went; nothing can be pressed."""
        ...

    async def open_thread(self, guild_id: int, channel_id: int, message_id: int, name: str) -> int:
        """The id of the board's thread, made now unless it has one already."""
        ...

    async def say(
        self,
        channel_id: int,
        text: str,
        mentioned: Collection[int] = (),
        buttons: Collection[TextButton] = (),
    ) -> None:
        """Post into a channel or thread. Pings the members with these ids, nobody else."""
        ...

    async def send_direct(
        self, discord_id: int, text: str, buttons: Collection[TextButton] = ()
    ) -> bool:
        """A direct message; False when the member takes none from Muster."""
        ...

    async def fetch_member_roles(self, guild_id: int, discord_id: int) -> frozenset[int] | None:
        """The Discord roles of a member; None when they are not in the guild (any more)."""

    async def answer_late(self, token: str, text: str) -> bool:
        """Put a text into the answer that an interaction got; False when it is out of reach."""
        ...

    async def tell(self, attempt: Attempt, outcome: Outcome) -> bool:
        """Put the outcome into the member's own answer; False when that answer is out of reach."""
        ...

    async def tell_late(self, discord_id: int, outcome: Outcome, url: str) -> bool:
        """The outcome as a direct message with the board's address; False as in `send_direct`."""
        ...

    async def tell_in_thread(self, thread_id: int, discord_id: int, outcome: Outcome) -> None:
        """The outcome in a board's thread, where it pings this member alone."""
        ...

    async def list_members(self, guild_id: int, discord_ids: Collection[int]) -> set[int]:
        """Which of these people (at most 100) are in the guild. Raises MessengerError."""
        ...

    async def post_notice(self, channel_id: int, text: str) -> None:
        """Post a line for the admins. Pings nobody."""
        ...

    async def post_question(self, channel_id: int, text: str, question_id: int) -> None:
        """The same, with the buttons by which an admin decides this `PendingLink`."""
        ...

    def missing_permissions(self, channel_id: int, *, threads: bool = False) -> list[str]:
        """Names of the permissions that the bot lacks there for a board, and for its threads."""
        ...

    def is_mentionable(self, guild_id: int, role_id: int) -> bool:
        """Whether a ping of this Discord role by Muster reaches anybody."""
        ...

    async def is_in_guild(self, guild_id: int) -> bool:
        """Whether Muster is in this guild, as Discord says when asked. Raises MessengerError."""
        ...

    def guild_name(self, guild_id: int) -> str | None:
        """What the guild is called; None when Muster is not in it, or Discord has not said yet."""
        ...
