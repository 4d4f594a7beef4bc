"""The fakes answer to the same questions as what they stand for."""

from __future__ import annotations

import inspect

import pytest

from bot.background import Background
from bot.providers.base import Provider
from bot.providers.identity.roblox import Roblox
from bot.services.ports import Messenger
from tests.services.fakes import FakePlatform, FakeRoblox, HandBackground
from tests.services.messenger import FakeMessenger


def questions(kind: type) -> dict[str, inspect.Signature]:
    """The public methods of a class."""
    members = inspect.getmembers(kind, inspect.isfunction)
    return {name: inspect.signature(member) for name, member in members if name[0] != "_"}


@pytest.mark.parametrize(
    ("fake", "real"),
    [
        (FakePlatform, Provider),
        (FakeMessenger, Messenger),
        (HandBackground, Background),
    ],
)
def test_a_fake_has_the_methods_of_the_real_one(fake: type, real: type) -> None:
    theirs = questions(fake)
    for name, signature in questions(real).items():
        assert str(theirs[name]) == str(signature), name


def test_a_fake_platform_has_capabilities() -> None:
    assert set(Provider.__annotations__) <= set(vars(FakePlatform()))


def test_the_fake_roblox_is_asked_what_the_real_one_answers() -> None:
    """It stands for what these tests' services ask; more options of the real one are optional."""
    real = questions(Roblox)
    for name, signature in questions(FakeRoblox).items():
        if name == "add":  # how a test makes an account
            continue
        theirs = real[name].parameters
        assert list(signature.parameters) == list(theirs)[: len(signature.parameters)], name
        more = [p for p in theirs.values() if p.name not in signature.parameters]
        assert all(p.default is not p.empty for p in more), name
        assert signature.return_annotation == real[name].return_annotation, name
