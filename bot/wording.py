"""The sentence of every ending of a claim or release: what, why, and what next."""

from __future__ import annotations

from bot.services.outcomes import Code, Outcome
from bot.text import safe, when


def outcome_words(outcome: Outcome) -> str:
    """What the member reads; untrusted parts are made safe. May be longer than Discord allows."""
    return _WORDS[outcome.code](outcome)


def quoted(words: str) -> str:
    """The platform's own words behind a colon, or just the end of our sentence."""
    return f": “{safe(words, 300)}”." if words else "."


def _place(outcome: Outcome) -> str:
    server = f", {safe(outcome.server_name)}" if outcome.server_name else ""
    return f"**{safe(outcome.role_name)}** in “{safe(outcome.session_title)}”{server}"


def _claimed(o: Outcome) -> str:
    starts = f"\nStarts {when(o.starts_at)}" if o.starts_at else ""
    return f"✔ You are {_place(o)}.{starts}"


def _not_linked(_: Outcome) -> str:
    return (
        "🔗 I do not know your Roblox account here, so nothing was claimed.\n"
        "Ask an admin to link you: `/links add`. Then press again."
    )


def _not_eligible_discord(o: Outcome) -> str:
    roles = " or ".join(f"<@&{role_id}>" for role_id in o.role_ids)
    return f"⛔ Claiming here needs the Discord role {roles}. Ask a host or an admin."


def _not_eligible_rank(o: Outcome) -> str:
    if o.words:
        return f"⛔ {o.platform} says your rank is too low for {_place(o)}{quoted(o.words)}"
    return (
        f"⛔ {_place(o)} needs group rank {o.needed_rank} or higher; yours is {o.rank} as of now."
        "\nIf you were promoted just now, try again in a minute; otherwise ask the host."
    )


def _claim_once(o: Outcome) -> str:
    where = f" on {safe(o.held_server_name)}" if o.held_server_name else ""
    return (
        f"⛔ You hold **{safe(o.held_role_name)}** in this session already{where}; it can be"
        " claimed once only. Release it there first."
    )


def _full(o: Outcome) -> str:
    if o.capacity and len(o.holders) < o.capacity:  # the rest is reserved
        return (
            f"⏳ Somebody's claim of {_place(o)} is just being confirmed; that would make it full."
            " Try again in a minute or two.\n"
            "Other open roles: `/open`"
        )
    count = f" {len(o.holders)}/{o.capacity}" if o.capacity else ""
    shown = [h if h.startswith("<@") else safe(h, 40) for h in o.holders[:10]]
    names = f": {', '.join(shown)}" if shown else ""
    return f"■ {_place(o)} is full{count}{names}.\nOther open roles: `/open`"


def _already_same(o: Outcome) -> str:
    return f"✔ You already hold {_place(o)}."


def _move(o: Outcome) -> str:
    return (
        f"↔ You hold **{safe(o.held_role_name)}** there already, and {o.platform} keeps one role"
        f" per person on a server. Move to {_place(o)}?"
    )


def _closed(o: Outcome) -> str:
    if o.words:
        return f"⛔ Not claimed: {o.platform} says{quoted(o.words)}"
    return f"⛔ {_place(o)} cannot be claimed: {o.why}. Ask the host if you think it should."


def _not_open(o: Outcome) -> str:
    return (
        f"⛔ “{safe(o.session_title)}” is not open yet: it exists only as a template. A host opens"
        " it once in the panel; then it can be claimed. It is not your fault."
    )


def _list_form(o: Outcome) -> str:
    return (
        f"⛔ This server was made in the {o.platform} panel and cannot take claims from Discord."
        " It is not your fault. Claim it in the panel, or ask the host to add a server with"
        " `/session post`."
    )


def _gone(o: Outcome) -> str:
    if o.what == "button":
        return "⛔ This button no longer leads anywhere. See what is open with `/open`."
    if o.what == "route":
        return (
            f"⛔ {o.platform} is not at the address that this workspace uses. It is not your fault;"
            " tell an admin to check it with `/workspace test`."
        )
    if o.what == "workspace":
        return "⛔ This workspace was disconnected in the meantime. Ask an admin."
    return f"⛔ This {o.what} no longer exists on {o.platform}{quoted(o.words)} See `/open`."


def _plan(o: Outcome) -> str:
    return (
        f"⛔ The group's {o.platform} plan does not include this{quoted(o.words)}"
        " It is not your fault; tell an admin."
    )


def _key(o: Outcome) -> str:
    return (
        f"⛔ {o.platform} refuses this workspace's key{quoted(o.words)} It is not your fault:"
        " the admins have been told, and nothing was changed."
    )


def _limited(o: Outcome) -> str:
    until = f" until <t:{int(o.until.timestamp())}:T>" if o.until else ""
    return f"⏳ {o.platform or 'The platform'} is busy{until}; nothing was sent. Try again then."


def _down(o: Outcome) -> str:
    return f"⚠ {o.platform} does not answer{quoted(o.words)} Nothing was changed. Try again soon."


def _unknown(o: Outcome) -> str:
    return (
        f"❔ {o.platform} has not confirmed {_place(o)} yet. I keep looking and change this message"
        " when I know. You need not press again."
    )


def _upstream_said(o: Outcome) -> str:
    said = f"{o.platform} said{quoted(o.words)}" if o.words else f"{o.platform} refused."
    return f"⛔ {said} Nothing was changed. Ask the host if that surprises you."


def _cannot_release(o: Outcome) -> str:
    return (
        f"⛔ {o.platform} lets nobody release a role from outside its panel. You still hold"
        f" {_place(o)}. Release it in the panel, or ask the host to."
    )


def _did_not_arrive(o: Outcome) -> str:
    return f"⛔ {o.platform} did not take it: {_place(o)} is as it was. You can try again now."


def _interrupted(o: Outcome) -> str:
    return (
        f"⛔ Muster was restarted before anything was sent: {_place(o)} is as it was. Press again."
    )


_WORDS = {
    Code.CLAIMED: _claimed,
    Code.RELEASED: lambda o: f"✔ Released: you no longer hold {_place(o)}.",
    Code.NOT_LINKED: _not_linked,
    Code.NOT_ELIGIBLE_DISCORD: _not_eligible_discord,
    Code.NOT_ELIGIBLE_RANK: _not_eligible_rank,
    Code.CLAIM_ONCE: _claim_once,
    Code.FULL: _full,
    Code.ALREADY_SAME: _already_same,
    Code.MOVE: _move,
    Code.CLOSED: _closed,
    Code.NOT_OPEN: _not_open,
    Code.LIST_FORM: _list_form,
    Code.GONE: _gone,
    Code.PLAN: _plan,
    Code.KEY: _key,
    Code.LIMITED: _limited,
    Code.DOWN: _down,
    Code.UNKNOWN: _unknown,
    Code.UPSTREAM_SAID: _upstream_said,
    Code.NOT_HELD: lambda o: f"You do not hold {_place(o)}, so there is nothing to release.",
    Code.CANNOT_RELEASE: _cannot_release,
    Code.DID_NOT_ARRIVE: _did_not_arrive,
    Code.INTERRUPTED: _interrupted,
}
