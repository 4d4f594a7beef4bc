"""What the stand-in answers when it refuses a call, in Discord's own shape."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
Path = tuple[str | int, ...]

_MESSAGES = {
    0: (401, "401: Unauthorized"),
    10002: (404, "Unknown Application"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10011: (404, "Unknown Role"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    30032: (400, "Maximum number of application commands reached (100)"),
    30046: (
        429,
        "Maximum number of edits to messages older than 1 hour reached. Try again later",
    ),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50024: (403, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
    160002: (403, "Cannot reply without permission to read message history"),
    160004: (400, "A thread has already been created for this message"),
}


class ApiError(Exception):
    """A refused call: HTTP status and the JSON body that goes with it."""

    def __init__(self, status: int, body: Json, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body.get('code')}: {body.get('message')}")
        self.status = status
        self.body = body
        self.headers = headers or {}

    @property
    def code(self) -> int:
        """Discord's own number of this error, 0 when it has none."""
        return int(self.body.get("code", 0))


def refuse(code: int) -> ApiError:
    """The error with one of Discord's known codes; the caller raises it."""
    status, message = _MESSAGES[code]
    return ApiError(status, {"message": message, "code": code})


class Problems:
    """Collects what is wrong with a form body and builds Discord's nested `errors` tree."""

    def __init__(self) -> None:
        self._found: list[tuple[Path, str, str]] = []

    def add(self, path: Path, code: str, message: str) -> None:
        """Note one problem; `path` holds keys and list positions from the body's root."""
        self._found.append((path, code, message))

    def raise_if_any(self) -> None:
        """Raises ApiError 400 / 50035 when anything was added."""
        if not self._found:
            return
        tree: Json = {}
        for path, code, message in self._found:
            node = tree
            for part in path:
                node = node.setdefault(str(part), {})
            node.setdefault("_errors", []).append({"code": code, "message": message})
        body = {"message": "Invalid Form Body", "code": 50035, "errors": tree}
        raise ApiError(400, body)

    def text(self, value: Any, path: Path, most: int, *, least: int = 0) -> str:
        """Check a text's type and length (in characters); the text, or "" when it is none."""
        if value is None and least == 0:
            return ""
        if value is None or (isinstance(value, str) and least and not value.strip()):
            self.add(path, "BASE_TYPE_REQUIRED", "This field is required")
        elif not isinstance(value, str):
            self.add(path, "STRING_TYPE_CONVERT", "Could not interpret value as string.")
        elif least and len(value) < least:
            self.add(path, "BASE_TYPE_MIN_LENGTH", f"Must be {least} or more in length.")
        elif len(value) > most:
            code = "BASE_TYPE_BAD_LENGTH" if least else "BASE_TYPE_MAX_LENGTH"
            span = f"between {least} and {most}" if least else f"{most} or fewer"
            self.add(path, code, f"Must be {span} in length.")
        return value if isinstance(value, str) else ""

    def number(self, value: Any, path: Path, least: int, most: int) -> int:
        """Check a whole number's type and range; the number, or `least` when it is none."""
        if isinstance(value, bool) or not isinstance(value, int):
            self.add(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
            return least
        if value < least:
            self.add(
                path, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {least}."
            )
        elif value > most:
            self.add(path, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {most}.")
        return value

    def choice(self, value: Any, path: Path, allowed: tuple[Any, ...]) -> None:
        """Check that a value is one of the allowed ones."""
        if value not in allowed:
            self.add(path, "BASE_TYPE_CHOICES", f"Value must be one of {set(allowed)}.")

    def items(self, value: Any, path: Path, most: int, *, least: int = 0) -> list[Any]:
        """Check a list's type and length; the list, or an empty one when it is none."""
        if value is None:
            value = []
        if not isinstance(value, list):
            self.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return []
        if not least <= len(value) <= most:
            self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")
        return value
