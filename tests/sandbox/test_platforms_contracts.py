"""The contract checker refuses what a contract does not allow."""

import json

import pytest

from tests.sandbox.contracts import READMIN_V1, READMIN_V2, SERIES, ContractBrokenError

JSON = "application/json; charset=utf-8"
NOT_FOUND = {"success": False, "reason": "Session not found"}
SESSION = "/sessions/v2/65f0a1b2c3d4e5f600000065"


def test_an_allowed_answer_passes() -> None:
    READMIN_V2.check("GET", SESSION, 404, JSON, json.dumps(NOT_FOUND).encode())
    failure = {"success": False, "error": {"code": 404, "message": "None"}}
    SERIES.check("GET", "/sessions/get/x", 404, "application/json", json.dumps(failure).encode())


@pytest.mark.parametrize(
    ("method", "path", "status", "content_type", "body", "complaint"),
    [
        ("PUT", SESSION, 404, JSON, NOT_FOUND, "no route"),
        ("GET", f"{SESSION}/x", 404, JSON, NOT_FOUND, "no route"),
        ("GET", SESSION, 403, JSON, NOT_FOUND, "status is not in the contract"),
        ("GET", SESSION, 404, "text/html", NOT_FOUND, "content type"),
        ("GET", SESSION, 404, JSON, {"success": False, "message": "No"}, "not valid under any"),
        ("GET", SESSION, 200, JSON, {"success": True, "data": None}, r"\$\.data"),
    ],
)
def test_other_answers_are_refused(
    method: str, path: str, status: int, content_type: str, body: object, complaint: str
) -> None:
    with pytest.raises(ContractBrokenError, match=complaint):
        READMIN_V2.check(method, path, status, content_type, json.dumps(body).encode())


def test_dates_and_json_are_looked_at() -> None:
    with pytest.raises(ContractBrokenError, match="no JSON"):
        READMIN_V1.check("GET", "/sessions", 200, JSON, b"{")
    group = {"id": "x", "name": "x", "roles": [], "created": "yesterday"}
    body = json.dumps({"success": True, "roles": [group]}).encode()
    with pytest.raises(ContractBrokenError, match="date-time"):
        READMIN_V1.check("GET", "/sessions/roles", 200, JSON, body)
