"""Names beside numbers: ``loss: 0.5``, ``loss=0.5``, ``'loss': '0.5'``, ``loss 0.5``, ``Loss 0.5 (0.6)``, ``[10/80]``.

One walk over the tokens of a line. Words gather in a phrase until a number, a separator or a boundary ends it; what the
phrase says before a number is that number's name, what it says before a boundary may be the scope of what follows.
"""

from __future__ import annotations

import re

from mltui.parsers.records.brackets import NO_TAGS
from mltui.parsers.records.lists import untold
from mltui.parsers.records.names import MEANS, STOP, inside, known, measures, name_of
from mltui.parsers.records.record import Field, Nameless, Place, Record, new_field
from mltui.parsers.records.surroundings import Surroundings
from mltui.parsers.tokens import NUMBER, SIZE_UNITS, TIME_UNITS, VALUE_UNITS, Token
from mltui.parsers.vocabulary import (
    COUNTERS,
    SCOPE_WORDS,
    Role,
    counter_of,
    role_of,
    scope_of,
    word_set,
    words,
)

_WRAPPERS = word_set("""
    tensor Tensor array Array DeviceArray float float32 float64 bfloat16 int
""")
_WRAPPERS |= {"np.float32", "np.float64", "numpy.float64", "numpy.float32", "np.array", "torch.tensor", "jnp.array"}
_SCOPE_KEYS = word_set("""
    split phase mode stage set subset partition prefix
""")
# Words at the beginning of a line on what was saved before, or on what is planned.
_RECALLS = word_set("""
    loading loaded restoring restored resuming resumed schedule
""")
# What an evaluation leaves: ``Saving dict for global step 500: loss = 0.42``.
_SAVES = word_set("""
    saving saved writing
""")
_RESULTS = word_set("""
    dict results metrics
""")
# In front of a count that belongs to a name.
_EXTENT = word_set("""
    over across on of for last past
""")
_PAST = word_set("""
    best last previous
""")
_BLOCK = word_set("""
    best last since until from early total remaining max resume resuming saved saving every
""")
_BATCHES = {
    **dict.fromkeys(("batch", "batches", "minibatches"), "batch"),
    **dict.fromkeys(("iter", "iters", "iterations", "it", "its"), "iteration"),
    **dict.fromkeys(("step", "steps"), "step"),
    "epochs": "epoch",
}
# Pieces of data: how many of them are done says nothing of a training.
_PIECES = word_set("""
    shards files parts chunks pages documents docs workers
""")
#: Stands for the total where Keras does not know it.
_ENDLESS = "/Unknown"
_BOUNDARY = frozenset(",;|│┃║•·.!?&")
# Of what class the line speaks: ``class ceiling   weight: 0.123, IoU: 0.742``.
_PART = re.compile(r"\s*(?:class|category)\s+([A-Za-z_-]{2,40})(?=[\s:,|])", re.I)
_ITEM = re.compile(r"[ \t]{1,20}(?:- )?([A-Za-z][\w-]{1,30}(?: \d{1,4})?):\s+(?=[A-Za-z]\w*(?: \w+)? ?[:=])")
# A name and its number, as the columns of a table stand.
_TWO_COLUMNS = re.compile(rf"\s*[^\W\d]\S*(?: {{2,}}|\t+){NUMBER}\s*")
_KERAS = re.compile(r"/(?:step|sample|epoch)\b|[━═]{5}|\[[=>.\-]{5}| - ETA: | - \d+s\b")


def read_pairs(text: str, tokens: list[Token]) -> Record:
    """The record that a line of text holds; its numbers count the number ``tokens`` of the text."""
    walk = _Walk(text, tokens)
    record = walk.run()
    if not record.fields and (fields := untold(text, walk.tokens)):
        return Record(fields)
    first = record.nameless[0] if record.nameless else None
    if first is not None and first.first and first.place == "start" and _KERAS.search(text):
        record.running_mean = True
    record.recalls = any(t.kind == "word" and t.text.lower() in _RECALLS for t in walk.tokens[:5])
    said = [t.text.lower() for t in walk.tokens if t.kind == "word"][:2]
    if len(said) == 2 and said[0] in _SAVES and said[1] in _RESULTS:
        record.heading = "eval"
    if (part := _PART.match(text)) and not known(part[1]):
        for found in record.fields:
            if found.role is not Role.COUNTER and part[1] not in found.name:
                found.name = f"{part[1]} {found.name}"
    record.closes = said[:1] == ["final"]
    record.starred = text.lstrip().startswith("* ")
    record.row = _TWO_COLUMNS.fullmatch(text) is not None
    return record


