"""Whose word about a link counts, and what becomes of a word that contradicts another.

- A fresh proof wins over what a service said, also about another member.
- It does not win by itself over an admin's link of the same member, nor over another member's
  proof: both sides are told, and an admin decides.
- What a service says replaces only what a service said before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.errors import Refusal
from bot.models import AccountLink, LinkSource, PendingLink, Question
from bot.services.guild_log import GuildLog
from bot.services.permits import require_admin
from bot.services.ports import Actor
from bot.services.tidings import Tidings
from bot.store.links import LinkStore
from bot.store.pending_links import PendingLinkStore
from bot.text import linker, safe

log = logging.getLogger(__name__)

BY_ADMINS = frozenset({LinkSource.ADMIN, LinkSource.IMPORT})
SHOWN = 5  # open questions in one list
BEATEN = "Somebody else has just decided this."


class Ending(StrEnum):
    """What became of a member's word."""

    LINKED = "linked"
    SAME = "same"  # they were linked to this account before
    ASKED = "asked"  # an admin decides


@dataclass(frozen=True, slots=True)
class Settled:
    """How it ended, and what it replaced."""

    ending: Ending
    link: AccountLink  # as asked for; it counts unless an admin still decides
    before: AccountLink | None = None  # the member's own link until now
    holder: AccountLink | None = None  # another member's link to this account until now
    admins_reached: bool = True  # ASKED: False where the guild has no log channel


class LinkDecisions:
    """Stores links that members ask for, as far as nothing stands against it."""

    def __init__(
        self,
        links: LinkStore,
        pending: PendingLinkStore,
        guild_log: GuildLog,
        tidings: Tidings,
        clock: Callable[[], datetime],
    ) -> None:
        self._links = links
        self._pending = pending
        self._guild_log = guild_log
        self._tidings = tidings
        self._clock = clock
        self._quiet: set[int] = set()  # guilds in which nobody is owed word of a contest

    async def settle(self, link: AccountLink) -> Settled:
        """Store this member's own link, or have an admin decide. Tells whoever it concerns."""
        while True:
            before, holder = await self._look(link)
            settled = Settled(Ending.LINKED, link, before, holder)
            if before is not None and before.roblox_id == link.roblox_id:
                if _wins(link, before) and not await self._links.replace(link, before):
                    continue
                return replace(settled, ending=Ending.SAME)
            if before is not None and _proved_otherwise(before, link):
                raise Refusal(
                    f"You have proved that you are **{safe(before.username)}**, and a code in the"
                    " profile counts more than what a service says. If you changed your account,"
                    " prove the new one: `/verify`."
                )
            if holder is not None and not _wins(link, holder):
                return await self._ask(settled)
            if before is not None and before.source in BY_ADMINS:
                return await self._ask(settled)
            if not await self._links.replace(link, before, holder):
                continue  # somebody was linked otherwise just now: look again
            log.info(
                "member %s linked to %s in guild %s by %s",
                link.discord_id, link.roblox_id, link.guild_id, link.source.value,
            )  # fmt: skip
            await self._tell_replaced(settled)
            return settled

    async def list_questions(self, actor: Actor) -> list[PendingLink]:
        """What the admins have to decide, oldest first."""
        require_admin(actor)
        return await self._pending.list_kind(actor.guild_id, Question.DECIDE, SHOWN)

    async def decide(self, actor: Actor, question_id: int, *, accept: bool) -> PendingLink:
        """An admin's word: the new account counts, or all stays as it is. Each question once."""
        require_admin(actor)
        question = await self._pending.get(actor.guild_id, question_id)
        if question is None or question.kind is not Question.DECIDE:
            raise Refusal("This is decided already, or no longer asked. See `/links questions`.")
        if accept:
            await self._grant(actor, question)
        elif not await self._pending.close(question):
            raise Refusal(BEATEN)
        await self._tell_decided(actor, question, accept)
        log.info(
            "question %s in guild %s decided by %s: %s",
            question_id, actor.guild_id, actor.discord_id, "accepted" if accept else "kept",
        )  # fmt: skip
        return question

    async def take_lost(self, guild_id: int, discord_id: int) -> PendingLink | None:
        """What a member does not know yet about the link that they had; told once."""
        lost = await self._pending.get_for(guild_id, discord_id, Question.LOST)
        return lost if lost is not None and await self._pending.close(lost) else None

    async def take_contested(self, guild_id: int, discord_id: int) -> PendingLink | None:
        """That somebody else wants the account that a member has; told once.

        Cheap enough to ask after every claim: mostly nobody in the guild is owed such word.
        """
        if guild_id in self._quiet:
            return None
        if not await self._pending.list_kind(guild_id, Question.CONTESTED, 1):
            self._quiet.add(guild_id)
            return None
        found = await self._pending.get_for(guild_id, discord_id, Question.CONTESTED)
        return found if found is not None and await self._pending.close(found) else None

    async def _look(self, link: AccountLink) -> tuple[AccountLink | None, AccountLink | None]:
        """The member's own link, and another member's to the account."""
        before = await self._links.get(link.guild_id, link.discord_id)
        holder = await self._links.get_by_roblox(link.guild_id, link.roblox_id)
        own = holder is None or holder.discord_id == link.discord_id
        return before, None if own else holder

    async def _grant(self, actor: Actor, question: PendingLink) -> None:
        now = self._clock()
        link = AccountLink(
            actor.guild_id, question.discord_id, question.roblox_id, question.username, now,
            question.source, actor.discord_id, now,
        )  # fmt: skip
        while True:
            before, holder = await self._look(link)
            if await self._pending.grant(question, link, before, holder):
                break
            if await self._pending.get(actor.guild_id, question.question_id) is None:
                raise Refusal(BEATEN)
        if holder is not None:
            await self._tell_holder(link, holder.discord_id)

    async def _ask(self, settled: Settled) -> Settled:
        link, holder = settled.link, settled.holder
        other_id = holder.discord_id if holder is not None else None
        asked = await self._pending.get_for(link.guild_id, link.discord_id, Question.DECIDE)
        if asked and (asked.roblox_id, asked.other_id) == (link.roblox_id, other_id):
            reached = await self._guild_log.find_channel(link.guild_id) is not None
            return replace(settled, ending=Ending.ASKED, admins_reached=reached)
        question = await self._note(Question.DECIDE, link, link.discord_id, other_id)
        text = f"❔ {question_text(question, settled.before)}"
        reached = await self._guild_log.say(link.guild_id, text, question.question_id)
        if other_id is not None and not await self._tell(
            link.guild_id, other_id, contested_text(link.username, link.discord_id)
        ):
            await self._note(Question.CONTESTED, link, other_id, link.discord_id)
            self._quiet.discard(link.guild_id)
        return replace(settled, ending=Ending.ASKED, admins_reached=reached)

    async def _note(
        self, kind: Question, link: AccountLink, about: int, other_id: int | None
    ) -> PendingLink:
        """Keep what is open about a member (Discord id)."""
        return await self._pending.ask(
            PendingLink(
                0, link.guild_id, about, kind, link.roblox_id, link.username, link.source,
                link.linked_at, other_id,
            )
        )  # fmt: skip

    async def _tell_replaced(self, settled: Settled) -> None:
        link, before, holder = settled.link, settled.before, settled.holder
        if holder is not None:
            await self._tell_holder(link, holder.discord_id)
            await self._guild_log.say(
                link.guild_id,
                f"🔗 <@{link.discord_id}> has proved that **{safe(link.username)}**"
                f" ({link.roblox_id}) is theirs. <@{holder.discord_id}>, who was linked to it by"
                f" {SOURCES[holder.source]}, is not linked any more.",
            )
        if before is not None:
            await self._guild_log.say(
                link.guild_id,
                f"🔗 <@{link.discord_id}> was linked to **{safe(before.username)}**"
                f" ({before.roblox_id}) and is linked to **{safe(link.username)}**"
                f" ({link.roblox_id}) now, by {SOURCES[link.source]}.",
            )

    async def _tell_holder(self, link: AccountLink, holder_id: int) -> None:
        told = await self._tell(
            link.guild_id, holder_id,
            f"You are no longer linked to the Roblox account **{safe(link.username)}**:"
            f" <@{link.discord_id}> has shown that it is theirs. If that is wrong, tell an admin;"
            " to link your own account, use `/verify`.",
        )  # fmt: skip
        if not told:
            await self._note(Question.LOST, link, holder_id, link.discord_id)

    async def _tell_decided(self, actor: Actor, question: PendingLink, accept: bool) -> None:
        name = safe(question.username)
        await self._tell(
            actor.guild_id, question.discord_id,
            f"An admin has decided: you are linked to **{name}** now."
            if accept
            else f"An admin has decided: you are not linked to **{name}**. Ask them why.",
        )  # fmt: skip

    async def _tell(self, guild_id: int, discord_id: int, text: str) -> bool:
        """By direct message, to a member who asked for those."""
        return await self._tidings.tell_member(guild_id, discord_id, text)


