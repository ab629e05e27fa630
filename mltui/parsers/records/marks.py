"""Marks between numbers and names: separators, slashes, dashes, arrows, commas, bars, gaps."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import takewhile

from mltui.domain.words import scope_of, words
from mltui.parsers.records.brackets import close_bracket, open_bracket
from mltui.parsers.records.lists import names_before, numbers_behind
from mltui.parsers.records.names import known, measures
from mltui.parsers.records.record import Field, Nameless
from mltui.parsers.records.surroundings import abbreviates, value_in_next_cell
from mltui.parsers.records.walk import Bracket, Walk
from mltui.parsers.words.roles import Role, role_of
from mltui.parsers.words.tokens import Token
from mltui.parsers.words.vocabulary import AIMS, LIMITS

_VERSION = re.compile(r"v?\d{1,3}\.\d+\.\d+(?:[-+a-z]\S*)?")


def take_mark(walk: Walk, token: Token) -> None:
    """Read a single mark; one that is not in the table says nothing."""
    read = _MARKS.get(token.text)
    if read is not None:
        read(walk, token)


# Marks that say where a number belongs.


def _separator(walk: Walk, token: Token) -> None:
    text, last = token.text, walk.last
    if walk.phrase:
        if walk.separator and walk.separator != text:
            return
        if not (walk.separator or walk.brackets) and walk.previous_comma and _take_listed(walk):
            return
        walk.separator = text
    elif isinstance(last, Nameless) and last.place == "start" and text == "=" and walk.touches_gap():
        last.place = "plain"  # "0.7312 = Validation score"
    elif text == "=":
        _passes_limit(walk)


def _take_listed(walk: Walk) -> bool:
    """Read a list of values behind a list of their names."""
    names, numbers = names_before(walk.tokens, walk.i), numbers_behind(walk.tokens, walk.i)
    if not names or len(names) != len(numbers):
        return False
    walk.clear()
    for name, token in zip(names, numbers, strict=True):
        walk.number += 1
        walk.add(name, token, True)
    walk.go_to(numbers[-1])
    return True


def _quote(walk: Walk, token: Token) -> None:
    """Pass over what a message is called that stands in quotes: ``msg="epoch 3 loss 0.5"``."""
    walk.note_asked()
    following, behind = walk.next(), walk.next(2)
    opens = walk.separator == "=" and following is not None and following.kind == "word"
    if opens and behind is not None and behind.text != token.text:
        walk.clear()


def _single_quote(walk: Walk, token: Token) -> None:
    walk.note_asked()


def _slash(walk: Walk, token: Token) -> None:
    """Read ``/100`` behind a number: its total, or a further value; join ``Train / Test accuracy: 0.5 / 0.4``."""
    following = walk.next()
    if following is not None and walk.phrase and scope_of(walk.phrase[-1]) and scope_of(following.text):
        walk.phrase[-1] += f"/{following.text}"
        walk.go_to(following)
        return
    if walk.phrase and not walk.separator and isinstance(walk.last, Nameless) and walk.touches_gap():
        walk.boundary()  # "1.75 loss / 0.24 acc"
    if following is None or following.kind != "number" or not walk.after_number():
        return
    index, last = walk.pass_number(following), walk.last
    if isinstance(last, Nameless):
        if last.total is None:
            last.total = index
        else:  # "BLEU = 18.4 54.1/25.9/12.2/6.6": so many values, of which none is a total.
            walk.record.nameless.remove(last)
            walk.last = None
    elif isinstance(last, Field):
        if (aim := _aim(walk)) is not None:
            walk.go_to(aim)  # "acc 0.81 / 0.9 target"
        elif last.role is not Role.COUNTER and last.decimal and not following.text.isdigit():
            last.more.append(index)
        else:
            last.total = index
            _take_quotient(walk, last)


def _take_quotient(walk: Walk, last: Field) -> None:
    """Take the value that a count comes to: ``accuracy: 21/100=0.21``."""
    sign, value = walk.next(), walk.next(2)
    if sign is not None and sign.text == "=" and value is not None and "." in value.text and value.kind == "number":
        last.index, last.total, last.decimal = walk.pass_number(value), None, True


def _about(walk: Walk, token: Token) -> None:
    """Read ``loss ~ 0.5``."""
    if walk.phrase and not walk.separator and walk.next_kind() == "number":
        walk.separator = ":"


def _below(walk: Walk, token: Token) -> None:
    """Pass over what a value is compared with: ``|gradient| <= tol: 0.65 <= 1e-06`` is about the gradient.

    ``loss 0.5 <- epoch 3`` is an arrow, ``<loss=0.5>`` a bracket.
    """
    arrow = walk.next_text() == "-" and walk.tokens[walk.i + 1].start == token.end
    previous = walk.previous()
    apart = previous is None or previous.end < token.start  # "S<Ll" is a state of a process.
    if _passes_limit(walk):
        pass
    elif arrow or (apart and walk.next_kind() == "word"):
        walk.boundary()
    elif walk.after_number():
        walk.skip_next = True
    elif walk.phrase and not walk.separator:
        behind = [token.text for token in walk.tokens[walk.i + 1 : walk.i + 4]]
        limit = behind[1:] if behind[:1] == ["="] else behind  # What it is compared with, and a colon.
        if limit[1:2] == [":"]:
            walk.i += behind.index(":") + 1
            walk.separator = ":"


def _above(walk: Walk, token: Token) -> None:
    """Pass over what a value is compared with, ``val_loss 0.85 >= min_loss 0.37``; several stand between fields."""
    if not any(each.text == ">" and each is not token for each in walk.tokens):
        _passes_limit(walk)


def _not(walk: Walk, token: Token) -> None:
    """Pass over what a value is compared with: ``val_loss 0.85 != min_loss 0.37``."""
    if walk.next_text() != "=" or not _passes_limit(walk):
        _end(walk, token)


def _passes_limit(walk: Walk) -> bool:
    """Pass over the limit that the value in front is compared with: ``val_loss 0.04 < min_loss 0.14``."""
    last, behind = walk.last, [token for token in walk.tokens[walk.i + 1 : walk.i + 6] if token.kind != "gap"]
    if not (isinstance(last, Field) and last.decimal and walk.after_number()):
        return False
    if behind and behind[0].text == "=":
        del behind[0]  # "0.85 >= min_loss"
    name = list(takewhile(lambda token: token.kind == "word", behind))
    limit = next((token for token in behind[len(name) :] if token.text not in ":="), None)
    if limit is None or limit.kind != "number" or not any(LIMITS & set(words(word.text)) for word in name):
        return False  # "train 0.8 < val 0.4"
    walk.pass_number(limit)
    return True


def _plus(walk: Walk, token: Token) -> None:
    previous = walk.previous()
    behind = previous is not None and previous.kind == "number" and previous.end < token.start
    if walk.next_kind() == "word" and (behind or walk.touches_gap()):
        walk.boundary()  # "epoch 3 + loss 0.5 +acc 0.8"
    elif walk.after_number():
        walk.skip_next = True


def _times(walk: Walk, token: Token) -> None:
    """Pass over what is in quotes behind its weight: ``0.060*"score" + 0.058*"player"``."""
    quote = walk.next()
    if quote is None or quote.text not in "\"'" or not walk.after_number():
        return
    if end := next((each for each in walk.tokens[walk.i + 2 : walk.i + 8] if each.text == quote.text), None):
        walk.go_to(end)
        walk.last = None


def take_plusminus(walk: Walk, token: Token) -> None:
    """Read ``±``: what stands behind it is no value, and what stands in front of it the mean of what was measured."""
    walk.skip_next = walk.after_number()
    last = walk.last
    if walk.skip_next and isinstance(last, Field) and last.explicit and last.decimal:
        walk.record.about = walk.record.about or "mean"
        last.role = Role.METRIC if last.role is Role.UNKNOWN else last.role


def _dash(walk: Walk, token: Token) -> None:
    """Read a dash, or a row of them where its last one comes."""
    first, following = walk.first_of_row(), walk.next()
    if following is not None and following.text == token.text and following.start == token.end:
        return
    previous, start = first.previous(), first.tokens[first.i].start
    apart = previous is None or following is None or previous.end < start < token.end < following.start
    named = bool(walk.phrase) and not walk.separator and role_of(walk.phrase[-1]) in (Role.METRIC, Role.SCHEDULE)
    close = not apart or walk.brackets[-1:] == [Bracket.VALUE]
    if close and following is not None and following.kind == "number" and walk.take_end_of_range(following):
        return
    if apart and named and following is not None and following.kind == "number" and "." in following.text:
        walk.separator = ":"  # "dice_loss - 0.31"
    elif apart or previous is None or following is None:
        walk.boundary()


def take_arrow(walk: Walk, token: Token) -> None:
    """Read an arrow in front of a value (``loss -> 0.5``), or between what it was and what it is (``0.6 -> 0.5``)."""
    following, last = walk.next(), walk.last
    if following is not None and following.kind == "number":
        if walk.phrase and not walk.separator:
            walk.separator = ":"
            return
        if isinstance(last, Field) and walk.after_number() and _goes_to(walk, last, following):
            last.index, last.unit = walk.pass_number(following), last.unit or following.unit
            last.explicit = True
            walk.boundary()
            return
        comes_to = isinstance(last, Field) and last.counts and "." in following.text  # "epoch 1 -> 1.75 loss"
        walk.skip_next = walk.after_number() and not comes_to
    elif not walk.record.before_arrow:
        walk.record.before_arrow = len(walk.record.fields)
    walk.boundary()


def _goes_to(walk: Walk, last: Field, value: Token) -> bool:
    """Whether behind an arrow stands what the ``last`` value is now, and not what it should be: ``0.8 -> 0.9 goal``."""
    return last.decimal and "." in value.text and _aim(walk, 2) is None


def _aim(walk: Walk, ahead: int = 1) -> Token | None:
    """The word for an aim that stands so far ahead, perhaps in a bracket."""
    said = walk.next(ahead)
    if said is not None and said.text in "([":
        said = walk.next(ahead + 1)
    return said if said is not None and said.text.lower() in AIMS else None


def _hash(walk: Walk, token: Token) -> None:
    """Read ``#test=6040`` as the number of them."""
    following, previous = walk.next(), walk.previous()
    if previous is not None and previous.kind == "number" and previous.end == token.start:
        walk.boundary()  # "EPOCH:3#LOSS:0.5"
        return
    if following is not None and following.kind == "word" and following.start == token.end and not walk.phrase:
        walk.phrase.append("num")


