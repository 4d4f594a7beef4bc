"""Making untrusted text and times fit to be shown in Discord."""

from __future__ import annotations

from datetime import datetime
from unicodedata import bidirectional

from discord.utils import escape_markdown, escape_mentions

# Classes of Unicode's bidirectional algorithm: letters, and signs that turn the direction.
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI"})


def size(text: str) -> int:
    """How long Discord may find a text: in UTF-16 units, of which an emoji takes two or more."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shorten(text: str, limit: int) -> str:
    """The text, of at most `limit` (1 or more) UTF-16 units."""
    if size(text) <= limit:
        return text
    start = text.encode("utf-16-le", "surrogatepass")[: 2 * (limit - 1)]
    return start.decode("utf-16-le", "ignore") + "…"  # half a pair at the cut is left out


def cut(text: str, limit: int) -> str:
    """One line of at most `limit` UTF-16 units."""
    return shorten(" ".join(text.split()), limit)


def safe(text: str, limit: int = 100) -> str:
    """Untrusted text for a message: one line of at most `limit`, no markdown, no mentions."""
    shown = cut(text, limit)
    while (excess := size(escaped := _escaped(shown)) - limit) > 0:
        shown = cut(shown, size(shown) - max(1, excess // 2))  # a sign takes two once escaped
    return escaped


def mention(discord_id: int, nobody: str = "somebody no longer named") -> str:
    """A person in a message; whoever had their data erased is named no more: their id is 0."""
    return f"<@{discord_id}>" if discord_id else nobody


def linker(discord_id: int) -> str:
    """Who made a link: the command line names nobody, and neither does whoever was erased."""
    return mention(discord_id, "the operator of Muster, or an admin no longer named")


def _escaped(text: str) -> str:
    """Also keeps two texts of one message from forming a masked link together."""
    return escape_mentions(escape_markdown(text)).replace("](", "]\u200b(")


def counted(number: int, word: str) -> str:
    """ "1 role", "2 roles": for words whose plural takes an s."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def isolated(text: str) -> str:
    """The text, kept from turning round the numbers beside it when it is written right to left."""
    if any(bidirectional(sign) in _RIGHT_TO_LEFT for sign in text):
        return f"\u2068{text}\u2069"
    return text


def when(time: datetime) -> str:
    """Full and relative, so that every reader sees the own zone and a countdown."""
    stamp = int(time.timestamp())
    return f"<t:{stamp}:F> (<t:{stamp}:R>)"
