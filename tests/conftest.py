"""What holds for all tests."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The proofs come first: each takes long, and the other workers have the rest meanwhile."""
    items.sort(key=lambda item: "proofs" not in item.path.parts)
