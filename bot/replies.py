"""The words: what members read for every outcome and every error. Nothing in here pings anybody."""

from __future__ import annotations

import io
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

import discord
from discord import app_commands

from bot.buttons import Action, Button
from bot.errors import (
    ChannelLost,
    KeyErased,
    KeyRefused,
    MessageGone,
    MessengerError,
    Misread,
    MusterError,
    OutcomeUnknown,
    PlanTooLow,
    ProviderError,
    RateLimited,
    Unavailable,
    UpstreamNotFound,
)
from bot.models import Waiter
from bot.services.lanes import LaneBusy
from bot.services.outcomes import Code, Outcome
from bot.services.swap_outcomes import SwapCode, SwapOutcome
from bot.services.swap_words import swap_words
from bot.text import safe, shorten
from bot.views import Component
from bot.wording import outcome_words, quoted

log = logging.getLogger(__name__)

MAX_TEXT = 2000  # Discord's limit for a message
NO_PINGS = discord.AllowedMentions.none()
AT_WORK = "⏳ One moment: your answer appears here. If it does not within a minute, try again."


@dataclass(frozen=True, slots=True)
class Attached:
    """A file to download."""

    name: str
    content: bytes = field(repr=False)

    def to_file(self) -> discord.File:
        """A fresh one: discord.py reads each only once."""
        return discord.File(io.BytesIO(self.content), self.name)


@dataclass(frozen=True, slots=True)
class Reply:
    """What one person is shown."""

    text: str
    buttons: tuple[Component, ...] = ()
    embed: discord.Embed | None = field(default=None, compare=False)
    tells: tuple[str, ...] = field(default=(), compare=False)  # attempts whose endings these are
    news: tuple[Waiter, ...] = field(default=(), compare=False)  # waitlist news that it tells
    files: tuple[Attached, ...] = field(default=(), compare=False)
    heard: tuple[tuple[int, int], ...] = field(default=(), compare=False)  # (swap, who is told)


_TRY_AGAIN = frozenset(
    {
        Code.DOWN, Code.LIMITED, Code.DID_NOT_ARRIVE, Code.INTERRUPTED, Code.KEY,
        Code.NOT_ELIGIBLE_RANK, Code.STILL_RUNNING,
    }
)  # fmt: skip


_ANSWERABLE = frozenset({SwapCode.ASKS, SwapCode.BUSY, SwapCode.NOT_NOW})
_OPEN_SWAPS = frozenset({SwapCode.ASKED, SwapCode.UNKNOWN, SwapCode.BUSY})


def masked_link(words: str, url: str) -> str:
    """A link under untrusted words; brackets in them could end it early and begin another."""
    return f"[{safe(words.replace('[', '(').replace(']', ')'))}]({url})"


def outcome_reply(outcome: Outcome) -> Reply:
    """The sentence and the next steps of an outcome, with what to quote when asking about it."""
    reference = f"\n-# Reference {outcome.reference}" if outcome.reference else ""
    text = shorten(outcome_words(outcome), MAX_TEXT - len(reference))
    final = outcome.operation_id and outcome.code not in (Code.UNKNOWN, Code.STILL_RUNNING)
    tells = (outcome.operation_id,) if final else ()
    return Reply(text + reference, _buttons(outcome), tells=tells)


def swap_reply(outcome: SwapOutcome, reader: int) -> Reply:
    """Where a swap stands, for this member (a Discord id), with what they can do about it."""
    number, is_partner = outcome.swap_id, reader == outcome.partner.discord_id
    buttons: tuple[Button, ...] = ()
    if outcome.host_id is None and number and is_partner and outcome.code in _ANSWERABLE:
        buttons = (
            Button(Action.SWAP_YES, number, "Accept", "green"),
            Button(Action.SWAP_NO, number, "Decline"),
        )
    if outcome.code is SwapCode.ASKED and number and reader == outcome.proposer.discord_id:
        buttons = (Button(Action.SWAP_BACK, number, "Take it back"),)
    heard = outcome.code not in _OPEN_SWAPS and number and outcome.side_of(reader)
    text = shorten(swap_words(outcome, reader), MAX_TEXT)
    return Reply(text, buttons, heard=((number, reader),) if heard else ())


def report(error: BaseException) -> Reply:
    """The answer to an error. What is not ours gets a reference and a line in the log."""
    if isinstance(error, ProviderError):
        return Reply(_provider_error(error))
    if isinstance(error, LaneBusy):  # of hosts; claims have an outcome for it
        return Reply(
            "⏳ Muster is still busy with this session for somebody else. Try again in a minute."
        )
    if isinstance(error, MessageGone):  # no permission brings it back
        return Reply(f"⚠ {error}")
    if isinstance(error, ChannelLost):
        return Reply(f"⚠ {error} Check the channel and Muster's permissions there.")
    if isinstance(error, MessengerError):
        return Reply(f"⚠ Discord did not do it: {safe(str(error), 300)}")
    if isinstance(error, MusterError):
        return Reply(shorten(str(error), MAX_TEXT))
    if isinstance(error, app_commands.TransformerError):
        return Reply(
            f"`{safe(str(error.value), 100)}` cannot be used here. If it is a member, they may have"
            " left; choose from the list that Discord offers."
        )
    reference = secrets.token_hex(4)
    log.error("unexpected error, reference %s", reference, exc_info=error)
    return Reply(
        "⚠ Something went wrong inside Muster; it is not your fault. Try again, and if it stays,"
        f" give an admin this reference: `{reference}`"
    )


