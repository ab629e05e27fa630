"""What the tests of the reader need beside their cases."""

from __future__ import annotations

import pytest

from mltui.parsers import reader


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that take a method away are left out where the reader is compiled: see ``tests/test_compiled.py``."""
    if not reader.__file__.endswith(".py"):
        for item in items:
            if item.get_closest_marker("interpreted"):
                item.add_marker(pytest.mark.skip(reason="compiled code calls methods without looking them up"))
