"""What members have proved about themselves: good in every guild."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import and_, delete, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models import AccountLink, LinkSource, Proof
from bot.store.columns import fits
from bot.store.database import Database
from bot.store.linking_tables import held_back, proofs


class ProofStore:
    """Rows of `proofs` and `held_back`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, proof: Proof) -> None:
        """Store a proof in place of the member's last one, and of older ones of the account."""
        values = asdict(proof)
        older = delete(proofs).where(
            proofs.c.roblox_id == proof.roblox_id, proofs.c.discord_id != proof.discord_id
        )
        upsert = (
            self._database.insert(proofs)
            .values(values)
            .on_conflict_do_update(index_elements=[proofs.c.discord_id], set_=values)
        )
        while True:
            try:
                async with self._database.write() as connection:
                    await connection.execute(older)
                    await connection.execute(upsert)
                return
            except IntegrityError:  # another proved the same account between the two statements
                continue

    async def get(self, discord_id: int) -> Proof | None:
        """What this member proved."""
        if not fits(discord_id):
            return None
        async with self._database.read() as connection:
            found = await connection.execute(
                select(proofs).where(proofs.c.discord_id == discord_id)
            )
            row = found.one_or_none()
        return Proof(**row._mapping) if row else None

    async def forget(self, discord_id: int, guild_id: int | None = None) -> None:
        """Erase a member's proof and marks; with a guild, only the mark of that guild."""
        marks = delete(held_back).where(held_back.c.discord_id == discord_id)
        async with self._database.write() as connection:
            if guild_id is not None:
                await connection.execute(marks.where(held_back.c.guild_id == guild_id))
                return
            await connection.execute(marks)
            await connection.execute(delete(proofs).where(proofs.c.discord_id == discord_id))


async def proved_link(database: Database, guild_id: int, discord_id: int) -> AccountLink | None:
    """The link that a member's proof makes in a guild, unless they were unlinked there since."""
    if not fits(discord_id) or not fits(guild_id):
        return None
    held = exists().where(
        and_(held_back.c.discord_id == discord_id, held_back.c.guild_id == guild_id)
    )
    async with database.read() as connection:
        found = await connection.execute(
            select(proofs).where(proofs.c.discord_id == discord_id, ~held)
        )
        row = found.one_or_none()
    if row is None:
        return None
    return AccountLink(
        guild_id, discord_id, row.roblox_id, row.username, row.username_at,
        LinkSource.PROOF, discord_id, row.proved_at,
    )  # fmt: skip


async def hold_back(
    database: Database, connection: AsyncConnection, guild_id: int, discord_id: int
) -> None:
    """Inside of a transaction: a proof does not link this member in this guild by itself."""
    mark = database.insert(held_back).values(guild_id=guild_id, discord_id=discord_id)
    await connection.execute(mark.on_conflict_do_nothing())
