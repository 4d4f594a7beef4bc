"""How a swap becomes rows, and rows a swap."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, select

from bot.models import News, Stands, Swap, SwapSide
from bot.store.keyring import KeyRing
from bot.store.swap_tables import swap_sides, swaps

first, second = swap_sides.alias("first"), swap_sides.alias("second")
_PARTS = ("discord_id", "roblox_id", "opening_id", "news", "stands")
_OWN = [column for column in swaps.c if column.name != "encrypted_token"]


def joined() -> Select[Any]:
    """Swaps, each with both sides in one row."""
    sides = [
        side.c[name].label(f"{side.name}_{name}") for side in (first, second) for name in _PARTS
    ]
    return (
        select(*swaps.c, *sides)
        .join(first, (first.c.swap_id == swaps.c.swap_id) & (first.c.side == 0))
        .join(second, (second.c.swap_id == swaps.c.swap_id) & (second.c.side == 1))
    )


def to_rows(swap: Swap) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What is stored of a new swap, and of its sides; the latter lack the swap's id."""
    names = [column.name for column in _OWN if column.name != "swap_id"]
    sides = [
        {name: getattr(side, name) for name in _PARTS}
        | {"side": number, "guild_id": swap.guild_id, "live": swap.state.live}
        | {"asked_at": swap.asked_at}
        for number, side in enumerate(swap.sides)
    ]
    return {name: getattr(swap, name) for name in names}, sides


def to_swap(row: Row[Any], keyring: KeyRing) -> Swap:
    """What was stored, of a row of `joined`."""
    values = {column.name: row._mapping[column] for column in _OWN}
    return Swap(
        proposer=_side(row, first.name), partner=_side(row, second.name),
        interaction_token=keyring.unseal(row.encrypted_token, f"swap {row.swap_id}"), **values,
    )  # fmt: skip


def _side(row: Row[Any], name: str) -> SwapSide:
    facts = {part: row._mapping[f"{name}_{part}"] for part in _PARTS}
    return SwapSide(**facts | {"news": News(facts["news"]), "stands": Stands(facts["stands"])})
