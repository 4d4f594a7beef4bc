"""What Bloxlink and RoVer have in common: one Discord id in, one Roblox id out."""

from __future__ import annotations

import functools
import re
import time

from pydantic import Field, SecretStr

from bot.errors import RateLimited, UpstreamNotFound, UpstreamRefused
from bot.providers import ids
from bot.providers.bounds import DEFAULT_BOUNDS, Bounds, Clock, Monotonic, utc_now
from bot.providers.dialects import Dialect
from bot.providers.guard import UpstreamPolicy
from bot.providers.http import Wire
from bot.providers.identity.base import IdentityService, NotResolved, Resolution, Resolved
from bot.providers.identity.cache import AgedCache
from bot.providers.identity.dialects import CONSENT, LIMIT_WORDS, LINK
from bot.providers.payloads import MaybeText, Payload, parse, to_roblox_id
from bot.providers.verdicts import DEFAULT_PAUSE, Json, misread, presentable, refused, words_of

BRIEFLY = 30.0  # seconds: pressing again does not ask again
REMEMBERED = 1000  # people of one guild

# Clients disagree about the spelling, and about number or text.
_ID_FIELDS = ("robloxID", "robloxId")


class _Extras(Payload):
    username: MaybeText = Field(default=None, alias="cachedUsername")  # RoVer only


class Lookup(IdentityService):
    """One guild's line to a service; children name the dialect.

    The key is part of the line and travels in a header: it is in no address, repr or log. Raises
    Refusal when no header can carry it.
    """

    dialect: Dialect

    def __init__(
        self,
        url: str,
        guild_id: int,
        key: SecretStr,
        *,
        clock: Clock = utc_now,
        monotonic: Monotonic = time.monotonic,
        bounds: Bounds = DEFAULT_BOUNDS,
    ) -> None:
        # The address is the operator's choice, never a guild's: it may be a private one.
        policy = UpstreamPolicy(allow_insecure=True, allow_private=True)
        self._guild_id = guild_id
        self._key = key
        self._clock = clock
        self._wire = Wire(
            url.rstrip("/"), self.dialect, key, policy,
            clock=clock, monotonic=monotonic, bounds=bounds,
        )  # fmt: skip
        self._answers: AgedCache[int, Resolution] = AgedCache(REMEMBERED, monotonic)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()

    async def resolve(self, discord_id: int, *, max_age: float = BRIEFLY) -> Resolution:
        """Which Roblox account this Discord account has; see `IdentityService`."""
        load = functools.partial(self._fetch, discord_id)
        return await self._answers.fetch(discord_id, load, max_age)

    def forget(self, discord_id: int) -> None:
        """Hold nothing of this person."""
        self._answers.forget(discord_id)

    async def _fetch(self, discord_id: int) -> Resolution:
        path = ids.path("guilds", str(self._guild_id), "discord-to-roblox", str(discord_id))
        try:
            answer = await self._ask(path)
        except UpstreamNotFound as error:
            if error.what == LINK:
                return NotResolved.NOT_LINKED
            if error.what == CONSENT:
                return NotResolved.NOT_SHARED
            raise
        except UpstreamRefused as error:
            if re.search(LIMIT_WORDS, error.facts.words, re.IGNORECASE):
                until = self._clock() + DEFAULT_PAUSE
                raise RateLimited(str(error), error.facts, until) from None
            raise
        extras = parse(_Extras, answer, self.dialect)
        return Resolved(self._roblox_id(answer), extras.username or "")

    async def _ask(self, path: str) -> Json:
        answer = await self._wire.get(path)
        if not (answer.get("error") or answer.get("errorCode")):
            return answer
        words = presentable(words_of(self.dialect, answer), self._key)
        raise refused(self.dialect, 200, words)

    def _roblox_id(self, answer: Json) -> int:
        told = {to_roblox_id(answer[f]) for f in _ID_FIELDS if answer.get(f) is not None}
        roblox_id = told.pop() if len(told) == 1 else None
        if roblox_id is None:
            raise misread(self.dialect, 200)
        return roblox_id
