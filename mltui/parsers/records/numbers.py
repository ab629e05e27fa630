"""Numbers of a line: values of what the phrase before them names, counters, or numbers without a name."""

from __future__ import annotations

from itertools import islice

from mltui.domain.words import SCOPE_WORDS, scope_of, word_set, words
from mltui.parsers.records.by_form import named_by_form
from mltui.parsers.records.names import STOP, known, measures, name_of
from mltui.parsers.records.record import Nameless, Place, is_decimal
from mltui.parsers.records.surroundings import (
    OF_SENTENCES,
    between_marks,
    comes_to_share,
    counts_things,
    says_who,
    stands_alone,
    value_follows,
    words_behind,
)
from mltui.parsers.records.walk import Bracket, Walk
from mltui.parsers.words.roles import Role, counter_of, is_evaluation, role_of
from mltui.parsers.words.tokens import Token
from mltui.parsers.words.units import TIME_UNITS, VALUE_UNITS
from mltui.parsers.words.vocabulary import ABOUT, OF_FIRST, PARTS, REPEATS

#: In front of a count that belongs to a name.
EXTENT = ABOUT | word_set("last past")
# In front of a count that is not where the training stands.
_BLOCK = word_set("""
    best last since until from early total remaining max resume resuming saved saving every per micro effective
""")
# What a word in front of a number is only a name for where it has a field of its own.
_MAY_BE_NAMES = (Role.SCOPE, Role.UNKNOWN, Role.OTHER)
#: Stands for the total where Keras does not know it.
_ENDLESS = "/Unknown"


def take_number(walk: Walk, token: Token) -> None:
    """Read a number."""
    walk.number += 1
    if walk.skip_next:
        walk.skip_next = False
        return
    if walk.phrase[-1:] == ["is"] and token.text[-1:].isalpha() and not walk.separator:
        walk.clear()  # "loss is nan" is a sentence.
        return
    if walk.phrase:
        _understand_sentence(walk)
    if walk.phrase and not walk.separator and _names_count(walk, token):
        return
    if _is_after(walk, token) or _counts_inside(walk, token):
        pass
    elif walk.phrase:
        take_named(walk, token)
    elif walk.waiting_name and not (isinstance(walk.last, Nameless) or _says_how_many(walk)):
        walk.add(walk.waiting_name, token, True)
        walk.waiting_name = ""
    else:
        take_nameless(walk, token)
    walk.clear()


def _understand_sentence(walk: Walk) -> None:
    """Find the name in a sentence that ends with a number: ``Updating learning rate to 5e-05``, ``loss is 0.5``."""
    phrase = walk.phrase
    if phrase[-2:] == ["is", "now"]:
        phrase.pop()
    if phrase[-3:] == ["learning", "rate", "to"] and not walk.record.fields:
        walk.phrase, walk.separator = phrase[-3:-1], ":"
    elif walk.waiting_name and phrase in (["is"], ["was"]):
        walk.clear()  # "Loss after epoch 1 is 0.5"
    elif not walk.separator and _ends_with_verb(walk) and not (phrase[-1] == "of" and _says_how_many(walk)):
        walk.separator = "is"


def _ends_with_verb(walk: Walk) -> bool:
    """Whether a name and ``is`` stand in front of the number: one that measures, or any in a line that counts."""
    phrase = walk.phrase
    if len(phrase) < 2 or phrase[-1].lower() not in ("is", "of"):
        return False
    return measures(phrase[-2]) or (len(phrase) == 2 and phrase[-1] == "is" and walk.record.counts)


def _says_how_many(walk: Walk) -> bool:
    """Whether behind a whole number stands what there are so many of: ``the loss of 12 men``."""
    number, behind = walk.tokens[walk.i], walk.next()
    if not number.text.isdigit() or number.unit or behind is None or behind.kind != "word":
        return False
    word = behind.text.lower()
    return word.isalpha() and word not in OF_SENTENCES | VALUE_UNITS | STOP and not (known(word) or counter_of(word))


def _names_count(walk: Walk, token: Token) -> bool:
    """Take a count as part of the name that it stands in: ``Evaluation over 10 episodes: 266.7``."""
    lower = [w.lower() for w in walk.phrase]
    head = next((i for i, w in enumerate(walk.phrase) if measures(w) or scope_of(w)), len(lower))
    start = next((i for i in range(head + 1, len(lower)) if lower[i] in EXTENT), 0)
    behind, sign = words_behind(walk)
    if not start or token.unit or not token.text.isdigit() or not 0 < len(behind) < 4 or sign != ":":
        return False
    walk.go_to(behind[-1])
    walk.measured = True
    walk.phrase[start:] = [" ".join([*walk.phrase[start:], token.text, *(w.text for w in behind)])]
    walk.record.literal.append((token.start, token.end))
    return True


