"""What every table holds about people, and what becomes of it: the one declaration.

`/mydata show` and `erase`, retention, PRIVACY.md and the end of a community's data all follow it.
A new table needs one `Holding` here; a test names every table and every id that has none.
"""

from __future__ import annotations

from sqlalchemy import case, exists, literal_column, true

from bot.models import NOBODY, AttemptState
from bot.store.holdings import History, Holding, Person, Then, Waits, columns_of
from bot.store.hosting_tables import guild_settings, preferences, seen_claims, sent_reminders
from bot.store.operating_tables import polls
from bot.store.personal_links import OF_LINKING
from bot.store.privacy_tables import (
    FOR_ANOTHER,
    departure_checks,
    departures,
    erasures,
    removed_guilds,
)
from bot.store.tables import (
    IS_LIVE,
    IS_RUNNING,
    announcements,
    app_state,
    claim_attempts,
    links,
    openings,
    refusals,
    role_rules,
    workspaces,
)

# Ids that name no person. Every other number called `..._id`, `..._ids` or `..._by` must be
# declared below.
NOT_PEOPLE = frozenset(
    {
        "guild_id",
        "workspace_id",
        "announcement_id",
        "opening_id",
        "swap_id",
        "channel_id",
        "message_id",
        "thread_id",
        "interaction_id",
        "announcement_channel_id",
        "log_channel_id",
        "ping_role_id",
        "host_role_ids",
        "claimer_role_ids",
        "barred_role_ids",
        "allowed_role_ids",
        "waitlist_id",
        "wish_id",
        "notice_id",
        "import_id",
        "code_id",
        "question_id",
    }
)

_HISTORY = "as long as the history is kept (see below)"
_SETTINGS = "until the workspace is disconnected, or Muster is taken out of the server"
_HOSTS = "everybody who sees the board; the server's hosts and admins"
_j, _a = claim_attempts.c, announcements.c
_SETTLED = _j.state.in_(
    [literal_column(f"'{state.value}'") for state in AttemptState if state.settled]
)
_HAS_RUNNING = exists().where(IS_RUNNING, _j.announcement_id == _a.announcement_id)


