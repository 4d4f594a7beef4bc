"""The sentence of every ending of a claim or release: what, why, and what next."""

from __future__ import annotations

from bot.services.outcomes import Code, Outcome
from bot.text import isolated, safe, when
from bot.wording_full import full_words
from bot.wording_release import reason_wanted_words, released_words


def outcome_words(outcome: Outcome) -> str:
    """What the member reads; untrusted parts are made safe. May be longer than Discord allows."""
    return _WORDS[outcome.code](outcome)


def quoted(words: str) -> str:
    """The platform's own words behind a colon, or just the end of our sentence."""
    return f": “{safe(words.strip().rstrip('.'), 300)}”." if words else "."


def _place(o: Outcome) -> str:
    server = f", {isolated(safe(o.server_name))}" if o.server_name else ""
    return f"**{isolated(safe(o.role_name))}** in “{isolated(safe(o.session_title))}”{server}"


def _who(o: Outcome, mine: str, theirs: str) -> str:
    """A sentence about the member who reads it, or about somebody (`{}`) for whom a host acts."""
    return theirs.format(f"<@{o.subject_id}>") if o.subject_id else mine


def _reason(o: Outcome) -> str:
    return f"\nReason: “{safe(o.reason, 300)}”" if o.reason else ""


def _claimed(o: Outcome) -> str:
    who = f"<@{o.by_id}> has made you" if o.by_id else _who(o, "You are", "{} is now")
    text = f"✔ {who} {_place(o)}."
    if o.starts_at:
        text += f"\nStarts {when(o.starts_at)}"
    if not o.can_release:
        text += f"\n{_panel_only(o)}"
    elif o.subject_id:
        text += "\nTo undo it: `/session remove`"
    return text + _reason(o)


def _panel_only(o: Outcome) -> str:
    return f"To give it back, use the {o.platform} panel: it cannot be released from Discord."


def _released(o: Outcome) -> str:
    return released_words(o, _place(o), _reason(o))


def _not_linked(o: Outcome) -> str:
    whose = f"the Roblox account of <@{o.subject_id}>" if o.subject_id else "your Roblox account"
    text = f"🔗 I do not know {whose} here, so nothing was changed.\n"
    if o.subject_id:
        return f"{text}An admin can link them: `/links add`. Then try again."
    soon = "" if o.releasing else " within 15 minutes, and your claim goes on by itself"
    return (
        f"{text}Link it below{soon}. Or an admin links you with `/links add`; after that, press"
        " again yourself."
    )


def _not_eligible_discord(o: Outcome) -> str:
    if o.barred_role_ids:
        roles = " and ".join(f"<@&{role_id}>" for role_id in o.barred_role_ids)
        return (
            f"⛔ With the Discord role {roles} you cannot claim {_place(o)}.\n"
            "Ask a host or an admin if that is a mistake."
        )
    roles = " or ".join(f"<@&{role_id}>" for role_id in o.role_ids) or "that you do not have"
    return (
        f"⛔ To claim {_place(o)} you need the Discord role {roles}.\n"
        "Ask a host or an admin if you should have it."
    )


def _not_eligible_rank(o: Outcome) -> str:
    if o.words:
        whose = _who(o, "your rank", "the rank of {}")
        return (
            f"⛔ {o.platform} says {whose} is too low for {_place(o)}{quoted(o.words)}"
            "\nAsk the host if that is a mistake."
        )
    whose = _who(o, "yours", "that of {}")
    return (
        f"⛔ {_place(o)} needs group rank {o.needed_rank} or higher; {whose} is {o.rank} right now."
        "\nPromoted just now? Try again in a minute. Otherwise ask the host."
    )


def _claim_once(o: Outcome) -> str:
    where = f" on {safe(o.held_server_name)}" if o.held_server_name else ""
    first = _who(o, "Release it there first: `/claims`", "Take it away first: `/session remove`")
    return (
        f"⛔ {_who(o, 'You hold', '{} holds')} **{safe(o.held_role_name)}** in this session"
        f" already{where}. One person can hold it only once.\n{first}"
    )


