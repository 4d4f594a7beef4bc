"""How admins read about a workspace: its connection, its settings, its rules."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.models import ClashPolicy, Health, Leavers, LineState, RoleRule, Workspace, WorkspaceState
from bot.replies import MAX_TEXT, Reply
from bot.services.workspace_drafts import Connected
from bot.text import counted, safe, shorten

MAX_RULES = 10
_CLASHES = {
    ClashPolicy.WARN: "members are asked before they claim both",
    ClashPolicy.REFUSE: "nobody may claim both",
    ClashPolicy.OFF: "not looked at",
}
_LEAVERS = {
    Leavers.FLAG: "the hosts are told",
    Leavers.RELEASE: "the hosts are told, and their claims are released",
}
_SWAPS = {
    False: "both members agree",
    True: "both members agree, or a host decides for them",
}


def connected_reply(connected: Connected, rules: Sequence[RoleRule] = ()) -> Reply:
    """What a test of the connection found, and how the workspace is set up."""
    workspace, probe = connected.workspace, connected.probe
    can = probe.capabilities
    lines = [
        f"✔ **{safe(workspace.name)}** is connected to {workspace.kind.label}.",
        f"• sessions readable: {probe.sessions} live or coming · roles: {probe.roles}",
        f"• release from Discord: {'yes' if can.can_release else 'no, only in the panel'}",
        f"• add servers from Discord: {'yes' if can.has_servers else 'not needed here'}",
    ]
    if connected.health is not None:
        lines.append(f"• connection: {_line(connected.health)}")
        if connected.health.left_out:
            lines.append(f"⚠ Sessions left out because unreadable: {connected.health.left_out}")
    lines += [f"⚠ Missing permission: {missing}" for missing in connected.missing]
    if connected.missing:
        lines.append("Grant these to Muster, then check again with `/workspace test`.")
    lines.append(settings_text(workspace, rules))
    lines.append("Next: link your staff with `/links add`, then post a session: `/session post`.")
    return Reply(shorten("\n".join(lines), MAX_TEXT))


def settings_text(workspace: Workspace, rules: Sequence[RoleRule]) -> str:
    """Every setting of a workspace in plain words."""
    hosts = _roles(workspace.host_role_ids) or "admins only"
    may_claim = _may_claim(workspace.claimer_role_ids, workspace.barred_role_ids, "everybody")
    lines = [
        f"Announcements: {_channel(workspace.announcement_channel_id)} ·"
        f" log: {_channel(workspace.log_channel_id)} ·"
        f" hosts: {hosts} · may claim: {may_claim} ·"
        f" ping: {f'<@&{workspace.ping_role_id}>' if workspace.ping_role_id else 'nobody'}",
        f"Two sessions at the same time: {_CLASHES[workspace.clash]}",
        f"Who left this server before a session: {_LEAVERS[workspace.leavers]}",
        f"Swaps: {_SWAPS[workspace.host_swaps]}",
        *_automatic(workspace),
    ]
    for rule in rules[:MAX_RULES]:
        names = _may_claim(rule.allowed_role_ids, rule.barred_role_ids, "as above")
        lines.append(f"Only for **{safe(rule.role_name, 60)}**, may claim: {names}")
    if len(rules) > MAX_RULES:
        lines.append(f"… and rules for {len(rules) - MAX_RULES} more roles.")
    return "\n".join(lines)


def zone_text(zone: ZoneInfo, now: datetime) -> str:
    """The time zone of a whole guild, with a clock to recognise it by."""
    return (
        f"Time zone of this whole community: {zone.key}, where it is {now.astimezone(zone):%H:%M}"
    )


def _automatic(workspace: Workspace) -> Iterator[str]:
    """What happens without anybody doing anything."""
    posted = "never"
    if workspace.auto_lead_minutes:
        named = f", if the name contains “{safe(workspace.auto_filter)}”"
        pinging = ", pinging the ping role" if workspace.auto_ping else ", pinging nobody"
        posted = f"{_long(workspace.auto_lead_minutes)} before the start"
        posted += (named if workspace.auto_filter else "") + pinging
    yield f"Posted without a host: {posted}"
    closing = "stay open" if workspace.cutoff_minutes is None else "close"
    if workspace.cutoff_minutes is not None:
        closing += f" {_long(workspace.cutoff_minutes)} before the start"
    yield f"Claims {closing}, unless a host says otherwise"
    times = [_long(minutes) for minutes in sorted(workspace.reminder_minutes, reverse=True)]
    reminders = f"{' and '.join(times)} before the start" if times else "none"
    threads = "yes" if workspace.threads else "no"
    yield f"Thread for each session: {threads} · reminders: {reminders}"
    if times and not workspace.threads:
        yield (
            "⚠ Without threads, only members who turned on direct messages with `/reminders` are"
            " reminded."
        )


def _long(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours} h" if hours and not rest else f"{minutes} min"


def _may_claim(allowed: Collection[int], barred: Collection[int], anybody: str) -> str:
    return (_roles(allowed) or anybody) + (f", but not {_roles(barred)}" if barred else "")


def _roles(role_ids: Collection[int]) -> str:
    return ", ".join(f"<@&{role_id}>" for role_id in sorted(role_ids))


def _line(health: Health) -> str:
    """How the line to a platform does, in a few words."""
    words = []
    if health.state is LineState.CLOSED:
        words += ["in order"] if health.limited_until is None else []
    elif health.asked_again_at is not None:
        words.append(f"not answering, asked again <t:{int(health.asked_again_at.timestamp())}:R>")
    else:
        words.append("not answering, asked again at the next use")
    if health.limited_until is not None:
        words.append(f"asked for a pause until <t:{int(health.limited_until.timestamp())}:T>")
    if health.waiting:
        words.append(f"{counted(health.waiting, 'call')} waiting")
    if health.last_error_at is not None:
        when = int(health.last_error_at.timestamp())
        words.append(f"last trouble <t:{when}:R> ({health.last_error})")
    return " · ".join(words)


def summary(workspace: Workspace, health: Health | None) -> str:
    """One workspace in a list: whether it works, where it is, and how the line does."""
    sign = "✔" if workspace.state is WorkspaceState.OK else "⛔"
    key_age = f"<t:{int(workspace.key_set_at.timestamp())}:R>"
    key = f"key …{safe(workspace.key_hint)}, set {key_age}"
    if workspace.state is WorkspaceState.NO_KEY:
        key = "its key was erased when Muster was taken out; enter it again: `/workspace key`"
    return (
        f"{sign} **{safe(workspace.name)}** · {workspace.kind.label} · {workspace.state.value} ·"
        f" {safe(workspace.base_url)} · {key}"
        f"{f' · connection: {_line(health)}' if health else ''}"
    )


def _channel(channel_id: int | None) -> str:
    return f"<#{channel_id}>" if channel_id else "none"
