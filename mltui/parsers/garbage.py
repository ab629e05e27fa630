"""How often Python looks for garbage in a process that reads logs.

The reader makes several small objects of each line, and next to none that refer to themselves. As Python starts, it
looks for such after every 700 new ones, which takes a reader a twentieth of its time.
"""

from __future__ import annotations

import gc

#: So many new objects, a few megabytes of them.
_NEW = 20_000


def look_rarely() -> None:
    """Look for garbage after every 20,000 new objects in this process."""
    gc.set_threshold(_NEW)
