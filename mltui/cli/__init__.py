"""The command line: ``main`` is the ``mltui`` program.

``commands`` declares every command once; ``dispatch`` finds the one that is meant and ``program`` reports what went
wrong. A command's module is imported when the command is called, and imports what it needs inside its functions, so
that ``--help`` and the app's first frame wait for nothing.
"""

from mltui.cli.program import main

__all__ = ["main"]
