"""The ReAdmin sandbox answers as the real server did, and the comparison has teeth."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.sandbox.platforms import readmin_v1, readmin_v2
from bot.sandbox.platforms.documents import Doc
from bot.sandbox.platforms.readmin_v1 import SessionsV1
from bot.sandbox.platforms.readmin_v2 import RefusedError, SessionsV2
from bot.sandbox.platforms.readmin_world import Workspace
from bot.sandbox.platforms.wire import Answer, Call, json_answer
from tests.sandbox.recording import EXCHANGES
from tests.sandbox.replay import BEYOND_CONTRACT, replay

Patch = pytest.MonkeyPatch


async def test_every_recorded_exchange_is_answered_the_same() -> None:
    run = await replay()
    assert run.differences == []
    assert run.contract_breaks == BEYOND_CONTRACT
    assert len(EXCHANGES) == 117


def enforce_capacity(patch: Patch) -> None:
    """A full role is refused."""
    honest = SessionsV2.claim_role

    async def claim_role(self: SessionsV2, workspace: Workspace, call: Call) -> Answer:
        body = call.body if isinstance(call.body, dict) else {}
        roles = [role for group in workspace.role_groups for role in group["roles"]]
        limits = {role["id"]: role["maxUsers"] for role in roles}
        session = workspace.sessions.get(call.params["sessionId"], {"servers": {}})
        claims = session["servers"].get(call.params["serverId"], {"claims": {}})["claims"]
        stored = claims.values() if isinstance(claims, dict) else []
        held = [claim for claim in stored if claim["claimedRole"] == body.get("roleId")]
        if 0 < limits.get(body.get("roleId"), 0) <= len(held):
            raise RefusedError(400, "Role is full")
        return await honest(self, workspace, call)

    patch.setattr(SessionsV2, "claim_role", claim_role)


def reason_under_message(patch: Patch) -> None:
    """v2 errors carry their text where v1 does."""
    patch.setattr(readmin_v2, "refusal", readmin_v1.refusal)


def release_needs_a_claim(patch: Patch) -> None:
    """Releasing what is not held is refused."""
    honest = SessionsV2.release_claim

    async def release_claim(self: SessionsV2, workspace: Workspace, call: Call) -> Answer:
        session = workspace.sessions.get(call.params["sessionId"], {"servers": {}})
        server = session["servers"].get(call.params["serverId"])
        if server is not None and call.params["userId"] not in str(server["claims"]):
            raise RefusedError(404, "Claim not found")
        return await honest(self, workspace, call)

    patch.setattr(SessionsV2, "release_claim", release_claim)


def unknown_session_is_404_in_v1(patch: Patch) -> None:
    """v1 refuses an unknown session as v2 does."""
    honest = SessionsV1.get_session

    async def get_session(self: SessionsV1, workspace: Workspace, call: Call) -> Answer:
        if call.params["sessionId"].endswith("ffffffff"):
            return json_answer(404, {"success": False, "message": "Session not found"})
        return await honest(self, workspace, call)

    patch.setattr(SessionsV1, "get_session", get_session)


def second_claim_stays_beside_the_first(patch: Patch) -> None:
    """A second claim of the same user on a server does not replace the first."""
    honest = readmin_v2.write_claim

    def write_claim(session: Doc, server_id: str, user_id: Any, claim: Doc) -> None:
        held = session["servers"][server_id]["claims"]
        honest(session, server_id, f"{user_id}0" if user_id in held else user_id, claim)

    patch.setattr(readmin_v2, "write_claim", write_claim)


def newest_first(patch: Patch) -> None:
    """The list is descending unless asked otherwise."""
    honest = SessionsV2.list_sessions

    async def list_sessions(self: SessionsV2, workspace: Workspace, call: Call) -> Answer:
        return await honest(self, workspace, replace(call, query={"order": "desc", **call.query}))

    patch.setattr(SessionsV2, "list_sessions", list_sessions)


@pytest.mark.parametrize(
    ("mutate", "first_difference"),
    [
        (enforce_capacity, "claim-again-same"),
        (reason_under_message, "auth-other-workspace"),
        (release_needs_a_claim, "release-again"),
        (unknown_session_is_404_in_v1, "v1-get-unknown"),
        (second_claim_stays_beside_the_first, "claim-get"),
        (newest_first, "list-default"),
    ],
)
async def test_the_replay_notices_a_wrong_sandbox(
    monkeypatch: Patch, mutate: Callable[[Patch], None], first_difference: str
) -> None:
    mutate(monkeypatch)
    run = await replay()
    assert run.differences, "the mutation went unnoticed"
    assert run.differences[0].startswith(f"{first_difference}:")
