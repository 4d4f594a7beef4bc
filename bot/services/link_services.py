"""/links services: which services a guild lets Muster ask, and with which key."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.errors import KeyRefused, PlanTooLow, ProviderError, Refusal, UpstreamRefused
from bot.models import IdentityKind, ServiceKey
from bot.services.identity_links import IdentityLinks
from bot.services.permits import require_admin
from bot.services.ports import Actor
from bot.services.service_lines import ServiceLines
from bot.services.workspace_drafts import to_key
from bot.store.identity_services import IdentityServiceStore
from bot.text import safe

log = logging.getLogger(__name__)

_NOT_SAVED = (KeyRefused, PlanTooLow, UpstreamRefused)


@dataclass(frozen=True, slots=True)
class KeySaved:
    """A key is stored; `untested` when the service did not answer just now."""

    kind: IdentityKind
    untested: bool


class LinkServices:
    """What admins do with the keys of Bloxlink and RoVer."""

    def __init__(
        self,
        store: IdentityServiceStore,
        lines: ServiceLines,
        identity: IdentityLinks,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._lines = lines
        self._identity = identity
        self._clock = clock

    async def list_all(self, actor: Actor) -> dict[IdentityKind, ServiceKey | None]:
        """Every service there is, and what is known of the guild's key for it; admins only."""
        require_admin(actor)
        keys = {service.kind: service for service in await self._store.list_all(actor.guild_id)}
        return {kind: keys.get(kind) for kind in IdentityKind}

    async def set_key(self, actor: Actor, kind: IdentityKind, typed: str) -> KeySaved:
        """Try the key by looking up the admin who typed it, and store it unless it is refused."""
        require_admin(actor)
        key = to_key(typed)
        answer = await self._lines.try_key(actor.guild_id, kind, key, actor.discord_id)
        if isinstance(answer, _NOT_SAVED):
            said = f" It said: “{safe(answer.facts.words, 200)}”." if answer.facts.words else ""
            raise Refusal(
                f"⛔ {answer}{said} Nothing was saved. Make a key for this Discord server at"
                f" {kind.label}, and enter it with `/links services`."
            )
        now = self._clock()
        await self._store.set_key(actor.guild_id, kind, key, actor.discord_id, now)
        await self._lines.drop(actor.guild_id, kind)
        self._identity.forget_unused(actor.guild_id)
        log.info("key of %s set in guild %s", kind.value, actor.guild_id)
        return KeySaved(kind, untested=isinstance(answer, ProviderError))

    async def remove(self, actor: Actor, kind: IdentityKind) -> None:
        """Erase the key: the service is not asked any more. Links that it made stay."""
        require_admin(actor)
        removed = await self._store.remove(actor.guild_id, kind)
        await self._lines.drop(actor.guild_id, kind)
        if removed is None:
            raise Refusal(f"{kind.label} is not used here.")
        log.info("key of %s removed in guild %s", kind.value, actor.guild_id)
