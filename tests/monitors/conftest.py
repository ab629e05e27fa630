"""The simulated driver's fixtures."""

from __future__ import annotations

from tests.support.nvml.simulated import driver, nvml_library

__all__ = ["driver", "nvml_library"]