def _is_after(walk: Walk, token: Token) -> bool:
    """Take the count of a sentence that begins with it: ``After 100 updates the loss is 0.5``.

    Or with what was measured then: ``loss after 100 steps: 0.5``.
    """
    following = walk.next()
    *measure, last = walk.phrase or [""]
    if following is None or walk.separator or last.lower() not in ("after", "at"):
        return False
    if any(f.counts for f in walk.record.fields) or (walk.record.fields and not isinstance(walk.last, Nameless)):
        return False
    if measure and not (all(map(known, measure)) and measures(measure[-1])):
        return False
    name = following.text.lower().removesuffix("s")
    if following.kind != "word" or not counter_of(name) or not token.text.isdigit() or "/" in name:
        return False
    walk.record.sums_up = bool(measure)
    if measure and isinstance(walk.last, Nameless):
        walk.phrase = measure
        walk.name_behind(walk.last)  # "87.1% val accuracy after 3 epochs"
        measure = []
    walk.go_to(following)
    walk.add(name, token, True)
    walk.waiting_name = " ".join(measure)
    return True


def _named_behind(walk: Walk, token: Token) -> bool:
    """Whether known words behind a measured number name it: ``achieves 0.87 accuracy (…``, ``87% val accuracy``."""
    behind, _ = words_behind(walk)
    last = next((i for i, word in enumerate(behind[:3]) if measures(word.text)), None)
    if last is None or not ("." in token.text or "%" in token.unit) or not token.text[-1:].isdigit():
        return False
    follows = walk.next(last + 2)
    named = all(known(word.text) for word in behind[: last + 1])
    return named and (follows is None or (follows.kind != "number" and follows.text not in ":="))


def _counts_inside(walk: Walk, token: Token) -> bool:
    """Take a count between a measure and its value: ``Train loss 20 3.12``, ``Validation loss 20: 1.9``."""
    phrase = walk.phrase
    if _evaluates_at(walk, token):
        walk.waiting_name = phrase[0]
        walk.add("iteration", token, True)
        return True
    if not phrase or walk.separator or walk.brackets or not measures(phrase[-1]):
        return False
    if any(not f.counts for f in walk.record.fields):
        return False
    if token.unit or not token.text.isdigit() or phrase[-1].lower() in OF_FIRST or not all(map(known, phrase)):
        return False
    value = walk.next()
    signed = value is not None and value.text in ":="
    if walk.record.fields and not signed:
        return False
    value = walk.next(2) if signed else value
    if value is None or value.kind != "number" or "." not in value.text or value.unit.strip(" %"):
        return False
    if sum(each.text == phrase[-1] for each in walk.tokens) > 1:
        return False  # "Train loss 20 3.12 val loss 20 1.9" has a count in front of each value.
    walk.waiting_name = " ".join(phrase)
    walk.add("iteration", token, True)
    return True


def _evaluates_at(walk: Walk, token: Token) -> bool:
    """Whether a line is an evaluation, when that was, and its value: ``Evaluation at 200: 60.2``."""
    said = walk.phrase
    plain = len(said) == 2 and said[1] == "at" and not (walk.record.fields or walk.separator or token.unit)
    return plain and is_evaluation(said[0]) and token.text.isdigit() and value_follows(walk)


# Numbers with a name.


def take_named(walk: Walk, token: Token) -> None:
    """Read a number as the value of what the phrase names."""
    name, left, explicit = _name(walk, token)
    if not name:
        if isinstance(walk.last, Nameless):
            walk.name_behind(walk.last)
        walk.close_label()
        if not (walk.brackets or walk.separator) and walk.last is None and _named_behind(walk, token):
            walk.clear()
            take_nameless(walk, token)
            return
    if Bracket.CALL in walk.brackets or Bracket.SETTINGS in walk.brackets or not name:
        walk.last = None
        return
    # "Val steps: 4" says how many there are, not of what the values behind it speak.
    many = name.lower() in ("steps", "batches")
    if not many and (found := next((w for w in left if w.lower() in SCOPE_WORDS or scope_of(w)), "")):
        walk.label = found
    if counter_of(name):
        _take_counter(walk, name, left, token)
    elif role_of(name) is Role.SCOPE and not is_decimal(token.text) and walk.separator == "=":
        walk.last = None  # "train=455 val=114" says how many there are.
    elif role_of(name) is Role.SCOPE and not is_decimal(token.text) and not token.unit:
        walk.label = name.split()[-1]
        if walk.previous_text() == "@":
            walk.add("step", token, True)  # "eval @ 1500: loss 0.31"
        else:
            take_nameless(walk, token)
    else:
        first, *more = name.split()
        walk.add(name, token, explicit)
        if more and (scope_of(first) or first.lower() in PARTS):
            # Where each name says its scope itself, one that does not has none.
            walk.inherited = "" if walk.inherited == first else first
        elif more and not scope_of(walk.inherited):
            walk.inherited = ""


