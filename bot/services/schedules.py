"""What happens by itself, as admins set it: times as typed, and what goes together."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from bot.errors import Refusal
from bot.models import Workspace
from bot.services.ports import Messenger
from bot.store.workspaces import WorkspaceSettings
from bot.text import safe

OFF = "off"
SHORTEST, LONGEST = 5, 1440  # minutes before the start
MOST_REMINDERS = 3
MAX_FILTER = 100
_NOT_PLACES = ("Etc/", "posix/", "right/", "SystemV/")


def to_reminders(typed: str) -> frozenset[int]:
    """`60, 15` as minutes before the start; empty for `off`. Refusal says what is wrong."""
    if typed.strip().casefold() == OFF:
        return frozenset()
    parts = [part for part in typed.replace(",", " ").split() if part]
    fine = parts and all(_is_minutes(part, SHORTEST) for part in parts)
    if not fine or len(set(parts)) > MOST_REMINDERS:
        raise Refusal(
            f"`reminders`: “{safe(typed, 60)}” cannot be used. Name up to {MOST_REMINDERS} times in"
            f" minutes before the start, each from {SHORTEST} to {LONGEST}, such as `60, 15`; or"
            f" `{OFF}` for none."
        )
    return frozenset(int(part) for part in parts)


def to_cutoff(typed: str) -> int | None:
    """`30` as minutes before the start; None for `off`. Refusal says what is wrong."""
    typed = typed.strip()
    if typed.casefold() == OFF:
        return None
    if not _is_minutes(typed, 0):
        raise Refusal(
            f"`cutoff`: “{safe(typed, 60)}” cannot be used. Name one number of minutes before the"
            f" start, from 0 to {LONGEST}, such as `30`; or `{OFF}`, and claims stay open."
        )
    return int(typed)


def to_zone(typed: str) -> ZoneInfo:
    """The zone of that IANA name, in any case. Refusal says how to find it."""
    name = _by_folded_name().get(typed.strip().casefold().replace(" ", "_"))
    if name is None:
        near = find_zones(typed)
        found = near[0] if len(near) == 1 else None
        if found is None:
            raise Refusal(
                f"`time_zone`: “{safe(typed, 60)}” is no time zone. Type a big city of yours, such"
                " as `Amsterdam`, and choose from the list that appears."
            )
        name = found
    return ZoneInfo(name)


def find_zones(typed: str) -> list[str]:
    """IANA names that contain what was typed; a city that begins with it comes first."""
    wanted = typed.strip().casefold().replace(" ", "_")
    names = [name for folded, name in _by_folded_name().items() if wanted in folded]
    return sorted(names, key=lambda name: (not _city(name).startswith(wanted), name))


@cache
def _by_folded_name() -> dict[str, str]:
    names = (name for name in available_timezones() if not name.startswith(_NOT_PLACES))
    return {name.casefold(): name for name in names if "/" in name or name == "UTC"}


def _city(name: str) -> str:
    return name.rpartition("/")[2].casefold()


def _is_minutes(part: str, least: int) -> bool:
    number = part.isascii() and part.isdecimal() and len(part) <= len(str(LONGEST))
    return number and least <= int(part) <= LONGEST


def check_settings(workspace: Workspace, changes: WorkspaceSettings, messenger: Messenger) -> None:
    """Refusal when what is changed does not go with the rest of the settings."""
    after, named = replace(workspace, **changes), changes.keys()
    lead, cutoff = after.auto_lead_minutes, after.cutoff_minutes
    if len(after.auto_filter) > MAX_FILTER:
        raise Refusal(f"`name` may have at most {MAX_FILTER} characters. A part of a name will do.")
    if "auto_lead_minutes" in named and lead and after.announcement_channel_id is None:
        raise Refusal(
            "`post`: there is no announcement channel to post to. Set it first, with"
            " `/workspace settings announcements:`."
        )
    if named & {"auto_lead_minutes", "cutoff_minutes"} and lead and (cutoff or 0) >= lead:
        raise Refusal(
            f"`cutoff`: claims would close {cutoff} minutes before the start, but sessions are"
            f" posted only {lead} minutes before it: nobody could claim. Choose a shorter `cutoff`,"
            " or a longer `post`."
        )
    if changes.get("auto_ping") and after.ping_role_id is None:
        raise Refusal(
            "`ping`: there is no ping role. Set it first, with `/workspace settings ping_role:`."
        )
    if after.threads and named & {"threads", "announcement_channel_id"}:
        _require_threads(after.announcement_channel_id, messenger)


def _require_threads(channel_id: int | None, messenger: Messenger) -> None:
    if channel_id is None:
        raise Refusal(
            "`thread`: there is no announcement channel. Set it first, with"
            " `/workspace settings announcements:`."
        )
    missing = messenger.missing_permissions(channel_id, threads=True)
    if missing:
        raise Refusal(
            f"`thread`: Muster lacks {', '.join(missing)} in <#{channel_id}>, so it cannot open"
            " threads there. Grant that and run the command again, or turn threads off with"
            " `/workspace automatic thread:`."
        )
