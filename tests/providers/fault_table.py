"""What every call becomes under every fault of the sandbox: the one table, tested and printed.

`python -m tests.providers.fault_table` prints it as Markdown.
"""

from __future__ import annotations

import sys

from bot.sandbox.platforms.faults import FAULTS

READS = ("probe", "list_sessions", "fetch_session")
WRITES = ("claim", "release", "create_server")
KINDS = ("readmin-v2", "readmin-v1", "series")
# What a platform has no route for is refused by us, under any fault, and never sent.
NEVER_SENT = {("readmin-v1", "release"), ("series", "create_server")}

# fault: (probe, list_sessions, fetch_session), (claim, release, create_server)
# After the comma: whether the platform has done what was asked.
_GONE = ("Unavailable",) * 3
_ODD = ("Misread",) * 3
_UNDONE = ("OutcomeUnknown, not done",) * 3
_DONE = ("OutcomeUnknown, done",) * 3
TABLE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "slow": (("ok",) * 3, ("ok, done",) * 3),
    "hang": (_GONE, _UNDONE),
    "drip": (_GONE, _DONE),
    "cut-before": (_GONE, _UNDONE),
    "cut-after": (_GONE, _DONE),
    "store-late": (_GONE, ("OutcomeUnknown, done later",) * 3),
    "overwrite-late": (_GONE, ("OutcomeUnknown, done later",) * 3),
    "error-500": (_GONE, _UNDONE),
    "error-500-after": (_GONE, _DONE),
    "html-502": (_GONE, _UNDONE),
    "empty-200": (_ODD, _DONE),
    "wrong-shape": (_ODD, _DONE),
    "truncated": (_ODD, _DONE),
    "wrong-charset": (_ODD, _DONE),
    "deep": (_ODD, _DONE),
    "huge": (_ODD, _DONE),
    "rate-limit": (("RateLimited",) * 3, ("RateLimited, not done",) * 3),
    "rate-limit-date": (("RateLimited",) * 3, ("RateLimited, not done",) * 3),
    "rate-limit-bare": (("RateLimited",) * 3, ("RateLimited, not done",) * 3),
    "revoked-key": (("KeyRefused",) * 3, ("KeyRefused, not done",) * 3),
    "redirect": (("UpstreamRefused",) * 3, ("UpstreamRefused, not done",) * 3),
}


def row(kind: str, fault: str) -> dict[str, str]:
    """The expected outcome of each call to a platform of this kind."""
    reads, writes = TABLE[fault]
    expected = dict(zip((*READS, *WRITES), (*reads, *writes), strict=True))
    return {
        call: "UpstreamRefused, not done" if (kind, call) in NEVER_SENT else outcome
        for call, outcome in expected.items()
    }


def markdown() -> str:
    """The table for a reader."""
    head = ["fault", "what the platform does", *READS, *WRITES]
    lines = [head, ["---"] * len(head)]
    for fault, (reads, writes) in TABLE.items():
        lines.append([fault, FAULTS[fault], *reads, *writes])
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return (
        f"{text}\n\nThe same for ReAdmin v2, ReAdmin v1 and Series HR; v1 knows no release and"
        " Series no servers: those two calls are refused before anything is sent.\n"
        "A write is sent once. OutcomeUnknown is settled by reading the session back.\n"
    )


if __name__ == "__main__":
    sys.stdout.write(markdown())