def _full(o: Outcome) -> str:
    return full_words(o, _place(o), quoted(o.words))


def _already_same(o: Outcome) -> str:
    text = f"✔ {_who(o, 'You already hold', '{} already holds')} {_place(o)}."
    if not o.can_release:
        return f"{text}\n{_panel_only(o)}"
    return text + _who(o, "", "\nTo take it away: `/session remove`")


def _move(o: Outcome) -> str:
    held = safe(o.held_role_name)
    text = (
        f"↔ {_who(o, 'You hold', '{} holds')} **{held}** on this server already, and"
        f" {o.platform} keeps one role per person.\n"
    )
    if o.subject_id:
        return f"{text}Nothing was changed. To give them {_place(o)} instead: `/session move`"
    return f"{text}Move to {_place(o)}? You give up **{held}** then."


def _clash(o: Outcome) -> str:
    times = ""
    if o.clash_starts_at and o.clash_until:
        start, end = int(o.clash_starts_at.timestamp()), int(o.clash_until.timestamp())
        times = f" (<t:{start}:t> to <t:{end}:t>)"
    other = f"“{safe(o.clash_title)}”{times}" if o.clash_title else "another session"
    if o.clash_may_be_confirmed:
        return f"⚠ You hold a role in {other}, at the same time.\nClaim {_place(o)} all the same?"
    return (
        f"⛔ You hold a role in {other}, at the same time as {_place(o)}. This community allows one"
        " at a time.\nRelease the other one first: `/claims`. Or ask the host."
    )


def _not_done(o: Outcome) -> str:
    return f"{'Not released' if o.releasing else 'Not claimed'}: {_place(o)}."


def _closed(o: Outcome) -> str:
    if o.words:
        return f"⛔ {_not_done(o)} {o.platform} says{quoted(o.words)}\nAsk the host about it."
    closed = f"⛔ {_place(o)} cannot be claimed: {o.why or 'claims are closed'}."
    return f"{closed}\nIf that is wrong, ask the host."


def _not_open(o: Outcome) -> str:
    return (
        f"⛔ “{safe(o.session_title)}” cannot be claimed yet: so far it is only planned. It is"
        " not your fault.\nA host opens it once in the panel; then it can be claimed."
    )


def _list_form(o: Outcome) -> str:
    return (
        f"⛔ {_place(o)} cannot be claimed from Discord: its server was made in the {o.platform}"
        " panel. It is not your fault.\nClaim it there, or ask the host to add a server:"
        " `/session server`."
    )


def _gone(o: Outcome) -> str:
    if o.what == "button":
        return "⛔ This button or choice no longer leads anywhere.\nSee what is open: `/open`"
    if o.what == "route":
        return (
            f"⛔ {o.platform} is not at the address that this workspace uses. It is not your fault."
            "\nTell an admin to check it: `/workspace test`"
        )
    if o.what == "workspace":
        return (
            "⛔ This workspace was disconnected from Discord in the meantime.\n"
            "Ask an admin. What you hold on the platform stays as it is."
        )
    text = f"⛔ This {o.what or 'role'} no longer exists on {o.platform}{quoted(o.words)}"
    return f"{text}\nSee what is open: `/open`"


def _plan(o: Outcome) -> str:
    return (
        f"⛔ The group's {o.platform} plan does not include this{quoted(o.words)}"
        " It is not your fault, and nothing was changed.\nTell an admin: they can change the plan."
    )


def _key(o: Outcome) -> str:
    refused = f"{o.platform} refuses this workspace's key{quoted(o.words)}"
    what = "This workspace's key was erased." if o.what == "key" else refused
    ask = "Tell an admin: they can enter a new one with `/workspace key`."
    return f"⛔ {what} It is not your fault, and nothing was changed.\n{ask}"


