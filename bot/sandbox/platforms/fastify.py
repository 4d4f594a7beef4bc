"""The answers that ReAdmin's web framework gives before, or instead of, a handler."""

import json
import re
from typing import Any

from bot.sandbox.platforms.wire import Answer, Call, json_answer

_EMPTY = "Body cannot be empty when content-type is set to 'application/json'"
_MALFORMED = "Body is not valid JSON but content-type is set to 'application/json'"


class FrameworkRefusalError(Exception):
    """The framework refuses the request; `answer` is what it says."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def framework_error(status: int, error: str, message: str, code: str | None = None) -> Answer:
    """The framework's own error: no `success` field, `code` absent for unknown routes."""
    code_field = {"code": code} if code else {}
    return json_answer(
        status, {"statusCode": status, **code_field, "error": error, "message": message}
    )


def not_found(call: Call) -> Answer:
    """An unknown route or method; not to be mistaken for a missing session."""
    message = f"Route {call.method}:{call.target} not found"
    return json_answer(404, {"message": message, "error": "Not Found", "statusCode": 404})


def bad_url(path: str) -> Answer:
    """A percent-escape in the path that means nothing."""
    message = f"'{path}' is not a valid url component"
    return framework_error(400, "Bad Request", message, "FST_ERR_BAD_URL")


def parse_body(call: Call) -> Any:
    """The body as the handler gets it, None when there is none. Raises FrameworkRefusalError."""
    if call.method in ("GET", "HEAD"):
        return None
    content_type = call.headers.get("content-type")
    if content_type is None and not call.content and not call.too_large:
        return None
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type not in ("application/json", "text/plain"):
        unsupported = "Unsupported Media Type"
        code = "FST_ERR_CTP_INVALID_MEDIA_TYPE"
        raise FrameworkRefusalError(framework_error(415, unsupported, unsupported, code))
    if call.too_large:
        message = "Request body is too large"
        code = "FST_ERR_CTP_BODY_TOO_LARGE"
        raise FrameworkRefusalError(framework_error(413, "Payload Too Large", message, code))
    if media_type == "text/plain":
        return call.content.decode(errors="replace")
    return _parse_json(call.content)


def _parse_json(content: bytes) -> Any:
    if not content:
        raise FrameworkRefusalError(
            framework_error(400, "Bad Request", _EMPTY, "FST_ERR_CTP_EMPTY_JSON_BODY")
        )
    try:
        return json.loads(content, object_pairs_hook=_safe_object, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        code = "FST_ERR_CTP_INVALID_JSON_BODY"
        raise FrameworkRefusalError(
            framework_error(400, "Bad Request", _MALFORMED, code)
        ) from error


def _safe_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    constructor = found.get("constructor")
    if "__proto__" in found or (isinstance(constructor, dict) and "prototype" in constructor):
        raise ValueError("forbidden prototype property")
    return found


def _no_constant(name: str) -> None:
    # Python reads NaN and Infinity, JSON does not know them.
    raise ValueError(name)


def is_object_id(text: str) -> bool:
    """Whether the database takes the text as an id."""
    return re.fullmatch(r"[0-9a-fA-F]{24}", text) is not None
