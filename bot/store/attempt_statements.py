"""What every claim asks of the journal, built once: building costs more than a look-up."""

from __future__ import annotations

from sqlalchemy import Boolean, bindparam, case, or_, select, update

from bot.models import AttemptState, Door
from bot.store.keyed import Keyed
from bot.store.tables import IS_RUNNING, IS_UNTOLD, claim_attempts

_c = claim_attempts.c

SAVE = (  # the other columns come with the rows of `_saved`
    update(claim_attempts)
    .where(_c.operation_id == bindparam("saved_id"))
    .values(
        encrypted_token=case((bindparam("done", type_=Boolean()), ""), else_=_c.encrypted_token),
        repaired=or_(_c.repaired, bindparam("mended", type_=Boolean())),  # once so, always so
    )
)

SENT = (
    update(claim_attempts)
    .where(
        _c.operation_id == bindparam("sent_id"),
        _c.owner == bindparam("ours"),
        _c.state == AttemptState.PENDING,
    )
    .values(state=AttemptState.SENT)
)
TOLD = (
    update(claim_attempts)
    .where(
        _c.operation_id.in_(bindparam("operation_ids", expanding=True)),
        _c.settled_at.is_not(None),
    )
    .values(told=True, encrypted_token="")
)
_OLDEST_FIRST = (_c.created_at, _c.operation_id)
UNTOLD = Keyed(
    select(claim_attempts).where(IS_UNTOLD, _c.settled_at.is_not(None)).order_by(*_OLDEST_FIRST),
    _c.guild_id,
    _c.subject_id,
)
DOUBTFUL = Keyed(
    select(claim_attempts)
    .where(IS_RUNNING, or_(_c.state != AttemptState.PENDING, _c.door == Door.WAITLIST))
    .order_by(*_OLDEST_FIRST),
    _c.upstream,
    _c.session_id,
)
OF_MEMBER = (
    select(claim_attempts)
    .where(_c.guild_id == bindparam("guild_id"), _c.subject_id == bindparam("discord_id"))
    .order_by(_c.created_at.desc())
    .limit(bindparam("most"))
)