def item_of(text: str, record: Record) -> tuple[str, int]:
    """What an indented line is about, and where it says so: ``  depth: train_loss=0.31``, ``  Client 0: loss=0.61``."""
    item = _ITEM.match(text)
    if item is None or any(f.counts for f in record.fields):
        return "", 0
    word = item[1].split()[0]
    known = measures(word) or scope_of(word) or counter_of(word) or word.lower() in NO_TAGS
    return ("", 0) if known else (item[1], item.start(1))


class _Walk(Surroundings):
    def run(self) -> Record:
        self.regular = self._alternates()
        while self.i < len(self.tokens):
            token = self.tokens[self.i]
            getattr(self, "_" + token.kind)(token)
            self.i += 1
        self._boundary()
        return self.record

    # One method per kind of token.

    def _word(self, token: Token) -> None:
        if self._after_number() and self._is_unit(token):
            return
        if token.text[0].isupper() and self._touches_number(token):
            self._boundary()  # Another message begins behind the number without a line end.
        if self.separator and self.phrase:
            if token.text in _WRAPPERS and (opening := self._next()) and opening.text == "(":
                self.i = self.tokens.index(opening, self.i)
                self.brackets.append("wrap")
                return
            self._string_value(token)
            return
        self.phrase.append(token.text)

    def _is_unit(self, token: Token) -> bool:
        """Whether the word says in what the number before it is measured, or what it counts."""
        last, text, following = self.last, token.text, self._next()
        if following is not None and following.text in ":=":
            return False
        if following is not None and following.kind == "number" and "/s" in text and isinstance(last, Field):
            # As in "loss 0.5 tokens/s 1003": where each name stands before its value it is the next one's.
            return last.role is Role.THROUGHPUT
        if isinstance(last, Nameless) and last.total is not None and text.lower() in _BATCHES:
            name = _BATCHES[text.lower()]
            self.record.nameless.remove(last)
            self.last = new_field(name, last.index, "0", True, self.label)
            self.last.total = last.total
            self.record.fields.append(self.last)
            return True
        if isinstance(last, Nameless) and last.total is not None and text.lower() in _PIECES:
            self.record.nameless.remove(last)
            self.last = None
            return True
        if isinstance(last, Field) and not last.unit and (text in TIME_UNITS or text in SIZE_UNITS or "/s" in text):
            last.unit = text
            if last.role is not Role.COUNTER:
                last.role = Role.THROUGHPUT if "/s" in text else Role.OTHER
            return True
        return text in VALUE_UNITS

    def _string_value(self, token: Token) -> None:
        key = self.phrase[-1].lower()
        self._note_past(self.phrase)
        if self.brackets and not _PAST.isdisjoint(w.lower() for w in self.phrase):
            self.brackets[-1] = "settings"  # "(best: epoch 3, loss 0.31)" says what was.
        if key in _SCOPE_KEYS and scope_of(token.text):
            self.record.scope = token.text
            self._clear()
        elif self.separator == "=":
            self._clear()
        else:
            if not self.record.fields and not self.record.lead and len(self.phrase) <= 3:
                self.record.lead = " ".join(self.phrase)
            self._close_label()
            self.phrase, self.separator = [token.text], ""

    def _number(self, token: Token) -> None:
        self.number += 1
        if self.skip_next:
            self.skip_next = False
            return
        if self.phrase[-1:] == ["is"] and token.text[-1:].isalpha() and not self.separator:
            self._clear()  # "loss is nan" is a sentence.
            return
        if self.phrase[-3:] == ["learning", "rate", "to"] and not self.record.fields:
            self.phrase, self.separator = self.phrase[-3:-1], ":"  # "Updating learning rate to 5e-05"
        if self.waiting_name and self.phrase in (["is"], ["was"]):
            self._clear()  # "Loss after epoch 1 is 0.5"
        if (
            len(self.phrase) > 1
            and self.phrase[-1].lower() in ("is", "of")
            and not self.separator
            and measures(self.phrase[-2])
        ):
            self.separator = "is"
        if self.phrase and not self.separator and self._names_count(token):
            return
        if self._is_after(token):
            pass
        elif self.phrase:
            self._named(token)
        elif self.waiting_name and not isinstance(self.last, Nameless):
            self._add(self.waiting_name, token, True)
            self.waiting_name = ""
        else:
            self._nameless(token)
        self._clear()

    def _names_count(self, token: Token) -> bool:
        """Take a count as part of the name that it stands in: ``Evaluation over 10 episodes: 266.7``."""
        lower = [w.lower() for w in self.phrase]
        head = next((i for i, w in enumerate(self.phrase) if measures(w) or scope_of(w)), len(lower))
        start = next((i for i in range(head + 1, len(lower)) if lower[i] in _EXTENT), 0)
        words_behind, sign = self._words_behind()
        if not start or token.unit or not token.text.isdigit() or not 0 < len(words_behind) < 4 or sign != ":":
            return False
        self.i = self.tokens.index(words_behind[-1], self.i)
        self.measured = True
        self.phrase[start:] = [" ".join([*self.phrase[start:], token.text, *(w.text for w in words_behind)])]
        self.record.literal.append((token.start, token.end))
        return True

    def _is_after(self, token: Token) -> bool:
        """Take the count of a sentence that begins with it: ``After 100 updates the loss is 0.5``."""
        following = self._next()
        if self.record.fields or following is None or [w.lower() for w in self.phrase] not in (["after"], ["at"]):
            return False
        name = following.text.lower().removesuffix("s")
        if following.kind != "word" or not counter_of(name):
            return False
        self.i = self.tokens.index(following, self.i)
        self._add(name, token, True)
        return True

    def _named(self, token: Token) -> None:
        explicit = self.separator in (":", "=", "is", "[")
        name, left = name_of(self.phrase, explicit or self.regular)
        if len(name) == 1 and not (explicit or self.regular):
            name = ""
        if (not name or role_of(name) is Role.SCOPE) and self._stands_alone(token):
            name, left, explicit = self.phrase[0], [], True
        if not name and self._between_marks(token):
            name, left = " ".join(self.phrase), []
        if not name:
            if isinstance(self.last, Nameless):
                self._name_behind(self.last)
            self._close_label()
        if "call" in self.brackets or "settings" in self.brackets or not name:
            self.last = None
            return
        # "Val steps: 4" says how many there are, not of what the values behind it speak.
        many = name.lower() in ("steps", "batches")
        if not many and (found := next((w for w in left if w.lower() in SCOPE_WORDS or scope_of(w)), "")):
            self.label = found
        if counter_of(name):
            self._counter(name, left, token)
        elif role_of(name) is Role.SCOPE and token.text.isdigit() and not token.unit:
            self.label = name.split()[-1]
            self._nameless(token)
        else:
            self._add(name, token, explicit or (self.regular and not known(name)))
            if " " in name and scope_of(name.split()[0]):
                # Where each name says its scope itself, one that does not has none.
                self.inherited = "" if self.inherited == name.split()[0] else name.split()[0]

    def _counter(self, name: str, left: list[str], token: Token) -> None:
        if _BLOCK & {w.lower() for w in left}:
            self._note_past(left)
            if left[-1].lower() == "total":
                self._add(f"{left[-1]} {name}", token, True)
            self.last = None
            return
        if found := next((w for w in name.split() if scope_of(w) and "/" not in w), ""):
            self.label = found
        if left and not self.record.fields and not self.record.lead and "fold" in words(name):
            self.record.lead = " ".join(left[:3])  # "Score for fold 1: loss of 0.5" is about the score.
        # "Episode Num" counts episodes.
        self._add(next((w for w in reversed(name.split()) if counter_of(w)), name), token, True)
        left = left if any(measures(w) for w in left) or not self.cut_off else self.cut_off
        if any(measures(w) for w in left):
            self.waiting_name = " ".join(w for w in left if role_of(w) is Role.METRIC or scope_of(w))
        elif self._value_follows():
            # "Valid hits at step 100: 0.5", "epoch 3: 0.5"
            self.waiting_name = " ".join(w for w in left if w.lower() not in STOP) or "value"

    def _add(self, name: str, token: Token, explicit: bool) -> None:
        if not COUNTERS.keys().isdisjoint(words(name)):
            self._note_past(name.split())
        found = new_field(inside(self.outer, name), self.number, token.text, explicit, self.label, token.unit)
        if self.inherited and found.role is Role.METRIC and not scope_of(name):
            found.label = self.inherited
        unit = found.unit
        if found.counts == ("percent", "step") and unit != "%":
            found.role = Role.OTHER
        if unit in TIME_UNITS or (unit not in VALUE_UNITS and found.role is not Role.COUNTER):
            found.role = (
                Role.THROUGHPUT if found.role is Role.THROUGHPUT or unit.endswith(("/s", "/sec")) else Role.OTHER
            )
        if self.measured:
            found.role, self.measured = Role.METRIC, False
        self.record.fields.append(found)
        self.last = found

    def _nameless(self, token: Token) -> None:
        if token.unit and counter_of(token.unit):
            self._add(token.unit, token, True)
            return
        if (token.unit not in VALUE_UNITS or "%" in token.unit) and token.unit != _ENDLESS:
            self.last = None
            return
        record = self.record
        first = not record.fields and not self.label and all(n.first for n in record.nameless)
        first = first and (
            bool(record.nameless) or all(t.text in "[{" or t.kind == "gap" for t in self.tokens[: self.i])
        )
        place: Place = "bracket" if self.brackets and self.brackets[-1] in ("[", "value") else "plain"
        if self.phrase and place == "plain":
            if self._counts_things():
                self.last = None
                return  # "train: 4215 examples" says how many there are.
            place = "scope"
        previous = self._previous()
        if place == "plain" and previous is None:
            place = "start"
        behind = previous is not None and previous.text == "]" and token.text.isdigit() and bool(record.nameless)
        first = first and (place != "plain" or previous is None or previous.text in "|{" or behind)
        if self.brackets and self.brackets[-1] == "value" and self._more_of(token):
            return
        self.last = Nameless(self.number, None, place, first, decimal=not token.text.lstrip("+-").isdigit())
        record.nameless.append(self.last)

    def _more_of(self, token: Token) -> bool:
        """Take a further value of a list, ``values: [0.36, 1.5]``, as a series of its own."""
        first = self.record.fields[-1] if self.record.fields else None
        if first is None or first.role is Role.COUNTER or self._previous() is None or self._previous_text() != ",":
            return False
        base = first.name.removesuffix(f" ({self.listed})") if self.listed > 1 else first.name
        self.listed += 1
        self._add(f"{base} ({self.listed})", token, True)
        return True

    def _mark(self, token: Token) -> None:
        text = token.text
        if text in ":=":
            self._separator(text)
        elif text in "([{":
            self._open(token)
        elif text in ")]}":
            self._close(text)
        elif text == "/" and self._after_number():
            self._slash()
        elif text == "<":
            self._below()
        elif text == "+" and self._after_number():
            self.skip_next = True
        elif text == "-":
            self._dash(token)
        elif text == "|" and self._next_cell():
            self.separator = ":"  # "Step 50: train loss | 1.03"
        elif text in _BOUNDARY and not (text == "." and self._abbreviates(token)):
            self._boundary()
            self._previous_comma = text == "," and (not self._after_number())

    def _separator(self, text: str) -> None:
        if self.phrase:
            if self.separator and self.separator != text:
                return
            if not (self.separator or self.brackets) and self._previous_comma and self._listed():
                return
            self.separator = text
        elif isinstance(self.last, Nameless) and self.last.place == "start" and text == "=" and self._touches_gap():
            self.last.place = "plain"  # "0.7312 = Validation score"

    def _gap(self, token: Token) -> None:
        following = self._next()
        if following is not None and following.kind in ("word", "bar", "noise") and not self.separator:
            self._boundary()

    def _bar(self, token: Token) -> None:
        self._boundary()

    def _noise(self, token: Token) -> None:
        if self.separator:
            self._clear()
        else:
            self._boundary()

    # Ends of phrases.

    def _boundary(self) -> None:
        if self.phrase and isinstance(self.last, Nameless) and not self.separator:
            self._name_behind(self.last)
        record = self.record
        if self.phrase and not (record.about or record.fields or record.nameless) and len(self.phrase) < 4:
            record.about = " ".join(self.phrase)
        self._close_label()
        self._clear()

    def _name_behind(self, value: Nameless) -> None:
        """Read a value whose name stands behind it: ``9.01 perplexity estimate``, ``2.31 avg loss``."""
        if value.decimal and value.place == "plain" and value.total is None:
            name = next((" ".join(self.phrase[: n + 1]) for n, w in enumerate(self.phrase[:3]) if measures(w)), "")
            if name and all(known(w) for w in name.split()):
                self.record.nameless.remove(value)
                self._beside_mean(value, name)
                self.record.fields.append(new_field(name, value.index, "0.5", False, self.label))
                self.last = None

    def _beside_mean(self, value: Nameless, name: str) -> None:
        """Read the number in front of a mean as what it is the mean of: ``2.14, 2.31 avg loss``."""
        before = self.record.nameless[-1] if self.record.nameless else None
        plain = " ".join(w for w in name.split() if w.lower() not in MEANS)
        if plain and plain != name and before is not None and before.decimal and before.index == value.index - 1:
            self.record.nameless.remove(before)
            self.record.fields.append(new_field(plain, before.index, "0.5", False, self.label))

    def _note_past(self, phrase: list[str]) -> None:
        """Note that the line speaks of the best so far: it begins with that word."""
        if not self.record.fields and "best" in (w.lower() for w in phrase):
            self.record.past = True

    def _clear(self) -> None:
        self.phrase, self.separator = [], ""

    def _close_label(self) -> None:
        """Keep what the phrase says about scope: it stands for the fields that follow."""
        self._note_past(self.phrase)
        if self.phrase and len(self.phrase) <= 3 and "call" not in self.brackets:
            found = next((w for w in self.phrase if scope_of(w)), "")
            if found:
                self.label, self.inherited = found, ""
