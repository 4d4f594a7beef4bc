"""Lists that come in pages, so that no worker holds all of them at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
Key = TypeVar("Key")


async def in_pages(
    page: Callable[[Key], Awaitable[Sequence[T]]], first: Key, key: Callable[[T], Key]
) -> AsyncIterator[T]:
    """All entries of a list whose pages follow an entry's `key`; `first` is before them all."""
    after = first
    while found := await page(after):
        for one in found:
            yield one
        after = key(found[-1])
