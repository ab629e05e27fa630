"""Secrets that stand in a text: values of options, assignments, headers, JSON and addresses, and known shapes.

Which are taken for one, and which are not:

- What has the name of a secret (see ``secret_names``) and a value that is written there. True, false, none and the
  like, words in brackets (``<pad>``), variables and what a shell puts in are none; a number is one only of a password,
  secret or credential. Where the name is that of a key, or speaks of auth or of what is private, which means many
  things (``sort_key``, ``use_auth``), words and short texts are none either; of an ``api_key``, ``access_key`` or
  ``private_key`` they are.
- What stands behind ``Authorization:``, and behind ``Bearer`` and ``Basic``.
- The password of an address (``scheme://user:password@host``), and a long user without one in an ``https`` address.
- What begins as the tokens of some makers do.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mltui.domain.secret_names import is_secret_name

#: What stands in the place of a secret that is shown.
HIDDEN = "•••"

#: Where a value that has a name may begin: ``--api-key=``, ``--api-key ``, ``TOKEN=``, ``X-Api-Key: ``, and in JSON
#: ``"token":``, there also with its quotes escaped. Names are bounded, and begin where no other does, so that a long
#: text is gone through once.
_NAME = re.compile(
    r"(?<![\w-])(?:--?(?P<option>[A-Za-z][\w-]{0,60})(?:(?P<equals>=)|\s+)"
    r"|(?P<name>[A-Za-z_][\w-]{0,60})(?:=(?=\S)|:\s+|(?P<json>\\{0,3}[\"']\s{0,8}:\s{0,8})))"
)
_QUOTED = r"(?P<quote>\\{0,3}[\"'])(?P<bare>.*?)(?P=quote)|(?P<open>\\{0,3}[\"'])?"
_VALUE = re.compile(_QUOTED + r"(?P<word>[^\s'\"]+)", re.DOTALL)
_VALUE_IN_JSON = re.compile(_QUOTED + r"(?P<word>[^\s'\"\\,}\]]+)", re.DOTALL)
_OPTION = re.compile(r"--?([A-Za-z][\w-]{0,60})")
#: An option that is on or off has no value: the word behind it is another one's.
_FLAG = re.compile(r"(no|use|with|has|is|enable|disable|save|show|print|ask)[_-]", re.IGNORECASE)
#: ``Authorization: token abc``, ``Bearer abc``; behind ``Basic`` alone may also stand a word of a sentence.
_BEARER = re.compile(
    r"(?P<name>\b(?i:Authorization)\\{0,3}[\"']?\s{0,8}[:=]\s{0,8}\\{0,3}[\"']?"
    r"(?:(?i:Bearer|Basic|Token|Digest|Api-?Key|Key)\s{1,8})?+"
    r"|\b(?:Bearer|Basic)\s{1,8}(?=[^\s'\"\\$]{8})(?=[A-Za-z]?[a-z]{0,200}[^\sa-z'\"\\.,;:)]))"
    r"(?P<value>[^\s'\"\\$][^\s'\"\\]*)"
)
#: ``token:abc``, which can be the name of an image or a volume just as well.
_COLON = re.compile(r"(?<![\w-])(?P<name>[A-Za-z_][\w-]{0,60}:)(?P<value>[^\s/:]+)")
#: ``https://user:password@host``; of several ``@`` the last one is before the host.
_ADDRESS = re.compile(
    r"(?P<name>(?<![\w+.-])[A-Za-z][\w+.-]{0,30}://[^\s/:@]{0,200}:)"
    r"(?P<value>[^\s/@]+(?:@[^\s/@?#&,;'\"]*(?=@))*)(?=@)"
)
#: ``https://token@host``: no name of a user is so long and has digits and letters.
_USER = re.compile(
    r"(?P<name>\bhttps?://)(?=[A-Za-z_-]{0,100}\d)(?=[\d_-]{0,100}[A-Za-z])[\w-]{16,}(?=@)", re.IGNORECASE
)
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
#: Names that mean a secret and nothing else; of the others, as ``--sort-key`` and ``--auth``, the value tells.
_SURE = re.compile(r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|(API|ACCESS|PRIVATE)_?KEY", re.IGNORECASE)
_WORD = re.compile(r"[\w./-]{0,7}|[A-Za-z_./-]*")
#: Values that are no secret whatever the name.
_NO_SECRET = re.compile(r"true|false|yes|no|on|off|none|null|<[^<>\s]*>|\[\w*\]", re.IGNORECASE)
#: What a shell puts in where the command runs; a dollar that is meant as one stands twice in a profile.
_FROM_SHELL = re.compile(r"(\${1,2}\(|`).*|\$\$[A-Za-z_]\w*|\$\$\{[A-Za-z_]\w*\}", re.DOTALL)
_NUMBER = re.compile(r"[-+]?\d{0,9}(\.\d{0,9})?(e[-+]?\d{1,3})?", re.IGNORECASE)
#: Names under which a number is one, too.
_SECRET_NUMBER = re.compile("pass|secret|credential", re.IGNORECASE)


def is_written(text: str) -> bool:
    """The text says a value itself, rather than which variables have it."""
    return _VARIABLES.fullmatch(text) is None


def has_shape(text: str) -> bool:
    """A token stands in it that can be told by its beginning."""
    return _SHAPE.search(text) is not None


def gives_itself_away(text: str) -> bool:
    """A secret stands in it that is one whatever its name: a token of a known beginning, or what is in an address."""
    return (
        has_shape(text)
        or _USER.search(text) is not None
        or any(is_written(found["value"]) for found in _ADDRESS.finditer(text))
    )


def is_secret(name: str, value: str) -> bool:
    """``value``, that of ``name``, is a secret that is written there."""
    name = name.replace("-", "_")
    if not is_secret_name(name) or not is_written(value) or _NO_SECRET.fullmatch(value):
        return False
    if _NUMBER.fullmatch(value):
        return _SECRET_NUMBER.search(name) is not None
    return _SURE.search(name) is not None or _WORD.fullmatch(value) is None


def secret_option(word: str, value: str) -> str:
    """What a variable for ``value``, the word behind the option ``word``, would be called, where it is a secret of
    that: ``API_KEY`` for ``--api-key``; else an empty text. An option with its value in the same word has none behind.
    """
    option = _OPTION.fullmatch(word)
    if not option or _FLAG.match(option[1]) or value.startswith("-") or not _stands(option[1], value):
        return ""
    return _variable(option[1])


def _stands(name: str, value: str) -> bool:
    """It is a secret that stands in a command."""
    return _FROM_SHELL.fullmatch(value) is None and is_secret(name, value)


def replaced(text: str, put: Callable[[str], str], password: str = "PASSWORD") -> str:
    """``text`` with ``put(NAME)`` in the place of every secret that is written in it; ``NAME`` is what a variable for
    it would be called, ``password`` for one in an address."""

    def addressed(found: re.Match[str]) -> str:
        return found["name"] + (put(password) if is_written(found["value"]) else found["value"])

    text = _BEARER.sub(lambda found: found["name"] + put("TOKEN"), _ADDRESS.sub(addressed, _without_named(text, put)))
    text = _USER.sub(lambda found: found["name"] + put("TOKEN"), text)
    return _SHAPE.sub(lambda _: put("TOKEN"), text)


def _without_named(text: str, put: Callable[[str], str]) -> str:
    """The text with its named values replaced; behind a name that is none of a secret it is looked at once more."""
    done, at = [], 0
    while found := _NAME.search(text, at):
        done.append(text[at : found.end()])
        at = found.end()
        name, behind = found["option"] or found["name"], found["option"] and not found["equals"]
        form = _VALUE_IN_JSON if found["json"] else _VALUE
        value = form.match(text, at) if is_secret_name(name.replace("-", "_")) else None
        if value is None:
            continue
        bare = value["word"] or value["bare"]
        if secret_option(f"-{name}", bare) if behind else _stands(name, bare):
            quote = value["quote"] or ""
            done.append(f"{quote or value['open'] or ''}{put(_variable(name))}{quote}")
            at = value.end()
    return "".join([*done, text[at:]])


def _variable(name: str) -> str:
    """What a variable for the value of that name would be called."""
    return name.strip("-").replace("-", "_").upper()


def masked(text: str) -> str:
    """``text`` to be shown: ``•••`` in the place of every secret that is written in it."""

    def colon(found: re.Match[str]) -> str:
        return found["name"] + HIDDEN if is_secret(found["name"].rstrip(":"), found["value"]) else found[0]

    return _COLON.sub(colon, replaced(text, lambda _: HIDDEN))