SOURCES = {
    LinkSource.PROOF: "a code in the profile",
    LinkSource.BLOXLINK: "Bloxlink",
    LinkSource.ROVER: "RoVer",
    LinkSource.ADMIN: "an admin",
    LinkSource.IMPORT: "an import",
}


def contested_text(username: str, by: int) -> str:
    """What somebody is told whose account another member (Discord id) says is theirs."""
    return (
        f"<@{by}> has shown that the Roblox account **{safe(username)}** is theirs, and you are"
        " linked to it. You stay linked until an admin decides. If it is your account, tell them."
    )


def question_text(question: PendingLink, before: AccountLink | None) -> str:
    """What an admin is asked; safe to show."""
    account = f"**{safe(question.username)}** ({question.roblox_id})"
    how = (
        "has proved with a code in the profile"
        if question.source is LinkSource.PROOF
        else f"says, and {SOURCES[question.source]} agrees,"
    )
    text = f"<@{question.discord_id}> {how} that they are {account}."
    if before is not None:
        text += (
            f" They are linked to **{safe(before.username)}** ({before.roblox_id}) by"
            f" {SOURCES[before.source]} ({linker(before.linked_by)})."
        )
    if question.other_id is not None:
        text += f" <@{question.other_id}> is linked to {account} at present."
    return f"{text} Which counts? Nothing changes until an admin decides."


def _proved_otherwise(before: AccountLink, link: AccountLink) -> bool:
    return before.source is LinkSource.PROOF and link.source is not LinkSource.PROOF


def _wins(link: AccountLink, other: AccountLink) -> bool:
    """Whether a member's word goes before a link to the same account, without asking anybody."""
    return link.source is LinkSource.PROOF and other.source is not LinkSource.PROOF
