"""/link: a member is linked by what Bloxlink or RoVer says, once they have confirmed it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import KeyRefused, PlanTooLow, ProviderError, Refusal, UpstreamRefused
from bot.models import (
    AccountLink,
    IdentityKind,
    LinkSource,
    PendingLink,
    Question,
    ServiceAnswer,
)
from bot.providers.identity.base import Resolved
from bot.providers.identity.headshots import Headshots
from bot.providers.identity.roblox import Roblox
from bot.services.deciding import LinkDecisions, Settled
from bot.services.guild_log import GuildLog
from bot.services.ports import Actor
from bot.services.service_lines import Answers, ServiceLines
from bot.store.identity_services import IdentityServiceStore
from bot.store.links import LinkStore
from bot.store.pending_links import PendingLinkStore
from bot.text import safe

log = logging.getLogger(__name__)

RECHECK = timedelta(days=7)  # so often a service is asked again about a member who acts
LIFE = timedelta(days=1)  # of a question
NOTICE_PAUSE = timedelta(hours=6)  # between two lines about the same trouble
_BY_SERVICE = {kind.source: kind for kind in IdentityKind}


@dataclass(frozen=True, slots=True)
class Asked:
    """What asking the services came to: a question to the member, or why there is none."""

    question: PendingLink | None = None
    picture: str = ""
    kinds: tuple[IdentityKind, ...] = ()  # who says so
    was: AccountLink | None = None  # what the member is linked to at present
    same: bool = False  # the services say what is known already
    answers: Answers | None = None  # without a question: what each said


class IdentityLinks:
    """Asks the guild's services about members who act themselves, never about anybody else."""

    def __init__(
        self,
        services: IdentityServiceStore,
        lines: ServiceLines,
        links: LinkStore,
        pending: PendingLinkStore,
        decisions: LinkDecisions,
        roblox: Roblox,
        headshots: Headshots,
        guild_log: GuildLog,
        clock: Callable[[], datetime],
    ) -> None:
        self._services = services
        self._lines = lines
        self._links = links
        self._pending = pending
        self._decisions = decisions
        self._roblox = roblox
        self._headshots = headshots
        self._guild_log = guild_log
        self._clock = clock
        self._noticed: dict[tuple[int, int | str], datetime] = {}
        self._unused: set[int] = set()  # guilds that use no service, as far as this process knows

    async def list_kinds(self, guild_id: int) -> list[IdentityKind]:
        """The services that this guild uses."""
        return [service.kind for service in await self._services.list_all(guild_id)]

    def forget_unused(self, guild_id: int) -> None:
        """The guild's services have changed."""
        self._unused.discard(guild_id)

    async def forget_member(self, discord_id: int) -> None:
        """Hold nothing in memory about this person; the rest goes with their data."""
        self._lines.forget_member(discord_id)
        self._noticed = {key: at for key, at in self._noticed.items() if key[1] != discord_id}

    async def ask(self, actor: Actor) -> Asked:
        """Ask every service of the guild who this member is. Raises Refusal when there is none.

        Nothing is saved when they disagree: the member and the admins are told.
        """
        now = self._clock()  # what is stored is as old as the wish to ask: an erasure covers it
        answers = await self._lines.ask_all(actor.guild_id, actor.discord_id)
        if not answers:
            raise Refusal(
                "This community uses neither Bloxlink nor RoVer with Muster. Prove your account"
                " with a code instead: `/verify`."
            )
        await self._keep(actor, answers, now)
        said = {k: a.roblox_id for k, a in answers.items() if isinstance(a, Resolved)}
        if len(set(said.values())) > 1:
            await self._tell_disagreement(actor, said)
            raise Refusal(_disagreement(said))
        was = await self._links.find(actor.guild_id, actor.discord_id)
        if not said:
            return Asked(was=was, answers=answers)
        kinds, roblox_id = tuple(said), next(iter(said.values()))
        if was is not None and was.roblox_id == roblox_id:
            return Asked(kinds=kinds, was=was, same=True)
        username = await self._username(roblox_id, answers.values())
        question = await self._question(actor, roblox_id, username, kinds[0], now)
        return Asked(question, await self._headshots.fetch(roblox_id), kinds, was)

    async def confirm(self, actor: Actor, question_id: int) -> Settled:
        """Yes, that is me. Raises Refusal when the question is another's, old or answered."""
        question = await self._take(actor, question_id)
        now = self._clock()
        link = AccountLink(
            actor.guild_id, actor.discord_id, question.roblox_id, question.username,
            question.asked_at, question.source, actor.discord_id, now,
        )  # fmt: skip
        settled = await self._decisions.settle(link)
        await self._pending.close(question)
        return settled

    async def deny(self, actor: Actor, question_id: int) -> PendingLink:
        """No, that is not me: nothing is changed. Raises Refusal as `confirm` does."""
        question = await self._take(actor, question_id)
        await self._pending.close(question)
        return question

    async def recheck(self, actor: Actor) -> Asked | None:
        """Whether the service still says what a member was linked by; rarely asked.

        For a member who acts just now. Never raises for a service that is silent.
        """
        if actor.guild_id in self._unused:
            return None
        if not await self.list_kinds(actor.guild_id):
            self._unused.add(actor.guild_id)
            return None
        link = await self._links.get(actor.guild_id, actor.discord_id)
        kind = _BY_SERVICE.get(link.source) if link is not None else None
        if link is None or kind is None or await self._is_fresh(link, kind):
            return None
        now = self._clock()
        answer = await self._lines.ask(actor.guild_id, kind, actor.discord_id)
        if answer is None or isinstance(answer, ProviderError):
            return None
        await self._keep(actor, {kind: answer}, now)
        if not isinstance(answer, Resolved):
            await self._tell_change(link, kind, f"{kind.label} does not tell their account now")
            return None
        if answer.roblox_id == link.roblox_id:
            return None
        username = await self._username(answer.roblox_id, [answer])
        to = f"{kind.label} says **{safe(username)}** ({answer.roblox_id}) now"
        await self._tell_change(link, kind, to)
        question = await self._question(actor, answer.roblox_id, username, kind, now)
        return Asked(question, kinds=(kind,), was=link)

    async def _is_fresh(self, link: AccountLink, kind: IdentityKind) -> bool:
        last = await self._services.get_answer(link.guild_id, link.discord_id, kind)
        asked_at = last.asked_at if last is not None else link.linked_at
        return self._clock() - asked_at < RECHECK

    async def _keep(self, actor: Actor, answers: Answers, now: datetime) -> None:
        """Remember what was said and when; trouble with a key is told to the admins."""
        for kind, answer in answers.items():
            if isinstance(answer, ProviderError):
                await self._tell_trouble(actor.guild_id, kind, answer)
                continue
            roblox_id = answer.roblox_id if isinstance(answer, Resolved) else None
            await self._services.note_answer(
                ServiceAnswer(actor.guild_id, actor.discord_id, kind, roblox_id, now)
            )

    async def _question(
        self, actor: Actor, roblox_id: int, username: str, kind: IdentityKind, now: datetime
    ) -> PendingLink:
        return await self._pending.ask(
            PendingLink(
                0, actor.guild_id, actor.discord_id, Question.CONFIRM, roblox_id, username,
                LinkSource(kind.source), now,
            )
        )  # fmt: skip

    async def _username(self, roblox_id: int, answers: Iterable[object]) -> str:
        """What Roblox calls the account; what a service calls it while Roblox is silent."""
        told = (a.username for a in answers if isinstance(a, Resolved) and a.username)
        fallback = next(told, "")
        try:
            user = await self._roblox.fetch_user(roblox_id)
        except ProviderError:
            if not fallback:
                raise
            return fallback
        if user is None:
            raise Refusal(
                "The account that is linked to you there is not on Roblox any more. Link another"
                " one there, or prove yours with a code: `/verify`."
            )
        return user.username

    async def _take(self, actor: Actor, question_id: int) -> PendingLink:
        question = await self._pending.get(actor.guild_id, question_id)
        if (
            question is None
            or question.kind is not Question.CONFIRM
            or question.discord_id != actor.discord_id
        ):
            raise Refusal(
                "This question is not yours, or it is answered already. Use `/link` to ask anew."
            )
        if self._clock() - question.asked_at > LIFE:
            raise Refusal("This question is too old. Use `/link` to ask anew.")
        return question

    async def _tell_disagreement(self, actor: Actor, said: dict[IdentityKind, int]) -> None:
        accounts = ", ".join(f"{kind.label}: {roblox_id}" for kind, roblox_id in said.items())
        await self._notice(
            actor.guild_id,
            actor.discord_id,
            f"⚠ The services name different Roblox accounts for <@{actor.discord_id}>: {accounts}."
            " Nothing was saved. An admin who knows the right one links them: `/links add`.",
        )

    async def _tell_change(self, link: AccountLink, kind: IdentityKind, what: str) -> None:
        await self._guild_log.say(
            link.guild_id,
            f"🔗 <@{link.discord_id}> was linked to **{safe(link.username)}** ({link.roblox_id})"
            f" by {kind.label}; {what}. The link stays until the member confirms the change, or an"
            " admin changes it: `/links`.",
        )

    async def _tell_trouble(self, guild_id: int, kind: IdentityKind, error: ProviderError) -> None:
        if not isinstance(error, (KeyRefused, PlanTooLow, UpstreamRefused)):
            return  # it passes by itself
        words = f" It said: “{safe(error.facts.words, 200)}”." if error.facts.words else ""
        await self._notice(
            guild_id,
            kind,
            f"⚠ Members cannot be linked through {kind.label}: {error}{words} An admin enters"
            " another key with `/links services`.",
        )

    async def _notice(self, guild_id: int, about: int | str, text: str) -> None:
        """A line for the admins about a member or a service; not again for some hours."""
        now = self._clock()
        self._noticed = {key: at for key, at in self._noticed.items() if now - at < NOTICE_PAUSE}
        if (guild_id, about) not in self._noticed:
            self._noticed[guild_id, about] = now
            await self._guild_log.say(guild_id, text)


def _disagreement(said: dict[IdentityKind, int]) -> str:
    names = " and ".join(kind.label for kind in said)
    return (
        f"⚠ {names} name different Roblox accounts for you, so nothing was saved, and the admins"
        " are told. Make them the same there, or prove your account with a code: `/verify`."
    )
