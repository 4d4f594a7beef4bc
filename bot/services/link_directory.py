"""A guild's links to look at: one, a page of them, or all as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.errors import Refusal
from bot.models import AccountLink, ImportLine, RobloxUser, Verdict
from bot.services.link_files import write_csv
from bot.services.link_names import NameRefresher
from bot.services.linking import LinkingService
from bot.services.permits import require_admin
from bot.services.ports import Actor
from bot.store.link_lists import LinkLists
from bot.store.links import LinkStore

PAGE = 12  # links on one page: their lines fit into a message
HEADER = (
    "discord_id", "roblox_id", "username", "source", "linked_by", "linked_at", "username_read_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a guild's links."""

    links: Sequence[AccountLink]
    number: int  # from 0
    pages: int
    total: int


class LinkDirectory:
    """Admins look around; nobody else does."""

    def __init__(
        self,
        linking: LinkingService,
        links: LinkStore,
        lists: LinkLists,
        names: NameRefresher,
    ) -> None:
        self._linking = linking
        self._links = links
        self._lists = lists
        self._names = names

    async def find(self, actor: Actor, account: str) -> tuple[RobloxUser, AccountLink | None]:
        """The Roblox account of this name or id, and whose it is in the guild."""
        require_admin(actor)
        text = account.strip()
        if text.isascii() and text.isdecimal():  # no need of Roblox for what is stored here
            link = await self._links.get_by_roblox(actor.guild_id, int(text))
            if link is not None:
                return RobloxUser(link.roblox_id, link.username, link.username), link
        user = await self._linking.find_account(account)
        return user, await self._links.get_by_roblox(actor.guild_id, user.roblox_id)

    async def page(self, actor: Actor, number: int) -> Page:
        """The page of this number, or the last one."""
        require_admin(actor)
        total = await self._lists.count(actor.guild_id)
        pages = max(1, -(-total // PAGE))
        number = min(number, pages - 1)
        links = await self._lists.page(actor.guild_id, number * PAGE, PAGE)
        return Page(links, number, pages, total)

    def is_old(self, link: AccountLink) -> bool:
        """Whether the name may well be another by now."""
        return self._names.is_late(link.username_at)

    async def export(self, actor: Actor, most: int | None = None) -> tuple[bytes, int]:
        """All links as a CSV file that can be imported again, and how many they are.

        Raises Refusal when it would have more than `most` bytes.
        """
        require_admin(actor)
        parts = [write_csv([HEADER])]
        size, count = 0, 0
        async for links in self._lists.walk(actor.guild_id):
            parts.append(write_csv(_rows(links)).removeprefix(b"\xef\xbb\xbf"))
            size, count = size + len(parts[-1]), count + len(links)
            if most is not None and size > most:
                raise Refusal(
                    "The file would be too big for Discord. Whoever runs Muster can write it with"
                    " `muster links export`."
                )
        return b"".join(parts), count


def report_file(lines: Sequence[ImportLine]) -> bytes:
    """What an import makes of each line, as a CSV file."""
    header = ("line", "discord_id", "roblox_id", "username", "result", "what to do")
    rows = [
        (
            line.line, line.discord_id or "", line.roblox_id or "", line.username,
            line.verdict.value, ADVICE[line.verdict],
        )
        for line in lines
    ]  # fmt: skip
    return write_csv([header, *rows])


def _rows(links: Sequence[AccountLink]) -> Iterator[tuple[object, ...]]:
    for link in links:
        yield (
            link.discord_id, link.roblox_id, link.username, link.source.value, link.linked_by,
            f"{link.linked_at:%Y-%m-%dT%H:%M:%SZ}", f"{link.username_at:%Y-%m-%dT%H:%M:%SZ}",
        )  # fmt: skip


ADVICE = {
    Verdict.NEW: "Apply links this member.",
    Verdict.CHANGED: "Apply gives this member this account in place of the one they have.",
    Verdict.SAME: "Nothing: they are linked like this already.",
    Verdict.TAKEN: "Another member has this account. Decide with /links add.",
    Verdict.PROVED: "The member proved another account. Ask them or decide with /links add.",
    Verdict.CONTRADICTION: "Other lines name this member or this account too. Keep the right one.",
    Verdict.REPEATED: "Nothing: an earlier line says the same.",
    Verdict.UNKNOWN: "Roblox has no such account. Check the spelling.",
    Verdict.ELSEWHERE: "Not a member of this Discord server. Import again when they have joined.",
    Verdict.MANGLED: "Your spreadsheet rounded the number. Set the column to Text, paste the id"
    " again, and export again.",
    Verdict.NO_ID: "The Discord id must be 15 to 20 digits. In Discord, switch on Developer Mode"
    " and choose Copy User ID.",
    Verdict.NO_ACCOUNT: "There must be a Roblox username or the number of a Roblox account.",
    Verdict.FORMULA: "This is a formula. Write the id itself.",
    Verdict.TOO_LONG: "The line is too long. It needs two columns only.",
    Verdict.UNCLOSED: "A quotation mark has no partner. Take it out.",
}
