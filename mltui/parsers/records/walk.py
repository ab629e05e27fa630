"""A walk over the tokens of a line: where it is, and what the line has said up to there."""

from __future__ import annotations

from enum import Enum, auto

from mltui.domain.words import scope_of, words
from mltui.parsers.records.cursor import Cursor
from mltui.parsers.records.names import NO_TAGS, STOP, inside, is_data_set, known, may_be_in, measures, scope_word
from mltui.parsers.records.record import Field, Nameless, Record, is_decimal, new_field
from mltui.parsers.words.roles import Role, counter_of, is_evaluation
from mltui.parsers.words.tokens import Token
from mltui.parsers.words.units import TIME_UNITS
from mltui.parsers.words.values import FACTORS
from mltui.parsers.words.vocabulary import COUNTERS, MEANS, PARTS, TEXTS

# What says nothing of which of several a line is; a part of the model is said by itself.
_NO_SOURCES = STOP | NO_TAGS | PARTS


class Bracket(Enum):
    """What an open bracket is for."""

    PART = auto()
    """Holds fields of their own, as the line does: ``(loss=0.5)``, ``{'loss': 0.5}``."""
    LIST = auto()
    """The same in square brackets, but that a number without a name may count there: ``[10/80]``."""
    VALUE = auto()
    """Holds the values of the name in front of it: ``loss [0.5, 0.6]``, ``Gen. (+0.95)``."""
    OF_PART = auto()
    """Holds what else was measured on the part of the data whose value stands in front of it: ``val 0.5 (acc 0.8)``."""
    WRAP = auto()
    """Stands around a value, and says nothing: ``loss: tensor(0.5)``."""
    GROUP = auto()
    """Its names are completed by what stands in front of it: ``accuracy: (train=0.92, test=0.85)``."""
    CALL = auto()
    """Holds what a function is called with, which is not measured: ``evaluate(batch 5)``."""
    SETTINGS = auto()
    """Holds what was set, or what was measured before: ``params {C: 0.1}``, ``(best: epoch 3, loss 0.31)``."""


