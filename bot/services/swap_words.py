"""The words of swaps: the question, and every ending with what, why and what next.

One text serves both members, the host and the log: `reader` (a Discord id) is "you" in it.
"""

from __future__ import annotations

from bot.models import Stands
from bot.services.swap_outcomes import Reach, SwapCode, SwapOutcome, SwapPart
from bot.text import safe, when


def swap_words(outcome: SwapOutcome, reader: int | None) -> str:
    """What the reader is told; untrusted parts are made safe."""
    reference = f"\n-# Reference {outcome.reference}" if outcome.reference else ""
    return _WORDS[outcome.code](outcome, reader) + reference


def role_words(part: SwapPart) -> str:
    """A role with its session, as in every answer."""
    server = f", {safe(part.server_name)}" if part.server_name else ""
    return f"**{safe(part.role_name)}** in “{safe(part.session_title)}”{server}"


def _who(part: SwapPart, reader: int | None) -> str:
    return "you" if part.discord_id == reader else f"<@{part.discord_id}>"


def _verb(part: SwapPart, reader: int | None, mine: str, theirs: str) -> str:
    """The member as the subject of a sentence."""
    return f"{_who(part, reader)} {mine if part.discord_id == reader else theirs}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _ordered(o: SwapOutcome, reader: int | None) -> tuple[SwapPart, SwapPart]:
    """The reader first."""
    if o.partner.discord_id == reader:
        return o.partner, o.proposer
    return o.proposer, o.partner


def _trade(o: SwapOutcome, reader: int | None) -> str:
    """Who gets what."""
    one, other = _ordered(o, reader)
    starts = f", {when(other.starts_at)}" if other.starts_at else ""
    return (
        f"{_verb(one, reader, 'get', 'gets')} {role_words(other)}{starts}, and"
        f" {_verb(other, reader, 'get', 'gets')} {role_words(one)}"
    )


def _asks(o: SwapOutcome, reader: int | None) -> str:
    until = f"<t:{int(o.expires_at.timestamp())}:R>" if o.expires_at else "soon"
    return (
        f"⇄ {_capital(_who(o.proposer, reader))} would like to swap roles with"
        f" {_who(o.partner, reader)}: {_trade(o, reader)}.\nThe question ends {until}; without an"
        " answer nothing changes."
    )


_REACHED = {
    Reach.THREAD: "They were pinged in the session's thread.",
    Reach.DIRECT: "They got a direct message.",
    Reach.BOTH: "They were pinged in the session's thread and got a direct message.",
    Reach.NOT_YET: (
        "⚠ I cannot reach them: the session has no thread, and they take no direct messages from"
        " Muster. Ask them to use any Muster command here, such as `/claims`; then they are shown"
        " your question."
    ),
}


def _asked(o: SwapOutcome, reader: int | None) -> str:
    until = f" until {when(o.expires_at)}" if o.expires_at else ""
    reached = f" {_REACHED[o.reach]}" if o.reach else ""
    return (
        f"⇄ {_capital(_verb(o.partner, reader, 'are', 'is'))} asked{until}: if the answer is yes,"
        f" {_trade(o, reader)}.{reached}\nNothing changes before that; I tell you what comes of it."
    )


def _done(o: SwapOutcome, reader: int | None) -> str:
    one, other = _ordered(o, reader)
    by = "Swapped"
    if o.host_id:
        by = f"{'You' if o.host_id == reader else f'<@{o.host_id}>'} swapped the roles"
    starts = f"\nStarts {when(other.starts_at)}" if other.starts_at else ""
    undo = "To swap back: `/swap`"
    if o.host_id and o.host_id != reader:
        undo = "Ask them if that surprises you."
    return (
        f"⇄ {by}: {_verb(one, reader, 'are', 'is')} now {role_words(other)}, and"
        f" {_verb(other, reader, 'are', 'is')} {role_words(one)}.{starts}\n{undo}"
    )


def _declined(o: SwapOutcome, reader: int | None) -> str:
    if reader == o.partner.discord_id:
        return f"✔ Declined: you keep {role_words(o.partner)}. <@{o.proposer.discord_id}> is told."
    return (
        f"✖ <@{o.partner.discord_id}> does not want to swap {role_words(o.partner)} for"
        f" {role_words(o.proposer)}. Nothing was changed.\nAsk somebody else: `/swap`"
    )


