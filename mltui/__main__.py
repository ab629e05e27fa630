"""``python -m mltui`` is the same program as ``mltui``."""

import sys

from mltui.cli import main

if __name__ == "__main__":
    sys.exit(main())
