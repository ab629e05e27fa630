"""Which names of variables hold secrets by custom."""

from __future__ import annotations

import re

#: Words that say it wherever they stand in a name, and those that say it at its end. Counts (``MAX_TOKENS``,
#: ``TOKENIZERS_PARALLELISM``) are other words.
_SECRET = re.compile(
    r"(TOKEN|SECRETS?|PASSW(OR)?DS?|PASSPHRASE|CREDENTIALS?|(API|ACCESS|SECRET|PRIVATE)_?KEYS?)(?![A-Z])"
    r"|(?<![A-Z])(AUTH|PRIVATE)(?![A-Z])"
    r"|(?<![A-Z])KEY[0-9_]*$",
    re.IGNORECASE,
)
#: Names that say where a secret is, or how many and how long, and not what it is.
_ABOUT = re.compile(r"_(FILE|PATH|DIR|SOCK|STDIN|COUNT|LIMIT|SIZE|LENGTH)$", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """A variable of that name holds a secret by custom, such as ``HF_TOKEN``, ``DB_PASSWORD`` or ``OPENAI_KEY``."""
    return bool(_SECRET.search(name)) and not _ABOUT.search(name)
