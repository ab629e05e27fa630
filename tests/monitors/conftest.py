"""The simulated driver's fixtures."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "support" / "nvml"))

from simulated_nvml import driver, nvml_library

__all__ = ["driver", "nvml_library"]
