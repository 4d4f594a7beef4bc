"""/verify: a member shows with words in their Roblox profile that the account is theirs."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.errors import ProviderError, Refusal, UpstreamNotFound
from bot.models import AccountLink, LinkSource, ProfileCode, Proof
from bot.providers.identity.headshots import Headshots
from bot.providers.identity.roblox import Roblox
from bot.services.deciding import LinkDecisions, Settled
from bot.services.ports import Actor
from bot.services.profile_words import contains, looks_filtered, make_words
from bot.store.profile_codes import ProfileCodeStore
from bot.store.proofs import ProofStore
from bot.text import safe

log = logging.getLogger(__name__)

LIFE = timedelta(minutes=15)
TRIES = 5
PAUSE = timedelta(seconds=5)  # between two looks: Roblox may serve a profile a little late

_USERNAME = re.compile(r"\w{3,20}", re.ASCII)  # Roblox: letters, digits, underscores


class Seen(StrEnum):
    """What a look at the profile came to."""

    FOUND = "found"
    NOT_THERE = "not there"
    FILTERED = "filtered"  # not there, and Roblox has replaced something in the text
    TOO_SOON = "too soon"
    NO_TRIES = "no tries"
    UNREADABLE = "unreadable"  # nobody can say whether it is there: it costs no try


@dataclass(frozen=True, slots=True)
class Card:
    """A code with the account that it is for."""

    code: ProfileCode
    display_name: str = ""
    picture: str = ""  # an address; empty when there is none


@dataclass(frozen=True, slots=True)
class Look:
    """One press of Check."""

    seen: Seen
    code: ProfileCode
    at: datetime  # UTC
    settled: Settled | None = None  # FOUND

    @property
    def again_at(self) -> datetime:
        """When the next look may be taken."""
        return (self.code.last_try_at or self.at) + PAUSE

    @property
    def tries_left(self) -> int:
        """How many looks are left."""
        return max(0, TRIES - self.code.tries)


class ProvingService:
    """Hands out codes and looks for them. A code is of one member, guild and Roblox account."""

    def __init__(
        self,
        codes: ProfileCodeStore,
        proofs: ProofStore,
        decisions: LinkDecisions,
        roblox: Roblox,
        headshots: Headshots,
        clock: Callable[[], datetime],
    ) -> None:
        self._codes = codes
        self._proofs = proofs
        self._decisions = decisions
        self._roblox = roblox
        self._headshots = headshots
        self._clock = clock

    async def start(self, actor: Actor, name: str) -> Card:
        """A code for the account of this name; an earlier code of the member here is void.

        Raises Refusal for what is no name or nobody's, ProviderError when Roblox is silent.
        """
        text = name.strip().removeprefix("@")
        if not _USERNAME.fullmatch(text):
            raise Refusal(
                "A Roblox username has 3 to 20 letters, digits or underscores, as in the address"
                " of your profile or under your display name. Try `/verify` again with that."
            )
        user = await self._roblox.fetch_user_by_name(text)
        if user is None:
            raise Refusal(
                f"Roblox knows nobody called “{safe(text)}”. Check the spelling: it is the name"
                " with the @ on your profile, not the display name."
            )
        code = await self._put(actor, user.roblox_id, user.username, self._clock(), None)
        picture = await self._headshots.fetch(user.roblox_id)
        return Card(code, user.display_name, picture)

    async def renew(self, actor: Actor, code_id: int) -> Card:
        """New words for the same account, in place of these. Raises Refusal as `check` does."""
        old = await self._get(actor, code_id)
        code = await self._put(actor, old.roblox_id, old.username, old.username_at, old.last_try_at)
        return Card(code)

    async def check(self, actor: Actor, code_id: int) -> Look:
        """Look into the profile; when the words are there, the member has proved the account.

        Raises Refusal when the code is another's, used, replaced or too old.
        """
        code, now = await self._get(actor, code_id), self._clock()
        taken = await self._codes.take_try(code, now, TRIES, now - PAUSE)
        if taken is None:
            code = await self._get(actor, code_id)  # pressed twice at once: as it is now
            return Look(Seen.NO_TRIES if code.tries >= TRIES else Seen.TOO_SOON, code, now)
        try:
            profile = await self._roblox.fetch_profile_text(taken.roblox_id)
        except UpstreamNotFound as error:
            if error.what == "user":
                raise Refusal(
                    "Roblox does not have this account any more. Use `/verify` with the name of"
                    " the account that you have."
                ) from error
            return await self._unread(taken, now, error)
        except ProviderError as error:
            return await self._unread(taken, now, error)
        if not contains(profile, taken.words):
            seen = Seen.FILTERED if looks_filtered(profile) else Seen.NOT_THERE
            return Look(seen, taken, now)
        return await self._prove(actor, taken, now)

    async def is_over(self, actor: Actor, code_id: int) -> bool:
        """Whether this code cannot be checked any more by this member."""
        code = await self._codes.get(actor.guild_id, actor.discord_id, code_id)
        return code is None or code.expires_at <= self._clock()

    async def _prove(self, actor: Actor, code: ProfileCode, now: datetime) -> Look:
        """The proof is stored before the code is used up: a crash in between costs nothing."""
        username, read_at = await self._name(code, now)
        me, roblox_id = actor.discord_id, code.roblox_id
        if await self._codes.get(code.guild_id, me, code.code_id) is None:
            raise Refusal(
                "While I looked, this code was replaced or you unlinked yourself, so nothing was"
                " changed. Use `/verify` for a new one."
            )
        await self._proofs.save(Proof(me, roblox_id, username, read_at, now))
        link = AccountLink(
            actor.guild_id, me, roblox_id, username, read_at, LinkSource.PROOF, me, now
        )
        settled = await self._decisions.settle(link)
        await self._codes.use(code)
        log.info("member %s proved to be %s in guild %s", me, roblox_id, actor.guild_id)
        return Look(Seen.FOUND, code, now, settled)

    async def _name(self, code: ProfileCode, now: datetime) -> tuple[str, datetime]:
        """What the account is called by now, and when that was read."""
        try:
            user = await self._roblox.fetch_user(code.roblox_id)
        except ProviderError as error:
            log.info("name of Roblox account %s not read: %s", code.roblox_id, error)
            user = None
        return (user.username, now) if user else (code.username, code.username_at)

    async def _unread(self, code: ProfileCode, now: datetime, error: ProviderError) -> Look:
        log.warning("profile of Roblox account %s not read: %s", code.roblox_id, error)
        await self._codes.give_back(code)
        return Look(Seen.UNREADABLE, replace(code, tries=code.tries - 1), now)

    async def _get(self, actor: Actor, code_id: int) -> ProfileCode:
        code = await self._codes.get(actor.guild_id, actor.discord_id, code_id)
        if code is None:
            raise Refusal(
                "This code is not yours, or it was used or replaced by a newer one. Use `/verify`"
                " for a new one."
            )
        if code.expires_at <= self._clock():
            raise Refusal("This code is older than 15 minutes. Use `/verify` for a new one.")
        return code

    async def _put(
        self, actor: Actor, roblox_id: int, username: str, read_at: datetime,
        last_try_at: datetime | None,
    ) -> ProfileCode:  # fmt: skip
        now = self._clock()
        code = ProfileCode(
            0, actor.guild_id, actor.discord_id, roblox_id, username, read_at, make_words(),
            now + LIFE, 0, last_try_at,
        )  # fmt: skip
        return await self._codes.put(code, now)
