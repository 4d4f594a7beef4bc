"""What is said about roles that are given back."""

from __future__ import annotations

from bot.services.outcomes import HostsTold, Outcome

_TOLD = {
    HostsTold.ALL: "The hosts read of it, with your reason.",
    HostsTold.THREAD: (
        "The host reads of it in the session's thread. Everybody reads there, so your reason is"
        " left out: please tell the host yourself."
    ),
    HostsTold.NOTHING: "Muster knows no way to tell a host: please tell one yourself.",
}


def released_words(o: Outcome, place: str, reason: str) -> str:
    """Who no longer holds the place, and who hears of it; `reason` is a host's, to be repeated."""
    if o.by_id:
        return f"↩ <@{o.by_id}> has released you from {place}.\nAsk them if that surprises you."
    who = f"<@{o.subject_id}> no longer holds" if o.subject_id else "you no longer hold"
    text = f"✔ Released: {who} {place}."
    if o.hosts_told is None:
        return text + reason
    return f"{text}\n{_TOLD[o.hosts_told]}"


def reason_wanted_words(place: str) -> str:
    """The question before a release after the cut-off."""
    return (
        f"⚠ Claims have closed, so only a host can give {place} to somebody else. The hosts are"
        " told; say why you give it back.\nRelease it all the same?"
    )
