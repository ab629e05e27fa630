"""The command line: ``main`` is the ``mltui`` program.

``commands`` declares every command once; ``program`` finds the one that is meant and reports what went wrong. The
module of a command is imported when the command is called, and imports what it needs in its functions, so that ``--help``
and the app's first frame wait for nothing.
"""

from mltui.cli.program import main

__all__ = ["main"]
