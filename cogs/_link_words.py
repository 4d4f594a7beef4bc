"""What admins and members read about links."""

from __future__ import annotations

from datetime import datetime, timedelta

import discord

from bot.buttons import Action, Button
from bot.models import AccountLink, LinkNotice, LinkSource, NoticeKind
from bot.replies import Reply, masked_link
from bot.services.link_cards import Card, Linked
from bot.services.link_directory import Page
from bot.text import counted, cut, linker, mention, safe

YOUNG = timedelta(days=30)  # an account of this age is pointed out
MAX_PAGE = 9999  # of a button's id

_SOURCES = {
    LinkSource.PROOF: "proved with a profile code",
    LinkSource.BLOXLINK: "Bloxlink",
    LinkSource.ROVER: "RoVer",
    LinkSource.ADMIN: "admin",
    LinkSource.IMPORT: "imported file",
}


def profile_url(roblox_id: int) -> str:
    """Where the account is shown at Roblox."""
    return f"https://www.roblox.com/users/{roblox_id}/profile"


def card_reply(card: Card, now: datetime, before: str = "") -> Reply:
    """The question, with everything that helps to answer it."""
    wish, user = card.wish, card.profile.user
    lines = [f"{before}Link <@{wish.discord_id}> to this Roblox account?"]
    if card.had is not None:
        proved = " They **proved** that one themselves." if _is_proved(card.had) else ""
        lines.append(
            f"⚠ They are linked to {_account(card.had)} now; this changes it.{proved}"
            " What they hold on the platform under the old account stays there."
        )
    if card.holder is not None:
        lines.append(
            f"⚠ This account is <@{card.holder.discord_id}>'s here"
            f" ({_SOURCES[card.holder.source]}). Moving it takes it from them; both are told, and"
            " the log channel."
        )
    if card.profile.banned:
        lines.append("⚠ Roblox has banned this account.")
    yes = "Move link" if card.holder else "Change link" if card.had else "Link"
    style = "red" if card.holder or card.had else "green"
    embed = discord.Embed(
        title=safe(user.display_name, 200) or None,
        url=profile_url(user.roblox_id),
        description=f"@{safe(user.username)} · account {user.roblox_id}",
    )
    if card.profile.created_at is not None:
        embed.add_field(name="Account made", value=_age(card.profile.created_at, now))
    for name, rank in card.ranks:
        shown = str(rank) if rank else "not in the group"
        embed.add_field(name=f"Rank, {cut(name, 100)}", value=shown)
    if card.picture:
        embed.set_thumbnail(url=card.picture)
    buttons = (
        Button(Action.LINK_MEMBER, wish.wish_id, yes, style),
        Button(Action.DROP_LINK, wish.wish_id, "Cancel"),
    )
    return Reply("\n".join(lines), buttons, embed)


def linked_reply(linked: Linked) -> Reply:
    """The receipt."""
    link = linked.link
    lines = [
        f"✔ <@{link.discord_id}> is linked to **{safe(link.username)}**"
        f" (<{profile_url(link.roblox_id)}>)."
    ]
    if linked.shown_as != link.username:
        lines.append(
            f"The account was called **{safe(linked.shown_as)}** on the card and has another name"
            " now. It is the same account."
        )
    if linked.holder_id is not None:
        lines.append(f"It is no longer <@{linked.holder_id}>'s. Both read of it at their next use.")
    else:
        lines.append("They read of it at their next use, and can say if it is wrong.")
    return Reply("\n".join(lines))


def already_reply(link: AccountLink) -> Reply:
    """Nothing to ask: it is so."""
    return Reply(
        f"✔ <@{link.discord_id}> is linked to **{safe(link.username)}** already"
        f" (<{profile_url(link.roblox_id)}>). Nothing was changed."
    )


def link_text(link: AccountLink, *, old: bool) -> str:
    """One link with where it comes from, and how old its name is."""
    told = linker if link.source is LinkSource.IMPORT else mention
    mark = " It is old: they may have another name by now." if old else ""
    return (
        f"<@{link.discord_id}> is **{safe(link.username)}**, Roblox account {link.roblox_id}"
        f" (<{profile_url(link.roblox_id)}>).\n"
        f"Linked by {told(link.linked_by)} {_ago(link.linked_at)} ({_SOURCES[link.source]}); the"
        f" name was read {_ago(link.username_at)}.{mark}"
    )


def page_reply(page: Page, *, old: frozenset[int]) -> Reply:
    """A page of the list; `old` are the Discord ids whose names have aged."""
    if not page.total:
        return Reply(
            "Nobody is linked here yet. Link members with `/links add` or `/links import`."
        )
    lines = [
        f"<@{link.discord_id}> · {_account(link)} · {_SOURCES[link.source]}"
        + (f" · name read {_ago(link.username_at)} ⚠" if link.discord_id in old else "")
        for link in page.links
    ]
    head = f"**{counted(page.total, 'linked member')}**, page {page.number + 1} of {page.pages}"
    foot = ["-# ⚠ an old name: the account may be called otherwise by now"] if old else []
    last = min(page.pages - 1, MAX_PAGE)
    buttons = (
        Button(
            Action.LINKS_PAGE, 1, "◀ Back", page=max(page.number - 1, 0), disabled=not page.number
        ),
        Button(
            Action.LINKS_PAGE, 1, "Next ▶", page=min(page.number + 1, MAX_PAGE),
            disabled=page.number >= last,
        ),
    )  # fmt: skip
    return Reply("\n".join([head, *lines, *foot]), buttons if page.pages > 1 else ())


def notice_reply(notice: LinkNotice) -> Reply:
    """What a member reads of a change that an admin made."""
    name = masked_link(notice.username, f"<{profile_url(notice.roblox_id)}>")
    when, by = _ago(notice.at), linker(notice.by_id)
    if notice.kind is NoticeKind.TAKEN:
        return Reply(
            f"The Roblox account **{name}** was moved from you to another member {when} by {by},"
            " so you cannot claim with it here any more. If that is wrong, ask an admin."
        )
    return Reply(
        f"You were linked to the Roblox account **{name}** {when} by {by}. Your claims here are"
        " made with it. Is that wrong?",
        (Button(Action.DISOWN, notice.notice_id, "Not mine: unlink me", "red"),),
    )


def disowned_reply(notice: LinkNotice) -> Reply:
    """The receipt of a member who said no."""
    return Reply(
        f"✔ You are no longer linked to **{safe(notice.username)}**. The admins read of it. What"
        " was claimed with that account stays on the platform."
    )


def _account(link: AccountLink) -> str:
    return f"**{safe(link.username)}** ({link.roblox_id})"


def _is_proved(link: AccountLink) -> bool:
    return link.source is LinkSource.PROOF


def _age(created: datetime, now: datetime) -> str:
    stamp = int(created.timestamp())
    young = " ⚠ very new" if now - created < YOUNG else ""
    return f"<t:{stamp}:D> (<t:{stamp}:R>){young}"


def _ago(time: datetime) -> str:
    return f"<t:{int(time.timestamp())}:R>"
