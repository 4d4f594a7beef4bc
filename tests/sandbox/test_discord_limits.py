"""Every limit of Discord's: at the limit fine, one over 50035 with the place in the tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.sandbox.discord.errors import ApiError
from bot.sandbox.discord.limits import check_message
from bot.sandbox.discord.limits_components import check_form

Json = dict[str, Any]


def embed(**parts: Any) -> Json:
    return {"content": "x", "embeds": [{"title": "t", **parts}]}


def field(name: str = "n", value: str = "v") -> Json:
    return {"name": name, "value": value}


def row(*children: Json) -> Json:
    return {"type": 1, "components": list(children)}


def rows(*children: Json) -> Json:
    return {"content": "x", "components": [row(*children)]}


def button(n: int = 0, **parts: Any) -> Json:
    return {"type": 2, "style": 1, "label": "b", "custom_id": f"b{n}", **parts}


def options(count: int, **parts: Any) -> list[Json]:
    return [{"label": f"o{n}", "value": f"o{n}", **(parts if n == 0 else {})} for n in range(count)]


def select(count: int = 1, **parts: Any) -> Json:
    more = {key: parts.pop(key) for key in ("label", "value", "description") if key in parts}
    return {"type": 3, "custom_id": "s", "options": options(count, **more), **parts}


def mention(**parts: Any) -> Json:
    return {"content": "x", "allowed_mentions": parts}


# what, how a body of that size is made, the most that is allowed, where the error is
MESSAGE_LIMITS: list[tuple[str, Callable[[int], Json], int, str]] = [
    ("content", lambda n: {"content": "x" * n}, 2000, "content"),
    ("embeds", lambda n: {"embeds": [{"title": "t"}] * n}, 10, "embeds"),
    ("title", lambda n: embed(title="x" * n), 256, "embeds.0.title"),
    ("description", lambda n: embed(description="x" * n), 4096, "embeds.0.description"),
    ("fields", lambda n: embed(fields=[field()] * n), 25, "embeds.0.fields"),
    ("field name", lambda n: embed(fields=[field("x" * n)]), 256, "embeds.0.fields.0.name"),
    (
        "field value",
        lambda n: embed(fields=[field(value="x" * n)]),
        1024,
        "embeds.0.fields.0.value",
    ),
    ("footer", lambda n: embed(footer={"text": "x" * n}), 2048, "embeds.0.footer.text"),
    ("author", lambda n: embed(author={"name": "x" * n}), 256, "embeds.0.author.name"),
    ("colour", lambda n: embed(color=n), 0xFFFFFF, "embeds.0.color"),
    (
        "all embeds",
        lambda n: {"embeds": [{"description": "x" * 3000}, {"description": "x" * (n - 3000)}]},
        6000,
        "embeds",
    ),
    (
        "rows",
        lambda n: {"content": "x", "components": [row(button(i)) for i in range(n)]},
        5,
        "components",
    ),
    ("buttons", lambda n: rows(*(button(i) for i in range(n))), 5, "components.0.components"),
    ("label", lambda n: rows(button(label="x" * n)), 80, "components.0.components.0.label"),
    (
        "custom id",
        lambda n: rows(button(custom_id="x" * n)),
        100,
        "components.0.components.0.custom_id",
    ),
    (
        "link",
        lambda n: rows({"type": 2, "style": 5, "label": "b", "url": "https://" + "x" * (n - 8)}),
        512,
        "components.0.components.0.url",
    ),
    ("options", lambda n: rows(select(n)), 25, "components.0.components.0.options"),
    (
        "placeholder",
        lambda n: rows(select(placeholder="x" * n)),
        150,
        "components.0.components.0.placeholder",
    ),
    (
        "option label",
        lambda n: rows(select(label="x" * n)),
        100,
        "components.0.components.0.options.0.label",
    ),
    (
        "option value",
        lambda n: rows(select(value="x" * n)),
        100,
        "components.0.components.0.options.0.value",
    ),
    (
        "option description",
        lambda n: rows(select(description="x" * n)),
        100,
        "components.0.components.0.options.0.description",
    ),
    (
        "max values",
        lambda n: rows(select(25, max_values=n)),
        25,
        "components.0.components.0.max_values",
    ),
    ("nonce", lambda n: {"content": "x", "nonce": "x" * n}, 25, "nonce"),
    (
        "mentioned users",
        lambda n: mention(users=[str(10**17 + i) for i in range(n)]),
        100,
        "allowed_mentions.users",
    ),
]


def errors_at(tree: Json, path: str) -> list[Json]:
    node: Any = tree
    for part in path.split("."):
        node = node.get(part, {})
    found: list[Json] = node.get("_errors", [])
    return found


@pytest.mark.parametrize(
    ("make", "most", "path"),
    [row[1:] for row in MESSAGE_LIMITS],
    ids=[r[0] for r in MESSAGE_LIMITS],
)
def test_message_limits(make: Callable[[int], Json], most: int, path: str) -> None:
    check_message(make(most))
    with pytest.raises(ApiError) as refused:
        check_message(make(most + 1))
    assert (refused.value.status, refused.value.code) == (400, 50035)
    assert errors_at(refused.value.body["errors"], path)


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        (rows(button(1), button(1)), "components.0.components.1.custom_id", "DUPLICATED"),
        (rows(button(label="")), "components.0.components.0", "EMOJI_OR_LABEL"),
        (rows(button(custom_id="")), "components.0.components.0.custom_id", "REQUIRED"),
        (rows(select(), button()), "components.0", "WIDTH"),
        (rows(select(2, value="o1")), "components.0.components.0.options.1.value", "DUPLICATED"),
        (rows(select(1, max_values=2)), "components.0.components.0.max_values", "MAX"),
        (rows(), "components.0.components", "LENGTH"),
        (embed(fields=[field(name=" ")]), "embeds.0.fields.0.name", "REQUIRED"),
        (embed(url="nowhere"), "embeds.0.url", "URL"),
        (mention(parse=["all"]), "allowed_mentions.parse.0", "CHOICES"),
        (mention(parse=["users"], users=["1" * 18]), "allowed_mentions", "EXCLUSIVE"),
        ({"content": 5}, "content", "STRING"),
    ],
)
def test_malformed_messages(body: Json, path: str, code: str) -> None:
    with pytest.raises(ApiError) as refused:
        check_message(body)
    assert refused.value.code == 50035
    assert code in errors_at(refused.value.body["errors"], path)[0]["code"]


@pytest.mark.parametrize(
    "body", [{}, {"content": ""}, {"content": " \n"}, {"embeds": [{}]}, {"components": []}]
)
def test_an_empty_message_is_refused(body: Json) -> None:
    with pytest.raises(ApiError) as refused:
        check_message(body)
    assert (refused.value.status, refused.value.code) == (400, 50006)


def form(**parts: Any) -> Json:
    item = {"type": 4, "style": 1, "label": "l", "custom_id": "i", **parts.pop("item", {})}
    return {"custom_id": "f", "title": "t", "components": [row(item)], **parts}


FORM_LIMITS: list[tuple[str, Callable[[int], Json], int, str]] = [
    ("title", lambda n: form(title="x" * n), 45, "data.title"),
    ("custom id", lambda n: form(custom_id="x" * n), 100, "data.custom_id"),
    (
        "inputs",
        lambda n: form(
            components=[
                row({"type": 4, "style": 1, "label": "l", "custom_id": f"{i}"}) for i in range(n)
            ]
        ),
        5,
        "data.components",
    ),
    ("label", lambda n: form(item={"label": "x" * n}), 45, "data.components.0.components.0.label"),
    (
        "placeholder",
        lambda n: form(item={"placeholder": "x" * n}),
        100,
        "data.components.0.components.0.placeholder",
    ),
    (
        "value",
        lambda n: form(item={"value": "x" * n}),
        4000,
        "data.components.0.components.0.value",
    ),
    (
        "max length",
        lambda n: form(item={"max_length": n}),
        4000,
        "data.components.0.components.0.max_length",
    ),
]


@pytest.mark.parametrize(
    ("make", "most", "path"), [row[1:] for row in FORM_LIMITS], ids=[r[0] for r in FORM_LIMITS]
)
def test_form_limits(make: Callable[[int], Json], most: int, path: str) -> None:
    check_form(make(most))
    with pytest.raises(ApiError) as refused:
        check_form(make(most + 1))
    assert errors_at(refused.value.body["errors"], path)