def _name(walk: Walk, token: Token) -> tuple[str, list[str], bool]:
    """The name in the phrase, the words before it, and whether the line says that it is the number's name."""
    explicit = walk.separator in (":", "=", "is", "[")
    if not explicit and says_who(walk, token):
        return walk.phrase[0], [], True
    name, left = name_of(walk.phrase, explicit)
    if len(name) == 1 and not explicit:
        name = ""
    if (not name or role_of(name) in _MAY_BE_NAMES) and stands_alone(walk, token):
        return walk.phrase[0], [], True
    if not name and len(walk.phrase) == 1 and (comes_to_share(walk) or _counts_in_front(walk, token)):
        return walk.phrase[0], [], True
    if not name and between_marks(walk, token):
        return " ".join(walk.phrase), [], True
    if not (explicit or (name and (known(name) or counter_of(name)))) and _is_named_by_form(walk):
        return " ".join(walk.phrase), [], True
    return name, left, explicit


def _is_named_by_form(walk: Walk) -> bool:
    """Whether all words in front of the number are its name, since the whole line is made of such fields."""
    if walk.named is None:
        walk.named = named_by_form(walk.tokens)
    return walk.i in walk.named


def _counts_in_front(walk: Walk, token: Token) -> bool:
    """Whether a line begins with what is counted and how many, a sentence or a field: ``Epochs 100. Error: 0.2``."""
    word, end = walk.phrase[0].lower(), walk.tokens[walk.i + 1 : walk.i + 3]
    if not end or not token.text.isdigit():
        return False
    others = (each for each in walk.tokens[: walk.i] if each.kind != "gap" and each.text != walk.phrase[0])
    before = [each.text for each in islice(others, 2)]  # More would change nothing.
    if word in REPEATS and before in ([], ["["], ["("]):
        return any(each.kind == "word" and counter_of(each.text) for each in end)  # "Run 1, epoch 2, loss 0.5"
    if before:
        return False
    return (end[0].kind == "gap" or end[0].text in ".,;|") and counter_of(word.removesuffix("s")) is not None


def _take_counter(walk: Walk, name: str, left: list[str], token: Token) -> None:
    """Read a number as the counter ``name``, with the words ``left`` in front of it."""
    walk.said = ""  # It begins anew: "… 'optimizer': 'Adam'}. Best is trial 0 with value".
    of_fold = "fold" in (counter_of(name) or ()) and any(measures(w) for w in left)  # "Best auc for fold 1: 0.99"
    if _BLOCK & {w.lower() for w in left} and not of_fold:
        walk.note_past(left)
        if left[-1].lower() == "total":
            walk.add(f"{left[-1]} {name}", token, True)
        walk.last = None
        return
    if token.unit in TIME_UNITS or ((following := walk.next()) is not None and following.text in TIME_UNITS):
        walk.last = None
        return  # "up 3 days"
    if words(name) == ("task",) and _is_one_of_tasks(walk, left):
        _name_task(walk, left, token)
        return
    if found := next((w for w in name.split() if scope_of(w) and "/" not in w), ""):
        walk.label = found
    if name[-1:].lower() == "s" and any(is_evaluation(w) for w in left):
        walk.last = None
        return  # "Test Episodes: 10" says on how many it was measured.
    if left and not walk.record.fields and not walk.record.lead and "fold" in words(name):
        walk.record.lead = " ".join(left[:3])  # "Score for fold 1: loss of 0.5" is about the score.
    if len(left) == 1:
        walk.note_source(left)  # "finetuning epoch 1: loss 0.5", "model_a epoch 1 loss 0.5"
        walk.part = left[0] if left[0].lower() in PARTS else walk.part  # "critic ep 20 loss 0.5"
    # "Episode Num" counts episodes.
    walk.add(next((w for w in reversed(name.split()) if counter_of(w)), name), token, True)
    left = left if any(measures(w) for w in left) or not walk.cut_off else walk.cut_off
    if any(measures(w) for w in left):
        walk.waiting_name = " ".join(w for w in left if role_of(w) is Role.METRIC or scope_of(w))
    elif value_follows(walk) and not walk.waiting_name:
        # "Valid hits at step 100: 0.5", "epoch 3: 0.5"
        walk.waiting_name = " ".join(w for w in left if w.lower() not in STOP) or "value"


def _is_one_of_tasks(walk: Walk, left: list[str]) -> bool:
    """Whether a value stands behind the number of a task in a line that counts them, or ``Accuracy on`` before it."""
    sign, value = walk.next(), walk.next(2)
    if sign is None or value is None or sign.text not in ":=" or value.kind != "number" or "." not in value.text:
        return False
    on = len(left) > 1 and left[-1].lower() in ("on", "for") and measures(left[-2])
    return on or any(words(f.name)[:1] == ("task",) and f.counts for f in walk.record.fields)


