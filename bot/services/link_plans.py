"""What an imported file would change: every line gets its verdict, nothing is changed."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.errors import MessengerError
from bot.models import AccountLink, FileLine, ImportLine, LinkSource, RobloxUser, Verdict
from bot.services.bulk_names import BulkNames, Sleep
from bot.services.ports import Messenger
from bot.store.link_lists import LinkLists
from bot.store.links import LinkStore

log = logging.getLogger(__name__)

MEMBERS_AT_ONCE = 100  # Discord's limit for one question
# Seconds between two questions. A connection may send 120 things a minute, heartbeats included.
MEMBERS_PAUSE = 0.6

Progress = Callable[[str, int, int], Awaitable[None]]  # (what is being done, how many, of how many)


@dataclass(frozen=True, slots=True)
class Plan:
    """Every line of the file, and of how many clean ones membership is not known."""

    lines: tuple[ImportLine, ...]
    unchecked: int = 0


class LinkPlanner:
    """Compares a file with the guild's links, Roblox and the guild's members.

    Without `messenger` (on the command line) nobody is asked who is a member.
    """

    def __init__(
        self,
        links: LinkStore,
        lists: LinkLists,
        names: BulkNames,
        messenger: Messenger | None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._links = links
        self._lists = lists
        self._names = names
        self._messenger = messenger
        self._sleep = sleep

    async def plan(self, guild_id: int, lines: Sequence[FileLine], told: Progress) -> Plan:
        """A verdict for each line. Raises ProviderErrors when Roblox stays silent."""
        members = {line.discord_id for line in lines}
        held = await self._lists.map_by_discord(guild_id, members)
        found = await self._resolve(lines, held, told)
        holders = await self._links.map_by_roblox(guild_id, {one.roblox_id for one in found})
        judged = [
            one if one.verdict is not Verdict.NEW else _judge(one, held, holders) for one in found
        ]
        here, unchecked = await self._members(guild_id, judged, told)
        return Plan(
            tuple(
                replace(one, verdict=Verdict.ELSEWHERE)
                if one.verdict.clean and one.discord_id not in here
                else one
                for one in judged
            ),
            unchecked,
        )

    async def _resolve(
        self, lines: Sequence[FileLine], held: Mapping[int, AccountLink], told: Progress
    ) -> list[ImportLine]:
        """Accounts by id and by name; what the file itself does not rule out is NEW for now."""
        usable = [line for line in lines if line.verdict is None]
        known = {
            link.roblox_id: RobloxUser(link.roblox_id, link.username, link.username)
            for link in held.values()
        }
        ids = {line.roblox_id for line in usable if line.roblox_id} - known.keys()
        names = {line.username for line in usable if not line.roblox_id}
        total = len(ids) + len(names)

        async def by_id(done: int) -> None:
            await told("Looked up Roblox accounts", done, total)

        async def by_name(done: int) -> None:
            await told("Looked up Roblox accounts", len(ids) + done, total)

        users = known | await self._names.fetch_by_id(ids, by_id)
        named = await self._names.fetch_by_name(names, by_name)
        return await asyncio.to_thread(_to_lines, lines, users, named)  # there may be 50,000

    async def _members(
        self, guild_id: int, lines: Iterable[ImportLine], told: Progress
    ) -> tuple[set[int], int]:
        """Who of those that would be linked is in the guild, or may be; how many may be."""
        wanted = sorted({line.discord_id for line in lines if line.verdict.clean})
        if self._messenger is None:
            return set(wanted), len(wanted)
        here: set[int] = set()
        for start in range(0, len(wanted), MEMBERS_AT_ONCE):
            part = wanted[start : start + MEMBERS_AT_ONCE]
            if start:
                await self._sleep(MEMBERS_PAUSE)
            try:
                here |= await self._messenger.list_members(guild_id, part)
            except MessengerError as error:
                log.warning("members of guild %s: %s", guild_id, error)
                return here | set(wanted[start:]), len(wanted) - start
            await told("Asked Discord who is a member here", start + len(part), len(wanted))
        return here, 0


def _to_lines(
    lines: Sequence[FileLine], users: Mapping[int, RobloxUser], named: Mapping[str, RobloxUser]
) -> list[ImportLine]:
    return [*_without_contradictions([_to_line(line, users, named) for line in lines])]


def _to_line(
    line: FileLine, users: Mapping[int, RobloxUser], named: Mapping[str, RobloxUser]
) -> ImportLine:
    if line.verdict is not None:
        return ImportLine(line.line, line.discord_id, 0, "", line.verdict)
    user = users.get(line.roblox_id) if line.roblox_id else named.get(line.username)
    if user is None:
        account = line.roblox_id, line.username
        return ImportLine(line.line, line.discord_id, *account, Verdict.UNKNOWN)
    return ImportLine(line.line, line.discord_id, user.roblox_id, user.username, Verdict.NEW)


def _without_contradictions(lines: Sequence[ImportLine]) -> Iterable[ImportLine]:
    """Lines that say a thing twice count once; those that say two things do not count at all."""
    of_member: dict[int, set[int]] = defaultdict(set)
    of_account: dict[int, set[int]] = defaultdict(set)
    for line in lines:
        if line.verdict is Verdict.NEW:
            of_member[line.discord_id].add(line.roblox_id)
            of_account[line.roblox_id].add(line.discord_id)
    seen: set[int] = set()
    for line in lines:
        if line.verdict is not Verdict.NEW:
            yield line
        elif len(of_member[line.discord_id]) > 1 or len(of_account[line.roblox_id]) > 1:
            yield replace(line, verdict=Verdict.CONTRADICTION)
        elif line.discord_id in seen:
            yield replace(line, verdict=Verdict.REPEATED)
        else:
            seen.add(line.discord_id)
            yield line


def _judge(
    line: ImportLine, held: Mapping[int, AccountLink], holders: Mapping[int, AccountLink]
) -> ImportLine:
    had, holder = held.get(line.discord_id), holders.get(line.roblox_id)
    if had is not None and had.roblox_id == line.roblox_id:
        return replace(line, verdict=Verdict.SAME)
    if holder is not None:
        return replace(line, verdict=Verdict.TAKEN)
    if had is None:
        return line
    if had.source is LinkSource.PROOF:
        return replace(line, verdict=Verdict.PROVED)
    return replace(line, verdict=Verdict.CHANGED, had=had)
