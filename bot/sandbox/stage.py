"""The stage of the scripted tour: prints what people do and see, and compares it."""

from __future__ import annotations

import re
import sys

from bot.sandbox.discord.people import Answer, Json, text_of
from bot.sandbox.town import Town


class Unexpected(Exception):
    """Somebody saw something else than the story says."""


class Stage:
    """Prints what people do and see, and compares it with what they should see."""

    def __init__(self, town: Town) -> None:
        world = town.world
        channels = {f"#{c.id}": f"#{c.name}" for c in world.channels.values()}
        users = {f"@{u.id}": f"@{u.display_name}" for u in world.users.values()}
        roles = {f"@&{r.id}": f"@{r.name}" for g in world.guilds.values() for r in g.roles.values()}
        self._names = channels | users | roles
        self.steps = 0

    def scene(self, title: str) -> None:
        """A heading."""
        write(f"\n== {title}")

    def saw(self, did: str, answer: Answer, *expected: str) -> None:
        """What somebody was answered; it must contain every expected text."""
        self._compare(did, answer.text, expected)

    def read(self, what: str, message: Json, *expected: str) -> None:
        """A message that stands in a channel; its buttons count as text."""
        labels = [
            c.get("label") or c["placeholder"]
            for row in message["components"]
            for c in row["components"]
        ]
        self._compare(what, "\n".join((text_of(message), " | ".join(labels))), expected)

    def check(self, fact: str, seen: object, wanted: object) -> None:
        """A fact outside of Discord."""
        self.steps += 1
        if seen != wanted:
            raise Unexpected(f"{fact}: expected {wanted}, found {seen}")
        write(f"  ✔ {fact}")

    def _compare(self, did: str, text: str, expected: tuple[str, ...]) -> None:
        self.steps += 1
        shown = re.sub(r"<([@#]&?\d+)>", lambda m: self._names.get(m[1], m[0]), text)
        write(f"• {did}\n" + "\n".join(f"      {line}" for line in shown.splitlines() if line))
        for part in expected:
            if part not in shown:
                raise Unexpected(f"{did}: expected “{part}” in:\n{shown}")


def write(text: str) -> None:
    """A line on the terminal, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
