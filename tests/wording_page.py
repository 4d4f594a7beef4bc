"""All endings of a claim side by side, as members read them: `python -m tests.wording_page`.

Writes tests/data/wording.md. Read the page aloud after every change of wording.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.replies import AT_WORK, outcome_reply, swap_reply
from bot.services.outcomes import Code, HostsTold, Outcome
from tests.wording_swaps import swap_outcomes

PAGE = Path(__file__).parent / "data" / "wording.md"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SERIES, V1 = "Series HR", "ReAdmin (legacy v1)"

BASE = Outcome(
    Code.CLAIMED, opening_id=7, session_title="12:00 Training", starts_at=NOON, role_name="Trainer",
    server_name="Main", platform="ReAdmin", reference="0123abcd",
)  # fmt: skip

# Code -> (when it is said, the facts that matter). The first line of each code is its plain form.
CASES: dict[Code, list[tuple[str, dict[str, object]]]] = {
    Code.CLAIMED: [
        ("", {}),
        ("on a platform that cannot release", {"platform": V1, "can_release": False}),
        ("to a member whom a host added, later", {"by_id": 9}),
        ("to a host who added somebody", {"subject_id": 5, "reason": "asked me in voice chat"}),
    ],
    Code.RELEASED: [
        ("", {}),
        ("to a member whom a host removed, later", {"by_id": 9}),
        ("to a host who removed somebody", {"subject_id": 5, "reason": "did not turn up"}),
        ("after the cut-off", {"reason": "I am ill", "hosts_told": HostsTold.ALL}),
        ("likewise, told in the thread", {"reason": "I am ill", "hosts_told": HostsTold.THREAD}),
        ("likewise, and nobody can be told", {"reason": "x", "hosts_told": HostsTold.NOTHING}),
    ],
    Code.NOT_LINKED: [("", {"reference": ""}), ("to a host", {"reference": "", "subject_id": 5})],
    Code.NOT_ELIGIBLE_DISCORD: [
        ("one of these roles is needed", {"role_ids": (5, 6)}),
        ("a role of the member's forbids it", {"barred_role_ids": (8,)}),
    ],
    Code.NOT_ELIGIBLE_RANK: [
        ("Muster looked", {"needed_rank": 30, "rank": 5}),
        ("the platform said so", {"platform": SERIES, "words": "Rank is too low for this role."}),
        ("to a host", {"needed_rank": 30, "rank": 5, "subject_id": 5}),
    ],
    Code.CLAIM_ONCE: [
        ("", {"held_role_name": "Trainer", "held_server_name": "Second"}),
        ("to a host", {"held_role_name": "Trainer", "held_server_name": "", "subject_id": 5}),
    ],
    Code.FULL: [
        ("", {"holders": ("<@8>", "OttoMeridian"), "capacity": 2}),
        ("a last place is being confirmed", {"holders": ("<@8>",), "capacity": 2}),
        ("one can wait for it", {"holders": ("<@8>",), "capacity": 1, "waitlist_place": 3}),
        (
            "to who waits already",
            {"holders": ("<@8>",), "capacity": 1, "waitlist_place": 2, "waitlist_id": 5},
        ),
        (
            "a free place is kept for somebody",
            {"capacity": 1, "kept": True, "kept_until": NOON, "waitlist_place": 2},
        ),
        ("nobody was asked yet", {"capacity": 1, "kept": True, "waitlist_place": 2}),
        ("the platform said so", {"platform": SERIES, "words": "This slot is already filled."}),
    ],
    Code.ALREADY_SAME: [
        ("", {}),
        ("on a platform that cannot release", {"platform": V1, "can_release": False}),
        ("to a host", {"subject_id": 5}),
    ],
    Code.MOVE: [
        ("", {"held_role_name": "Helper"}),
        ("to a host", {"held_role_name": "Helper", "subject_id": 5}),
    ],
    Code.CLASH: [
        ("asked", {}),
        ("refused, by the community's setting", {"clash_may_be_confirmed": False}),
    ],
    Code.CLOSED: [
        ("the session is over", {"why": "the session is over"}),
        ("a host closed it", {"why": "closed by <@9> <t:1772362800:R>"}),
        (
            "after the cut-off",
            {
                "why": "claims closed 30 minutes before the start, <t:1772364600:R>;"
                " a host can still add you"
            },
        ),
        ("the platform said so", {"platform": SERIES, "words": "This shift is not claimable."}),
    ],
    Code.NOT_OPEN: [("", {})],
    Code.LIST_FORM: [("", {})],
    Code.GONE: [
        ("the role", {"what": "role"}),
        ("the session, with the platform's words", {"what": "session", "words": "Not found."}),
        ("the button", {"what": "button", "reference": ""}),
        ("the address", {"what": "route"}),
        ("the workspace", {"what": "workspace"}),
    ],
    Code.PLAN: [("", {"platform": SERIES, "words": "Upgrade to use custom roles."})],
    Code.KEY: [("", {"words": "Workspace not found"})],
    Code.LIMITED: [
        ("until a time", {"until": NOON}),
        ("for a while", {}),
        ("a release may yet arrive", {"why": "a release on this server is still being confirmed"}),
    ],
    Code.DOWN: [("", {}), ("Roblox, which tells the rank", {"platform": "Roblox"})],
    Code.UNKNOWN: [("of a claim", {}), ("of a release", {"releasing": True})],
    Code.STILL_RUNNING: [("", {}), ("to a host", {"subject_id": 5})],
    Code.UPSTREAM_SAID: [("", {"words": "Session is locked."}), ("without words", {})],
    Code.NOT_HELD: [("", {"releasing": True}), ("to a host", {"releasing": True, "subject_id": 5})],
    Code.CANNOT_RELEASE: [
        ("", {"platform": V1, "releasing": True, "can_release": False}),
        ("to a host", {"platform": V1, "releasing": True, "can_release": False, "subject_id": 5}),
    ],
    Code.REASON: [("", {"releasing": True})],
    Code.DID_NOT_ARRIVE: [("of a claim", {}), ("of a release", {"releasing": True})],
    Code.INTERRUPTED: [("", {})],
    Code.GAVE_UP: [("of a claim", {}), ("of a release", {"releasing": True})],
}

_CLASH = {
    "clash_title": "12:30 Shift",
    "clash_starts_at": NOON + timedelta(minutes=30),
    "clash_until": NOON + timedelta(minutes=60),
}


def outcomes() -> list[tuple[str, Outcome]]:
    """(heading, outcome) of every line of the page."""
    return [
        (
            f"{code.name}{f' · {said}' if said else ''}",
            replace(BASE, code=code, **({**_CLASH, **facts} if code is Code.CLASH else facts)),  # type: ignore[arg-type]  # a table
        )
        for code, cases in CASES.items()
        for said, facts in cases
    ]


def build() -> str:
    """The whole page."""
    parts = [
        "# What members read\n\nMade by `python -m tests.wording_page`; do not edit by hand.\n"
    ]
    for heading, outcome in outcomes():
        reply = outcome_reply(outcome)
        quoted = "\n".join(f"> {line}" for line in reply.text.splitlines())
        buttons = " · ".join(f"[{button.label}]" for button in reply.buttons) or "none"
        parts.append(f"## {heading}\n\n{quoted}\n\nButtons: {buttons}\n")
    parts.append(f"## Meanwhile · what a crash may forget\n\n> {AT_WORK}\n\nButtons: none\n")
    for heading, swap, reader in swap_outcomes():
        reply = swap_reply(swap, reader)
        quoted = "\n".join(f"> {line}" for line in reply.text.splitlines())
        buttons = " · ".join(f"[{button.label}]" for button in reply.buttons) or "none"
        parts.append(f"## {heading}\n\n{quoted}\n\nButtons: {buttons}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(build(), "utf-8")
