"""Swaps: two members of a guild exchange the roles that they hold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum


class SwapState(StrEnum):
    """How far a swap came. The first three are live: their claims are in no other swap."""

    ASKED = "asked"  # the partner has not answered yet
    RUNNING = "running"  # accepted, or ordered by a host: being carried out
    UNDOING = "undoing"  # it cannot be finished: what was given up is claimed again
    DONE = "done"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REFUSED = "refused"  # a rule or the platform forbade it before anything was sent
    UNDONE = "undone"  # both have what they had before
    PARTLY = "partly"  # neither swapped nor quite as before
    GAVE_UP = "gave up"  # nobody can tell any more

    @property
    def live(self) -> bool:
        """Whether it has not ended."""
        return self in (SwapState.ASKED, SwapState.RUNNING, SwapState.UNDOING)


class News(StrEnum):
    """What a member has yet to hear about a swap."""

    NONE = "none"
    DUE = "due"  # something that is to be sent
    KEPT = "kept"  # it could not be sent: said at the member's next use of Muster


class Stands(StrEnum):
    """What a member holds of the two roles, as last read."""

    OLD = "old"  # the role that they had before
    NEW = "new"  # the other's
    BOTH = "both"
    NEITHER = "neither"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class SwapSide:
    """One of the two members, with what they hold when the swap is proposed."""

    discord_id: int
    roblox_id: int
    opening_id: int  # the role that they give up
    news: News = News.NONE
    stands: Stands = Stands.OLD


@dataclass(frozen=True, slots=True)
class Swap:
    """One row of the swaps. Times are UTC."""

    swap_id: int  # 0: not stored yet
    key: str  # random; its first 8 characters are the reference that members see
    guild_id: int
    workspace_id: int
    proposer: SwapSide
    partner: SwapSide
    actor_id: int  # Discord id of who asked for it: the proposer, or a host
    by_host: bool
    state: SwapState
    asked_at: datetime
    expires_at: datetime
    accepted_at: datetime | None = None
    settled_at: datetime | None = None
    step: str = ""  # the write that was begun last, as `bot.services.swap_steps` spells it
    wrote_at: datetime | None = None  # when it was begun; None: what became of it is known
    writes: int = 0  # how many were begun
    unread_since: datetime | None = None  # first of the failed reads in a row
    reason: str = ""  # why it was not swapped: a value of `bot.services.outcomes.Code`
    why: str = ""  # the same as a sentence of ours, safe to show
    owner: int | None = field(default=None, compare=False)  # the process that carries it out
    interaction_token: str = field(default="", repr=False)  # of who accepted; lives 15 minutes
    noted: bool = True  # the log channel has its line

    @property
    def reference(self) -> str:
        """What members quote when they ask about it; the same in the journal."""
        return self.key[:8]

    @property
    def sides(self) -> tuple[SwapSide, SwapSide]:
        """Both members, the proposer first."""
        return (self.proposer, self.partner)

    @property
    def answered_id(self) -> int:
        """Discord id of whose interaction carries it out: the partner's, or the host's."""
        return self.actor_id if self.by_host else self.partner.discord_id

    def side_of(self, discord_id: int) -> SwapSide | None:
        """The member's side, or None for somebody else."""
        return next((side for side in self.sides if side.discord_id == discord_id), None)

    def with_stands(self, proposer: Stands, partner: Stands) -> Swap:
        """The same swap with what both hold now."""
        return replace(
            self,
            proposer=replace(self.proposer, stands=proposer),
            partner=replace(self.partner, stands=partner),
        )

    def with_news(self, proposer: News, partner: News) -> Swap:
        """The same swap with what both have yet to hear."""
        return replace(
            self,
            proposer=replace(self.proposer, news=proposer),
            partner=replace(self.partner, news=partner),
        )
