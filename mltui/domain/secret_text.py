"""Secrets that stand in a text: values of options, assignments and addresses whose names say so, and known shapes."""

from __future__ import annotations

import re
from collections.abc import Callable

from mltui.domain.secret_names import is_secret_name

#: What stands in the place of a secret that is shown.
HIDDEN = "•••"

#: Where a value that has a name may begin: ``--api-key=``, ``--api-key ``, ``TOKEN=``, ``X-Api-Key: ``. Names are
#: bounded, and begin where no other does, so that a long text is gone through once.
_NAME = re.compile(
    r"(?<![\w-])(?:--?(?P<option>[A-Za-z][\w-]{0,60})(?:=|\s+)|(?P<name>[A-Za-z_][\w-]{0,60})(?:=(?=\S)|:\s+))"
)
_VALUE = re.compile(r"'[^']*'|\"[^\"]*\"|[^\s'\"]+")
#: ``Authorization: Bearer abc``.
_BEARER = re.compile(r"(?P<name>\b(?:Bearer|Basic)\s+)(?P<value>[^\s'\"$]{8,})")
#: ``token:abc``, which can be the name of an image or a volume just as well.
_COLON = re.compile(r"(?<![\w-])(?P<name>[A-Za-z_][\w-]{0,60}:)(?P<value>[^\s/:]+)")
#: ``https://user:password@host``.
_ADDRESS = re.compile(r"(?P<name>(?<![\w+.-])[A-Za-z][\w+.-]{0,30}://[^\s/:@]{0,200}:)(?P<value>[^\s/@]+)(?=@)")
#: Tokens that their makers gave a beginning of their own, so that they can be told: Hugging Face, GitHub, OpenAI and
#: others, AWS, Slack. Behind ``sk-`` stand twenty letters and digits, three of them digits, in one piece, or behind one
#: of the words that keys have there; words with hyphens, as in the names of images, are none.
_SHAPE = re.compile(
    r"\b(?:hf_[A-Za-z0-9]{30,}|gh[opsu]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|AKIA[0-9A-Z]{16}|xox[abprs]-[\w-]{10,}"
    r"|sk-(?=(?:[A-Za-z]{0,100}\d){3})[A-Za-z0-9]{20,}"
    r"|sk-(?:proj|svcacct|admin|ant|or)-(?=(?:[A-Za-z_-]{0,100}\d){3})[\w-]{20,})"
)
#: Nothing but variables, none with a default of its own.
_VARIABLES = re.compile(r"(\$\w+|\$\{\w+(:?\?[^{}]*|:?-)?\}|\s)*")
#: Names that mean a secret or, as ``--sort-key`` and ``--auth``, something else; then the value tells.
_EITHER = re.compile(r"(^|_)(KEY[0-9_]*|AUTH|PRIVATE)$", re.IGNORECASE)
_KEYS = re.compile(r"(API|ACCESS|SECRET|PRIVATE)_?KEY", re.IGNORECASE)
_RANDOM = re.compile(r"(?=\D{0,200}\d)[\w+/=.-]{8,}")


def is_written(text: str) -> bool:
    """The text says a value itself, rather than which variables have it."""
    return _VARIABLES.fullmatch(text) is None


def has_shape(text: str) -> bool:
    """A token stands in it that can be told by its beginning."""
    return _SHAPE.search(text) is not None


def secret_option(word: str, value: str) -> str:
    """What a variable for ``value``, that of the option ``word``, would be called, where it is a secret that is written
    there: ``API_KEY`` for ``--api-key``; else an empty text."""
    name = _variable(word)
    if not word.startswith("-") or not is_secret_name(name) or not is_written(value) or value.startswith("-"):
        return ""
    return "" if _EITHER.search(name) and not _KEYS.search(name) and not _RANDOM.fullmatch(value) else name


def replaced(text: str, put: Callable[[str], str], password: str = "PASSWORD") -> str:
    """``text`` with ``put(NAME)`` in the place of every secret that is written in it; ``NAME`` is what a variable for
    it would be called, ``password`` for one in an address."""

    def addressed(found: re.Match[str]) -> str:
        return found["name"] + (put(password) if is_written(found["value"]) else found["value"])

    text = _BEARER.sub(lambda found: found["name"] + put("TOKEN"), _ADDRESS.sub(addressed, _without_named(text, put)))
    return _SHAPE.sub(lambda _: put("TOKEN"), text)


def _without_named(text: str, put: Callable[[str], str]) -> str:
    """The text with its named values replaced; behind a name that is none of a secret it is looked at once more."""
    done, at = [], 0
    while found := _NAME.search(text, at):
        done.append(text[at : found.end()])
        at = found.end()
        name, is_option = found["option"] or found["name"], found["option"] is not None
        if not is_secret_name(_variable(name)) or (is_option and text.startswith("-", at)):
            continue
        value = _VALUE.match(text, at)
        bare = value[0].strip("'\"") if value else ""
        if value and (secret_option(f"-{name}", bare) if is_option else is_written(bare)):
            quote = value[0][0] if value[0][0] in "'\"" else ""
            done.append(f"{quote}{put(_variable(name))}{quote}")
            at = value.end()
    return "".join([*done, text[at:]])


def _variable(name: str) -> str:
    """What a variable for the value of that name would be called."""
    return name.strip("-").replace("-", "_").upper()


def masked(text: str) -> str:
    """``text`` to be shown: ``•••`` in the place of every secret that is written in it."""

    def colon(found: re.Match[str]) -> str:
        return found["name"] + HIDDEN if is_secret_name(found["name"].rstrip(":")) else found[0]

    return _COLON.sub(colon, replaced(text, lambda _: HIDDEN))
