"""Numbers that count: behind the name of a counter, in a sentence, in a name, or in front of a line."""

from __future__ import annotations

from itertools import islice

from mltui.domain.metric import STAGES
from mltui.domain.words import scope_of, word_set, words
from mltui.parsers.records.names import STOP, known, measures
from mltui.parsers.records.record import Field, Nameless
from mltui.parsers.records.surroundings import value_follows, words_behind
from mltui.parsers.records.walk import Walk
from mltui.parsers.words.roles import Role, counter_of, is_evaluation, role_of
from mltui.parsers.words.tokens import Token
from mltui.parsers.words.units import TIME_UNITS
from mltui.parsers.words.vocabulary import ABOUT, OF_FIRST, PARTS, REPEATS

#: In front of a count that belongs to a name.
EXTENT = ABOUT | word_set("last past")
# In front of a count that is not where the training stands.
_BLOCK = word_set("""
    best last since until from early total remaining max resume resuming saved saving every per micro effective
""")
# More digits than these does no number of an epoch have.
_LONGEST_EPOCH = 9


def take_count_into_name(walk: Walk, token: Token) -> bool:
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


def take_count_after(walk: Walk, token: Token) -> bool:
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


def take_count_inside(walk: Walk, token: Token) -> bool:
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
    if value is None or value.kind != "number" or value.unit.strip(" %"):
        return False
    if not ("." in value.text or value.text[-1:].isalpha()):
        return False  # "Train loss 460 nan" has one, too.
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


def counts_in_front(walk: Walk, token: Token) -> bool:
    """Whether a line begins with what is counted and how many, a sentence or a field: ``Epochs 100. Error: 0.2``."""
    word, end = walk.phrase[-1].lower(), walk.tokens[walk.i + 1 : walk.i + 6]
    if not end or not token.text.isdigit() or len(walk.phrase) > (2 if word in STAGES else 1):
        return False
    if word in STAGES and isinstance(walk.last, Field) and walk.last.counts:
        return True  # "Epoch 3, stage 2, loss 0.5"
    others = (each for each in walk.tokens[: walk.i] if each.kind != "gap" and each.text not in walk.phrase)
    before = [each.text for each in islice(others, 2)]  # More would change nothing.
    if word in REPEATS and before in ([], ["["], ["("]):
        behind = end[2:] if end[0].text in ("/", "of") else end
        return any(counter_of(each.text) for each in behind[:3])  # "Run 1, epoch 2", "[Stage 1/2] [Epoch 3/9]"
    if before:
        return False
    return (end[0].kind == "gap" or end[0].text in ".,;|") and counter_of(word.removesuffix("s")) is not None


def take_both_counts(walk: Walk, token: Token) -> bool:
    """Read two counters and their numbers: ``epoch/iter: 3/199``."""
    outer, _, inner = walk.phrase[-1].partition("/") if walk.phrase else ("", "", "")
    slash, second = walk.next(), walk.next(2)
    if not (counter_of(outer) and counter_of(inner)) or slash is None or slash.text != "/":
        return False
    if second is None or not second.text.isdigit():
        return False
    walk.add(outer, token, True)
    walk.pass_number(second)
    walk.add(inner, second, True)
    return True


def take_counter(walk: Walk, name: str, left: list[str], token: Token) -> None:
    """Read a number as the counter ``name``, with the words ``left`` in front of it."""
    walk.said = ""  # It begins anew: "… 'optimizer': 'Adam'}. Best is trial 0 with value".
    if name.lower() == "epoch" and len(token.text) > _LONGEST_EPOCH and token.text.isdigit():
        walk.last = None
        return  # "epoch 1764164400" is a moment, in seconds since 1970.
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
    # "Episode Num" and "Episode counter" count episodes.
    walk.add(next((w for w in reversed(name.split()) if counter_of(w) and w.lower() != "counter"), name), token, True)
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
