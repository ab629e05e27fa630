"""A line of text as tokens: numbers, words, separators, and noise that only looks like numbers.

Noise is recognised first and as a whole, so that the digits of a date, a version, an address or a file name such as
``epoch=1-loss=0.06.ckpt`` are never read as values.
"""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

from mltui.parsers.words.roles import Role, role_of
from mltui.parsers.words.values import BETWEEN_THOUSANDS
from mltui.parsers.words.vocabulary import COUNTING

_EXTENSIONS = (
    "ckpt|pth?|npz|npy|h5|hdf5|keras|weights|bin|safetensors|pkl|pickle|json|jsonl|ya?ml|toml|png|jpe?g|svg|txt|onnx"
    "|zip|tar|gz|tgz|log|csv|tsv|parquet|py|so|whl|model|pb|tflite|cfg|conf|ini|md|html|db|arrow|gguf|mp4|wav"
)
# An exponent; ``D+03`` is how Fortran writes it, ``f0`` how Julia does.
_EXPONENT = r"(?:[eE][-+]?\d+|[dD][-+]\d\d|(?<=\d)f-?\d\d?(?![\w.]))?"
# There is one way alone to read each: a list of many that does not end like one is refused at once.
_DIGITS = r"\d+(?:\.(?!\.)\d*)?|(?<!\.)\.\d+"
NUMBER = rf"[-+]?(?:{_DIGITS}){_EXPONENT}"
# A number without its sign, that may have commas between its thousands, or what others have there.
_THOUSANDS = "|".join(rf"(?:{mark}\d{{3}})+" for mark in BETWEEN_THOUSANDS)
_GROUPED = rf"[1-9]\d{{0,2}}(?:{_THOUSANDS})(?!\d|[,_']\d)(?:\.\d+)?"
_MAGNITUDE = rf"(?:{_GROUPED}|{_DIGITS}){_EXPONENT}"

