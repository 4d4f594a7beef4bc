"""The swaps' part of the wording page: the question and all endings, for each reader."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.models import Stands
from bot.services.swap_outcomes import Reach, SwapCode, SwapOutcome, SwapPart

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANA, BEN, HOST, LOG = 3, 4, 9, 0
BASE = SwapOutcome(
    SwapCode.ASKS,
    SwapPart(ANA, "Trainer", "12:00 Training", NOON, "Main"),
    SwapPart(BEN, "Helper", "12:00 Training", NOON, "Main"),
    swap_id=7, platform="ReAdmin", reference="0123abcd",
    expires_at=NOON - timedelta(minutes=30),
)  # fmt: skip
_RANK = (
    "<@4> cannot take **Trainer** in “12:00 Training”, Main: it needs group rank 30 or higher, and"
    " theirs is 5."
)
_FULL = "<@3> cannot have **Trainer** in “12:00 Training”, Main back: no place is left there."

Case = tuple[str, int, dict[str, object]]  # what is special, who reads it, the facts that matter

CASES: dict[SwapCode, list[Case]] = {
    SwapCode.ASKS: [("to the partner", BEN, {}), ("in the thread", LOG, {})],
    SwapCode.ASKED: [
        ("in the thread", ANA, {"reach": Reach.THREAD}),
        ("nobody can be reached", ANA, {"reach": Reach.NOT_YET}),
    ],
    SwapCode.DONE: [
        ("to the partner", BEN, {}),
        ("in the log channel", LOG, {}),
        ("by a host, to a member", ANA, {"host_id": HOST}),
        ("by a host, to the host", HOST, {"host_id": HOST}),
    ],
    SwapCode.DECLINED: [("to the proposer", ANA, {}), ("to the partner", BEN, {})],
    SwapCode.WITHDRAWN: [("to the proposer", ANA, {}), ("to the partner", BEN, {})],
    SwapCode.EXPIRED: [("to the proposer", ANA, {}), ("to the partner", BEN, {})],
    SwapCode.REFUSED: [("", BEN, {"why": _RANK})],
    SwapCode.UNDONE: [("to the partner", BEN, {"why": "Series HR says no: “Rank is too low”."})],
    SwapCode.PARTLY: [
        ("to who has nothing", ANA, {"why": f"{_RANK} {_FULL}", "stands": Stands.NEITHER}),
        ("to the other", BEN, {"why": f"{_RANK} {_FULL}", "stands": Stands.NEITHER}),
    ],
    SwapCode.GAVE_UP: [("", ANA, {})],
    SwapCode.UNKNOWN: [("", BEN, {})],
    SwapCode.BUSY: [("", BEN, {})],
    SwapCode.NOT_NOW: [("", BEN, {"why": "ReAdmin does not answer."})],
}


def swap_outcomes() -> list[tuple[str, SwapOutcome, int]]:
    """(heading, outcome, reader) of every line of the page."""
    found = []
    for code, cases in CASES.items():
        for said, reader, facts in cases:
            facts = dict(facts)
            stands = facts.pop("stands", Stands.OLD)
            base = replace(BASE, proposer=replace(BASE.proposer, stands=stands))  # type: ignore[arg-type]  # a table
            outcome = replace(base, code=code, **facts)  # type: ignore[arg-type]  # a table
            found.append((f"SWAP {code.name}{f' · {said}' if said else ''}", outcome, reader))
    return found