def _name_task(walk: Walk, left: list[str], token: Token) -> None:
    """Take the number of a task as part of a name: ``accuracy after task 2: task 1: 0.84, task 2: 0.94``."""
    before = walk.record.fields[-1].name if walk.record.fields else ""
    measure = walk.waiting_name or before.rpartition(" task ")[0]
    walk.waiting_name = " ".join(filter(None, [measure, *left, "task", token.text]))
    walk.measured = True
    walk.record.literal.append((token.start, token.end))
    walk.last = None


# Numbers without a name.

# Marks behind a count in front of a line.
_BEHIND_COUNT = "|:;,-·"


def take_nameless(walk: Walk, token: Token) -> None:
    """Read a number that nothing names, such as those of ``[10/80]``."""
    unit = token.unit
    if unit and counter_of(unit):
        walk.add(unit, token, True)
        return
    shared = "%" in unit and not (_scope_behind(walk) or _named_behind(walk, token))
    if (unit not in VALUE_UNITS or shared) and unit != _ENDLESS:
        walk.last = None
        return
    if walk.brackets and walk.brackets[-1] is Bracket.VALUE and _more_of(walk, token):
        return
    place = _place(walk)
    if place == "scope" and counts_things(walk):
        walk.last = None
        return  # "train: 4215 examples" says how many there are.
    decimal = is_decimal(token.text) or "%" in unit
    walk.last = Nameless(walk.number, None, place, _is_first(walk, token, place), decimal=decimal)
    walk.record.nameless.append(walk.last)


def _scope_behind(walk: Walk) -> bool:
    """Whether behind the number at hand stands on which part of the data it was measured: ``60.2% (val)``."""
    bracket, word = walk.next(), walk.next(2)
    return bracket is not None and bracket.text == "(" and word is not None and bool(scope_of(word.text))


def _place(walk: Walk) -> Place:
    if walk.brackets and walk.brackets[-1] in (Bracket.LIST, Bracket.VALUE):
        return "bracket"
    if walk.phrase:
        return "scope"
    if walk.previous_text() == "<" and walk.next_text() == ">":
        return "bracket"  # "<10> LL/token: -8.9"
    return "start" if walk.previous() is None else "plain"


def _is_first(walk: Walk, token: Token, place: Place) -> bool:
    """Whether nothing but numbers without a name stands before the number at hand, in a place where it may count."""
    record = walk.record
    if record.fields or walk.label or not all(n.first for n in record.nameless):
        return False
    if not record.nameless and not all(_is_ornament(t) for t in _but_tag(walk.tokens[: walk.i])):
        return False
    previous = walk.previous()
    if previous is not None and previous.text == "#":
        return token.text.isdigit() and previous.end == token.start and walk.next_kind() != "number"
    if previous is not None and not record.nameless and place == "plain" and token.text.isdigit():
        behind = walk.tokens[walk.i + 1 : walk.i + 2]  # "* 200 | loss 0.5"
        return bool(behind) and (behind[0].kind == "gap" or behind[0].text in _BEHIND_COUNT)
    second = token.text.isdigit() and len(record.nameless) > 0
    behind_bracket = second and walk.previous_text() == "]"
    behind_first = second and walk.after_number() and walk.next_kind() == "word"  # "0 10 lr - 0.001 loss - 0.5"
    return place != "plain" or previous is None or previous.text in "|{" or behind_bracket or behind_first


def _but_tag(tokens: list[Token]) -> list[Token]:
    """The ``tokens`` but for a word in brackets in front: ``[trainer] [200] loss 0.5``."""
    tagged = "".join(token.text for token in tokens[:3:2]) in ("[]", "()") and tokens[1].kind == "word"
    return tokens[3:] if tagged else tokens


def _is_ornament(token: Token) -> bool:
    """Whether a token may stand in front of a line's first number: ``* [200]``, ``#200``."""
    return token.kind in ("gap", "bar", "arrow") or (token.kind == "mark" and token.text not in "(:=\"'")


def _more_of(walk: Walk, token: Token) -> bool:
    """Take a further value of a list, ``values: [0.36, 1.5]`` or ``[0.36 1.5]``, as a series of its own."""
    first, previous = walk.record.fields[-1] if walk.record.fields else None, walk.previous()
    if first is None or first.role is Role.COUNTER or previous is None:
        return False
    if not (previous.text == "," or (previous.kind == "number" and first.role is Role.METRIC)):
        return False
    base = first.name.removesuffix(f" ({walk.listed})") if walk.listed > 1 else first.name
    walk.listed += 1
    walk.add(f"{base} ({walk.listed})", token, True)
    return True
