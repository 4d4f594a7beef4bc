"""The codes that members put into their Roblox profiles."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import ColumnElement, delete, or_, select, update

from bot.models import ProfileCode
from bot.store.columns import fits
from bot.store.database import Database
from bot.store.linking_tables import profile_codes

_c = profile_codes.c
_SHOWN = [_c[name] for name in ProfileCode.__dataclass_fields__]


class ProfileCodeStore:
    """Rows of `profile_codes`: at most one for each member of a guild."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, code: ProfileCode, now: datetime) -> ProfileCode:
        """Store a new code, whose id is chosen here; the member's earlier one is void."""
        values = asdict(code)
        del values["code_id"]
        insert = self._database.insert(profile_codes).values(values)
        upsert = insert.on_conflict_do_nothing().returning(_c.code_id)
        mine = (_c.discord_id == code.discord_id) & (_c.guild_id == code.guild_id)
        # On its own: with rows of others in hand, two processes could wait for each other.
        async with self._database.write() as connection:
            await connection.execute(delete(profile_codes).where(_c.expires_at < now))
        while True:
            async with self._database.write() as connection:
                await connection.execute(delete(profile_codes).where(mine))
                code_id = await connection.scalar(upsert)
            if code_id is not None:  # else another press of theirs was between the two
                return replace(code, code_id=code_id)

    async def get(self, guild_id: int, discord_id: int, code_id: int) -> ProfileCode | None:
        """This member's code of this guild; None when it is another's, or void."""
        return await self._one(_own(guild_id, discord_id, code_id)) if fits(code_id) else None

    async def get_newest(self, guild_id: int, discord_id: int) -> ProfileCode | None:
        """The member's one code in this guild."""
        return await self._one((_c.guild_id == guild_id) & (_c.discord_id == discord_id))

    async def take_try(
        self, code: ProfileCode, now: datetime, most: int, rested_since: datetime
    ) -> ProfileCode | None:
        """Count a try, and return the code as it is then.

        None when `most` were taken, or the last was after `rested_since`, or the code is void.
        """
        change = (
            update(profile_codes)
            .where(
                _own(code.guild_id, code.discord_id, code.code_id),
                _c.tries < most,
                or_(_c.last_try_at.is_(None), _c.last_try_at <= rested_since),
            )
            .values(tries=_c.tries + 1, last_try_at=now)
            .returning(*_SHOWN)
        )
        async with self._database.write() as connection:
            row = (await connection.execute(change)).one_or_none()
        return ProfileCode(**row._mapping) if row else None

    async def give_back(self, code: ProfileCode) -> None:
        """The last try did not count."""
        own = _own(code.guild_id, code.discord_id, code.code_id) & (_c.tries > 0)
        async with self._database.write() as connection:
            await connection.execute(update(profile_codes).where(own).values(tries=_c.tries - 1))

    async def use(self, code: ProfileCode) -> bool:
        """Use the code up; False when somebody did before."""
        own = _own(code.guild_id, code.discord_id, code.code_id)
        async with self._database.write() as connection:
            result = await connection.execute(delete(profile_codes).where(own))
            return bool(result.rowcount)

    async def forget(self, discord_id: int, guild_id: int | None = None) -> None:
        """Erase a member's codes, of one guild or of all."""
        theirs = _c.discord_id == discord_id
        if guild_id is not None:
            theirs &= _c.guild_id == guild_id
        async with self._database.write() as connection:
            await connection.execute(delete(profile_codes).where(theirs))

    async def _one(self, which: ColumnElement[bool]) -> ProfileCode | None:
        async with self._database.read() as connection:
            query = select(*_SHOWN).where(which)
            row = (await connection.execute(query)).one_or_none()
        return ProfileCode(**row._mapping) if row else None


def _own(guild_id: int, discord_id: int, code_id: int) -> ColumnElement[bool]:
    return (_c.code_id == code_id) & (_c.guild_id == guild_id) & (_c.discord_id == discord_id)