#: What a value is printed in where it is no plain number: ``tensor(0.5, grad_fn=<NllLossBackward0>)``.
WRAPPER = (
    r"(?:(?:np|numpy|torch|jnp|jax|tf|mx)\.)?"
    r"(?:[Tt]ensor|[Aa]rray|DeviceArray|b?float(?:16|32|64)?|u?int(?:8|16|32|64)?)"
)
_CJK = r"\u3040-\u30ff\u4e00-\u9fff"
_TOKEN = re.compile(
    rf"""
    (?P<noise>
        \w+://\S+                                             # an address
      | (?<![\w)\]])(?:~|\.{{0,2}}|[A-Za-z]:)[/\\][^\s,;'"|]*[A-Za-z_][^\s,;'"|]*  # a path
      | (?<![^\s,;'"|(\[])[^\s,;'"|()]{{1,200}}\.(?:{_EXTENSIONS})\b(?![\w.(]|:\s*\d|=)  # a file name
      | \d{{4}}[-/.]\d\d?[-/.]\d\d?(?:[T ]\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?
      | \d\d?[-/.]\d\d?[-/.]\d{{4}}
      | \d\d?/[A-Z][a-z]{{2}}/\d{{4}}[\d:]*                   # as web servers write a date
      | (?<![\w.])\d+:\d\d(?::\d\d)?(?:[.,]\d+)?(?![\w:])     # a time or a duration
      | (?<![\w.:])\d\d?:\d\d:\d\d(?=[A-Za-z]{{5}})            # … that the next line touches: 0:00:09epoch 2
      | \d+\ days?,\ \d+:\d\d:\d\d
      | (?<![\w.])v?\d+\.\d+\.\d+(?:\.\d+)*[\w.+-]*           # a version or an IP address
      | 0x[0-9a-fA-F]+ | (?<![\w.])(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{{7,40}}(?![\w.])
      | <(?!(?i:{COUNTING})\w*[ :=]\s*\d|(?<=\A<)\d{{1,8}}>\ [A-Za-z]|[A-Za-z]\w*[=:]\ ?-?\d+\.\d+>)[^<>]{{0,80}}>(?!=)
      | (?<![^\s,;'"(\[])[A-Za-z][\w.]*-[\w.-]+=[^\s,;'"]*/[A-Za-z_][^\s,;'"]*       # out-lr=1e-3-loss=ce/checkpoint-90
      | '(?:[^'=:{{}}\s]{{1,40}}\ ){{4,40}}[^'=:{{}}\s]{{0,40}}'                # words that are quoted
      | (?<=[=:])(?<!msg=)(?<!message=)(?<!event=)\ ?(?:          # a text as a value
            "(?=(?:[^"\s]+\ ){{3}})[^"]*" | '(?=(?:[^'\s]+\ ){{3}})[^']*')(?=[\s,;)\]}}]|$)
      | (?<![^\s'"(])--[A-Za-z][\w-]*(?:=\S+|\ [-+]?\.?\d\S*)           # an option of a command, with its value
      | (?<=\]\ END\ )[^;]{{1,300}};                   # what GridSearchCV (scikit-learn, verbose=3) tried
    )
  | (?P<wrapped>(?=[A-Za-z][\w.]{{2,20}}\()\b{WRAPPER}\(\s*(?P<inner>{NUMBER}|[-+]?(?:nan|inf)\b)\s*
        (?:,\s*(?:dtype|device|grad_fn|requires_grad|shape|weak_type)=(?:<[^<>]{{0,80}}>|[^,()\s]{{1,80}}))*\s*\))
  | (?P<name>(?<![\w.])\d+(?:\.\d+)?[dD]?_[A-Za-z]\w*(?=\s?[:=]|\s<\w+>=))     # 16_l2: a name that begins with digits
  | (?P<beside>(?<=\d,\ )\d{{1,2}}(?!ms|us|ns|min|sec|hr|it)[a-z]{{2,6}}(?=:\ \d+\.\d))   # EPE: 9.45, 1px: 0.69
  | (?P<angled><[A-Za-z_]\w*>(?==))                           # train loss <loss>=0.5
  | (?P<ordinal>第)(?=\ ?\d)                                # as in 第3轮, the third epoch
  | (?P<glued>(?i:{COUNTING}|fold|trial|ep))(?=[_.-]?\d)[_.-]?
  | (?:\A|(?<=\A[*>#-]\ )|(?<=\A\W\ ))(?P<epoch>E)(?=\d{{1,3}}(?![\w.-]).{{0,80}}\d\.\d)    # E03 loss=0.5
  | (?P<number>
        (?<![\w.)\]%])[-+−](?=[\d.]){_MAGNITUDE}
      | {_MAGNITUDE}
      | (?<![\w.])[-+]?(?i:nan|inf|infinity)(?![\w.]|-\w)
    )
    (?P<unit>\ ?%|(?:/[A-Za-z]+)+\b|(?<![.])(?!(?![KMGT]i?b)[A-Z][a-z]{{3}})[A-Za-zµμ°²³][\wµμ°²³/%]*
        |\ ?(?:轮次?|輪|步|次迭代)(?!\ ?[:：=]))?
  | (?P<word>
        [{_CJK}]+                                             # digits are no part of words written without blanks
      # A norm, |g|, but no count, |epoch 3|.
      | (?<!\S)(?:max|min|mean)?\|{{1,2}}[A-Za-z]\w*(?:\ [^\W\d]\w*)?\|{{1,2}}(?=\s*[=:<]|\s+(?:[-+\d]|(?:nan|inf)\b))
      | \w+\((?:[A-Za-z_]\w*|\w+\(\w+\))\)(?=\s*[:=])         # D(x), D(G(z))
      | [A-Z]\((?:[a-z]|[A-Z]\([a-z]\))\)(?=\ \d?\.\d)          # the same in front of a value
      | [A-Za-z][A-Za-z\d]{{0,8}}@\d?\.\d+[:-]\d?\.\d+                       # mAP@0.5:0.95
      | [^\W\d]\w*(?:(?!\.{{3}})(?:[./@'+*^-]|->)+\w+)*(?:[²%](?!\d)|@\[[\d.]+:[\d.]+\])?
    )
  | (?P<arrow>=>|->|[→➜➔➡⇒⟶])
  | (?P<plusminus>±|\+/-|\+-)
  | (?P<bar>[━─═╸╺╾▏▎▍▌▋▊▉█░▒▓]+|[=>.\-#*~_]{{3,}})
  | (?P<gap>[ ]{{2,}}|\t[\t ]*)
  | (?P<mark>[^\s\w])
    """,
    re.VERBOSE,
)


# A measure and its value without anything between them, where the line counts: ``Epoch 1 loss0.571``.
_TOUCHING = re.compile(r"([Ll]oss(?:es)?|LOSS|[Aa]cc(?:uracy)?|[Ee]rr(?:or)?|lr)(\d+\.\d+)")
_COUNTING = re.compile(rf"\b(?:{COUNTING}|batch|ep)(?![a-z])", re.I)

# Letters for the epoch, and for what is counted in it, in front of what is measured: ``e 1 b 20/60 loss 0.5``.
_LETTERED = re.compile(
    r"\W{0,2}([eE]) ?(\d{1,5})(?:[ ,;:|]{1,3}([bBiIsS]) ?(\d{1,8}|\d{1,8}/\d+)(?=[ ,;:|])"
    r"|(?= (?:done|end|ended|over|finished|train|val|valid|test|eval)\b))(?=.{0,80}\d\.\d)"
)
_COUNTED_BY_LETTER = {"b": "batch", "i": "iteration", "s": "step"}

