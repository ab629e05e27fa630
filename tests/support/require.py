"""What a test cannot do without: skipped where it is not there, failed where it is required."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def unavailable(reason: str) -> NoReturn:
    """Skip the test, or fail it when ``MLTUI_REQUIRE_ENGINE=1`` says that everything must run here."""
    if os.environ.get("MLTUI_REQUIRE_ENGINE") == "1":
        pytest.fail(f"required here, and not to be had: {reason}", pytrace=False)
    pytest.skip(reason)