HOLDINGS: tuple[Holding, ...] = (
    Holding(
        seen_claims,
        "which Roblox account held which role when a board was last read",
        "to notice what is changed on the platform itself",
        "as long as the session's announcement is kept",
        "nobody; the board shows the same from the platform",
        account=seen_claims.c.roblox_id,
        shown=columns_of(seen_claims, "opening_id"),
    ),
    Holding(
        claim_attempts,
        "each claim and release: who asked, for whom, the Roblox account, the role, when, through"
        " which button or command, and how it ended",
        "to lose no claim when something breaks, and to answer questions about it later",
        _HISTORY,
        "you; the server's hosts read what hosts do for others, and who gives a role back late",
        people=(
            Person(
                _j.subject_id,
                Then.BLANK,
                own=(_j.roblox_id,),
                too={
                    "actor_id": case((_j.actor_id == _j.subject_id, NOBODY), else_=_j.actor_id),
                    "roblox_id": NOBODY,
                    "interaction_id": None,
                    "encrypted_token": "",
                    "told": True,
                    "noted": True,
                },
            ),
            Person(
                _j.actor_id,
                Then.BLANK,
                others="a host",
                too={"interaction_id": None, "encrypted_token": "", "noted": True},
                only=FOR_ANOTHER,
            ),
        ),
        shown=columns_of(
            claim_attempts,
            "created_at kind state reason guild_id announcement_id opening_id door settled_at"
            " operation_id",
        ),
        waits=Waits(_SETTLED, _j.created_at),
        history=History(_j.created_at, _SETTLED),
    ),
    Holding(
        refusals,
        "a press that was refused at once: who, for whom, on what, why and when",
        "so that the reference in the answer leads somewhere",
        _HISTORY,
        "you",
        people=(
            Person(refusals.c.subject_id, Then.DELETE),
            Person(refusals.c.actor_id, Then.DELETE, others="a host"),
        ),
        shown=columns_of(refusals, "at code guild_id announcement_id opening_id door reference"),
        waits=Waits(refusals.c.at.is_not(None), refusals.c.at),  # one may be on its way: look again
        history=History(refusals.c.at, true()),
    ),
    Holding(
        preferences,
        "what you chose with `/reminders`",
        "to remind you the way you want",
        "until you erase it, or Muster is taken out of the server",
        "you",
        people=(Person(preferences.c.discord_id, Then.DELETE),),
        shown=columns_of(preferences, "guild_id reminders direct"),
    ),
    Holding(
        departures,
        "that somebody who held a role had left the server before the session began",
        "to tell the hosts, who can then look for somebody else",
        "as long as the session's announcement is kept",
        "the server's hosts, in the roster and the log channel",
        people=(Person(departures.c.discord_id, Then.DELETE),),
        shown=columns_of(departures, "announcement_id noticed_at"),
        waits=Waits(departures.c.noticed_at.is_not(None), departures.c.noticed_at),  # likewise
    ),
    Holding(
        announcements,
        "each posted session: its host and co-hosts, who closed it, and the host's note",
        "to show the board, and to know who may run it",
        _HISTORY,
        _HOSTS,
        people=(
            Person(_a.host_id, Then.BLANK, others="a host", own=(_a.note,)),
            Person(_a.closed_by, Then.BLANK, others="a host"),
            Person(_a.co_host_ids, Then.TAKE_OUT, others="others"),
        ),
        shown=columns_of(announcements, "starts_at guild_id announcement_id state"),
        history=History(_a.ends_at, ~IS_LIVE & ~_HAS_RUNNING),
    ),
    Holding(
        erasures,
        "that you asked for your data to be erased",
        "so that it is finished even if Muster is stopped halfway",
        "until it is finished: seconds, or as long as a claim of yours is unsettled",
        "nobody",
        people=(Person(erasures.c.discord_id, Then.LAST),),
        shown=columns_of(erasures, "requested_at"),
    ),
    *OF_LINKING,
    Holding(
        links,
        "which Roblox account is yours in a server, its username, and who linked it, how and when",
        "to claim with the right account",
        "until it is unlinked or erased, or Muster is taken out of the server; the username is"
        " read again when it is old (see below)",
        "you and the server's admins; boards show your Discord name instead of the Roblox name",
        people=(
            Person(
                links.c.discord_id,
                Then.DELETE,
                own=columns_of(links, "roblox_id username username_at"),
            ),
            Person(links.c.linked_by, Then.BLANK, others="an admin"),
        ),
        shown=columns_of(links, "linked_at guild_id source"),
        # Nothing to settle; but a proof may be copied just while it is erased: look again.
        waits=Waits(links.c.linked_at.is_not(None), links.c.linked_at),
    ),
    Holding(
        sent_reminders,
        "that you were reminded of a session, and how long before it",
        "so that nobody is reminded twice",
        "as long as the session's announcement is kept",
        "you",
        people=(Person(sent_reminders.c.discord_id, Then.DELETE),),
        shown=columns_of(sent_reminders, "announcement_id minutes starts_at"),
        # After the links: from then on no reminder of theirs is noted any more.
    ),
    Holding(
        workspaces,
        "nothing about people: a staff platform's address and encrypted key, and the settings",
        "to reach the platform",
        f"{_SETTINGS}; the key is erased at once",
        "the server's admins; of the key only the last four characters",
        keys=columns_of(workspaces, "encrypted_key key_id key_hint"),
    ),
    Holding(
        role_rules,
        "nothing about people: which Discord roles may claim which role",
        "to refuse who may not",
        _SETTINGS,
        "the server's admins",
    ),
    Holding(
        openings,
        "nothing about people: the roles of a posted session",
        "to make their buttons work",
        "as long as the session's announcement is kept",
        "everybody who sees the board",
    ),
    Holding(
        departure_checks,
        "nothing about people: that a session's holders were asked after",
        "so that Discord is asked only once",
        "as long as the session's announcement is kept",
        "nobody",
    ),
    Holding(
        polls,
        "nothing about people: when a workspace's platform was last read, and whether that worked",
        "to show whoever runs Muster that all is well",
        _SETTINGS,
        "whoever runs Muster",
    ),
    Holding(
        guild_settings,
        "nothing about people: the server's time zone",
        "to know what is today",
        "until Muster is taken out of the server",
        "the server's admins",
    ),
    Holding(
        removed_guilds,
        "nothing about people: that Muster was taken out of a server, and when",
        "to erase the server's data in time",
        "until that is done, or Muster is invited again",
        "nobody",
    ),
    Holding(
        app_state,
        "nothing about people: such as which commands Discord knows",
        "to start quickly",
        "as long as Muster runs",
        "nobody",
    ),
)
