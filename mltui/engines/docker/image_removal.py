"""Why an engine keeps an image that was to be removed, and what to do."""

from __future__ import annotations

import re

from mltui.domain.errors import EngineError, NotFound
from mltui.domain.text import one_line
from mltui.engines.docker.wire import Refused

#: Words of Docker's, then of Podman's daemon; the container that is named is found among what they say.
_USED = re.compile(r"used by (?:(?P<state>running|stopped) )?container (?P<one>\w+)|image used by (?P<other>\w+)")
_REASONS = (
    ("dependent child images", "other images are built on it", "Remove those first."),
    ("multiple repositories", "it has several names", "Remove it with --force, or one name with `docker rmi NAME`."),
)


def removal_refusal(name: str, error: Refused) -> EngineError:
    """Why the image called ``name`` was not removed."""
    who = f"The image {one_line(name, 80)} was not removed"
    if error.status == 404:
        return NotFound(f"{who}: there is none any more.")
    if found := _USED.search(error.text):
        container = (found["one"] or found["other"])[:12]
        state = f"{found['state']} " if found["state"] else ""
        first = "Stop and remove it first" if found["state"] == "running" else "Remove it first"
        return EngineError(
            f"{who}: the {state}container {container} uses it.", f"{first}: mltui container rm {container}"
        )
    for words, meaning, cure in _REASONS:
        if words in error.text:
            return EngineError(f"{who}: {meaning}.", cure)
    return EngineError(f"{who}: {one_line(error.text.rstrip('.'), 300)}.")
