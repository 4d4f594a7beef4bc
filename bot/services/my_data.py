"""`/mydata show`: one file to read, and the same for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from bot.services.ports import Messenger
from bot.store.personal import MOST_ROWS, Held, PersonalDataStore
from bot.text import cut

_WORDS = {
    "guild_id": "server",
    "announcement_id": "session",
    "opening_id": "role",
    "discord_id": "member",
    "subject_id": "for",
    "actor_id": "asked by",
    "roblox_id": "Roblox account",
    "created_at": "asked at",
    "operation_id": "reference",
    "username_at": "username read at",
    "by_id": "by",
    "set_by": "entered by",
    "asked_by": "asked",
    "holder_id": "who has the account",
    "other_id": "who else it is about",
    "import_id": "import",
    "told": "you were told",
    "had_roblox_id": "Roblox account before",
    "had_username": "username before",
    "had_linked_by": "linked before by",
    "host_id": "host",
    "co_host_ids": "co-hosts",
    "kind": "what",
    "state": "how it stands",
    "reason": "how it ended",
    "code": "why",
    "direct": "direct messages",
    "minutes": "minutes before",
}
_ELSEWHERE = """\
What Muster does not have
-------------------------
Your claims themselves are records of the community's staff platform (ReAdmin or Series HR), under
your Roblox account. Muster cannot show or delete them there: ask the community's staff.
Messages in Discord, boards of sessions that are over among them, are in the server itself.
To have all of the above erased, use /mydata erase.
"""


@dataclass(frozen=True, slots=True)
class MyData:
    """Everything about one person, twice."""

    text: str  # to read
    json: str  # the same, for programs
    entries: int


class MyDataService:
    """Shows people their own data, of all guilds: others appear only as what they were."""

    def __init__(
        self, store: PersonalDataStore, messenger: Messenger, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._messenger = messenger
        self._clock = clock

    async def show(self, discord_id: int) -> MyData:
        """What is stored about this person."""
        held = await self._store.list_held(discord_id)
        rows = [row for one in held for row in one.rows]
        titles = await self._store.list_titles(_ids(rows, "announcement_id"))
        roles = await self._store.list_roles(_ids(rows, "opening_id"))
        names = {"announcement_id": titles, "opening_id": roles}
        names["guild_id"] = {
            number: name
            for number in _ids(rows, "guild_id")
            if (name := self._messenger.guild_name(number)) is not None
        }
        now = self._clock()
        return MyData(_to_text(held, names, now), _to_json(held, names, now), len(rows))


def _ids(rows: Sequence[dict[str, Any]], column: str) -> set[int]:
    return {row[column] for row in rows if row.get(column) is not None}


def _to_text(held: Sequence[Held], names: dict[str, dict[int, str]], now: datetime) -> str:
    parts = [f"What Muster stores about you, on {_plain(now)}\n"]
    for one in held:
        title = one.holding.what[0].upper() + one.holding.what[1:]
        lines = [title, "-" * min(len(title), 80)]
        lines += [f"Why: {one.holding.why}. How long: {one.holding.how_long}."]
        lines += [_line(row, names) for row in one.rows]
        if one.cut:
            lines.append(f"(only {MOST_ROWS} of them; ask whoever runs Muster for the rest)")
        parts.append("\n".join(lines) + "\n")
    if not held:
        parts.append("Nothing.\n")
    return "\n".join([*parts, _ELSEWHERE])


def _line(row: dict[str, Any], names: dict[str, dict[int, str]]) -> str:
    cells = []
    for column, value in row.items():
        word = _WORDS.get(column, column.replace("_", " "))
        name = names.get(column, {}).get(value) if column in names else None
        shown = f"{cut(name, 100)} ({value})" if name is not None else _plain(value)
        cells.append(f"{word}: {shown}")
    return "* " + "; ".join(cells)


def _to_json(held: Sequence[Held], names: dict[str, dict[int, str]], now: datetime) -> str:
    found = {
        one.holding.table.name: [
            {column: _jsonable(value) for column, value in (row | _named(row, names)).items()}
            for row in one.rows
        ]
        for one in held
    }
    return json.dumps({"at": now.isoformat(), "data": found}, indent=2, ensure_ascii=False)


def _named(row: dict[str, Any], names: dict[str, dict[int, str]]) -> dict[str, str]:
    """The names of what the row's ids are, beside the ids."""
    return {
        f"{column.removesuffix('_id')}_name": known[row[column]]
        for column, known in names.items()
        if row.get(column) in known
    }


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    return "none" if value in (None, "") else cut(str(value), 200)


def _jsonable(value: object) -> object:
    """Big ids as text: many programs round numbers of that size."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, int) and not isinstance(value, bool) and value > 2**53:
        return str(value)
    return value
