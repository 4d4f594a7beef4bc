"""What members read about their own links."""

from __future__ import annotations

import discord

from bot.buttons import Action, Button
from bot.errors import ProviderError, RateLimited, Unavailable
from bot.models import IdentityKind, ProfileCode
from bot.replies import MAX_TEXT, Reply, masked_link
from bot.services.deciding import Ending, Settled
from bot.services.identity_links import Asked
from bot.services.openings import Holding
from bot.services.proving import Card, Look, Seen
from bot.services.service_lines import Answers, NotResolved
from bot.services.unlinking import Unlinked
from bot.text import safe, shorten, when
from cogs._link_words import profile_url

MAX_LISTED = 8


def card_reply(card: Card) -> Reply:
    """The account that was found, the words for it, and what to do with them."""
    code = card.code
    called = f" ({safe(card.display_name, 50)})" if card.display_name else ""
    text = (
        f"Is this you? **{safe(code.username)}**{called} · {_profile(code.roblox_id)}\n"
        f"{_steps(code)}"
    )
    return Reply(text, _code_buttons(code), picture_embed(code.username, card.picture))


def look_reply(look: Look) -> Reply:
    """What a look came to, with the code again as long as it is good."""
    code = look.code
    if look.settled is not None:
        text = settled_text(look.settled)
        if look.settled.ending is not Ending.ASKED:
            text += " You can delete the words from your profile."
        return Reply(text)
    said = _SEEN[look.seen](look)
    if look.seen is Seen.NO_TRIES:
        return Reply(said, (Button(Action.NEW_CODE, code.code_id, "New words", "primary"),))
    words = f"```\n{code.words}\n```\nPut these words into **About**, save, then press **Check**."
    return Reply(f"{said}\n{words}\n{_until(code)}", _code_buttons(code))


def settled_text(settled: Settled) -> str:
    """What became of a member's word."""
    name, before = safe(settled.link.username), settled.before
    if settled.ending is Ending.SAME:
        return f"✔ You are linked to **{name}** here."
    if settled.ending is Ending.LINKED:
        text = f"✔ You are linked to **{name}** now."
        if before is not None:
            text += (
                f" What you claimed as **{safe(before.username)}** stays on the platform under"
                " that name."
            )
        return text
    if settled.holder is not None:
        why = f"<@{settled.holder.discord_id}> is linked to **{name}** here"
        if settled.holder.linked_by == settled.holder.discord_id:
            why += ", and has shown that it is theirs"
    else:
        why = f"an admin has linked you to **{safe(before.username)}**" if before else ""
    where = (
        "The admins read of it now."
        if settled.admins_reached
        else "Show this to an admin, who decides with `/links questions`."
    )
    return (
        f"❔ You say that you are **{name}**, but {why}. So an admin decides which counts; until"
        f" then nothing changes. {where}"
    )


def asked_reply(asked: Asked) -> Reply:
    """The question whether the member is who the services say, or why there is none."""
    if asked.question is None:
        if asked.same and asked.was is not None:
            who = " and ".join(kind.label for kind in asked.kinds)
            verb = "agrees" if len(asked.kinds) == 1 else "agree"
            return Reply(f"✔ You are linked to **{safe(asked.was.username)}** here; {who} {verb}.")
        return Reply(_no_answer(asked.answers or {}), (_verify_button(),))
    question, says = asked.question, "says" if len(asked.kinds) == 1 else "say"
    who = " and ".join(kind.label for kind in asked.kinds)
    text = (
        f"Are you **{safe(question.username)}**? {who} {says} so · {_profile(question.roblox_id)}"
    )
    if asked.was is not None:
        text = (
            f"{text}\nYou are linked to **{safe(asked.was.username)}** here. If you changed your"
            " account, confirm the new one; until then nothing changes."
        )
    buttons = (
        Button(Action.CONFIRM_LINK, question.question_id, "Yes, that is me", "green"),
        Button(Action.DENY_LINK, question.question_id, "No"),
    )
    return Reply(text, buttons, picture_embed(question.username, asked.picture))


def unlinked_reply(done: Unlinked, *, everywhere: bool) -> Reply:
    """What was forgotten, and what the account still holds."""
    if done.here is None and not done.elsewhere and not done.proof:
        if everywhere:
            return Reply("You are linked nowhere, so there was nothing to forget.")
        return Reply(
            "You are not linked here, so there was nothing to forget here. To forget every link and"
            " proof of yours: `/unlink everywhere:True`."
        )
    if done.here is not None:
        lines = [f"✔ You are no longer linked to **{safe(done.here.username)}** here."]
    else:
        lines = ["✔ Done."]
    if everywhere:
        lines[0] += " Your links in other communities and your proof are forgotten as well."
    else:
        lines[0] += " To forget every link and proof of yours: `/unlink everywhere:True`."
    buttons = _still_held(done, lines)
    return Reply(shorten("\n".join(lines), MAX_TEXT), buttons)


