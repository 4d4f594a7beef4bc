"""The sentence of a role that is full, or as good as full."""

from __future__ import annotations

from bot.services.outcomes import Outcome
from bot.text import safe

OTHERS = "Other open roles: `/open`"


def full_words(o: Outcome, place: str, said: str) -> str:
    """Why there is no room, and the member's number in the line. `place`, `said`: safe to show."""
    number = f"\nYou are no. {o.waitlist_place} on its waitlist." if o.waitlist_id else ""
    if o.kept:
        until = f" until <t:{int(o.kept_until.timestamp())}:t>" if o.kept_until else ""
        kept = f"■ The free place of {place} is kept for the next on the waitlist{until}."
        return f"{kept}{number}\n{OTHERS}"
    if o.capacity and len(o.holders) < o.capacity:  # the rest is reserved
        return (
            f"⏳ {place} may be full: somebody's claim is just being confirmed.{number}\n"
            f"Try again in a minute or two. {OTHERS}"
        )
    count = f" {len(o.holders)}/{o.capacity}" if o.capacity else ""
    shown = [h if h.startswith("<@") else safe(h, 40) for h in o.holders[:10]]
    names = f": {', '.join(shown)}" if shown else ""
    platform = f"\n{o.platform} says{said}" if o.words else ""
    return f"■ {place} is full{count}{names}.{platform}{number}\n{OTHERS}"