def _withdrawn(o: SwapOutcome, reader: int | None) -> str:
    return (
        f"✖ {_capital(_verb(o.proposer, reader, 'no longer want', 'no longer wants'))} to swap"
        f" {role_words(o.proposer)} for {role_words(o.partner)}. Nothing was changed.\nTo ask"
        " again: `/swap`"
    )


def _expired(o: SwapOutcome, reader: int | None) -> str:
    return (
        f"⏳ {_capital(_verb(o.partner, reader, 'did', 'did'))} not answer in time whether to swap"
        f" {role_words(o.partner)} for {role_words(o.proposer)}. Nothing was changed.\nTo ask"
        " again: `/swap`"
    )


def _refused(o: SwapOutcome, _: int | None) -> str:
    return (
        f"⛔ Not swapped. {o.why or 'The rules do not allow it.'} Nothing was changed.\nIf that is"
        " wrong, ask a host."
    )


_HELD = {
    Stands.OLD: ("hold", "holds", "{old}, as before"),
    Stands.NEW: ("hold", "holds", "{new} now"),
    Stands.BOTH: ("hold", "holds", "{old} and {new}"),
    Stands.NEITHER: ("hold neither", "holds neither", "{old} nor {new}"),
}


def _stands(o: SwapOutcome, reader: int | None) -> str:
    """What each of the two holds, as last read."""
    sentences = []
    for part, other in ((o.proposer, o.partner), (o.partner, o.proposer)):
        if part.stands is Stands.UNREAD:
            continue
        mine, theirs, what = _HELD[part.stands]
        said = what.format(old=role_words(part), new=role_words(other))
        sentences.append(f"{_capital(_verb(part, reader, mine, theirs))} {said}.")
    return " ".join(sentences)


def _undone(o: SwapOutcome, reader: int | None) -> str:
    return (
        f"⛔ Not swapped. {o.why}\nBoth roles were given back: {_stands(o, reader)}\nYou can try"
        " again with `/swap`, or ask a host."
    )


def _partly(o: SwapOutcome, reader: int | None) -> str:
    return (
        f"⚠ Not swapped, and not everything could be put back. {o.why}\n{_stands(o, reader)}\n"
        "Ask the session's host: they can give a role with `/session add`."
    )


def _gave_up(o: SwapOutcome, _: int | None) -> str:
    return (
        f"❔ I could not find out what became of the swap of {role_words(o.proposer)} and"
        f" {role_words(o.partner)}: {o.platform} gave no clear"
        " answer for too long, and I have stopped asking.\nLook in its panel, or ask the host."
    )


def _unknown(o: SwapOutcome, _: int | None) -> str:
    return (
        f"❔ The swap of {role_words(o.proposer)} and {role_words(o.partner)} is under way, and"
        f" {o.platform} has not confirmed all of it yet. I go on until both are swapped or have"
        " their roles back, and tell both.\nYou need not press again."
    )


def _busy(o: SwapOutcome, _: int | None) -> str:
    return (
        f"⏳ An earlier claim or release of <@{o.proposer.discord_id}> or"
        f" <@{o.partner.discord_id}> in these sessions is still being confirmed, so nothing was"
        " sent.\nTry again in a minute or two."
    )


def _not_now(o: SwapOutcome, _: int | None) -> str:
    return f"⚠ Not swapped yet. {o.why} Nothing was changed.\nTry again in a minute."


_WORDS = {
    SwapCode.ASKS: _asks,
    SwapCode.ASKED: _asked,
    SwapCode.DONE: _done,
    SwapCode.DECLINED: _declined,
    SwapCode.WITHDRAWN: _withdrawn,
    SwapCode.EXPIRED: _expired,
    SwapCode.REFUSED: _refused,
    SwapCode.UNDONE: _undone,
    SwapCode.PARTLY: _partly,
    SwapCode.GAVE_UP: _gave_up,
    SwapCode.UNKNOWN: _unknown,
    SwapCode.BUSY: _busy,
    SwapCode.NOT_NOW: _not_now,
}
