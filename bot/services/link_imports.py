"""Imports of links from a file: a dry run first, then applied, and undone within a day."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.background import Background
from bot.errors import LockLost, Refusal
from bot.models import NOBODY, ImportLine, ImportState, LinkImport, Verdict
from bot.services.guild_log import GuildLog
from bot.services.link_files import read_links
from bot.services.link_plans import LinkPlanner, Progress
from bot.services.permits import require_admin
from bot.services.ports import Actor
from bot.store.link_imports import BUSY, ImportStore
from bot.text import counted, mention

log = logging.getLogger(__name__)

APPLY_WITHIN = timedelta(days=1)
UNDO_WITHIN = timedelta(days=1)
FORGOTTEN_AFTER = APPLY_WITHIN + UNDO_WITHIN  # the lines, with what was before; links stay
TIDY_EVERY = 3600.0  # seconds
TAKE_OVER = 60.0  # seconds between two looks for imports whose process died


@dataclass(frozen=True, slots=True)
class Report:
    """Where an import stands."""

    one: LinkImport
    counts: Mapping[Verdict, int]
    done: int  # clean lines that are applied now
    unchecked: int = 0  # clean lines of which nobody knows whether the member is in the guild
    lines: tuple[ImportLine, ...] = ()  # after a dry run: everything

    @property
    def clean(self) -> int:
        """How many lines change a link."""
        return sum(number for verdict, number in self.counts.items() if verdict.clean)


async def silent(_what: str, _done: int, _total: int) -> None:
    """For who wants no progress."""


class LinkImports:
    """One import of a guild at a time; the file itself is never kept."""

    def __init__(
        self,
        store: ImportStore,
        planner: LinkPlanner,
        guild_log: GuildLog | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._planner = planner
        self._guild_log = guild_log
        self._clock = clock
        self._busy: set[int] = set()  # guilds

    async def read(self, actor: Actor, content: bytes, told: Progress = silent) -> Report:
        """The dry run: what the file would change. Raises Refusal, or ProviderErrors."""
        require_admin(actor)
        async with self._turn(actor.guild_id):
            file = await asyncio.to_thread(read_links, content)
            one = await self._store.begin(actor.guild_id, actor.discord_id, self._clock())
            try:
                plan = await self._planner.plan(actor.guild_id, file, told)
                await self._store.plan(one.import_id, plan.lines)
            except BaseException:
                await asyncio.shield(self._store.remove(one.import_id))
                raise
        report = await self.get(actor, one.import_id)
        log.info("import %s of guild %s: %s", one.import_id, actor.guild_id, dict(report.counts))
        return Report(report.one, report.counts, report.done, plan.unchecked, plan.lines)

    async def get(self, actor: Actor, import_id: int) -> Report:
        """An import of this guild. Refusal when it is forgotten, or another guild's."""
        return await self._report(await self._get(actor, import_id))

    async def get_latest(self, actor: Actor) -> Report | None:
        """The guild's last import, if it is not forgotten."""
        require_admin(actor)
        one = await self._store.get_latest(actor.guild_id)
        return await self._report(one) if one else None

    async def list_lines(self, actor: Actor, import_id: int) -> list[ImportLine]:
        """What each line of an import came to."""
        return await self._store.list_lines((await self._get(actor, import_id)).import_id)

    async def apply(self, actor: Actor, import_id: int, told: Progress = silent) -> Report:
        """Link whom the dry run found clean, and who still is."""
        one = await self._get(actor, import_id)
        if self._clock() - one.created_at > APPLY_WITHIN:  # else it is forgotten before its undo
            raise Refusal(
                "This file was read more than a day ago, and much may have changed since. Send it"
                " again with `/links import`."
            )
        async with self._turn(actor.guild_id):
            if not await self._store.enter(one, ImportState.PLANNED, ImportState.APPLYING):
                raise Refusal(
                    "This import was applied already. `/links import` shows the last one."
                )
            return await self._apply(one, told)

    async def undo(self, actor: Actor, import_id: int, told: Progress = silent) -> Report:
        """Put back what was before the import, except for what was changed since."""
        one = await self._get(actor, import_id)
        if one.applied_at is None or one.state is not ImportState.APPLIED:
            raise Refusal("This import is not applied, so there is nothing to undo.")
        if self._clock() - one.applied_at > UNDO_WITHIN:
            raise Refusal(
                "An import can be undone for a day, and this one is older. Change single links with"
                " `/links add` and `/links remove`."
            )
        async with self._turn(actor.guild_id):
            if not await self._store.enter(one, ImportState.APPLIED, ImportState.UNDOING):
                raise Refusal("This import was undone already.")
            return await self._undo(one, told)

    async def discard(self, actor: Actor, import_id: int) -> None:
        """Forget a dry run."""
        one = await self._get(actor, import_id)
        if one.state is not ImportState.PLANNED or not await self._store.discard(import_id):
            raise Refusal("This import was applied. It can be undone with `/links import`.")

    async def recover(self, background: Background) -> None:
        """Go on with what the last process was in the middle of, and say so in the log channel."""
        for one in await self._store.list_under_way():
            if one.by_id != NOBODY:
                background.spawn(self._recover(one), f"finish import {one.import_id}")
        background.spawn(self.take_over(), "finish imports of the operator")
        background.every(TAKE_OVER, self.take_over, "finish imports of the operator")
        background.every(TIDY_EVERY, self.forget_old, "forget old imports")

    async def take_over(self) -> None:
        """Go on with imports of the operator's whose process, such as a command, has died."""
        for one in await self._store.list_under_way():
            if one.by_id != NOBODY or one.guild_id in self._busy:
                continue
            try:
                async with self._store.only_importer(one.guild_id):
                    latest = await self._store.get(one.guild_id, one.import_id)
                    if latest is not None and latest.state is one.state:
                        await self._recover(latest)
            except LockLost as error:
                log.info("import %s is left alone: %s", one.import_id, error)

    @asynccontextmanager
    async def as_operator(self, guild_id: int) -> AsyncIterator[None]:
        """Import from the command line within. Refusal while another such command runs."""
        try:
            async with self._store.only_importer(guild_id):
                await self._drop_half_read(guild_id)
                yield
        except LockLost:
            raise Refusal(
                "Another `muster links import` is under way. Try again when it is done."
            ) from None

    async def _drop_half_read(self, guild_id: int) -> None:
        """What a command that died had read; what it had applied, Muster itself finishes."""
        latest = await self._store.get_latest(guild_id)
        if latest and latest.by_id == NOBODY and latest.state is ImportState.READING:
            await self._store.remove(latest.import_id)

    async def forget_old(self) -> None:
        """Forget the lines of imports that can no longer be undone."""
        await self._store.remove_before(self._clock() - FORGOTTEN_AFTER)

    async def _recover(self, one: LinkImport) -> None:
        if one.state is not ImportState.READING:
            await self._finish(one)
            return
        await self._store.remove(one.import_id)
        await self._say(
            one.guild_id,
            f"⚠ The links file of {_who(one)} was not read to its end, because Muster was"
            " restarted. Nothing was changed: send it again with `/links import`.",
        )

    async def _finish(self, one: LinkImport) -> None:
        async with self._turn(one.guild_id):
            if one.state is ImportState.APPLYING:
                report = await self._apply(one, silent)
                did = f"is applied: {report.done} of {counted(report.clean, 'member')} linked"
            else:
                report = await self._undo(one, silent)
                did = f"is undone; {report.done} of its links were changed since and stay"
        await self._say(
            one.guild_id, f"✔ The import of {_who(one)} {did}. Muster was restarted meanwhile."
        )

    async def _apply(self, one: LinkImport, told: Progress) -> Report:
        report = await self._report(one)
        line, done = 0, report.done
        while (step := await self._store.apply_some(one, line, self._clock())) is not None:
            line, more = step
            done += more
            await told("Linked members", done, report.clean)
        await self._store.note_applied(one.import_id, self._clock())
        log.info("import %s of guild %s applied: %s", one.import_id, one.guild_id, done)
        return await self._fresh(one)

    async def _undo(self, one: LinkImport, told: Progress) -> Report:
        total = (await self._report(one)).done
        line, undone = 0, 0
        while (step := await self._store.undo_some(one, line)) is not None:
            line, more = step
            undone += more
            await told("Put back links", undone, total)
        await self._store.move(one.import_id, ImportState.UNDOING, ImportState.UNDONE)
        log.info("import %s of guild %s undone", one.import_id, one.guild_id)
        return await self._fresh(one)

    async def _get(self, actor: Actor, import_id: int) -> LinkImport:
        require_admin(actor)
        one = await self._store.get(actor.guild_id, import_id)
        if one is None:
            raise Refusal("This import is forgotten. Send the file again with `/links import`.")
        return one

    async def _fresh(self, one: LinkImport) -> Report:
        found = await self._store.get(one.guild_id, one.import_id)
        return await self._report(found or one)

    async def _report(self, one: LinkImport) -> Report:
        counted = await self._store.count(one.import_id)
        counts: Counter[Verdict] = Counter()
        for (verdict, _), number in counted.items():
            counts[verdict] += number
        done = sum(number for (_, applied), number in counted.items() if applied)
        return Report(one, counts, done)

    async def _say(self, guild_id: int, text: str) -> None:
        if self._guild_log is not None:
            await self._guild_log.say(guild_id, text)

    @asynccontextmanager
    async def _turn(self, guild_id: int) -> AsyncIterator[None]:
        if guild_id in self._busy:
            raise Refusal(BUSY)
        self._busy.add(guild_id)
        try:
            yield
        finally:
            self._busy.discard(guild_id)


def _who(one: LinkImport) -> str:
    return mention(one.by_id, "the operator of Muster")
