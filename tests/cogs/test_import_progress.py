"""The line of progress in an admin's answer while an import takes long."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from bot.buttons import Interaction
from cogs._link_imports import Progress


class Waiting:
    """An interaction, as far as progress looks at it."""

    def __init__(self, *, acknowledged: bool = True, expired: bool = False) -> None:
        self.id = 1
        self.edits: list[str] = []
        self.response = SimpleNamespace(is_done=lambda: acknowledged)
        self.is_expired = lambda: expired

    async def edit_original_response(self, content: str, **_: Any) -> None:
        """Note the edit."""
        self.edits.append(content)


async def test_one_edit_for_many_steps() -> None:
    waiting = Waiting()
    told = Progress(cast(Interaction, waiting))
    for done in range(100, 1100, 100):
        await told("Looked up Roblox accounts", done, 50_000)
    (line,) = waiting.edits
    assert line.startswith("⏳ Looked up Roblox accounts: 100 of 50,000.")


async def test_nothing_is_edited_before_the_answer_or_after_its_end() -> None:
    for waiting in (Waiting(acknowledged=False), Waiting(expired=True)):
        await Progress(cast(Interaction, waiting))("Linked members", 1, 2)
        assert waiting.edits == []
