"""Links in the making: what an admin is asked, what a member is told, what a file would change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.models.platforms import RobloxUser
from bot.models.records import AccountLink


@dataclass(frozen=True, slots=True)
class RobloxProfile:
    """What Roblox shows of an account to everybody."""

    user: RobloxUser
    created_at: datetime | None = None
    banned: bool = False


@dataclass(frozen=True, slots=True)
class LinkWish:
    """An admin was asked whether this member is that account, and has not answered yet."""

    wish_id: int
    guild_id: int
    asked_by: int  # Discord id; nobody else may answer
    discord_id: int
    roblox_id: int
    username: str  # as the card showed it
    had_roblox_id: int | None  # the account that the member had in the guild, as shown
    holder_id: int | None  # who had the Roblox account in the guild, as shown
    created_at: datetime


class NoticeKind(StrEnum):
    """What was done to a member's link without them."""

    LINKED = "linked"
    TAKEN = "taken"  # moved to another member


@dataclass(frozen=True, slots=True)
class LinkNotice:
    """A member is to read that an admin changed their link."""

    notice_id: int
    guild_id: int
    discord_id: int
    kind: NoticeKind
    roblox_id: int
    username: str
    by_id: int
    at: datetime
    told: bool = False


class Verdict(StrEnum):
    """What a line of an imported file comes to."""

    NEW = "new"
    CHANGED = "changed"  # the member has another account, not a proved one
    SAME = "same"
    TAKEN = "taken"  # another member has the account
    PROVED = "proved"  # the member proved another account
    CONTRADICTION = "contradiction"  # another line of the file says something else
    REPEATED = "repeated"  # another line says the same
    UNKNOWN = "unknown"  # Roblox has no such account
    ELSEWHERE = "elsewhere"  # not a member of the guild
    MANGLED = "mangled"  # a spreadsheet rounded the id
    NO_ID = "no id"
    NO_ACCOUNT = "no account"
    FORMULA = "formula"
    TOO_LONG = "too long"
    UNCLOSED = "unclosed"  # a quotation mark without its partner

    @property
    def clean(self) -> bool:
        """Whether applying the import changes a link because of this line."""
        return self in (Verdict.NEW, Verdict.CHANGED)


@dataclass(frozen=True, slots=True)
class FileLine:
    """One line of a file, as written. Names are untrusted; a verdict means that it cannot count."""

    line: int  # from 1, as editors count
    discord_id: int = 0
    roblox_id: int = 0  # 0: the account is named
    username: str = ""
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One line with what it comes to, and what the member had before it was applied."""

    line: int
    discord_id: int
    roblox_id: int
    username: str
    verdict: Verdict
    had: AccountLink | None = None
    done: bool = False  # it was applied


class ImportState(StrEnum):
    """How far an import came."""

    READING = "reading"
    PLANNED = "planned"  # waits for Apply
    APPLYING = "applying"
    APPLIED = "applied"
    UNDOING = "undoing"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class LinkImport:
    """One file that an admin sent."""

    import_id: int
    guild_id: int
    by_id: int  # Discord id; 0: the operator, from the command line
    state: ImportState
    created_at: datetime
    applied_at: datetime | None = None