#: Longer lines are read up to here: what prints its metrics puts them in front.
READ_LIMIT = 4096


# A long list, and a long text in quotes.
_BULK = re.compile(rb"""\[[^\[\]"']{200,}\]|("|')(?:(?!\1).){200,}\1""")


def without_bulk(line: bytes) -> bytes:
    """A ``line`` that is longer than is read without its long lists and texts: what is measured may stand behind."""
    return _BULK.sub(lambda found: found[1] + b"text" + found[1] if found[1] else b"[]", line)


def text_of(frame: bytes) -> str:
    """``frame`` as text, as far as it is read."""
    return frame[:READ_LIMIT].decode("utf-8", "replace")


#: Kinds of tokens, as the groups of the expression above are called; its other groups are words and numbers too.
TokenKind = Literal["number", "word", "mark", "gap", "bar", "noise", "plusminus", "arrow"]


class Token(NamedTuple):
    """A piece of a line. ``unit`` is what stands right behind a number: ``%``, ``ms``, ``/step``."""

    kind: TokenKind
    text: str
    start: int
    end: int
    unit: str = ""


def _touching(word: re.Match[str]) -> re.Match[str] | None:
    """A measure that its value touches, both one word."""
    found = _TOUCHING.fullmatch(word.group())
    return found if found is not None and _COUNTING.search(word.string, 0, word.start()) else None


# What follows where a full stop behind a number ends a sentence; in front of a line it counts the items of a list.
_NEW_SENTENCE = re.compile(r" [A-Z]")


def _number(found: re.Match[str]) -> list[Token]:
    """A number, and the full stop right behind it: ``Epochs 100. Current error: 0.2``."""
    text, start, end = found["number"], found.start("number"), found.end("number")
    if start and text[-1] == "." and _NEW_SENTENCE.match(found.string, end):
        return [Token("number", text[:-1], start, end - 1), Token("mark", ".", end - 1, end)]
    return [Token("number", text, start, end, found["unit"] or "")]


def _angled(match: re.Match[str], before: list[Token]) -> list[Token]:
    """A name in angles; nothing where the words in front of it are the name, ``train loss <loss>=0.5``."""
    name, start, end = match.group()[1:-1], match.start() + 1, match.end() - 1
    in_front = [token.text for token in before if token.kind == "word"]
    if before and before[-1].kind == "word":
        if role_of(name) is not Role.METRIC or any(role_of(word) is Role.METRIC for word in in_front):
            return []
        return [Token("gap", "", start, start), Token("word", name, start, end)]  # "saved <loss>=0.5"
    return [Token("word", name, start, end)]


def _by_letters(found: re.Match[str]) -> list[Token]:
    """The counters that letters name in front of a line."""
    tokens = [Token("word", "epoch", *found.span(1)), Token("number", found[2], *found.span(2))]
    if found[3]:
        tokens.append(Token("word", _COUNTED_BY_LETTER[found[3].lower()], *found.span(3)))
        done, of, total = found[4].partition("/")
        start, end = found.span(4)
        tokens.append(Token("number", done, start, start + len(done)))
        if of:
            tokens += [
                Token("mark", of, end - len(total) - 1, end - len(total)),
                Token("number", total, end - len(total), end),
            ]
    return tokens


def tokenize(text: str) -> list[Token]:
    """The tokens of ``text``; single blanks between them are left out."""
    found: list[Token] = []
    lettered = _LETTERED.match(text)
    if lettered is not None:
        found += _by_letters(lettered)
    for match in _TOKEN.finditer(text, 0 if lettered is None else lettered.end()):
        kind: Any = match.lastgroup
        if kind in ("unit", "number"):
            found += _number(match)
        elif kind == "wrapped":
            found.append(Token("number", match["inner"], match.start("inner"), match.end("inner")))
        elif kind in ("name", "beside"):
            found.append(Token("word", match.group(), match.start(), match.end()))
        elif kind == "ordinal":
            continue
        elif kind == "angled":
            found += _angled(match, found[-2:])
        elif kind == "glued":
            found.append(Token("word", match["glued"], match.start(), match.end("glued")))
        elif kind == "epoch":
            found.append(Token("word", kind, match.start(), match.end()))
        elif kind == "word" and "." in match.group() and (parts := _touching(match)):
            found.append(Token("word", parts[1], match.start(), match.start() + len(parts[1])))
            found.append(Token("number", parts[2], match.start() + len(parts[1]), match.end()))
        else:
            touches = found and found[-1].kind == "number" and found[-1].end == match.start()
            text = match.group().lstrip("_") if kind == "word" and touches else match.group()  # "EP0_train"
            if text:
                found.append(Token(kind, text, match.end() - len(text), match.end()))
    return found