# Marks that end a phrase.


def _end(walk: Walk, token: Token) -> None:
    walk.boundary()
    walk.previous_comma = False


def _comma(walk: Walk, token: Token) -> None:
    walk.boundary()
    walk.previous_comma = not walk.after_number()
    if isinstance(walk.last, Nameless) and walk.after_number():
        walk.last = None  # "loss, 0.5, acc, 0.8": what follows names another one.


def _point(walk: Walk, token: Token) -> None:
    end = walk.next(2)
    if walk.next_text() == "." and end is not None and end.kind == "number" and walk.take_end_of_range(end):
        return  # "steps 1..100"
    if not abbreviates(walk, token):
        _end(walk, token)


def _cell_end(walk: Walk, token: Token) -> None:
    if value_in_next_cell(walk):
        walk.separator = ":"  # "Step 50: train loss | 1.03"
    else:
        _end(walk, token)


def take_gap(walk: Walk, token: Token) -> None:
    """Read several blanks: they end what no number follows."""
    if walk.phrase[-1:] in (["of"], ["for"]) and walk.next_kind() == "word":
        return  # "Accuracy of   car : 71 %"
    if not walk.separator and (walk.next_kind() in ("word", "bar", "noise") or _ends_column(walk)):
        walk.boundary()


def _ends_column(walk: Walk) -> bool:
    """Whether the phrase stands right behind a value that has no name, and blanks behind both: ``1.68 bpc   3.1 s``."""
    last, value = walk.last, walk.tokens[walk.i - len(walk.phrase) - 1]
    named = bool(walk.phrase) and isinstance(last, Nameless) and last.decimal and value.kind == "number"
    return named and any(field.counts for field in walk.record.fields)