class Walk(Cursor):
    """Gathers words in a phrase until a number, a separator or a boundary ends it, and fields in a record.

    The functions that read tokens (``numbers``, ``wording``, ``marks``, ``brackets``) change it; what several of them
    do is here.
    """

    def __init__(self, text: str, tokens: list[Token]) -> None:
        super().__init__(tokens)
        self.text = text
        self.record = Record()
        self.number = -1
        """Which of the line's numbers was the last one: the ``index`` of a field."""
        self.named: frozenset[int] | None = None
        """Which tokens are numbers that all words in front of them name, by the form of the line, once it is asked."""
        # The phrase at hand.
        self.phrase: list[str] = []
        self.separator = ""
        """What stands behind the phrase as the sign that its number comes: ``:``, ``=``, ``[`` or ``is``."""
        self.measured = False
        """What the phrase names is measured, whatever its last words are."""
        self.skip_next = False
        """The next number is no value: ``± 0.1``."""
        self.previous_comma = False
        """The last boundary was a comma behind a word, as in a list of names."""
        # What was said before, for what follows.
        self.last: Field | Nameless | None = None
        """The number that a unit, a slash or a bracket behind it would belong to."""
        self.label = ""
        """The scope word that stands for the fields that follow."""
        self.said = ""
        """The last words that ended without a number."""
        self.part = ""
        """The part of the model that the fields that follow speak of."""
        self.inherited = ""
        """Scope word of a name before: ``train Loss: 0.6 Acc: 0.7`` means the training's accuracy too."""
        self.waiting_name = ""
        """The name of a value that a counter interrupted: ``Valid hits at step 100: 0.5``."""
        self.cut_off: list[str] = []
        """The phrase that a bracket interrupted: ``Training loss (for 1 batch) at step 0: 2.3``."""
        # The brackets around the token at hand.
        self.brackets: list[Bracket] = []
        self.outer = ""
        """What stands in front of the bracket at hand: ``tot_loss[loss=0.5, simple_loss=0.2]``."""
        self.labels: list[tuple[str, str]] = []
        """What stood for the fields in front of each open ``{`` or ``OF_PART``: ``label`` and ``inherited``."""
        self.named_behind = False
        """A value of the line has its name behind it, so that any word may be the name of one in front of it."""
        self.listed = 1
        """How many values of the list at hand were read."""

    def pass_number(self, token: Token) -> int:
        """Go on to a number that stands behind, as read; its index."""
        self.go_to(token)
        self.number += 1
        return self.number

    def take_end_of_range(self, end: Token) -> bool:
        """Take ``step 100-200`` as standing at its ``end``; one of evaluated data says nothing of where it stands."""
        last = self.last
        counts = isinstance(last, Field) and (last.counts is not None or last.name.lower() == "epochs")
        if not self.after_number() or not isinstance(last, Field) or not counts:
            return False
        last.index = self.pass_number(end)
        if is_evaluation(last.label or last.name):
            last.role = Role.OTHER
        return True

    def add(self, name: str, token: Token, explicit: bool) -> None:
        """Take the last number, ``token``, as the value of ``name``."""
        if not COUNTERS.keys().isdisjoint(words(name)):
            self.note_past(name.split())
        found = new_field(
            inside(self.outer, name),
            self.number,
            decimal=is_decimal(token.text),
            explicit=explicit,
            label=self.label,
            unit=token.unit,
        )
        found.part, found.said = self.part, self.said
        inside_of = self.brackets[-1:] == [Bracket.PART] and found.role is Role.UNKNOWN
        of_part = " " in name and not scope_of(self.inherited)  # "Policy loss -0.1 Value loss 0.9" are two.
        if self.inherited and (inside_of or found.role is Role.METRIC) and not (scope_of(name) or of_part):
            found.label = self.inherited
        if name[0].isdigit() and self.record.fields:
            around = self.record.fields[0].name.rpartition(" ")[0]  # "Validation clean EPE: 9.45, 1px: 0.69"
            found.label = around if scope_of(around) else found.label
        unit = found.unit
        if found.counts == ("percent", "step") and unit != "%":
            found.role = Role.OTHER
        fits = may_be_in(found.name, unit) and unit not in FACTORS
        if not fits and (unit in TIME_UNITS or found.role is not Role.COUNTER):
            found.role = (
                Role.THROUGHPUT if found.role is Role.THROUGHPUT or unit.endswith(("/s", "/sec")) else Role.OTHER
            )
        if self.measured:
            found.role, self.measured = Role.METRIC, False
        self.record.fields.append(found)
        self.last = found

    # Ends of phrases.

    def clear(self) -> None:
        """Forget the phrase."""
        self.phrase, self.separator = [], ""

    def boundary(self) -> None:
        """The phrase ends here, without a number."""
        if self.phrase and isinstance(self.last, Nameless) and not self.separator:
            self.name_behind(self.last)
        record = self.record
        if self.phrase and not (record.about or record.fields or record.nameless) and len(self.phrase) < 4:
            record.about = " ".join(self.phrase)
        self.note_source(self.phrase)
        self.note_said()
        self.close_label()
        self.clear()

    def close_label(self) -> None:
        """Keep what the phrase says about scope, or a part of the model: it stands for the fields that follow."""
        self.note_past(self.phrase)
        if len(self.phrase) == 1 and self.phrase[0].lower() in PARTS:
            self.part = self.phrase[0]
        if self.phrase and len(self.phrase) <= 3 and Bracket.CALL not in self.brackets:
            found = scope_word(self.phrase)
            if found:
                data = self.phrase[-1]
                named = len(self.phrase) == 2 and not found.isupper() and is_data_set(data)
                self.label, self.inherited = f"{found} {data}" if named else found, ""

    def note_source(self, phrase: list[str]) -> None:
        """Keep words in front of what is measured that are no name: they may say of which of several the line is."""
        record = self.record
        if 0 < len(phrase) <= 3 and all(f.role is Role.COUNTER for f in record.fields) and not self.brackets[1:]:
            said = [w for w in phrase if w == "A" or not (known(w) or counter_of(w) or w.lower() in _NO_SOURCES)]
            record.source = " ".join(filter(None, [record.source, *said]))

    def note_said(self) -> None:
        """Keep the phrase, which no number ended: where a name comes twice it may say of what each is."""
        if self.phrase and Bracket.SETTINGS not in self.brackets:
            self.said = " ".join(self.phrase) if len(self.phrase) <= 3 else ""

    def note_past(self, phrase: list[str]) -> None:
        """Note that the line speaks of the best so far: it begins with that word."""
        if not self.record.fields and "best" in (w.lower() for w in phrase):
            self.record.past = True

    def note_asked(self) -> None:
        """Note that the line speaks of one text, which begins here in quotes: ``query='who is it'``."""
        if self.separator and self.phrase and self.phrase[-1].lower() in TEXTS:
            self.record.asked = True

    def name_behind(self, value: Nameless) -> None:
        """Read a value whose name stands behind it: ``9.01 perplexity estimate``, ``2.31 avg loss, 0.001 rate``."""
        if value.decimal and value.place in ("plain", "start") and value.total is None:
            name = next((" ".join(self.phrase[: n + 1]) for n, w in enumerate(self.phrase[:3]) if measures(w)), "")
            alike = self.named_behind and len(self.phrase) == 1 and self.phrase[0].lower() not in STOP
            if alike or (name and all(known(w) for w in name.split())):
                name = self.phrase[0] if alike else name
                self.record.nameless.remove(value)
                self._take_beside_mean(value, name)
                self._add_behind(name, value, explicit=alike)
                self.named_behind = True
                self.last = None

    def _take_beside_mean(self, value: Nameless, name: str) -> None:
        """Read the number in front of a mean as what it is the mean of: ``2.14, 2.31 avg loss``."""
        before = self.record.nameless[-1] if self.record.nameless else None
        plain = " ".join(w for w in name.split() if w.lower() not in MEANS)
        if plain and plain != name and before is not None and before.decimal and before.index == value.index - 1:
            self.record.nameless.remove(before)
            self._add_behind(plain, before, explicit=False)

    def _add_behind(self, name: str, value: Nameless, *, explicit: bool) -> None:
        self.record.fields.append(new_field(name, value.index, decimal=True, explicit=explicit, label=self.label))