def _limited(o: Outcome) -> str:
    busy = f"⏳ {o.platform or 'The platform'} is busy{f': {o.why}' if o.why else ''}"
    until = f" until <t:{int(o.until.timestamp())}:T>" if o.until else ""
    return f"{busy}{until}; nothing was sent.\nTry again {'then' if o.until else 'in a minute'}."


def _down(o: Outcome) -> str:
    return f"⚠ {o.platform} does not answer{quoted(o.words)} Nothing was changed.\nTry again soon."


def _unknown(o: Outcome) -> str:
    what = "the release of " if o.releasing else ""
    return (
        f"❔ {o.platform} has not confirmed {what}{_place(o)} yet. I keep looking and tell you when"
        " I know.\nYou need not press again."
    )


def _still_running(o: Outcome) -> str:
    whose = f"{_who(o, 'of yours', 'of {}')} in “{safe(o.session_title)}”"
    text = f"⏳ An earlier claim or release {whose} is still being confirmed, so nothing more was"
    return f"{text} sent.\nTry again in a minute or two."


def _upstream_said(o: Outcome) -> str:
    said = f"says{quoted(o.words)}" if o.words else "did not say why."
    text = f"⛔ {_not_done(o)} {o.platform} {said} Nothing was changed."
    return f"{text}\nAsk the host if that surprises you."


def _not_held(o: Outcome) -> str:
    who = _who(o, "You do not hold", "{} does not hold")
    return f"{who} {_place(o)}, so there is nothing to release."


def _cannot_release(o: Outcome) -> str:
    return (
        f"⛔ {_who(o, 'You still hold', '{} still holds')} {_place(o)}: {o.platform} roles can be"
        " released in its panel only, not from Discord."
        f"\n{_who(o, 'Release it in the panel, or ask the host to.', 'Release it in the panel.')}"
    )


def _reason_wanted(o: Outcome) -> str:
    return reason_wanted_words(_place(o))


def _did_not_arrive(o: Outcome) -> str:
    did = "Releasing" if o.releasing else "Claiming"
    return (
        f"⛔ {did} {_place(o)} did not reach {o.platform}, so nothing was changed."
        "\nYou can try again now."
    )


def _interrupted(o: Outcome) -> str:
    return (
        f"⛔ Muster was restarted before anything was sent for {_place(o)}. Nothing was changed."
        "\nPress again."
    )


def _gave_up(o: Outcome) -> str:
    did = "released" if o.releasing else "claimed"
    return (
        f"❔ I could not find out whether {_place(o)} was {did}: {o.platform} gave no clear answer"
        " for too long, and I have stopped asking.\nLook in its panel, or ask the host."
    )


_WORDS = {
    Code.CLAIMED: _claimed,
    Code.RELEASED: _released,
    Code.NOT_LINKED: _not_linked,
    Code.NOT_ELIGIBLE_DISCORD: _not_eligible_discord,
    Code.NOT_ELIGIBLE_RANK: _not_eligible_rank,
    Code.CLAIM_ONCE: _claim_once,
    Code.FULL: _full,
    Code.ALREADY_SAME: _already_same,
    Code.MOVE: _move,
    Code.CLASH: _clash,
    Code.CLOSED: _closed,
    Code.NOT_OPEN: _not_open,
    Code.LIST_FORM: _list_form,
    Code.GONE: _gone,
    Code.PLAN: _plan,
    Code.KEY: _key,
    Code.LIMITED: _limited,
    Code.DOWN: _down,
    Code.UNKNOWN: _unknown,
    Code.STILL_RUNNING: _still_running,
    Code.UPSTREAM_SAID: _upstream_said,
    Code.NOT_HELD: _not_held,
    Code.CANNOT_RELEASE: _cannot_release,
    Code.REASON: _reason_wanted,
    Code.DID_NOT_ARRIVE: _did_not_arrive,
    Code.INTERRUPTED: _interrupted,
    Code.GAVE_UP: _gave_up,
}
