"""What the tables of linking and of waitlists hold about people; part of `personal_data`."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import literal_column, select, true

from bot.models import NOBODY, ImportState, News
from bot.store.holdings import History, Holding, Person, Then, Waits, columns_of
from bot.store.link_tables import import_rows, imports, link_notices, link_wishes
from bot.store.linking_tables import (
    held_back,
    identity_services,
    pending_links,
    profile_codes,
    proofs,
    resumes,
    service_answers,
)
from bot.store.swap_tables import IS_LIVE_SIDE, swap_sides, swaps
from bot.store.waitlist_tables import waitlist

DAY = timedelta(days=1)
_w, _n, _i, _r, _q = link_wishes.c, link_notices.c, imports.c, import_rows.c, pending_links.c
_s = swap_sides.c
_BEGUN_AT = (
    select(_i.created_at)
    .where(_i.import_id == _r.import_id)
    .correlate(import_rows)
    .scalar_subquery()
)
_UNDER_WAY = (ImportState.READING, ImportState.APPLYING, ImportState.UNDOING)
_IS_SETTLED = _i.state.not_in([literal_column(f"'{state.value}'") for state in _UNDER_WAY])

# In the order of erasing: a proof goes last, since it could make a link again.
OF_LINKING: tuple[Holding, ...] = (
    Holding(
        waitlist,
        "for which full role you wait, with which Roblox account and since when, what you were"
        " offered, and why the wait ended",
        "to keep your turn, and to tell you",
        "until you leave the line or have read why it ended, 14 days after the end at most",
        "you and the session's hosts; boards show only how many wait",
        people=(Person(waitlist.c.discord_id, Then.DELETE, own=(waitlist.c.roblox_id,)),),
        shown=columns_of(
            waitlist, "since guild_id announcement_id opening_id state until silences reason told"
        ),
        # Nothing to settle; but somebody may join just while they are erased: look again.
        waits=Waits(waitlist.c.since.is_not(None), waitlist.c.since),
    ),
    Holding(
        swap_sides,
        "which role you gave or asked for in a swap, with which Roblox account, what you hold of"
        " the two since, and whether you know how it ended",
        "to carry a swap out, or put it back, whatever breaks, and to tell you",
        "as long as the swap is kept",
        "you and the other member; the server's hosts, in the log channel",
        people=(
            Person(
                _s.discord_id,
                Then.BLANK,
                own=(_s.roblox_id,),
                too={"roblox_id": NOBODY, "news": News.NONE},
            ),
        ),
        shown=columns_of(swap_sides, "asked_at guild_id swap_id side opening_id stands"),
        waits=Waits(~IS_LIVE_SIDE, _s.asked_at),
    ),
    Holding(
        swaps,
        "a swap of two roles: who asked for it, when, how far it came and how it ended",
        "to carry it out, and to answer questions about it later",
        "60 days; the sentence that says why it failed goes when one of the two is erased",
        "the two members; the server's hosts, in the log channel",
        people=(
            Person(
                swaps.c.actor_id,
                Then.BLANK,
                others="the other, or a host",
                too={"encrypted_token": "", "why": ""},
            ),
        ),
        shown=columns_of(swaps, "asked_at guild_id swap_id state by_host settled_at"),
        waits=Waits(swaps.c.settled_at.is_not(None), swaps.c.asked_at),
        history=History(swaps.c.asked_at, swaps.c.settled_at.is_not(None), 60 * DAY),
    ),
    Holding(
        link_wishes,
        "that an admin was asked whether a Roblox account is yours, and who has it now",
        "to link only what the admin has seen and confirmed",
        "until it is answered, a day or two at most",
        "the admin who was asked",
        people=(
            Person(
                _w.discord_id,
                Then.DELETE,
                own=columns_of(link_wishes, "roblox_id username had_roblox_id"),
            ),
            Person(_w.holder_id, Then.DELETE, own=(_w.roblox_id, _w.username)),
            Person(_w.asked_by, Then.DELETE, others="an admin"),
        ),
        shown=columns_of(link_wishes, "created_at guild_id"),
        history=History(_w.created_at, true(), DAY),
    ),
    Holding(
        link_notices,
        "that an admin linked you or moved your Roblox account to somebody else, and whether you"
        " have read so",
        "to tell you, with a button for saying that it is wrong",
        "30 days after it happened",
        "you",
        people=(
            Person(_n.discord_id, Then.DELETE, own=(_n.roblox_id, _n.username)),
            Person(_n.by_id, Then.BLANK, others="an admin"),
        ),
        shown=columns_of(link_notices, "at guild_id kind told"),
        waits=Waits(_n.at.is_not(None), _n.at),  # an import may be applied just then: look again
        history=History(_n.at, true(), 30 * DAY),
    ),
    Holding(
        import_rows,
        "what a line of a file of links said about you: the Roblox account, and your link before",
        "to show what a file would change before it does, and to undo it",
        "two days after the file was read",
        "the server's admins",
        people=(
            Person(
                _r.discord_id,
                Then.DELETE,
                own=columns_of(import_rows, "roblox_id username had_roblox_id had_username"),
            ),
            Person(_r.had_linked_by, Then.BLANK, others="an admin", too={"had_linked_by": NOBODY}),
        ),
        shown=columns_of(import_rows, "import_id line verdict done"),
        waits=Waits(_r.line.is_not(None), _BEGUN_AT),  # lines are as old as the import: look again
    ),
    Holding(
        imports,
        "that an admin read a file of links, when, and whether it was applied",
        "to apply it, to go on after a stop, and to undo it",
        "two days after the file was read",
        "the server's admins",
        people=(Person(_i.by_id, Then.BLANK, others="an admin"),),
        shown=columns_of(imports, "created_at guild_id state"),
        waits=Waits(_IS_SETTLED, _i.created_at),
    ),
    Holding(
        profile_codes,
        "the code that you were given for your Roblox profile, and for which account",
        "to see that the account is yours",
        "until it is used or void: 15 minutes, and a day at most until it is cleared away",
        "you",
        people=(
            Person(
                profile_codes.c.discord_id,
                Then.DELETE,
                own=columns_of(profile_codes, "roblox_id username words"),
            ),
        ),
        shown=columns_of(profile_codes, "expires_at guild_id tries"),
        history=History(profile_codes.c.expires_at, true(), timedelta()),
    ),
    Holding(
        service_answers,
        "what Bloxlink or RoVer said about you when you acted: the Roblox account, and when",
        "to ask them rarely, and to take no change over silently",
        "30 days after they were asked",
        "you; the server's admins when it contradicts your link",
        people=(
            Person(service_answers.c.discord_id, Then.DELETE, own=(service_answers.c.roblox_id,)),
        ),
        shown=columns_of(service_answers, "asked_at guild_id kind"),
        # Nothing to settle; but a service may be asked just while it is erased: look again.
        waits=Waits(service_answers.c.asked_at.is_not(None), service_answers.c.asked_at),
        history=History(service_answers.c.asked_at, true(), 30 * DAY),
    ),
    Holding(
        pending_links,
        "what is open about your link: a question to you or the admins about a Roblox account, or"
        " what you were not told yet",
        "to have it decided by whom it concerns",
        "until it is answered or read, 30 days at most",
        "you; the server's admins what they have to decide",
        people=(
            Person(_q.discord_id, Then.DELETE, own=(_q.roblox_id, _q.username)),
            Person(_q.other_id, Then.DELETE),
        ),
        shown=columns_of(pending_links, "asked_at guild_id kind source"),
        waits=Waits(_q.asked_at.is_not(None), _q.asked_at),  # the same
        history=History(_q.asked_at, true(), 30 * DAY),
    ),
    Holding(
        resumes,
        "which role you pressed last while you were not linked",
        "to go on with that claim once you are, and to ask the admins only once",
        "until you are linked, a day or two at most",
        "nobody; the server's admins if you ask them to link you",
        people=(Person(resumes.c.discord_id, Then.DELETE),),
        shown=columns_of(resumes, "asked_at guild_id opening_id admins_told"),
        history=History(resumes.c.asked_at, true(), DAY),
    ),
    Holding(
        identity_services,
        "which admin entered the server's key for Bloxlink or RoVer, and when",
        "to ask these services; the key itself is encrypted",
        "until the key is removed, or Muster is taken out of the server; the key is erased at once",
        "the server's admins; of the key only the last four characters",
        people=(Person(identity_services.c.set_by, Then.BLANK, others="an admin"),),
        shown=columns_of(identity_services, "set_at guild_id kind"),
        keys=columns_of(identity_services, "encrypted_key key_id key_hint"),
    ),
    Holding(
        held_back,
        "in which servers you were unlinked",
        "so that what you proved does not link you there again by itself",
        "until you erase it, or Muster is taken out of the server",
        "nobody",
        people=(Person(held_back.c.discord_id, Then.DELETE),),
        shown=(held_back.c.guild_id,),
    ),
    Holding(
        proofs,
        "which Roblox account you have proved to be yours with a code, its username, and when",
        "to link you in every server where you claim, without another code",
        "until you erase it, use `/unlink` for all servers, or somebody else proves the account",
        "you",
        people=(
            Person(
                proofs.c.discord_id,
                Then.DELETE,
                own=columns_of(proofs, "roblox_id username username_at"),
            ),
        ),
        shown=(proofs.c.proved_at,),
        # Nothing to settle; but a profile may be read just while it is erased: look again.
        waits=Waits(proofs.c.proved_at.is_not(None), proofs.c.proved_at),
    ),
)