def take_bar(walk: Walk, token: Token) -> None:
    """Read a row of dashes or blocks; the dots of ``Step... (20 | Loss: 2.9)`` say nothing."""
    following = walk.next() if walk.phrase and not walk.separator and _is_ellipsis(token) else None
    if following is not None and following.kind == "number":
        named = measures(walk.phrase[-1]) or all(map(known, walk.phrase))
        if token.text == "..." and walk.touches_gap() and not named:
            walk.boundary()  # "installing package ... 49.3%"
        else:
            walk.separator = ":"  # "train_loss......0.5"
    elif _is_ellipsis(token) and (end := walk.next()) and end.kind == "number" and walk.take_end_of_range(end):
        pass  # "steps 1...100"
    elif following is None or following.text != "(":
        walk.boundary()


def _is_ellipsis(token: Token) -> bool:
    return not token.text.strip(".")


def take_noise(walk: Walk, token: Token) -> None:
    """Read digits that are no number, such as a date: the value of a phrase that waits for one."""
    walk.note_asked()
    if walk.phrase and _VERSION.fullmatch(token.text):
        walk.record.versions = True
    if walk.separator:
        walk.clear()
    else:
        walk.boundary()


#: How each mark is read.
_MARKS: dict[str, Callable[[Walk, Token], None]] = {
    **dict.fromkeys(":=", _separator),
    **dict.fromkeys("([{", open_bracket),
    **dict.fromkeys(")]}", close_bracket),
    "~": _about,
    '"': _quote,
    "'": _single_quote,
    "/": _slash,
    "#": _hash,
    "<": _below,
    ">": _above,
    "!": _not,
    "+": _plus,
    "*": _times,
    "-": _dash,
    "|": _cell_end,
    ",": _comma,
    ".": _point,
    **dict.fromkeys(";│┃║┆¦•·?&▸▹►▶›»", _end),
}