def _provider_error(error: ProviderError) -> str:
    """For commands of hosts and admins; claims have their outcomes instead."""
    platform = error.facts.platform
    if isinstance(error, KeyErased):
        return f"⛔ {error} An admin enters it again: `/workspace key`."
    if isinstance(error, KeyRefused):
        words = quoted(error.facts.words)
        return (
            f"⛔ {platform} refuses the key{words} An admin enters a valid one: `/workspace key`."
        )
    if isinstance(error, UpstreamNotFound) and error.what == "route":
        return (
            f"⛔ There is no {platform} API at this address. Check the address: it is the one of"
            " the API, not of the panel."
        )
    if isinstance(error, UpstreamNotFound):
        return f"⛔ {platform} no longer has this {error.what}."
    if isinstance(error, RateLimited):
        return (
            f"⏳ {platform} asks us to wait until <t:{int(error.until.timestamp())}:T>. Try then."
        )
    if isinstance(error, PlanTooLow):
        return f"⛔ The group's {platform} plan does not include this{quoted(error.facts.words)}"
    if isinstance(error, OutcomeUnknown):
        return f"❔ {platform} did not say whether it happened. Look before you try again."
    if isinstance(error, Misread):
        return (
            f"⚠ {platform} answered something that Muster does not understand. Check the address,"
            " and try again in a minute."
        )
    if error.facts.words:
        return f"⛔ {platform} said: {quoted(error.facts.words).strip(': ')}"
    if not isinstance(error, Unavailable):
        return f"⛔ {safe(str(error), 300)}"
    return f"⚠ {platform} does not answer. Try again in a minute. ({safe(str(error), 200)})"


def not_linked_buttons(number: int, services: Sequence[str] = ()) -> tuple[Button, ...]:
    """How somebody who is not linked can change that; `services` are those that the guild uses."""
    link = (Button(Action.LINK, number, f"Link with {' and '.join(services)}"),) if services else ()
    return (
        Button(Action.VERIFY, number, "Verify with a code", "primary"),
        *link,
        Button(Action.ASK_ADMIN, number, "Ask an admin"),
    )


def decision_buttons(question_id: int) -> tuple[Button, ...]:
    """An admin decides which account counts."""
    return (
        Button(Action.ACCEPT_LINK, question_id, "Use the new account", "primary"),
        Button(Action.KEEP_LINK, question_id, "Leave it as it is"),
    )


def _buttons(outcome: Outcome) -> tuple[Button, ...]:
    number = outcome.opening_id
    if number is None or outcome.subject_id is not None:  # a button acts for who presses it
        return ()
    if outcome.code is Code.MOVE:
        return (
            Button(Action.MOVE, number, f"Move to {outcome.role_name}", "primary"),
            Button(Action.KEEP, number, f"Keep {outcome.held_role_name}"),
        )
    if outcome.code is Code.CLASH and outcome.clash_may_be_confirmed:
        return (
            Button(Action.CLAIM_ANYWAY, number, "Claim anyway", "primary"),
            Button(Action.KEEP, number, "Cancel"),
        )
    if outcome.code is Code.REASON:
        return (
            Button(Action.RELEASE_WHY, number, "Say why and release", "red"),
            Button(Action.KEEP, number, "Keep it"),
        )
    if outcome.code is Code.NOT_LINKED:
        return not_linked_buttons(number)
    if outcome.code in (Code.CLAIMED, Code.ALREADY_SAME) and outcome.can_release:
        return (Button(Action.RELEASE, number, "Release"),)
    if outcome.code is Code.FULL:
        return _full_buttons(outcome, number)
    if outcome.code in _TRY_AGAIN:
        again = Action.RELEASE_WHY if outcome.reason else Action.RELEASE_NOW
        action = again if outcome.releasing else Action.CLAIM
        return (Button(action, number, "Try again", "primary"),)
    return ()


def _full_buttons(outcome: Outcome, number: int) -> tuple[Button, ...]:
    shown: list[Button] = []
    if not outcome.kept and len(outcome.holders) < (outcome.capacity or 0):
        shown.append(Button(Action.CLAIM, number, "Try again", "primary"))
    if outcome.waitlist_id is not None:
        shown.append(Button(Action.LEAVE_WAITLIST, outcome.waitlist_id, "Leave waitlist"))
    elif outcome.waitlist_place:
        label = f"Join waitlist (you would be no. {outcome.waitlist_place})"
        shown.append(Button(Action.JOIN_WAITLIST, number, label, "primary"))
    return tuple(shown)
