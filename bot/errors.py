"""Everything that can go wrong on purpose: the text of an error is the reply a member reads.

Provider errors are a small closed set. Their `words` are the platform's own, untrusted and
unescaped; only `bot.replies` may show them. `str(error)` is ours and safe to show.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.models import AccountLink


class MusterError(Exception):
    """Base of our errors; str() is a sentence for a member."""


class Refusal(MusterError):
    """A request that our own rules refuse; says what, why and what next."""


class NotPermitted(Refusal):
    """The person may not do this; names who may."""


class LinkTaken(Refusal):
    """One of two accounts that should be linked is linked to another in this guild."""

    def __init__(self, holder: AccountLink) -> None:
        super().__init__(
            f"<@{holder.discord_id}> is already linked to the Roblox account"
            f" {holder.roblox_id} here. That link has to go first."
        )
        self.holder = holder


class StartRefused(MusterError):
    """Muster cannot start; names the setting, the rule and an example."""


@dataclass(frozen=True, slots=True)
class UpstreamFacts:
    """What is known about a failed call. Holds no key, header or query."""

    platform: str
    status: int | None = None
    words: str = ""  # the platform's own reason, untrusted; empty when there was none
    sent_at: datetime | None = None  # when the request began, UTC; None: nothing was sent for it


class ProviderError(MusterError):
    """A platform did not do what was asked. The subclasses are the closed set of reasons."""

    def __init__(self, message: str, facts: UpstreamFacts) -> None:
        super().__init__(message)
        self.facts = facts


class UpstreamRefused(ProviderError):
    """The platform understood and said no, in its own words."""


class UpstreamNotFound(ProviderError):
    """The platform does not have the thing that was named."""

    def __init__(self, message: str, facts: UpstreamFacts, what: str) -> None:
        super().__init__(message, facts)
        self.what = what  # "session", "server", "role group", "role" or "route"


class KeyRefused(ProviderError):
    """The workspace's key is not accepted."""


class KeyErased(KeyRefused):
    """The workspace has no key: it was erased when Muster was taken out of the guild."""

    def __init__(self, platform: str) -> None:
        words = f"Muster has no key for {platform}: it was erased when Muster left this server."
        super().__init__(words, UpstreamFacts(platform))


class PlanTooLow(ProviderError):
    """The workspace's plan on the platform lacks the feature."""


class RankTooLow(ProviderError):
    """The platform refused because of the person's group rank."""


class AlreadyHeld(ProviderError):
    """The platform says the person already holds this role."""


class SlotTaken(ProviderError):
    """The platform says the place was filled in the meantime."""


class NotClaimable(ProviderError):
    """The platform's own switch or state forbids claiming this session."""


class RateLimited(ProviderError):
    """The platform asked us to slow down."""

    def __init__(self, message: str, facts: UpstreamFacts, until: datetime) -> None:
        super().__init__(message, facts)
        self.until = until  # UTC


class Unavailable(ProviderError):
    """The platform did not answer, and certainly did not act."""


class Misread(ProviderError):
    """The platform answered a read with something that is not what its contract says."""


class OutcomeUnknown(ProviderError):
    """A write was sent and its answer does not tell what happened. Read before speaking."""


class LockLost(MusterError):
    """The lock against other processes is not held; nothing was written without it."""


class MessengerError(MusterError):
    """Discord did not let us do something."""


class ChannelLost(MessengerError):
    """The channel or message is gone, or the bot may no longer use it."""


class MessageGone(ChannelLost):
    """The message or its channel was deleted: it will not come back."""
