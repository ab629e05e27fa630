"""Secrets that stand in a text: values of options, assignments and addresses whose names say so, and known shapes."""

from __future__ import annotations

import re
from collections.abc import Callable

from mltui.domain.secret_names import is_secret_name

#: What stands in the place of a secret that is shown.
HIDDEN = "•••"

_VALUE = r"(?P<value>'[^']*'|\"[^\"]*\"|[^\s'\"]+)"
#: ``--api-key=abc``, ``--api-key abc``, ``TOKEN=abc``, ``X-Api-Key: abc``.
_NAMED = re.compile(rf"(?P<name>--?[A-Za-z][\w-]*(?:=|\s+)|[A-Za-z_][\w-]*(?:=(?=\S)|:\s+)){_VALUE}")
#: ``Authorization: Bearer abc``.
_BEARER = re.compile(r"(?P<name>\b(?:Bearer|Basic)\s+)(?P<value>[^\s'\"$]{8,})")
#: ``token:abc``, which can be the name of an image or a volume just as well.
_COLON = re.compile(r"(?P<name>[A-Za-z_][\w-]*:)(?P<value>[^\s/:]+)")
#: ``https://user:password@host``.
_ADDRESS = re.compile(r"(?P<name>\b[A-Za-z][\w+.-]*://[^\s/:@]+:)(?P<value>[^\s/@]+)(?=@)")
#: Tokens that their makers gave a beginning of their own, so that they can be told: Hugging Face, GitHub, OpenAI and
#: others, AWS, Slack.
_SHAPE = re.compile(
    r"\b(hf_[A-Za-z0-9]{30,}|gh[opsu]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|sk-(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{20,}|AKIA[0-9A-Z]{16}|xox[abprs]-[\w-]{10,})"
)
#: Nothing but variables, none with a default of its own.
_VARIABLES = re.compile(r"(\$\w+|\$\{\w+(:?\?[^{}]*|:?-)?\}|\s)*")
#: Names that mean a secret or, as ``--sort-key`` and ``--auth``, something else; then the value tells.
_EITHER = re.compile(r"(^|_)(KEY[0-9_]*|AUTH|PRIVATE)$", re.IGNORECASE)
_KEYS = re.compile(r"(API|ACCESS|SECRET|PRIVATE)_?KEY", re.IGNORECASE)
_RANDOM = re.compile(r"(?=\D*\d)[\w+/=.-]{8,}")


def is_written(text: str) -> bool:
    """The text says a value itself, rather than which variables have it."""
    return _VARIABLES.fullmatch(text) is None


def has_shape(text: str) -> bool:
    """A token stands in it that can be told by its beginning."""
    return _SHAPE.search(text) is not None


def secret_option(word: str, value: str) -> str:
    """What a variable for ``value``, that of the option ``word``, would be called, where it is a secret that is written
    there: ``API_KEY`` for ``--api-key``; else an empty text."""
    name = word.strip("-").replace("-", "_").upper()
    if not word.startswith("-") or not is_secret_name(name) or not is_written(value) or value.startswith("-"):
        return ""
    return "" if _EITHER.search(name) and not _KEYS.search(name) and not _RANDOM.fullmatch(value) else name


def replaced(text: str, put: Callable[[str], str], password: str = "PASSWORD") -> str:
    """``text`` with ``put(NAME)`` in the place of every secret that is written in it; ``NAME`` is what a variable for
    it would be called, ``password`` for one in an address."""

    def named(found: re.Match[str]) -> str:
        word, value = found["name"].rstrip().rstrip("=:"), found["value"]
        bare = value.strip("'\"")
        name = secret_option(word, bare) if word.startswith("-") else _assigned(word, bare)
        if not name:
            # What is no secret may have one in it: --env TOKEN=abc.
            return found["name"] + _NAMED.sub(named, value)
        quote = value[0] if value[0] in "'\"" else ""
        return f"{found['name']}{quote}{put(name)}{quote}"

    def addressed(found: re.Match[str]) -> str:
        return found["name"] + (put(password) if is_written(found["value"]) else found["value"])

    text = _BEARER.sub(lambda found: found["name"] + put("TOKEN"), _ADDRESS.sub(addressed, _NAMED.sub(named, text)))
    return _SHAPE.sub(lambda _: put("TOKEN"), text)


def _assigned(word: str, value: str) -> str:
    name = word.replace("-", "_").upper()
    return name if is_secret_name(name) and is_written(value) else ""


def masked(text: str) -> str:
    """``text`` to be shown: ``•••`` in the place of every secret that is written in it."""

    def colon(found: re.Match[str]) -> str:
        return found["name"] + HIDDEN if is_secret_name(found["name"].rstrip(":")) else found[0]

    return _COLON.sub(colon, replaced(text, lambda _: HIDDEN))