def picture_embed(username: str, picture: str) -> discord.Embed | None:
    """The account's picture, where there is one."""
    if not picture:
        return None
    return discord.Embed(description=f"**{safe(username)}**").set_thumbnail(url=picture)


def _still_held(done: Unlinked, lines: list[str]) -> tuple[Button, ...]:
    shown = done.holdings.claims[:MAX_LISTED]
    if shown:
        lines.append("On the platforms you still hold:")
    buttons = []
    for holding in shown:
        mine = holding.can_release and holding.opening_id in done.releasable
        lines.append(_held_line(holding, mine))
        if mine and holding.opening_id is not None:
            label = f"Release {holding.role_name}"
            buttons.append(Button(Action.RELEASE, holding.opening_id, label))
    if len(done.holdings.claims) > MAX_LISTED:
        lines.append("… and more: your host can tell you.")
    lines += [
        f"⚠ {safe(name)} does not answer: look there yourself whether you hold something."
        for name in done.holdings.unreachable
    ]
    return tuple(buttons)


def _held_line(holding: Holding, mine: bool) -> str:
    tail = "" if mine else f" · give it back in the {holding.platform} panel, or tell the host"
    return (
        f"• **{safe(holding.role_name)}** in “{safe(holding.session_title)}” ·"
        f" {when(holding.starts_at)}{tail}"
    )


def _steps(code: ProfileCode) -> str:
    return (
        f"1. Copy these words:\n```\n{code.words}\n```\n"
        "2. Put them anywhere into **About** on that Roblox profile, and **save**. What stands"
        " there may stay.\n"
        "3. Come back and press **Check**.\n"
        f"{_until(code)}"
    )


def _until(code: ProfileCode) -> str:
    return f"-# Only for you, only here, until <t:{int(code.expires_at.timestamp())}:t>."


def _code_buttons(code: ProfileCode) -> tuple[Button, ...]:
    return (
        Button(Action.CHECK_CODE, code.code_id, "Check", "green"),
        Button(Action.NEW_CODE, code.code_id, "New words"),
        Button(Action.VERIFY, code.code_id, "Not me"),
    )


def _verify_button() -> Button:
    return Button(Action.VERIFY, 1, "Verify with a code", "primary")


def _tries(look: Look) -> str:
    left = look.tries_left
    return f"{left} more {'try' if left == 1 else 'tries'}" if left else "No more tries"


def _not_there(look: Look) -> str:
    return (
        f"✖ I looked at <t:{int(look.at.timestamp())}:T>, and the words are not in the profile of"
        f" **{safe(look.code.username)}** yet. Did you press **Save** there? Roblox may need some"
        f" seconds after that. {_tries(look)}."
    )


def _filtered(look: Look) -> str:
    return (
        f"✖ I looked at <t:{int(look.at.timestamp())}:T>: Roblox shows `#` in place of some of"
        f" your text, so the words cannot be read. Press **New words**. {_tries(look)}."
    )


def _too_soon(look: Look) -> str:
    return (
        f"⏳ I looked a moment ago. Wait until <t:{int(look.again_at.timestamp())}:T>, then press"
        " **Check** again. This did not cost a try."
    )


def _no_tries(look: Look) -> str:
    return (
        f"✖ The words were not there in five tries, so this code is over. Make sure that you edit"
        f" the profile of **{safe(look.code.username)}**, then take new words."
    )


def _unreadable(_: Look) -> str:
    return (
        "⚠ The Roblox profile could not be read just now, so I do not know whether the words are"
        " there. It is not your fault and did not cost a try. Press **Check** again in a minute."
    )


_SEEN = {
    Seen.NOT_THERE: _not_there,
    Seen.FILTERED: _filtered,
    Seen.TOO_SOON: _too_soon,
    Seen.NO_TRIES: _no_tries,
    Seen.UNREADABLE: _unreadable,
}


def _no_answer(answers: Answers) -> str:
    lines = [_said(kind, answer) for kind, answer in answers.items()]
    return "\n".join([*lines, "Or prove your account with a code, which always works."])


def _said(kind: IdentityKind, answer: object) -> str:
    name = kind.label
    if answer is NotResolved.NOT_SHARED:
        return (
            f"🔒 {name} may know you, but you have not shared your account with this Discord"
            f" server. Allow it at {name}, then use `/link` again."
        )
    if answer is NotResolved.NOT_LINKED:
        return (
            f"✖ {name} knows no Roblox account of yours here. Verify yourself there first, then"
            " use `/link` again."
        )
    if isinstance(answer, RateLimited):
        return (
            f"⏳ {name} takes no more questions from this server until"
            f" <t:{int(answer.until.timestamp())}:t>. That says nothing about you; try then."
        )
    if isinstance(answer, Unavailable):
        return (
            f"⚠ {name} does not answer at present. That says nothing about you; try again in a few"
            " minutes."
        )
    assert isinstance(answer, ProviderError)
    return (
        f"⚠ {name} cannot be asked, because of this community's connection to it. It is not your"
        " fault; the admins are told."
    )


def _profile(roblox_id: int) -> str:
    return masked_link("see the profile", profile_url(roblox_id))
